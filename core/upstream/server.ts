import type { Counters, Endpoint, Extension, Server, ServerConfig } from '../api/index.ts';
import type { ConnectTarget } from '../net/fast-socket.ts';
import { newCounters } from '../state/counters.ts';
import type { UpstreamBackend } from './backend.ts';
import { WaitQueue } from './queue.ts';
import type { ServerConnection } from './server-connection.ts';

/** A server at run time: its load, its idle connections, those who wait for it. */
export class UpstreamServer implements Server {
  readonly name: string;
  readonly id: number;
  readonly backend: UpstreamBackend;
  readonly config: ServerConfig;
  readonly address: Endpoint;
  /** Where to connect; `port` 0 with `relativePort` takes the client's destination port. */
  readonly target: ConnectTarget;
  /** Added to the client's destination port (`server s 10.0.0.1:+100`), undefined for a port of its own. */
  readonly portOffset: number | undefined;
  readonly weight: number;
  effectiveWeight: number;
  readonly backup: boolean;
  usable: boolean;
  active = 0;
  readonly queue: WaitQueue = new WaitQueue(true);
  readonly counters: Counters = newCounters();
  /** Connections ready for a request, the most recently used last. */
  readonly idle: ServerConnection[] = [];
  /** Set while a purge of idle connections is planned. */
  purge: NodeJS.Timeout | undefined = undefined;
  /** The most transactions at once since the last purge, and in the time before it. */
  mostActive = 0;
  mostActiveBefore = 0;
  /** The fewest idle connections there were since the last purge. */
  leastIdle = 0;
  /** Makes a socket with options that Node cannot set; null where none are wanted. */
  makeSocket: (() => number | undefined) | null = null;
  /** Its generation is over: nothing is kept. */
  closing = false;

  constructor(
    backend: UpstreamBackend,
    config: ServerConfig,
    id: number,
    address: Endpoint,
    target: ConnectTarget,
    portOffset?: number,
  ) {
    this.backend = backend;
    this.config = config;
    this.name = config.name;
    this.id = id;
    this.address = address;
    this.target = target;
    this.portOffset = portOffset;
    this.weight = config.weight;
    this.effectiveWeight = config.weight;
    this.backup = config.backup;
    this.usable = !config.disabled;
  }

  get queued(): number {
    return this.queue.length;
  }

  get maxconn(): number {
    return this.config.maxconn;
  }

  get maxqueue(): number {
    return this.config.maxqueue;
  }

  /** configuration.txt 5.2, `minconn`: between minconn and maxconn as the backend's load goes from 0 to fullconn. */
  get limit(): number {
    const { maxconn, minconn } = this.config;
    if (minconn === 0 || minconn >= maxconn) return maxconn;
    const { counters, fullconn } = this.backend;
    if (fullconn === 0 || counters.current >= fullconn) return maxconn;
    return Math.max(minconn, Math.floor((counters.current * maxconn) / fullconn));
  }

  /** Serves as many as it may. */
  get full(): boolean {
    return this.config.maxconn !== 0 && this.active >= this.limit;
  }

  extension<T extends object>(key: Extension<T>): T | undefined {
    return this.config.extension(key);
  }
}
