import type {
  Backend,
  BalanceFactory,
  Balancer,
  Counters,
  DetachedTransaction,
  Extension,
  LeaseHolder,
  LogLevel,
  ProxySettings,
  Severity,
  Transaction,
} from '../api/index.ts';
import type { ProxyClock } from '../kernel/proxy-clock.ts';
import type { ProxyRuntime } from '../kernel/proxy-runtime.ts';
import { newCounters } from '../state/counters.ts';
import { Detached } from './detached.ts';
import { ServerLease } from './lease.ts';
import { isBefore, WaitQueue } from './queue.ts';
import { addServer, removeServer, type ServerReader } from './run-time-servers.ts';
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
  /** To be used again. */
  readonly #leases: ServerLease[] = [];
  #backupWeight = 0;
  /** Reads the words of a server that is added at run time. */
  serverReader: ServerReader | undefined = undefined;
  readonly #watchers: ((server: UpstreamServer, change: 'added' | 'removed') => void)[] = [];

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

  lease(parent: Transaction, holder: LeaseHolder, data?: readonly [key: symbol, value: object]): ServerLease {
    const lease = this.#leases.pop() ?? new ServerLease(this, (used) => void this.#leases.push(used));
    lease.begin(parent, holder, data);
    return lease;
  }

  /** All servers are there; the algorithm may look at them. `algorithm` stands in for a `balance` line. */
  ready(algorithm: BalanceFactory | undefined): void {
    for (const server of this.servers) this.#count(server);
    this.#balancer = (this.settings.balance ?? algorithm)?.(this);
  }

  addServer(name: string, address: string, words: readonly string[] = []): UpstreamServer | string {
    return addServer(this, name, address, words);
  }

  removeServer(server: UpstreamServer): string | undefined {
    return removeServer(server);
  }

  onServers(told: (server: UpstreamServer, change: 'added' | 'removed') => void): void {
    this.#watchers.push(told);
  }

  /** Its algorithm takes servers that come later. */
  get growing(): boolean {
    return this.#balancer?.fixed !== true;
  }

  /** A server has come that was not there when {@link ready} was called. */
  join(server: UpstreamServer): void {
    this.servers.push(server);
    this.#tellServers(server, 'added');
    this.changed(server);
  }

  /** A server leaves, of which nothing is in use any more. */
  leave(server: UpstreamServer): void {
    this.servers.splice(this.servers.indexOf(server), 1);
    this.#counted.delete(server);
    this.#balancer?.removed?.(server);
    this.#tellServers(server, 'removed');
  }

  #tellServers(server: UpstreamServer, change: 'added' | 'removed'): void {
    for (const told of this.#watchers) {
      try {
        told(server, change);
      } catch (error) {
        const title = `${this.name}/${server.name}`;
        this.runtime.generation.log.error({ err: error }, `whoever was told that server ${title} was ${change} failed`);
      }
    }
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
