/**
 * What Node's own net.Socket uses and does not export: the request objects that a handle wants for each operation, and the names
 * under which it looks for the owner of a handle and that owner's read buffer. They are learned by watching a
 * net.Socket at work on a handle of our own making, so nothing is imported that a release could take away; when a
 * release works otherwise, `internals` is undefined and plain sockets are used.
 */

import net from 'node:net';

/** A request of libuv: Node calls `oncomplete` when it is done. */
export interface Request {
  oncomplete?: (status: number) => void;
  socket?: unknown;
  buffer?: Uint8Array;
  /** -1 while libuv does not hold the request: a write that went out at once. An empty queue is no proof of it (20 ns). */
  getAsyncId(): number;
}

/** A TCP or pipe handle, as much of it as is used. */
export interface Handle {
  onread?: unknown;
  reading?: boolean;
  readonly fd?: number;
  readonly writeQueueSize: number;
  readStart(): number;
  readStop(): number;
  useUserBuffer(buffer: Uint8Array): void;
  writeLatin1String(request: Request, text: string): number;
  writeBuffer(request: Request, bytes: Uint8Array): number;
  shutdown(request: Request): number;
  close(done?: () => void): void;
  reset?(done?: () => void): number;
  getpeername?(out: Partial<net.AddressInfo>): number;
  getsockname?(out: Partial<net.AddressInfo>): number;
  connect?(request: Request, host: string, port: number): number;
  connect6?(request: Request, host: string, port: number): number;
  open?(fd: number): number;
  setNoDelay?(on: boolean): number;
  setKeepAlive?(on: boolean, seconds: number): number;
  [name: symbol]: unknown;
}

export interface Internals {
  readonly WriteRequest: new () => Request;
  readonly ShutdownRequest: new () => Request;
  /** What Node sets as a handle's `onread`. */
  readonly onRead: unknown;
  /** On the handle: whose it is. */
  readonly owner: symbol;
  /** On the owner: its buffer, what to call with the bytes, where the next buffer comes from, and a call per event. */
  readonly buffer: symbol;
  readonly bufferCallback: symbol;
  readonly bufferSource: symbol;
  readonly updateTimer: symbol;
}

function learn(): Internals | undefined {
  const seen: { write?: Request; shutdown?: Request } = {};
  const probe: Record<string, unknown> = {
    reading: false,
    writeQueueSize: 0,
    readStart: () => 0,
    readStop: () => 0,
    useUserBuffer: () => undefined,
    close: (done?: () => void) => done?.(),
    writeLatin1String: (request: Request) => {
      seen.write = request;
      return 0;
    },
    shutdown: (request: Request) => {
      seen.shutdown = request;
      return 0;
    },
    getAsyncId: () => 0,
  };
  const source = (): Uint8Array => new Uint8Array(1);
  const callback = (): boolean => true;
  const options = { handle: probe, manualStart: true, onread: { buffer: source, callback } };
  const socket = new net.Socket(options);
  socket.on('error', () => undefined);
  socket.write('x', 'latin1');
  socket.end();
  const named = (of: object, name: string): symbol | undefined =>
    Object.getOwnPropertySymbols(of).find((symbol) => symbol.description === name);
  const owner = Object.getOwnPropertySymbols(probe).find((symbol) => probe[symbol as unknown as string] === socket);
  const buffer = named(socket, 'kBuffer');
  const bufferCallback = named(socket, 'kBufferCb');
  const bufferSource = named(socket, 'kBufferGen');
  const updateTimer = named(net.Socket.prototype, 'kUpdateTimer');
  const onRead = probe['onread'];
  socket.destroy();
  if (seen.write === undefined || owner === undefined || typeof onRead !== 'function') return undefined;
  if (buffer === undefined || bufferCallback === undefined || bufferSource === undefined || updateTimer === undefined) {
    return undefined;
  }
  const WriteRequest = seen.write.constructor as new () => Request;
  // `end` shuts down in a later turn in some releases; the two kinds of request are made alike.
  const ShutdownRequest = (seen.shutdown?.constructor ?? WriteRequest) as new () => Request;
  return { WriteRequest, ShutdownRequest, onRead, owner, buffer, bufferCallback, bufferSource, updateTimer };
}

function safely(): Internals | undefined {
  try {
    return learn();
  } catch {
    return undefined;
  }
}

export const internals: Internals | undefined = safely();

/** Makes a TCP handle, and the request that connects one; undefined until learned. */
export interface TcpInternals {
  readonly TcpHandle: new (kind: number) => Handle;
  readonly ConnectRequest: new () => Request;
}
export const tcpInternals: { value: TcpInternals | undefined } = { value: undefined };

/** Learns from a listening server's handle, which is of the class that connects too. */
export function learnTcp(server: net.Server): void {
  const { _handle: handle } = server as unknown as { _handle: Handle | null };
  if (internals === undefined || tcpInternals.value !== undefined || handle?.connect === undefined) return;
  if (handle.connect6 === undefined) return;
  const TcpHandle = handle.constructor as new (kind: number) => Handle;
  const probe = {
    reading: false,
    getAsyncId: () => 0,
    close: (done?: () => void) => done?.(),
    connect: (request: Request) => {
      tcpInternals.value = { TcpHandle, ConnectRequest: request.constructor as new () => Request };
      socket.destroy();
      return 0;
    },
  };
  const socket = new net.Socket({ handle: probe, manualStart: true } as net.SocketConstructorOpts);
  socket.on('error', () => undefined);
  // The handle is ours: nothing is connected.
  socket.connect({ host: '127.0.0.1', port: 9 });
}
