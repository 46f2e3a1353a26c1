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
import type { ProxyRuntime } from '../kernel/proxy-runtime.ts';
import { now } from '../net/clock.ts';
import { newCounters } from '../state/counters.ts';
import { Detached } from './detached.ts';
import { WaitQueue } from './queue.ts';
import type { UpstreamServer } from './server.ts';

/** The server side of a proxy at run time. */
export class UpstreamBackend implements Backend {
  readonly name: string;
  readonly id: number;
  readonly settings: ProxySettings;
  readonly runtime: ProxyRuntime;
  readonly counters: Counters = newCounters();
  readonly servers: UpstreamServer[] = [];
  readonly queue: WaitQueue = new WaitQueue(false);
  usable = 0;
  totalWeight = 0;
  activeServers = 0;
  backupServers = 0;
  timesDown = 0;
  changedAt: number = now();
  #downtime = 0;
  /** `fullconn`, or what stands for it. */
  fullconn = 0;
  #balancer: Balancer | undefined;

  constructor(runtime: ProxyRuntime) {
    this.runtime = runtime;
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
    this.#recount();
    this.#balancer = (this.settings.balance ?? algorithm)?.(this);
  }

  #recount(): void {
    const usable = this.servers.filter((server) => server.usable && server.effectiveWeight > 0);
    let active = usable.filter((server) => !server.backup);
    this.activeServers = active.length;
    this.backupServers = usable.length - active.length;
    if (active.length === 0) active = usable;
    this.usable = active.length;
    this.totalWeight = active.reduce((sum, server) => sum + server.effectiveWeight, 0);
  }

  get downtime(): number {
    return this.#downtime + (this.usable === 0 ? now() - this.changedAt : 0);
  }

  /** It has servers again, or none any more. */
  noteAvailable(available: boolean): void {
    const at = now();
    if (available) this.#downtime += at - this.changedAt;
    else this.timesDown++;
    this.changedAt = at;
  }

  /** A server's state or weight changed. */
  changed(server: UpstreamServer): void {
    this.#recount();
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
    counters.sessionRate.add(now());
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
      const next = own === null ? any : any === null || own.queueTicket < any.queueTicket ? own : any;
      if (next === null) return;
      next.queue!.serve(next);
      this.take(server);
      next.onServerFree(server);
    }
  }
}
