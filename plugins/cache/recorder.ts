import type { Store } from './store.ts';

/** The fields behind a chunked body. */
export type Trailers = readonly (readonly [name: string, value: string])[];

/** The first piece of a body of unknown length; each further one is twice as large, up to `LARGEST`. */
const SMALLEST = 16_384;
const LARGEST = 1_048_576;

/**
 * Copies a body on its way into memory of the store's. What it holds counts from the first byte; a body that is larger than
 * allowed, or for which there is no room, ends the recording.
 */
export class Recorder {
  readonly #store: Store;
  readonly #limit: number;
  readonly #finished: (body: Uint8Array[], size: number, trailers: Trailers) => void;
  readonly #failed: () => void;
  #pieces: Buffer[] = [];
  /** Bytes used of the last piece, and of all. */
  #filled = 0;
  #size = 0;
  #reserved = 0;
  readonly #expected: number | undefined;
  #over = false;

  /** `limit` is for the body; `expected` its length if known. One of the two callbacks follows, unless it is aborted. */
  constructor(
    store: Store,
    limit: number,
    expected: number | undefined,
    finished: (body: Uint8Array[], size: number, trailers: Trailers) => void,
    failed: () => void,
  ) {
    this.#store = store;
    this.#limit = limit;
    this.#expected = expected;
    this.#finished = finished;
    this.#failed = failed;
  }

  get over(): boolean {
    return this.#over;
  }

  /** More of the body; it is copied. */
  write(chunk: Uint8Array): void {
    if (this.#over) return;
    if (this.#size + chunk.length > this.#limit) {
      this.#fail();
      return;
    }
    let from = 0;
    while (from < chunk.length) {
      const last = this.#pieces.at(-1);
      if (last === undefined || this.#filled === last.length) {
        if (!this.#grow(chunk.length - from)) {
          this.#fail();
          return;
        }
        continue;
      }
      const to = Math.min(chunk.length, from + last.length - this.#filled);
      last.set(chunk.subarray(from, to), this.#filled);
      this.#filled += to - from;
      this.#size += to - from;
      from = to;
    }
  }

  #grow(needed: number): boolean {
    const last = this.#pieces.at(-1)?.length ?? SMALLEST / 2;
    const wanted = Math.max(Math.min(last * 2, LARGEST), needed);
    const size = this.#expected === undefined ? wanted : Math.max(this.#expected - this.#size, needed);
    if (!this.#store.reserve(size)) return false;
    this.#reserved += size;
    this.#pieces.push(Buffer.allocUnsafeSlow(size));
    this.#filled = 0;
    return true;
  }

  /** The body is complete. */
  end(trailers: Trailers): void {
    if (this.#over) return;
    if (this.#expected !== undefined && this.#size !== this.#expected) {
      this.#fail();
      return;
    }
    const last = this.#pieces.at(-1);
    if (last !== undefined && this.#filled < last.length) {
      // Memory that no byte lies in is given back.
      const exact = Buffer.allocUnsafeSlow(this.#filled);
      last.copy(exact, 0, 0, this.#filled);
      this.#pieces[this.#pieces.length - 1] = exact;
    }
    const pieces = this.#pieces;
    this.abort();
    this.#finished(pieces, this.#size, trailers);
  }

  /** The body will not come to its end. */
  abort(): void {
    this.#over = true;
    this.#pieces = [];
    this.#store.release(this.#reserved);
    this.#reserved = 0;
  }

  #fail(): void {
    this.abort();
    this.#failed();
  }
}
