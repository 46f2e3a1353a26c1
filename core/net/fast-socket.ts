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

/**
 * What a connection object implements to own a socket. All calls are synchronous from the event loop. The socket is
 * made with `allowHalfOpen`: after `onEnd` the reader decides when to end its own side.
 */
export interface SocketReader {
  /** Where the next read goes. Asked once when reading starts and once after each read. */
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
}

/** A reader that connects. */
export interface ConnectReader extends SocketReader {
  onConnect(): void;
}

/** A socket that calls a reader. Storing another reader in `reader` hands the socket over, from the next event on. */
export interface ReadSocket extends net.Socket {
  reader: SocketReader;
}

/** Where to connect to: a TCP address or a UNIX path, with what node:net's `connect` takes besides. */
export type ConnectTarget = net.NetConnectOpts;

// Accepted sockets come with TCP_NODELAY set already (ListeningSocket), connecting ones get it from this option.
const OPTIONS = { allowHalfOpen: true, readable: true, writable: true, manualStart: true, noDelay: true } as const;

function onRead(this: unknown, n: number, buffer: Uint8Array): boolean {
  (this as ReadSocket).reader.onData(n, buffer as Buffer);
  // true: keep reading. A reader that wants to stop calls pauseReading, which stops the handle at once.
  return true;
}

class FastSocket extends net.Socket implements ReadSocket {
  reader: SocketReader;

  constructor(handle: object | undefined, reader: SocketReader) {
    let self: FastSocket | undefined;
    // node:net calls `buffer` without `this`, and once from within the constructor when it is given a handle.
    const buffer = (): Uint8Array => (self === undefined ? reader.buffer() : self.reader.buffer());
    super({ ...OPTIONS, handle, onread: { buffer, callback: onRead } } as net.SocketConstructorOpts);
    this.reader = reader;
    self = this;
    listen(this);
  }
}

function listen(socket: net.Socket): void {
  socket.on('end', ended);
  socket.on('error', failed);
  socket.on('close', closed);
  socket.on('drain', drained);
}

function ended(this: net.Socket): void {
  (this as ReadSocket).reader.onEnd();
}
function failed(this: net.Socket, error: NodeJS.ErrnoException): void {
  (this as ReadSocket).reader.onError(error);
}
function closed(this: net.Socket): void {
  (this as ReadSocket).reader.onClose();
}
function drained(this: net.Socket): void {
  (this as ReadSocket).reader.onDrain();
}
function connected(this: net.Socket): void {
  const reader = (this as ReadSocket).reader as ConnectReader;
  reader.onConnect();
}
function read(this: net.Socket, chunk: Buffer): void {
  (this as ReadSocket).reader.onData(chunk.length, chunk);
}

/**
 * Gives an accepted, paused socket (see ListeningSocket) to a reader. The socket passed in must not be used any more;
 * use the one answered. Nothing is read before `resumeReading`.
 */
export function adoptSocket(accepted: net.Socket, reader: SocketReader): ReadSocket {
  const holder = accepted as unknown as { _handle: object | null; _server: unknown };
  const handle = holder._handle;
  // A TLSSocket's handle is bound to its owner, and one without useUserBuffer cannot read into our memory.
  if (accepted.constructor !== net.Socket || handle === null || !('useUserBuffer' in handle)) {
    return readEvents(accepted, reader);
  }
  holder._handle = null;
  const socket = new FastSocket(handle, reader);
  // The server counts its open connections by this field.
  (socket as unknown as typeof holder)._server = holder._server;
  holder._server = null;
  return socket;
}

/** The plain way: 'data' events of any socket (TLS too) call the reader. The socket stays paused as well. */
export function readEvents(socket: net.Socket, reader: SocketReader): ReadSocket {
  const result = socket as ReadSocket;
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
  const socket = new FastSocket(undefined, reader);
  socket.on('connect', connected);
  socket.connect(target);
  return socket;
}

/** Stops reading: at most the read that is being delivered right now still reaches the reader. */
export function pauseReading(socket: net.Socket): void {
  socket.pause();
}

/** Starts or restarts reading. */
export function resumeReading(socket: net.Socket): void {
  socket.resume();
}

/** The descriptor behind a socket or server, for setsockopt and dup; undefined where there is none or it is not shown. */
export function descriptorOf(owner: net.Socket | net.Server): number | undefined {
  const { _handle: handle } = owner as unknown as { _handle: { fd?: number } | null | undefined };
  return handle?.fd !== undefined && handle.fd >= 0 ? handle.fd : undefined;
}

/** Closes with RST, so that the peer cannot take what it got for complete; closes plainly where that is impossible. */
export function resetSocket(socket: net.Socket): void {
  // A socket with queued writes that is not connected yet, or a UNIX one, answers ERR_INVALID_HANDLE_TYPE through 'error'.
  if (socket.remoteFamily === undefined) socket.destroy();
  else socket.resetAndDestroy();
}
