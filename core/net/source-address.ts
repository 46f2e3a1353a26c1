/**
 * Where outgoing connections come from: `source <addr>[:<port>[-<port>]]`. A range of ports is used in turn, each by one
 * connection at a time, so that a reverse proxy can have more connections than the system has ephemeral ports.
 */

import type net from 'node:net';
import { connectSocket } from './fast-socket.ts';
import type { ConnectReader, ReadSocket } from './fast-socket.ts';

/** A reader whose socket may be replaced while it connects. */
export interface SourceReader extends ConnectReader {
  /** The socket that connects now: called once before `connect` returns, and again for each further attempt. */
  onSocket(socket: ReadSocket): void;
}

/** How often a port that turns out to be taken by someone else is passed over for the next. */
const ATTEMPTS = 10;

export class SourceAddress {
  /** A numeric address. */
  readonly host: string;
  readonly #low: number;
  readonly #used: Uint8Array;
  #next = 0;
  #free: number;

  /** Without ports the system chooses one per connection. */
  constructor(host: string, low?: number, high: number | undefined = low) {
    this.host = host;
    this.#low = low ?? 0;
    this.#used = new Uint8Array(low === undefined || high === undefined ? 0 : high - low + 1);
    this.#free = this.#used.length;
  }

  /** Ports of the range that no connection holds. */
  get free(): number {
    return this.#free;
  }

  /** Connects from this address. Answers false, having done nothing, when all ports of the range are in use. */
  connect(target: { host: string; port: number }, reader: SourceReader): boolean {
    if (this.#used.length === 0) {
      reader.onSocket(connectSocket({ ...target, localAddress: this.host }, reader));
      return true;
    }
    return new Attempt(this, target, reader).start();
  }

  /** Takes the next free port of the range, or -1. */
  take(): number {
    if (this.#free === 0) return -1;
    while (this.#used[this.#next] === 1) this.#next = (this.#next + 1) % this.#used.length;
    const index = this.#next;
    this.#used[index] = 1;
    this.#free--;
    this.#next = (index + 1) % this.#used.length;
    return this.#low + index;
  }

  giveBack(port: number): void {
    const index = port - this.#low;
    if (this.#used[index] !== 1) return;
    this.#used[index] = 0;
    this.#free++;
  }
}

/** Stands in for the reader until the connection is made. */
class Attempt implements ConnectReader {
  readonly #source: SourceAddress;
  readonly #target: { host: string; port: number };
  readonly #reader: SourceReader;
  #socket: ReadSocket | undefined = undefined;
  #left = ATTEMPTS;
  #retrying = false;

  constructor(source: SourceAddress, target: { host: string; port: number }, reader: SourceReader) {
    this.#source = source;
    this.#target = target;
    this.#reader = reader;
  }

  start(): boolean {
    const port = this.#source.take();
    if (port < 0) return false;
    this.#left--;
    const socket = connectSocket({ ...this.#target, localAddress: this.#source.host, localPort: port }, this);
    // Before the reader hears of the close, so that the port is there again.
    (socket as unknown as net.Socket).prependListener('close', () => this.#source.giveBack(port));
    this.#socket = socket;
    this.#reader.onSocket(socket);
    return true;
  }

  buffer(): Uint8Array {
    return this.#reader.buffer();
  }

  onConnect(): void {
    this.#socket!.reader = this.#reader;
    this.#reader.onConnect();
  }

  onError(error: NodeJS.ErrnoException): void {
    // EADDRINUSE: another program listens there. EADDRNOTAVAIL: a connection between the same two ends exists.
    const taken = error.code === 'EADDRINUSE' || error.code === 'EADDRNOTAVAIL';
    this.#retrying = taken && this.#left > 0 && this.start();
    if (!this.#retrying) this.#reader.onError(error);
  }

  onClose(): void {
    // After a retry this is the failed socket's close; the new one has its own.
    if (this.#retrying) this.#retrying = false;
    else this.#reader.onClose();
  }

  onData(n: number, buffer: Buffer): void {
    this.#reader.onData(n, buffer);
  }

  onEnd(): void {
    this.#reader.onEnd();
  }

  onDrain(): void {
    this.#reader.onDrain();
  }
}
