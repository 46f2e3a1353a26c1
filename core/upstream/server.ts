import type { Counters, Endpoint, Extension, Observer, Server, ServerConfig, Timer } from '../api/index.ts';
import type { OutgoingOptions, OutgoingReader, OutgoingSocket } from '../api/index.ts';
import type { ConnectTarget } from '../net/fast-socket.ts';
import { newCounters } from '../state/counters.ts';
import type { UpstreamBackend } from './backend.ts';
import { WaitQueue } from './queue.ts';
import { OutgoingConnection, targetOf } from './outgoing.ts';
import type { ServerConnection } from './server-connection.ts';
import { HealthState } from './server-state.ts';

/** A server at run time: its load, its idle connections, those who wait for it. */
export class UpstreamServer implements Server {
  readonly name: string;
  readonly id: number;
  readonly backend: UpstreamBackend;
  readonly config: ServerConfig;
  address: Endpoint;
  readonly hostName: string | undefined;
  /** Where to connect; `port` 0 with `relativePort` takes the client's destination port. */
  target: ConnectTarget;
  /** Added to the client's destination port (`server s 10.0.0.1:+100`), undefined for a port of its own. */
  portOffset: number | undefined;
  readonly weight: number;
  /** These are kept up to date by the state. */
  effectiveWeight = 0;
  fineWeight = 0;
  usable = false;
  /** How far slow start has come, 0 to 1. */
  ramp = 1;
  readonly backup: boolean;
  /** The most it may serve at once; 0 means no limit. */
  maxconn: number;
  readonly state: HealthState;
  /** Told of the outcome of connections and responses; null where nobody wants to know. */
  observer: Observer | null = null;
  active = 0;
  /** Places of plugins that end when the server is to be left at once; of others it is not known. */
  readonly leases: Set<{ shutdown(): void }> = new Set();
  readonly queue: WaitQueue;
  readonly counters: Counters = newCounters();
  /** Connections ready for a request, the most recently used last. */
  readonly idle: ServerConnection[] = [];
  /** Set while a purge of idle connections is planned. */
  purge: Timer | undefined = undefined;
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
    hostName?: string,
  ) {
    this.hostName = hostName;
    this.backend = backend;
    this.config = config;
    this.name = config.name;
    this.id = id;
    this.address = address;
    this.target = target;
    this.portOffset = portOffset;
    this.weight = config.weight;
    this.backup = config.backup;
    this.maxconn = config.maxconn;
    this.queue = new WaitQueue(true, backend.clock);
    this.state = new HealthState(this);
  }

  get queued(): number {
    return this.queue.length;
  }

  get maxqueue(): number {
    return this.config.maxqueue;
  }

  /** configuration.txt 5.2, `minconn`: between minconn and maxconn as the backend's load goes from 0 to fullconn. */
  get limit(): number {
    const { ramp } = this;
    // configuration.txt 5.2, `slowstart`: it grows from 1.
    return ramp === 1 ? this.#dynamicLimit : Math.max(1, Math.floor(this.#dynamicLimit * ramp));
  }

  get #dynamicLimit(): number {
    const { maxconn } = this;
    const { minconn } = this.config;
    if (minconn === 0 || minconn >= maxconn) return maxconn;
    const { counters, fullconn } = this.backend;
    if (fullconn === 0 || counters.current >= fullconn) return maxconn;
    return Math.max(minconn, Math.floor((counters.current * maxconn) / fullconn));
  }

  /** Serves as many as it may. */
  get full(): boolean {
    return this.maxconn !== 0 && this.active >= this.limit;
  }

  extension<T extends object>(key: Extension<T>): T | undefined {
    return this.config.extension(key);
  }

  open(reader: OutgoingReader, options?: OutgoingOptions): OutgoingSocket {
    return new OutgoingConnection(this, reader, options);
  }

  /** Takes another address; its idle connections lead to the old one. Says what changed, as the Runtime API does. */
  move(address: Endpoint, port: number | undefined, by: string): string {
    const old = this.address;
    const next = port ?? old.port;
    const parts: string[] = [];
    const same = old.family === address.family && old.address === address.address;
    if (same) parts.push('no need to change the addr');
    else parts.push(`IP changed from '${old.address}' to '${address.address}'`);
    if (port !== undefined) {
      parts.push(port === old.port ? 'no need to change the port' : `port changed from '${old.port}' to '${port}'`);
    }
    if (!same || next !== old.port) {
      this.address = { family: address.family, address: address.address, port: next };
      this.target = targetOf(this.address);
      for (const connection of this.idle.slice()) connection.destroy();
    }
    return `${parts.join(', ')} by '${by}'`;
  }
}
