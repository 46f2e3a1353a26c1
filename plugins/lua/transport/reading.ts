import type { StreamSocket } from './stream-socket.ts';

/** `*l`, `*a`, how many bytes, or those that come first. */
export type ReadPattern = 'line' | 'all' | 'some' | number;

/** The longest result: what a state allows a string to be. */
const LONGEST = 256 * 1024 * 1024;

/**
 * One `receive`: takes what comes until it has what is asked for. Lines are kept by the socket until they are whole; so that a line, too,
 * may be longer than what is read ahead, what has come of it is taken over here.
 */
export class Reading {
  readonly #socket: StreamSocket;
  readonly #pattern: ReadPattern;
  readonly #parts: Buffer[] = [];
  #length = 0;

  constructor(socket: StreamSocket, pattern: ReadPattern) {
    this.#socket = socket;
    this.#pattern = pattern;
  }

  /** The result as soon as it is there; `undefined`: wait for the next change. An empty one at the end of the connection is `closed`. */
  step(): string | { readonly closed: string } | undefined {
    const { incoming } = this.#socket;
    if (this.#pattern === 'line') {
      const line = incoming.through(0x0a);
      if (line !== undefined) {
        this.#keep(line);
        return this.#text().replace(/\r?\n$/, '');
      }
      this.#keep(incoming.take());
    } else if (this.#pattern === 'all') this.#keep(incoming.take());
    else if (this.#pattern === 'some') {
      this.#keep(incoming.take());
      if (this.#length > 0) return this.#text();
    } else {
      this.#keep(incoming.take(this.#pattern - this.#length));
      if (this.#length >= this.#pattern) return this.#text();
    }
    if (this.#length > LONGEST) this.#socket.destroy();
    if (this.#socket.state === 'connected') return undefined;
    // A line that did not come in time is lost, as HAProxy loses it; what the peer left behind is not.
    if (this.#pattern === 'line' && this.#socket.end === 'timeout') return { closed: '' };
    return { closed: this.#text() };
  }

  #keep(bytes: Buffer): void {
    if (bytes.length === 0) return;
    this.#parts.push(bytes);
    this.#length += bytes.length;
    this.#socket.consumed();
  }

  #text(): string {
    return Buffer.concat(this.#parts).latin1Slice();
  }
}
