/* oxlint-disable no-underscore-dangle -- the handle is reached through undocumented fields, here and nowhere else */
/**
 * Sockets that read into a buffer which their reader names, instead of into a new Buffer per read (3.3 µs a read).
 *
 * node:net offers this through `onread`, but only when a socket is constructed, and a server constructs its sockets
 * itself. So the handle of an accepted socket, which came paused, is taken out and put into a socket of ours. `_handle`
 * is not documented: this file is the only one that touches it, and where it is missing (a TLS socket, another runtime)
 * the socket is kept and its 'data' events call the same reader.
 *
 * There is one closure per socket and none per event: the listeners are shared and find the reader on the socket.
 */

import net from 'node:net';
import { type Duplex, Writable } from 'node:stream';
import { newEvent } from './clock.ts';
import type { DirectSocket } from './direct-write.ts';
import { connectLight, LightSocket } from './light-socket.ts';
import { StreamSocket } from './stream-socket.ts';

/**
 * What a connection object implements to own a socket. All calls are synchronous from the event loop. The socket is
 * made with `allowHalfOpen`: after `onEnd` the reader decides when to end its own side.
 */
export interface SocketReader {
  /** Where the next read goes. Asked once when the socket is made or connected, and once after each read. */
  buffer(): Uint8Array;
  /**
   * `n` bytes arrived at the start of `buffer`. This is the one named by `buffer()` before, or on the plain fallback a
   * private one, so the reader must use the argument. The bytes are gone after the call if the buffer is shared.
   */
  onData(n: number, buffer: Buffer): void;
  /** The peer sent FIN. */
  onEnd(): void;
  /** The socket failed (`ECONNRESET`, `EPIPE`, `ECONNREFUSED`, …); `onClose` follows. */
  onError(error: NodeJS.ErrnoException): void;
  /** The descriptor is closed; nothing follows. */
  onClose(): void;
  /** A write that answered false has gone out. */
  onDrain(): void;
  /** One of the above threw. What it belongs to has to end; without this the error is uncaught. */
  onFault?(error: unknown): void;
}

/** Runs one event of a reader; what it throws ends its own connection and no other. */
export function guard(reader: SocketReader, error: unknown): void {
  if (reader.onFault === undefined) throw error;
  reader.onFault(error);
}

/** A reader that connects. */
export interface ConnectReader extends SocketReader {
  onConnect(): void;
}

/** A socket that calls a reader. Storing another reader in `reader` hands the socket over, from the next event on. */
export interface ReadSocket extends PlainSocket {
  reader: SocketReader;
}

/** What the proxy uses of a socket: net.Socket's members, meaning what they mean there. */
export interface PlainSocket {
  readonly remoteAddress?: string | undefined;
  readonly remotePort?: number | undefined;
  readonly remoteFamily?: string | undefined;
  readonly localAddress?: string | undefined;
  readonly localPort?: number | undefined;
  readonly localFamily?: string | undefined;
  readonly connecting: boolean;
  readonly destroyed: boolean;
  readonly writable: boolean;
  readonly writableEnded: boolean;
  /** Bytes written and not yet taken by the system. */
  readonly writableLength: number;
  /** A string is a byte string: pass `latin1` with it. False when `onDrain` should be awaited. */
  write(data: string | Uint8Array, encoding?: 'latin1'): boolean;
  end(): unknown;
  end(data: string, encoding: 'latin1'): unknown;
  destroy(error?: Error): unknown;
  destroySoon(): void;
  resetAndDestroy(): unknown;
  pause(): unknown;
  resume(): unknown;
  setKeepAlive(on: boolean, delay: number): unknown;
}

/** Where to connect to: a TCP address or a UNIX path, with what node:net's `connect` takes besides. */
export type ConnectTarget = net.NetConnectOpts & {
  /** Makes the descriptor to connect with; called for each attempt. */
  readonly makeSocket?: (() => number | undefined) | undefined;
  /** A connection within the process, instead of all that. */
  readonly stream?: Duplex | undefined;
};

// Accepted sockets come with TCP_NODELAY set already (ListeningSocket), connecting ones get it from this option.
const OPTIONS = { allowHalfOpen: true, readable: true, writable: true, manualStart: true, noDelay: true } as const;

