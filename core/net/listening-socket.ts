/**
 * One listening socket: TCP, UNIX, abstract or inherited. It belongs to no configuration: the generation that is in
 * charge sets the handler, and the next one may set its own while the socket stays open (see listening-sockets.ts).
 */

import fs from 'node:fs/promises';
import net from 'node:net';
import { dirname } from 'node:path';
import {
  ListenError,
  SUN_PATH,
  abstractName,
  bindError,
  describeTarget,
  listenKey,
  nativePath,
} from './listen-target.ts';
import type { ListenTarget } from './listen-target.ts';
import { errorWords } from './system-error.ts';
import { descriptorOf, type PlainSocket } from './fast-socket.ts';
import { takeConnections } from './light-socket.ts';
import { bindNative, needsNative } from './native-listener.ts';

export interface ListenOptions {
  readonly target: ListenTarget;
  /** What makes it the same socket after a reload where the target does not: the port 0 stands for any. */
  readonly identity?: string | undefined;
  /** The kernel's queue of connections not yet accepted, and how many are held here while paused. Default 1024. */
  readonly backlog?: number;
  /** dup(2), when there is one: it lets a paused socket whose queue is full stop accepting in earnest. */
  readonly duplicate?: ((fd: number) => number | undefined) | undefined;
  /** Sets options of the socket once it listens, again whenever it is bound anew. */
  readonly configure?: ((descriptor: number) => void) | undefined;
  /** Told what could not be set. */
  readonly warn?: ((problem: string) => void) | undefined;
  /** Give out light sockets where this Node allows it; net.Sockets otherwise. */
  readonly light?: boolean;
}

/**
 * Gets each accepted connection: a socket that is not reading, allows half-open, and has TCP_NODELAY set. The handler
 * owns it; it must adopt or destroy it in the same turn, as nothing else listens for its errors.
 */
export type AcceptHandler = (socket: PlainSocket, listening: ListeningSocket) => void;

export class ListeningSocket {
  readonly key: string;
  readonly target: ListenTarget;
  readonly #backlog: number;
  readonly #duplicate: ((fd: number) => number | undefined) | undefined;
  readonly #light: boolean;
  #configure: ((descriptor: number) => void) | undefined;
  readonly #warn: (problem: string) => void;
  #server: net.Server;
  #handler: AcceptHandler | undefined;
  #paused = true;
  #closed = false;
  #unbound = false;
  #port: number | undefined = undefined;
  /** Accepted while paused, oldest first. */
  #held: PlainSocket[] = [];
  #giving = false;
  /** The descriptor that keeps the kernel's queue alive while the server is closed, or -1. */
  #parked = -1;
  /** Connections reset because the queue was full and dup(2) is missing. */
  overflowed = 0;
  /** Called when accepting fails, with EMFILE most of all; the connection stays in the kernel's queue. */
  onError: ((error: NodeJS.ErrnoException) => void) | undefined = undefined;

  private constructor(options: ListenOptions) {
    this.key = listenKey(options.target);
    this.target = options.target;
    this.#backlog = options.backlog ?? 1024;
    this.#duplicate = options.duplicate;
    this.#light = options.light ?? false;
    this.#configure = options.configure;
    this.#warn = options.warn ?? ignore;
    this.#server = this.#newServer();
  }

  /** Binds and listens. The socket starts paused: connections wait until `accept`. Rejects with ListenError. */
  static async open(options: ListenOptions): Promise<ListeningSocket> {
    const socket = new ListeningSocket(options);
    await socket.#listen();
    return socket;
  }

  /** The bound port of a TCP socket (of interest after asking for port 0), else undefined. */
  get port(): number | undefined {
    return this.#port;
  }

  /** The address as messages show it. */
  get text(): string {
    return describeTarget(this.target);
  }

  /** Another configuration is in charge of the socket: its options count from now on. */
  configure(run: ((descriptor: number) => void) | undefined): void {
    this.#configure = run;
    this.#applyOptions();
  }

