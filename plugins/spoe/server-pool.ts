import type { Endpoint, OutgoingReader, OutgoingSocket, Server, Timer, TimeoutName } from 'sluice/plugin';
import type { AgentClient } from './agent-client.ts';
import { AgentConnection } from './agent-connection.ts';
import type { Exchange } from './exchange.ts';

/** Exchanges at once on a connection where both sides announce pipelining, as HAProxy 3.1 and later have it. */
const PIPELINED = 20;

/** The connections of one engine to one server. configuration.txt 5.2: pool-max-conn, pool-purge-delay, max-reuse; 4.2: http-reuse. */
export class ServerPool {
  readonly client: AgentClient;
  readonly server: Server;
  /** How many exchanges a connection may have at once, as the last agent said. */
  limit: number;
  readonly #all = new Set<AgentConnection>();
  /** Those that have room; the last one is asked first. */
  readonly #roomy: AgentConnection[] = [];
  /** How many of those have nothing to do. */
  #idle = 0;
  readonly #purge: Timer;
  #purging = false;
  /** The fewest idle ones since the last purge. */
  #leastIdle = 0;
  #ended = false;
  /** Where its connections lead. */
  #address: Endpoint;

  constructor(client: AgentClient, server: Server) {
    this.client = client;
    this.server = server;
    this.#address = server.address;
    this.limit = client.pipelining ? PIPELINED : 1;
    this.#purge = client.timer(() => this.#onPurge());
  }

  open(reader: OutgoingReader): OutgoingSocket {
    return this.server.open(reader, { sendProxy: this.server.config.sendProxy, purpose: 'traffic' });
  }

  timeout(name: TimeoutName): number {
    return this.server.backend.settings.timeouts[name] ?? 0;
  }

  /** Gives the exchange to a connection that has room: one that stands rather than one that is being made, and else a new one. */
  carry(exchange: Exchange, payload: Uint8Array): void {
    if (this.server.address !== this.#address) this.#move();
    let chosen: AgentConnection | undefined;
    for (let i = this.#roomy.length - 1; i >= 0; i--) {
      const one = this.#roomy[i]!;
      chosen ??= one;
      if (one.state !== 'ready') continue;
      chosen = one;
      break;
    }
    // A body has a connection for itself while it is sent, and does not hold up what others have begun.
    if (exchange.body !== undefined && (chosen?.state !== 'ready' || chosen.load > 0)) chosen = undefined;
    if (chosen === undefined) {
      chosen = new AgentConnection(this);
      this.#all.add(chosen);
    }
    chosen.carry(exchange, payload);
    this.changed(chosen);
    if (this.#idle < this.#leastIdle) this.#leastIdle = this.#idle;
  }

  /** The server has another address now: what leads to the old one ends with what it carries. */
  #move(): void {
    this.#address = this.server.address;
    for (const connection of this.#all) connection.retire();
  }

  /** All connections, and those that have nothing to do. */
  get counts(): { readonly all: number; readonly idle: number } {
    return { all: this.#all.size, idle: this.#idle };
  }

  /** It has carried as many exchanges as one connection may. */
  worn({ uses }: AgentConnection): boolean {
    const { maxReuse } = this.server.config;
    if (this.server.backend.settings.reuse === 'never') return uses > 0;
    return maxReuse >= 0 && uses > maxReuse;
  }

  /** Whether a connection that is idle now may stay. */
  keeps(connection: AgentConnection): boolean {
    const { poolMaxConn, poolPurgeDelay } = this.server.config;
    if (this.#ended || connection.retired || poolPurgeDelay === 0 || this.worn(connection)) return false;
    if (poolMaxConn >= 0 && this.#idle - (connection.idle ? 1 : 0) >= poolMaxConn) return false;
    if (!this.#purging) {
      this.#purging = true;
      this.#leastIdle = this.#idle;
      this.#purge.start(poolPurgeDelay);
    }
    return true;
  }

  /** Half of those that nobody needed lately are closed. */
  #onPurge(): void {
    this.#purging = false;
    const idle = this.#roomy.filter(({ load }) => load === 0);
    const spare = Math.min(this.#leastIdle, idle.length);
    for (const one of idle.slice(0, Math.ceil(spare / 2))) one.destroy();
    if (this.#idle === 0 || this.#ended) return;
    this.#purging = true;
    this.#leastIdle = this.#idle;
    this.#purge.start(this.server.config.poolPurgeDelay);
  }

  /** A connection may have got room or lost it, or begun or ended to be idle. */
  changed(connection: AgentConnection): void {
    const { room } = connection;
    const idle = room && connection.load === 0;
    if (idle !== connection.idle) {
      connection.idle = idle;
      this.#idle += idle ? 1 : -1;
    }
    if (room === connection.listed) return;
    connection.listed = room;
    if (room) this.#roomy.push(connection);
    else {
      const index = this.#roomy.lastIndexOf(connection);
      if (index === this.#roomy.length - 1) this.#roomy.pop();
      else this.#roomy.splice(index, 1);
    }
  }

  gone(connection: AgentConnection): void {
    this.changed(connection);
    this.#all.delete(connection);
  }

  stop(): void {
    this.#ended = true;
    this.#purge.stop();
    for (const connection of this.#all) connection.destroy();
  }
}