function onRead(this: unknown, n: number, buffer: Uint8Array): boolean {
  newEvent();
  const { reader } = this as net.Socket & ReadSocket;
  try {
    reader.onData(n, buffer as Buffer);
  } catch (error) {
    guard(reader, error);
  }
  // true: keep reading. A reader that wants to stop calls pauseReading, which stops the handle at once.
  return true;
}

const ownLength = Object.getOwnPropertyDescriptor(Writable.prototype, 'writableLength')!.get!;

class FastSocket extends net.Socket implements DirectSocket {
  reader!: SocketReader;
  pendingDirect = 0;
}
// The types of node:net say that it is a property, which an accessor must not override in a class.
Object.defineProperty(FastSocket.prototype, 'writableLength', {
  get(this: FastSocket): number {
    return (ownLength.call(this) as number) + this.pendingDirect;
  },
});

function makeSocket(handle: object | undefined, reader: SocketReader, fd?: number): FastSocket {
  let made: FastSocket | undefined;
  // node:net calls `buffer` without `this`, and once from within the constructor when it is given a handle.
  const buffer = (): Uint8Array => (made === undefined ? reader.buffer() : made.reader.buffer());
  const options = { ...OPTIONS, handle, ...(fd === undefined ? {} : { fd }), onread: { buffer, callback: onRead } };
  made = new FastSocket(options);
  made.reader = reader;
  listen(made);
  return made;
}

function listen(socket: net.Socket): void {
  socket.on('end', ended);
  socket.on('error', failed);
  socket.on('close', closed);
  socket.on('drain', drained);
}

