import type { Endpoint, PacketMarks, ServerLink, TcpInfo } from '../api/index.ts';
import {
  connectSocket,
  descriptorOf,
  destroyWhenSent,
  resetSocket,
  pauseReading,
  readInto,
  resumeReading,
} from '../net/fast-socket.ts';
import type { ConnectTarget, ReadSocket } from '../net/fast-socket.ts';
import { readTcpInfo } from '../net/tcp-info.ts';
import type { SourceAddress, SourceReader } from '../net/source-address.ts';
import { giveBuffer, sharedBuffer, takeBuffer } from '../kernel/buffers.ts';
import type { UpstreamServer } from './server.ts';

/** Who uses a connection to a server at the moment. */
export interface ConnectionUser {
  onServerConnect(connection: ServerConnection): void;
  onServerData(connection: ServerConnection, n: number, buffer: Buffer): void;
  onServerEnd(connection: ServerConnection): void;
  onServerError(connection: ServerConnection, error: NodeJS.ErrnoException): void;
  onServerClose(connection: ServerConnection): void;
  onServerDrain(connection: ServerConnection): void;
  /** One of the above threw. */
  onFault(error: unknown): void;
}

/** A connection to a server, in use or idle. */
export class ServerConnection implements SourceReader, ServerLink {
  readonly server: UpstreamServer;
  socket!: ReadSocket;
  user: ConnectionUser | null;
  /** Who it was opened for; only he may use it again where `http-reuse never` counts. */
  owner: object | null;
  connected = false;
  closed = false;
  /** Requests it has carried. */
  uses = 0;
  /** Where the next read goes when it is not the shared buffer. */
  bulk: Buffer | null = null;
  paused = false;
  /** Its last response was large: the next one is read where it can be written from. */
  large = false;
  /** What `set-bc-mark` and `set-bc-tos` said when it was opened. */
  marks: PacketMarks | undefined = undefined;
  /** Where it leads, for a server that stands for any destination of clients. */
  destination: Endpoint | undefined = undefined;
  /** What the server had still to take when the client was stopped for it. */
  queued = 0;
  /** Bulk buffers that the client is still being sent from. */
  #lent: Buffer[] = [];
  #source: Endpoint | undefined = undefined;

  constructor(server: UpstreamServer, target: ConnectTarget, user: ConnectionUser, source?: SourceAddress) {
    this.server = server;
    this.user = user;
    this.owner = user;
    if (source === undefined) this.socket = connectSocket(target, this);
    else if (!source.connect(target as { host: string; port: number }, this)) {
      // All ports of its range are in use: as if the connection had failed.
      this.socket = connectSocket({ host: '0.0.0.0', port: 0 }, this);
    }
  }

  /** This side's end. */
  get source(): Endpoint | undefined {
    if (this.#source !== undefined) return this.#source;
    const { localAddress, localPort, localFamily } = this.socket;
    if (localAddress === undefined) return undefined;
    this.#source = { family: localFamily === 'IPv6' ? 6 : 4, address: localAddress, port: localPort ?? 0 };
    return this.#source;
  }

  /** Another local port is tried. */
  onSocket(socket: ReadSocket): void {
    this.socket = socket;
  }

  tcpInfo(): TcpInfo | undefined {
    return this.closed ? undefined : readTcpInfo(this.socket);
  }

  buffer(): Buffer {
    return this.bulk ?? sharedBuffer;
  }

  /** From here on reads go to a buffer of its own, which may be written on without a copy. */
  useBulk(): void {
    this.bulk ??= takeBuffer();
  }

  /** A response is about to come, and the last one was large. */
  expectBulk(): void {
    if (!this.large) return;
    this.useBulk();
    readInto(this.socket, this.bulk!);
  }

  /** The bulk buffer is in the hands of a write that has not ended: the next read needs another. */
  replaceBulk(): void {
    this.#lent.push(this.bulk!);
    this.bulk = takeBuffer();
  }

  /** All that the client was sent has left: the buffers it was sent from can be read into again. */
  takeBack(): void {
    for (let buffer = this.#lent.pop(); buffer !== undefined; buffer = this.#lent.pop()) giveBuffer(buffer);
  }

  endBulk(): void {
    if (this.bulk !== null) giveBuffer(this.bulk);
    this.bulk = null;
    // Whoever is served next must not give back what another one is still being sent from.
    if (this.#lent.length > 0) this.#lent = [];
  }

  pause(): void {
    if (this.paused || this.closed) return;
    this.paused = true;
    pauseReading(this.socket);
  }

  resume(): void {
    if (!this.paused || this.closed) return;
    this.paused = false;
    resumeReading(this.socket);
  }

  onConnect(): void {
    this.connected = true;
    this.user?.onServerConnect(this);
  }

  onData(n: number, buffer: Buffer): void {
    if (this.user === null) this.destroy();
    else this.user.onServerData(this, n, buffer);
  }

  onEnd(): void {
    if (this.user === null) this.destroy();
    else this.user.onServerEnd(this);
  }

  onError(error: NodeJS.ErrnoException): void {
    this.user?.onServerError(this, error);
  }

  onClose(): void {
    this.#forget();
    this.user?.onServerClose(this);
  }

  onDrain(): void {
    this.user?.onServerDrain(this);
  }

  onFault(error: unknown): void {
    const { user } = this;
    if (user === null) this.destroy();
    else user.onFault(error);
  }

  /** Closes at once; its user hears no more of it. */
  destroy(): void {
    this.user = null;
    this.#forget();
    this.socket.destroy();
  }

  /** Closes so that neither side has to remember the connection, as HAProxy does with those it ends first. */
  reset(): void {
    this.user = null;
    this.#forget();
    resetSocket(this.socket);
  }

  /** Nobody wants more of it: closes when all is sent, or when the server takes nothing for `limit` milliseconds. */
  finish(limit: number): void {
    this.pause();
    this.user = null;
    this.#forget();
    destroyWhenSent(this.socket, limit);
  }

  #forget(): void {
    if (this.closed) return;
    this.closed = true;
    this.endBulk();
    const { idle } = this.server;
    const index = idle.lastIndexOf(this);
    if (index === -1) return;
    idle.splice(index, 1);
  }

  get descriptor(): number | undefined {
    return descriptorOf(this.socket);
  }
}
