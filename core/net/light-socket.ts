/**
 * A socket that is no stream: a handle, its reader, and nothing between them. An accepted net.Socket costs two streams and an event
 * emitter to make and as many events to close, which is more than HAProxy spends on the whole connection; this one
 * costs one object. It has the part of net.Socket's face that the proxy uses, with the same meaning.
 */

import type net from 'node:net';
import { newEvent } from './clock.ts';
import { type ConnectReader, guard, type ReadSocket, type SocketReader } from './fast-socket.ts';
import { getSystemErrorName } from 'node:util';
import { type Handle, internals, learnTcp, type Request, tcpInternals } from './node-internals.ts';
import { systemError } from './system-error.ts';

/** Bytes that may wait in libuv before `write` answers false. */
const HIGH_WATER = 16_384;

let spare: Request | undefined;

const NO_READER: SocketReader = {
  buffer: () => new Uint8Array(1),
  onData: () => undefined,
  onEnd: () => undefined,
  onError: () => undefined,
  onClose: () => undefined,
  onDrain: () => undefined,
};

export class LightSocket implements ReadSocket {
  reader: SocketReader = NO_READER;
  connecting = false;
  destroyed = false;
  writableEnded = false;
  writableLength = 0;
  remoteAddress: string | undefined;
  remotePort: number | undefined;
  remoteFamily: string | undefined;
  #handle: Handle | null;
  #inFlight = 0;
  #needsDrain = false;
  #closeWhenSent = false;
  /** The peer has ended its side; our FIN has gone out. With both, the socket closes. */
  #ended = false;
  #shut = false;
  /** Paused before it was connected. */
  #heldBack = false;
  [name: symbol]: unknown;

  constructor(handle: Handle, connected = true) {
    const { owner, onRead } = internals!;
    this.#handle = handle;
    handle[owner] = this;
    handle.onread = onRead;
    handle.reading = false;
    if (connected) this.#learnPeer();
  }