function ended(this: net.Socket): void {
  newEvent();
  if (!this.writableEnded && wasReset(this)) {
    this.destroy(Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET', syscall: 'read' }));
    return;
  }
  const { reader } = this as net.Socket & ReadSocket;
  try {
    reader.onEnd();
  } catch (error) {
    guard(reader, error);
  }
}

/**
 * When RST arrives behind unread data, libuv reports an end after that data, as if it had been FIN (it takes POLLHUP
 * after a short read for EOF). A body that ends with the connection would pass as complete. But a socket that got FIN
 * still has a peer, and one that got RST has none. Once our own side has ended there is no telling.
 */
function wasReset(socket: net.Socket): boolean {
  const { _handle: handle } = socket as unknown as { _handle: { getpeername?: (out: object) => number } | null };
  return handle?.getpeername !== undefined && handle.getpeername({}) !== 0;
}

function failed(this: net.Socket, error: NodeJS.ErrnoException): void {
  newEvent();
  (this as net.Socket & ReadSocket).reader.onError(error);
}
function closed(this: net.Socket): void {
  newEvent();
  const { reader } = this as net.Socket & ReadSocket;
  try {
    reader.onClose();
  } catch (error) {
    guard(reader, error);
  }
}
function drained(this: net.Socket): void {
  newEvent();
  const { reader } = this as net.Socket & ReadSocket;
  try {
    reader.onDrain();
  } catch (error) {
    guard(reader, error);
  }
}
function connected(this: net.Socket): void {
  newEvent();
  const reader = (this as net.Socket & ReadSocket).reader as ConnectReader;
  try {
    reader.onConnect();
  } catch (error) {
    guard(reader, error);
  }
}
function read(this: net.Socket, chunk: Buffer): void {
  newEvent();
  const { reader } = this as net.Socket & ReadSocket;
  try {
    reader.onData(chunk.length, chunk);
  } catch (error) {
    guard(reader, error);
  }
}

/**
 * Gives an accepted, paused socket (see ListeningSocket) to a reader. The socket passed in must not be used any more;
 * use the one answered. Nothing is read before `resumeReading`.
 */
export function adoptSocket(accepted: PlainSocket, reader: SocketReader): ReadSocket {
  if (accepted instanceof LightSocket) {
    accepted.adopt(reader);
    return accepted;
  }
  if (accepted instanceof StreamSocket) {
    accepted.reader = reader;
    return accepted;
  }
  if (!(accepted instanceof net.Socket)) throw new TypeError('not a socket of node:net');
  const holder = accepted as unknown as { _handle: object | null; _server: unknown };
  const handle = holder._handle;
  // A TLSSocket's handle is bound to its owner, and one without useUserBuffer cannot read into our memory.
  if (accepted.constructor !== net.Socket || handle === null || !('useUserBuffer' in handle)) {
    return readEvents(accepted, reader);
  }
  holder._handle = null;
  const socket = makeSocket(handle, reader);
  // The server counts its open connections by this field.
  (socket as unknown as typeof holder)._server = holder._server;
  holder._server = null;
  return socket;
}

/** The plain way: 'data' events of any socket (TLS too) call the reader. The socket stays paused as well. */
export function readEvents(socket: net.Socket, reader: SocketReader): ReadSocket {
  const result = socket as net.Socket & ReadSocket;
  result.reader = reader;
  result.allowHalfOpen = true;
  result.pause();
  result.on('data', read);
  listen(result);
  return result;
}

/**
 * Connects and gives the socket to a reader; `onConnect` or `onError` follows, never before this returns. Reading starts
 * by itself once connected. Throws what node:net throws on options that are no address (RangeError, TypeError).
 */
export function connectSocket(target: ConnectTarget, reader: ConnectReader): ReadSocket {
  if (target.stream !== undefined) return StreamSocket.connect(target.stream, reader);
  const fd = target.makeSocket?.();
  if (
    'port' in target &&
    target.localAddress === undefined &&
    target.host !== undefined &&
    net.isIP(target.host) !== 0
  ) {
    const light = connectLight(target.host, target.port, reader, fd);
    if (light !== undefined) return light;
  }
  const socket = makeSocket(undefined, reader, fd);
  socket.on('connect', connected);
  socket.connect(target);
  return socket;
}

/** Stops reading: at most the read that is being delivered right now still reaches the reader. */
export function pauseReading(socket: PlainSocket): void {
  socket.pause();
}

/** Starts or restarts reading. */
export function resumeReading(socket: PlainSocket): void {
  // The first start does not need the stream to flow: that would cost another turn and 3 µs per connection.
  if (socket instanceof net.Socket && socket.readableFlowing === null && !socket.isPaused()) socket.read(0);
  else socket.resume();
}

/** Makes the next read go to this buffer, where that can be changed; what arrives says in which buffer it is. */
export function readInto(socket: PlainSocket, bytes: Uint8Array): void {
  if (socket instanceof LightSocket) socket.readInto(bytes);
}

/** The descriptor behind a socket or server, for setsockopt and dup; undefined where there is none or it is not shown. */
export function descriptorOf(owner: PlainSocket | net.Server): number | undefined {
  if (owner instanceof LightSocket) return owner.descriptor;
  const { _handle: handle } = owner as unknown as { _handle: { fd?: number } | null | undefined };
  return handle?.fd !== undefined && handle.fd >= 0 ? handle.fd : undefined;
}

/**
 * Closes with RST, so that the peer cannot take what it got for complete. It is a plain close where there is nothing to
 * reset (not connected, UNIX) and while a FIN is on its way after the last byte, when the peer did get all.
 */
export function resetSocket(socket: PlainSocket): void {
  if (socket instanceof LightSocket) {
    socket.resetAndDestroy();
    return;
  }
  // libuv refuses to reset during a shutdown, and node:net then neither closes the descriptor nor emits 'close'.
  const finishing =
    socket instanceof net.Socket && socket.writableEnded && !socket.writableFinished && socket.writableLength === 0;
  if (finishing || socket.remoteFamily === undefined) socket.destroy();
  else socket.resetAndDestroy();
}

/** Bytes written and not yet taken by the system. Unlike `writableLength` it falls while a large write goes out in parts. */
export function unsentBytes(socket: PlainSocket): number {
  if (socket instanceof LightSocket) return socket.unsent;
  const { _handle: handle } = socket as unknown as { _handle: { writeQueueSize?: number } | null };
  return socket.writableLength === 0 ? 0 : (handle?.writeQueueSize ?? socket.writableLength);
}

/** Closes when all is sent, or when the peer has taken nothing for `limit` milliseconds. */
export function destroyWhenSent(socket: PlainSocket, limit: number): void {
  socket.destroySoon();
  let left = unsentBytes(socket);
  const check = setInterval(() => {
    const now = unsentBytes(socket);
    if (socket.destroyed || now === left) {
      clearInterval(check);
      socket.destroy();
    }
    left = now;
  }, limit);
  check.unref();
}
