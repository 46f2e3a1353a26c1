import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls, type ConnectionOptions } from 'node:tls';
import type { Timer } from 'sluice/plugin';
import { ByteQueue } from './byte-queue.ts';

/** Where a connection goes: an address and port, or the path of a UNIX socket. */
export type StreamTarget =
  | { readonly host: string; readonly port: number; readonly family: 4 | 6 }
  | { readonly path: string };

/** What is taken from the peer ahead of who reads, and what may wait to be sent when `write` says that all is well. */
const HIGH_WATER = 64 * 1024;
/** Until a connection must be there where no other time is set; milliseconds. */
const CONNECT_TIMEOUT = 5000;

/** Why nothing more comes. */
export type StreamEnd = 'eof' | 'timeout' | 'closed';

/** What makes timers, and what remembers which sockets are open: they go with their configuration. */
export interface StreamOwner {
  timer(run: () => void): Timer;
  readonly sockets: Set<StreamSocket>;
}

/**
 * A connection that a script opened. It is read ahead, up to a limit; who waits for anything is told of every change, and looks for
 * himself. Silence of {@link timeout} ends it, whether or not anybody waits, as HAProxy's own connections end.
 */
export class StreamSocket {
  state: 'fresh' | 'connecting' | 'connected' | 'ended' = 'fresh';
  end: StreamEnd | undefined = undefined;
  readonly incoming: ByteQueue = new ByteQueue();
  /** `127.0.0.1:80`, `[::1]:80`, `unix`; empty while there is no connection. */
  local = '';
  peer = '';
  /** Milliseconds; 0: no limit. */
  timeout = 0;
  readonly #owner: StreamOwner;
  #socket: Socket | undefined;
  /** Sent before there was a connection; it goes out first. */
  #early = '';
  #timer: Timer | undefined;
  #waiting: (() => void)[] = [];

  constructor(owner: StreamOwner) {
    this.#owner = owner;
  }

  connect(target: StreamTarget, tls?: ConnectionOptions): void {
    this.state = 'connecting';
    this.#owner.sockets.add(this);
    const socket = tls === undefined ? connectTcp(target) : connectTls({ ...target, ...tls });
    this.#socket = socket;
    socket.once(tls === undefined ? 'connect' : 'secureConnect', () => this.#connected(socket));
    socket.on('data', (piece: Buffer) => {
      this.incoming.push(piece);
      this.#flow();
      this.#active();
    });
    socket.on('drain', () => this.#active());
    socket.on('end', () => this.#over('eof'));
    socket.on('error', () => this.#over('closed'));
    socket.on('close', () => this.#over('closed'));
    this.#arm(this.timeout || CONNECT_TIMEOUT);
  }

  #connected(socket: Socket): void {
    if (this.state !== 'connecting') return;
    this.state = 'connected';
    socket.setNoDelay(true);
    this.local = nameOf(socket.localAddress, socket.localPort);
    this.peer = nameOf(socket.remoteAddress, socket.remotePort);
    if (this.#early !== '') socket.write(this.#early, 'latin1');
    this.#early = '';
    if (this.timeout === 0) this.#timer?.stop();
    this.#active();
  }

  /** Takes the bytes; see {@link congested}. */
  write(text: string): void {
    if (this.state === 'connected') this.#socket!.write(text, 'latin1');
    else if (this.state !== 'ended') this.#early += text;
    if (this.timeout > 0) this.#arm(this.timeout);
  }

  /** More has been written than the peer, or the system, has taken. */
  get congested(): boolean {
    return this.state === 'connected' && this.#socket!.writableLength > HIGH_WATER;
  }

  /** From now on; milliseconds, 0: none. */
  setTimeout(milliseconds: number): void {
    this.timeout = milliseconds;
    if (this.state !== 'connecting' && this.state !== 'connected') return;
    if (milliseconds > 0) this.#arm(milliseconds);
    else this.#timer?.stop();
  }

  /** Calls `changed` once, the next time something happens. */
  onChange(changed: () => void): void {
    this.#waiting.push(changed);
  }

  /** Somebody has read: there is room again. */
  consumed(): void {
    if (this.incoming.length < HIGH_WATER && this.#socket?.isPaused() === true) this.#socket.resume();
  }

  /** Ends it; what has been written is still sent. */
  close(): void {
    const socket = this.#socket;
    if (this.state === 'connected') socket!.end(() => socket!.destroy());
    else socket?.destroy();
    // A peer that takes nothing must not keep it.
    if (this.state === 'connected' && socket!.writableLength > 0)
      socket!.setTimeout(CONNECT_TIMEOUT, () => socket!.destroy());
    this.#over('closed');
  }

  /** The same at once, unsent bytes and all. */
  destroy(): void {
    this.#socket?.destroy();
    this.#over('closed');
  }

  #arm(milliseconds: number): void {
    this.#timer ??= this.#owner.timer(() => {
      this.#over('timeout');
      this.#socket?.destroy();
    });
    this.#timer.start(milliseconds);
  }

  #flow(): void {
    if (this.incoming.length >= HIGH_WATER) this.#socket!.pause();
  }

  #active(): void {
    if (this.timeout > 0 && this.state === 'connected') this.#arm(this.timeout);
    this.#changed();
  }

  #over(end: StreamEnd): void {
    if (this.state === 'ended') return;
    this.state = 'ended';
    this.end = end;
    this.local = '';
    this.peer = '';
    this.#timer?.stop();
    this.#owner.sockets.delete(this);
    this.#changed();
  }

  #changed(): void {
    const waiting = this.#waiting;
    if (waiting.length === 0) return;
    this.#waiting = [];
    for (const changed of waiting) changed();
  }
}

function nameOf(address: string | undefined, port: number | undefined): string {
  if (address === undefined || port === undefined) return 'unix';
  return `${address.includes(':') ? `[${address}]` : address}:${port}`;
}
