import type {
  Backend,
  BalanceFactory,
  Balancer,
  Counters,
  DetachedTransaction,
  Extension,
  LogLevel,
  ProxySettings,
  Severity,
  Transaction,
} from '../api/index.ts';
import type { ProxyClock } from '../kernel/proxy-clock.ts';
import type { ProxyRuntime } from '../kernel/proxy-runtime.ts';
import { newCounters } from '../state/counters.ts';
import { Detached } from './detached.ts';
import { isBefore, WaitQueue } from './queue.ts';
import type { UpstreamServer } from './server.ts';

/** The server side of a proxy at run time. */
export class UpstreamBackend implements Backend {
  readonly name: string;
  readonly id: number;
  readonly settings: ProxySettings;
  readonly runtime: ProxyRuntime;
  readonly counters: Counters = newCounters();
  readonly servers: UpstreamServer[] = [];
  readonly clock: ProxyClock;
  readonly queue: WaitQueue;
  activeServers = 0;
  backupServers = 0;
  timesDown = 0;
  changedAt: number;
  #downtime = 0;
  /** `fullconn`, or what stands for it. */
  fullconn = 0;
  #balancer: Balancer | undefined;
  /** The weight with which each server is in the sums below. */
  readonly #counted = new Map<UpstreamServer, number>();
  #activeWeight = 0;
  #backupWeight = 0;

  constructor(runtime: ProxyRuntime) {
    this.runtime = runtime;
    this.clock = runtime.generation.clock;
    this.queue = new WaitQueue(false, this.clock);
    this.changedAt = this.clock.now();
    this.name = runtime.config.name;
    this.id = runtime.config.id;
    this.settings = runtime.config.settings;
  }

  get forcedId(): boolean {
    return this.runtime.config.forcedId;
  }

  get queued(): number {
    return this.queue.length;
  }

  log(level: LogLevel, text: string, print?: Severity): void {
    this.runtime.log(this, level, text, print);
  }

  extension<T extends object>(key: Extension<T>): T | undefined {
    return this.runtime.config.findExtension(key);
  }

  detached(server: UpstreamServer, frontend: string): DetachedTransaction {
    return new Detached(this, server, frontend) as unknown as DetachedTransaction;
  }

  /** All servers are there; the algorithm may look at them. `algorithm` stands in for a `balance` line. */
  ready(algorithm: BalanceFactory | undefined): void {
    for (const server of this.servers) this.#count(server);
    this.#balancer = (this.settings.balance ?? algorithm)?.(this);
  }

  /** Brings the sums up to date with one server. */
  #count(server: UpstreamServer): void {
    const before = this.#counted.get(server) ?? 0;
    const weight = server.usable ? server.effectiveWeight : 0;
    if (weight === before) return;
    this.#counted.set(server, weight);
    const step = (weight > 0 ? 1 : 0) - (before > 0 ? 1 : 0);
    if (server.backup) {
      this.backupServers += step;
      this.#backupWeight += weight - before;
    } else {
      this.activeServers += step;
      this.#activeWeight += weight - before;
    }
  }

  /** Backups count when there is nobody else. */
  get usable(): number {
    return this.activeServers > 0 ? this.activeServers : this.backupServers;
  }

  get totalWeight(): number {
    return this.activeServers > 0 ? this.#activeWeight : this.#backupWeight;
  }

  get downtime(): number {
    return this.#downtime + (this.usable === 0 ? this.clock.now() - this.changedAt : 0);
  }

  /** It has servers again, or none any more. */
  noteAvailable(available: boolean): void {
    const at = this.clock.now();
    if (available) this.#downtime += at - this.changedAt;
    else this.timesDown++;
    this.changedAt = at;
  }

  /** A server's state or weight changed. */
  changed(server: UpstreamServer): void {
    this.#count(server);
    this.#balancer?.changed?.(server);
    this.serveQueue(server);
  }

  /** The algorithm's choice; undefined when no server can take the transaction now. */
  pick(transaction: Transaction): UpstreamServer | undefined {
    return this.#balancer?.pick(transaction) as UpstreamServer | undefined;
  }

  /** Counts a transaction on a server. */
  take(server: UpstreamServer): void {
    const counters = server.counters;
    counters.total++;
    counters.sessionRate.add(this.clock.now());
    if (++server.active > server.mostActive) {
      server.mostActive = server.active;
      if (server.active > counters.highest) counters.highest = server.active;
    }
    counters.current = server.active;
    this.#balancer?.took?.(server);
  }

  /** A transaction left a server: who waits for it is next. */
  drop(server: UpstreamServer): void {
    server.active--;
    server.counters.current = server.active;
    this.#balancer?.dropped?.(server);
    if (server.queue.length > 0 || this.queue.length > 0) this.serveQueue(server);
  }

  /** Hands a server's free places to those who waited longest, for it or for any. */
  serveQueue(server: UpstreamServer): void {
    while (server.usable && !server.full) {
      const own = server.queue.first;
      const any = this.queue.first;
      const next = own === null ? any : any === null || isBefore(own, any) ? own : any;
      if (next === null) return;
      next.queue!.serve(next);
      this.take(server);
      next.onServerFree(server);
    }
  }
}