  #applyOptions(): void {
    const fd = this.#configure === undefined ? undefined : descriptorOf(this.#server);
    if (fd !== undefined) this.#configure!(fd);
  }

  get paused(): boolean {
    return this.#paused;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Connections accepted from the kernel and not yet given to a handler. */
  get held(): number {
    return this.#held.length;
  }

  /** A connection that came by another way: from within the process. */
  give(socket: PlainSocket): void {
    this.#arrived(socket);
  }

  /** Sets who gets the connections from now on, and starts accepting. May be called again with another handler. */
  accept(handler: AcceptHandler): void {
    this.#handler = handler;
    this.resume();
  }

  /**
   * Stops giving out connections. Node cannot leave them in the kernel's queue, so they are accepted and held unread,
   * which a client cannot tell from waiting in that queue; when `backlog` are held, the socket really stops.
   */
  pause(): void {
    this.#paused = true;
  }

  /** Gives out what is held, oldest first, and goes on accepting. The handler may pause again at any time. */
  resume(): void {
    if (this.#closed || this.#unbound || this.#handler === undefined) return;
    this.#paused = false;
    // The handler may pause and resume again: the loop under way goes on then.
    if (this.#giving) return;
    this.#giving = true;
    try {
      while (this.#held.length > 0 && !this.#isPaused()) this.#give(this.#held.shift()!);
    } finally {
      this.#giving = false;
    }
    if (this.#parked >= 0 && !this.#isPaused()) this.#unpark();
  }

  /**
   * Lets go of the address, so that another process can have it (SIGTTOU), and pauses. Connections that were held stay
   * held. A UNIX path needs none of this: who binds it takes its place.
   */
  unbind(): void {
    if (this.#closed || this.#unbound || this.target.kind === 'unix' || this.target.kind === 'fd') return;
    this.#paused = true;
    this.#unbound = true;
    if (this.#parked >= 0) this.#unpark();
    this.#server.close();
  }

  /** Binds what was let go of again; the handler goes on with `resume`. Rejects with ListenError, and can be tried again. */
  async rebind(): Promise<void> {
    if (this.#closed || !this.#unbound) return;
    this.#server = this.#newServer();
    try {
      await this.#listen();
    } catch (error) {
      this.#closed = false;
      throw error;
    }
    this.#unbound = false;
  }

  /** Closes the descriptor at once, resets what is held, and leaves a UNIX path in place, as HAProxy does. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#paused = true;
    this.#handler = undefined;
    // A parked descriptor has no server; only one that adopts it can close it.
    if (this.#parked >= 0) this.#unpark();
    this.#server.close();
    for (const socket of this.#held) socket.destroy();
    this.#held = [];
  }

  // A method, because the compiler takes a field that was just assigned for known, and the handler may change it.
  #isPaused(): boolean {
    return this.#paused;
  }

  #give(socket: PlainSocket): void {
    // Once it is adopted, or fails, it is the handler's business.
    if (socket instanceof net.Socket) socket.off('error', ignore);
    this.#handler!(socket, this);
  }

  #newServer(): net.Server {
    const server = net.createServer({ pauseOnConnect: true, allowHalfOpen: true, noDelay: true });
    server.on('connection', (socket) => this.#arrived(socket));
    if (this.#light) server.on('listening', () => takeConnections(server, (socket) => this.#arrived(socket)));
    return server;
  }

  #arrived(socket: PlainSocket): void {
    if (!this.#paused) {
      this.#handler!(socket, this);
      return;
    }
    if (this.#closed) {
      socket.destroy();
      return;
    }
    if (this.#held.length < this.#backlog) {
      if (socket instanceof net.Socket) socket.on('error', ignore);
      this.#held.push(socket);
      if (this.#held.length === this.#backlog) this.#park();
      return;
    }
    this.overflowed++;
    if (this.target.kind === 'inet') socket.resetAndDestroy();
    else socket.destroy();
  }

  #park(): void {
    const fd = descriptorOf(this.#server);
    const copy = fd === undefined ? undefined : this.#duplicate?.(fd);
    if (copy === undefined) return;
    this.#parked = copy;
    this.#server.close();
  }

  #unpark(): void {
    const fd = this.#parked;
    this.#parked = -1;
    this.#server = this.#newServer();
    this.#server.on('error', (error) => this.onError?.(error));
    this.#server.listen({ fd, backlog: this.#backlog });
  }

  async #listen(): Promise<void> {
    const { target } = this;
    const backlog = this.#backlog;
    try {
      switch (target.kind) {
        case 'inet': {
          const ipv6Only = target.host.includes(':') ? (target.v6only ?? (await systemV6Only())) : false;
          const port = this.#port ?? target.port;
          const bound = needsNative(target) ? bindNative({ ...target, port }, ipv6Only, this.#warn) : undefined;
          if (bound === undefined) {
            await listening(this.#server, { host: target.host, port, ipv6Only, backlog, exclusive: true });
          } else await listening(this.#server, { fd: bound, backlog });
          break;
        }
        case 'unix':
          await this.#listenUnix(target, backlog);
          break;
        case 'abns':
          await listening(this.#server, { path: abstractName(target.name, target.zeroTerminated), backlog });
          break;
        default:
          await listening(this.#server, { fd: target.fd, backlog });
      }
    } catch (error) {
      this.#closed = true;
      if (error instanceof ListenError) throw error;
      throw bindError(target, error as NodeJS.ErrnoException);
    }
    const address = this.#server.address();
    if (address !== null && typeof address === 'object') this.#port = address.port;
    this.#applyOptions();
    this.#server.on('error', (error) => this.onError?.(error));
  }

  /**
   * The socket is bound under another name, gets its mode and owner, and only then takes the place of whatever socket
   * had the path: a client never finds the path missing, nor with the wrong rights.
   */
  async #listenUnix(target: ListenTarget & { kind: 'unix' }, backlog: number): Promise<void> {
    const path = nativePath(target.path);
    const temporary = `${path}.${process.pid}.tmp`;
    if (Buffer.byteLength(temporary) >= SUN_PATH) throw bindError(target, { code: 'ENAMETOOLONG' });
    const old = await fs.lstat(path).catch(() => undefined);
    if (old !== undefined && !old.isSocket()) {
      throw new ListenError(`cannot bind UNIX socket (path exists and is not a socket) [${target.path}]`, 'EEXIST');
    }
    // Asked first, because node:net reports a missing folder as EACCES.
    await attempt(target, 'cannot bind UNIX socket', () => fs.access(dirname(path)));
    await fs.rm(temporary, { force: true });
    await listening(this.#server, { path: temporary, backlog });
    try {
      if (target.uid !== undefined || target.gid !== undefined) {
        await attempt(target, 'cannot change UNIX socket ownership', () =>
          fs.chown(temporary, target.uid ?? -1, target.gid ?? -1),
        );
      }
      const { mode } = target;
      if (mode !== undefined) {
        await attempt(target, 'cannot change UNIX socket permissions', () => fs.chmod(temporary, mode));
      }
      await attempt(target, 'cannot switch final and temporary UNIX sockets', () => fs.rename(temporary, path));
    } catch (error) {
      // Closing also removes the temporary name.
      this.#server.close();
      throw error;
    }
  }
}

function ignore(): void {}

async function attempt(
  target: ListenTarget & { kind: 'unix' },
  what: string,
  step: () => Promise<void>,
): Promise<void> {
  try {
    await step();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new ListenError(`${what} (${errorWords(code)}) [${target.path}]`, code);
  }
}

async function listening(server: net.Server, options: net.ListenOptions & { fd?: number }): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

async function systemV6Only(): Promise<boolean> {
  const text = await fs.readFile('/proc/sys/net/ipv6/bindv6only', 'latin1').catch(() => '0');
  return text.trim() === '1';
}
