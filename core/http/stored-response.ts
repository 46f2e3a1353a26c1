import './latin1.ts';
import { HeadScanner, STRIDE } from './head-scanner.ts';

/** How a stored body leaves: with Content-Length, as the chunks it holds, or until the connection closes. */
export type StoredFraming = 'length' | 'chunked' | 'close';

export interface StoredParts {
  readonly status: number;
  readonly reason: string;
  /** `1.0` or `1.1`; what is left out is 1.1. */
  readonly version?: string;
  /** In this order; names in lower case. */
  readonly fields: readonly (readonly [name: string, value: string])[];
  /** The bytes that follow the head, in one piece or several; with `chunked`, the chunk framing is among them. */
  readonly body: readonly Uint8Array[];
  /** How many of them are payload; all, if left out. */
  readonly payload?: number;
  readonly framing?: StoredFraming;
}

/** Head and body up to this size lie in one buffer, so that one write sends both. */
const JOINED = 12_288;
/** Heads are checked when they are stored: any number of fields will do. */
const OPTIONS = { maxHeaders: 32_767, lenient: true };

let scanner = new HeadScanner(256);

/**
 * A response kept as the bytes that are sent, for `Transaction.serve`. Sending it copies nothing and parses nothing. Its last fields,
 * the tail, may vary from one time to the next (`Age`).
 */
export class StoredResponse {
  readonly status: number;
  readonly reason: string;
  readonly version: string;
  readonly framing: StoredFraming;
  /** Payload bytes of the body. */
  readonly payload: number;
  /** What follows the head on the wire. */
  readonly bodySize: number;
  /** The head with its empty line, and behind it the body where that is joined. */
  image: Buffer = EMPTY;
  /** Index in `image` behind the empty line. */
  headEnd = 0;
  /** Where the scanner found the fields. */
  ranges: Int32Array = new Int32Array(0);
  count = 0;
  lineEnd = 0;
  /** The body is part of `image`. */
  readonly joined: boolean;
  readonly #parts: readonly Uint8Array[];
  #tail = '';
  #tailStart = 0;
  /** Somebody still sends from `image`: it must not change. */
  #lent = false;

  constructor(parts: StoredParts) {
    this.status = parts.status;
    this.reason = parts.reason;
    this.version = parts.version ?? '1.1';
    this.framing = parts.framing ?? 'length';
    let size = 0;
    for (const part of parts.body) size += part.length;
    this.bodySize = size;
    this.payload = parts.payload ?? size;
    let head = `HTTP/${this.version} ${parts.status} ${parts.reason}\r\n`;
    for (const [name, value] of parts.fields) head += `${name}: ${value}\r\n`;
    this.joined = head.length + size <= JOINED;
    this.#parts = this.joined ? [] : parts.body;
    this.#tailStart = head.length;
    const image = Buffer.allocUnsafeSlow(head.length + 2 + (this.joined ? size : 0));
    image.write(head, 0, 'latin1');
    this.#finish(image, head.length);
    if (this.joined) {
      let at = this.headEnd;
      for (const part of parts.body) {
        image.set(part, at);
        at += part.length;
      }
    }
  }

  #finish(image: Buffer, end: number): void {
    image[end] = 13;
    image[end + 1] = 10;
    this.headEnd = end + 2;
    this.image = image;
    this.#lent = false;
    this.#scan();
  }

  #scan(): void {
    const { image, headEnd } = this;
    let found = scanner.response(image, headEnd, OPTIONS);
    while (found < 0 && scanner.ranges.length < OPTIONS.maxHeaders * STRIDE) {
      scanner = new HeadScanner((scanner.ranges.length / STRIDE) * 4);
      found = scanner.response(image, headEnd, OPTIONS);
    }
    if (found < 0) throw new TypeError(`no response head: ${scanner.refusal}`);
    this.count = scanner.count;
    this.lineEnd = scanner.startLineEnd;
    this.ranges = scanner.ranges.slice(0, scanner.count * STRIDE);
  }

  /** Its fields, without those of the tail. */
  get fields(): [name: string, value: string][] {
    const { image, ranges } = this;
    const fields: [string, string][] = [];
    for (let i = 0; i < this.count; i++) {
      const at = i * STRIDE;
      if (ranges[at]! >= this.#tailStart) break;
      const name = image.latin1Slice(ranges[at], ranges[at + 1]);
      fields.push([name, image.latin1Slice(ranges[at + 2], ranges[at + 3])]);
    }
    return fields;
  }

  /** Whole lines (`age: 5`, CRLF) behind the other fields. One of the same length is written over the last one. */
  get tail(): string {
    return this.#tail;
  }
  set tail(tail: string) {
    if (tail === this.#tail) return;
    const same = tail.length === this.#tail.length && !this.#lent;
    this.#tail = tail;
    if (same) {
      this.image.write(tail, this.#tailStart, 'latin1');
      return;
    }
    const end = this.#tailStart + tail.length;
    const old = this.image;
    const body = this.joined ? old.subarray(this.headEnd) : EMPTY;
    const image = Buffer.allocUnsafeSlow(end + 2 + body.length);
    old.copy(image, 0, 0, this.#tailStart);
    image.write(tail, this.#tailStart, 'latin1');
    image.set(body, end + 2);
    this.#finish(image, end);
  }

  /** The body's bytes, framing included, where they are: not to be changed, nor kept longer than it takes to send them. */
  get body(): readonly Uint8Array[] {
    if (!this.joined) return this.#parts;
    return this.bodySize === 0 ? [] : [this.image.subarray(this.headEnd)];
  }

  /** The system has not taken all of `image` yet. */
  lend(): void {
    this.#lent = true;
  }

  /** Bytes of memory that its buffers hold. */
  get size(): number {
    return this.image.length + (this.joined ? 0 : this.bodySize) + this.ranges.byteLength;
  }
}

const EMPTY = Buffer.alloc(0);