  #learnPeer(): void {
    const handle = this.#handle!;
    const peer: Partial<net.AddressInfo> = {};
    if (handle.getpeername !== undefined && handle.getpeername(peer) === 0) {
      this.remoteAddress = peer.address;
      this.remotePort = peer.port;
      this.remoteFamily = peer.family;
    }
  }

  /** Connects a TCP handle; `onConnect` follows, or `onError` and `onClose`. */
  connect(host: string, port: number, reader: ConnectReader): void {
    const handle = this.#handle!;
    this.connecting = true;
    this.adopt(reader);
    handle.setNoDelay?.(true);
    const request = new tcpInternals.value!.ConnectRequest();
    request.oncomplete = (status): void => {
      if (this.destroyed) return;
      newEvent();
      this.connecting = false;
      if (status < 0) {
        this.destroy(systemError(getSystemErrorName(status), 'connect'));
        return;
      }
      if (!this.#heldBack) this.resume();
      try {
        reader.onConnect();
      } catch (error) {
        guard(reader, error);
      }
    };
    const failed = host.includes(':') ? handle.connect6!(request, host, port) : handle.connect!(request, host, port);
    if (failed !== 0) this.#failLater(systemError(getSystemErrorName(failed), 'connect'));
  }

  /** Reads from now on go where this reader says; called once, before reading starts. */
  adopt(reader: SocketReader): void {
    const { buffer, bufferCallback, bufferSource, updateTimer } = internals!;
    this.reader = reader;
    const first = reader.buffer();
    this[buffer] = first;
    this[bufferSource] = (): Uint8Array => this.reader.buffer();
    this[bufferCallback] = this.#read;
    this[updateTimer] = nothing;
    this.#handle?.useUserBuffer(first);
  }

  /** The next read goes there, instead of where the reader said after the last one. */
  readInto(bytes: Uint8Array): void {
    this[internals!.buffer] = bytes;
    this.#handle?.useUserBuffer(bytes);
  }

  readonly #read = (n: number, bytes: Uint8Array): boolean => {
    newEvent();
    try {
      this.reader.onData(n, bytes as Buffer);
    } catch (error) {
      guard(this.reader, error);
    }
    return true;
  };

  /** Node's own reading calls these two at the end of the bytes. */
  readonly _readableState = { endEmitted: false };
  push(_end: null): boolean {
    if (this.#ended || this.destroyed) return false;
    this.#ended = true;
    newEvent();
    // An RST behind unread data arrives as an end, too; but such a socket has no peer any more (see fast-socket.ts).
    const handle = this.#handle;
    if (!this.writableEnded && handle?.getpeername !== undefined && handle.getpeername({}) !== 0) {
      this.destroy(systemError('ECONNRESET', 'read'));
      return false;
    }
    try {
      this.reader.onEnd();
    } catch (error) {
      guard(this.reader, error);
    }
    if (this.#shut) this.destroy();
    return false;
  }
  read(_n: number): null {
    return null;
  }
  on(_event: string, _listener: unknown): this {
    return this;
  }

  pause(): this {
    const handle = this.#handle;
    if (this.connecting) this.#heldBack = true;
    if (handle !== null && handle.reading === true) {
      handle.reading = false;
      handle.readStop();
    }
    return this;
  }

  resume(): this {
    const handle = this.#handle;
    if (this.connecting) {
      this.#heldBack = false;
      return this;
    }
    if (handle !== null && handle.reading !== true && !this.#ended) {
      handle.reading = true;
      const failed = handle.readStart();
      if (failed !== 0) this.destroy(systemError('ENOTCONN', 'read'));
    }
    return this;
  }

  /** Bytes that libuv holds; unlike `writableLength` it falls while a large write goes out in parts. */
  get unsent(): number {
    return this.#handle === null || this.#inFlight === 0 ? 0 : this.#handle.writeQueueSize;
  }

  get writable(): boolean {
    return !this.writableEnded && !this.destroyed;
  }

  write(data: string | Uint8Array, _encoding?: 'latin1'): boolean {
    const handle = this.#handle;
    if (handle === null || this.writableEnded) return false;
    const request = spare ?? new internals!.WriteRequest();
    spare = undefined;
    const failed =
      typeof data === 'string' ? handle.writeLatin1String(request, data) : handle.writeBuffer(request, data);
    if (failed !== 0) {
      this.#failLater(systemError('EPIPE', 'write'));
      return false;
    }
    if (request.getAsyncId() === -1) {
      spare = request;
      return true;
    }
    const waiting = handle.writeQueueSize;
    request.socket = this;
    // Keeps the memory alive until libuv has sent it.
    if (typeof data !== 'string') request.buffer = data;
    request.oncomplete = written;
    this.#inFlight++;
    this.writableLength = waiting;
    if (waiting < HIGH_WATER) return true;
    this.#needsDrain = true;
    return false;
  }

  /** A write of ours has gone out, or failed. */
  wrote(status: number): void {
    this.#inFlight--;
    this.writableLength = this.#inFlight === 0 || this.#handle === null ? 0 : this.#handle.writeQueueSize;
    if (this.destroyed) return;
    if (status < 0) {
      this.destroy(systemError(getSystemErrorName(status), 'write'));
      return;
    }
    if (this.#inFlight > 0 || !this.#needsDrain) return;
    this.#needsDrain = false;
    this.#drained();
  }

  /** Sends FIN behind what has been written. */
  end(data?: string, _encoding?: 'latin1'): this {
    const handle = this.#handle;
    if (this.writableEnded || handle === null) return this;
    if (data !== undefined) this.write(data);
    this.writableEnded = true;
    const request = new internals!.ShutdownRequest();
    request.socket = this;
    request.oncomplete = shut;
    if (handle.shutdown(request) !== 0 && this.#closeWhenSent) this.destroy();
    return this;
  }

  /** All has been sent, FIN included. */
  finished(): void {
    this.#shut = true;
    if (this.#closeWhenSent || this.#ended) this.destroy();
    else if (!this.destroyed) this.#drained();
  }

  #drained(): void {
    newEvent();
    try {
      this.reader.onDrain();
    } catch (error) {
      guard(this.reader, error);
    }
  }

  /** Closes when everything written has gone out. */
  destroySoon(): void {
    this.#closeWhenSent = true;
    this.end();
  }

  destroy(error?: Error): this {
    const handle = this.#handle;
    if (this.destroyed || handle === null) return this;
    this.destroyed = true;
    this.#handle = null;
    handle.onread = nothing;
    handle.close(() => {
      newEvent();
      this.reader.onClose();
    });
    if (error !== undefined) {
      // Node's reading and the end of a write come here by themselves.
      newEvent();
      this.reader.onError(error);
    }
    return this;
  }

  /** Closes with RST. */
  resetAndDestroy(): this {
    const handle = this.#handle;
    if (this.destroyed || handle === null) return this;
    if (handle.reset === undefined || this.writableEnded) return this.destroy();
    this.destroyed = true;
    this.#handle = null;
    handle.onread = nothing;
    const closed = (): void => {
      newEvent();
      this.reader.onClose();
    };
    if (handle.reset(closed) !== 0) handle.close(closed);
    return this;
  }

  /** A write is refused in the middle of its caller's work, who hears of it afterwards. */
  #failLater(error: Error): void {
    queueMicrotask(() => {
      newEvent();
      this.destroy(error);
    });
  }

  #local(): Partial<net.AddressInfo> {
    const local: Partial<net.AddressInfo> = {};
    this.#handle?.getsockname?.(local);
    return local;
  }
  get localAddress(): string | undefined {
    return this.#local().address;
  }
  get localPort(): number | undefined {
    return this.#local().port;
  }
  get localFamily(): string | undefined {
    return this.#local().family;
  }

  setKeepAlive(on: boolean, delay: number): this {
    this.#handle?.setKeepAlive?.(on, Math.floor(delay / 1000));
    return this;
  }

  /** The descriptor, for options that Node does not know. */
  get descriptor(): number | undefined {
    return this.#handle?.fd;
  }
}

function written(this: Request, status: number): void {
  (this.socket as LightSocket).wrote(status);
}
function shut(this: Request): void {
  (this.socket as LightSocket).finished();
}
function nothing(): void {}

/** Connects to a numeric address; undefined where this Node is not known to allow it. */
export function connectLight(host: string, port: number, reader: ConnectReader, fd?: number): LightSocket | undefined {
  const tcp = tcpInternals.value;
  if (tcp === undefined) return undefined;
  const handle = new tcp.TcpHandle(0);
  if (fd !== undefined) handle.open?.(fd);
  const socket = new LightSocket(handle, false);
  socket.connect(host, port, reader);
  return socket;
}

/**
 * Gives the connections of a listening server as light sockets instead of net.Sockets. False where this Node is not known to allow
 * it; then the server emits 'connection' as ever.
 */
export function takeConnections(server: net.Server, arrived: (socket: LightSocket) => void): boolean {
  if (internals === undefined) return false;
  learnTcp(server);
  const { _handle: handle } = server as unknown as { _handle: { onconnection?: unknown } | null };
  if (handle === null || typeof handle.onconnection !== 'function') return false;
  handle.onconnection = (status: number, client: Handle | undefined): void => {
    if (status !== 0 || client === undefined) {
      server.emit('error', systemError(status === 0 ? 'ECONNABORTED' : getSystemErrorName(status), 'accept'));
      return;
    }
    client.setNoDelay?.(true);
    arrived(new LightSocket(client));
  };
  return true;
}
