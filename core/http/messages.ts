import type { Body, HeaderList, Request, Response } from '../api/index.ts';
import { ChunkedTracker } from './chunked.ts';
import { Head } from './head.ts';
import type { HeadScanner } from './head-scanner.ts';
import type { StoredResponse } from './stored-response.ts';

const EMPTY: Buffer = Buffer.alloc(0);

/** How a body ends. */
export const BODY_NONE = 0;
export const BODY_LENGTH = 1;
export const BODY_CHUNKED = 2;
export const BODY_CLOSE = 3;
export const BODY_TUNNEL = 4;

/**
 * A body on its way through: how it is framed, how much is still to come, and the part that is in memory because it came with the
 * head or because somebody waits for it.
 */
export class BodyState implements Body {
  kind: number = BODY_NONE;
  /** Bytes still to come, for BODY_LENGTH. */
  remaining = 0;
  length: number | undefined = undefined;
  complete = true;
  /** Held bytes, framing included: held[heldStart, heldEnd). */
  held: Buffer = EMPTY;
  heldStart = 0;
  heldEnd = 0;
  #chunks: ChunkedTracker | null = null;
  #passed = 0;
  /** What {@link take} has unpacked, and how far. */
  #decoder: ChunkedTracker | null = null;
  #decoded: Buffer = EMPTY;
  /** The size of a body that did not come through here; -1 for others. */
  #whole = -1;

  /** Frames a new message. */
  begin(kind: number, length: number): void {
    this.kind = kind;
    this.remaining = length;
    this.length = kind === BODY_LENGTH ? length : kind === BODY_NONE ? 0 : undefined;
    this.complete = kind === BODY_NONE;
    this.heldStart = 0;
    this.heldEnd = 0;
    this.#passed = 0;
    this.#whole = -1;
    this.#decoder = null;
    this.#decoded = EMPTY;
    if (kind === BODY_CHUNKED) {
      this.#chunks ??= new ChunkedTracker();
      this.#chunks.reset();
    }
  }

  /** A body that is at hand as a whole, of `payload` bytes; the bytes themselves are elsewhere. */
  beginWhole(kind: number, payload: number): void {
    this.begin(kind, payload);
    this.remaining = 0;
    this.complete = true;
    this.#whole = payload;
  }

  /** The same with the bytes: a body of our own. */
  make(bytes: Buffer): void {
    this.beginWhole(bytes.length === 0 ? BODY_NONE : BODY_LENGTH, bytes.length);
    this.hold(bytes, 0, bytes.length);
  }

  /** Follows bytes[from, to); gives the end of the body in them, or -1 when the framing is broken. */
  follow(bytes: Buffer, from: number, to: number): number {
    switch (this.kind) {
      case BODY_LENGTH: {
        const take = Math.min(this.remaining, to - from);
        this.remaining -= take;
        if (this.remaining === 0) this.complete = true;
        return from + take;
      }
      case BODY_CHUNKED: {
        const chunks = this.#chunks!;
        const end = chunks.advance(bytes, from, to);
        if (chunks.broken) return -1;
        this.complete = chunks.done;
        return end;
      }
      case BODY_NONE:
        return from;
      default:
        this.#passed += to - from;
        return to;
    }
  }

  /** What has come of it so far as HAProxy measures it: without chunk framing, of which the end alone counts as one byte. */
  get measure(): number {
    if (this.#whole !== -1) return this.#whole + (this.kind === BODY_CHUNKED ? 1 : 0);
    switch (this.kind) {
      case BODY_NONE:
        return 0;
      case BODY_LENGTH:
        return this.length! - this.remaining;
      case BODY_CHUNKED:
        return this.#chunks!.payload + (this.#chunks!.done ? 1 : 0);
      default:
        return this.#passed;
    }
  }

  get heldSize(): number {
    return this.heldEnd - this.heldStart;
  }

  /** The held bytes are bytes[start, end), which may be in a shared buffer until `own`. */
  hold(bytes: Buffer, start: number, end: number): void {
    this.held = bytes;
    this.heldStart = start;
    this.heldEnd = end;
  }

  /** Appends to the held bytes, which become its own. */
  append(bytes: Buffer, start: number, end: number): void {
    const size = this.heldSize;
    const joined = Buffer.allocUnsafe(size + end - start);
    this.held.copy(joined, 0, this.heldStart, this.heldEnd);
    bytes.copy(joined, size, start, end);
    this.hold(joined, 0, joined.length);
  }

  own(): void {
    if (this.heldSize === 0) return;
    const copy = Buffer.allocUnsafe(this.heldSize);
    this.held.copy(copy, 0, this.heldStart, this.heldEnd);
    this.hold(copy, 0, copy.length);
  }

  release(): void {
    this.held = EMPTY;
    this.heldStart = 0;
    this.heldEnd = 0;
  }

  /** Payload that {@link take} could give. */
  get takeable(): number {
    if (this.kind === BODY_CHUNKED && this.heldSize > 0) this.#decode();
    return this.kind === BODY_CHUNKED ? this.#decoded.length : this.heldSize;
  }

  /** Takes payload off the front of what is held: it is kept no longer. */
  take(most: number): Buffer {
    if (this.kind === BODY_CHUNKED) {
      if (this.heldSize > 0) this.#decode();
      const taken = this.#decoded.subarray(0, most);
      this.#decoded = this.#decoded.subarray(taken.length);
      return taken;
    }
    const end = Math.min(this.heldEnd, this.heldStart + most);
    const bytes = Buffer.from(this.held.subarray(this.heldStart, end));
    this.heldStart = end;
    if (end === this.heldEnd) this.release();
    return bytes;
  }

  #decode(): void {
    const parts: Buffer[] = [this.#decoded];
    this.#decoder ??= new ChunkedTracker();
    this.#decoder.advance(this.held, this.heldStart, this.heldEnd, (bytes, start, end) => {
      parts.push(Buffer.from(bytes.subarray(start, end)));
    });
    this.release();
    this.#decoded = Buffer.concat(parts);
  }

  available(): Buffer {
    if (this.kind !== BODY_CHUNKED) return Buffer.from(this.held.subarray(this.heldStart, this.heldEnd));
    const parts: Buffer[] = [];
    new ChunkedTracker().advance(this.held, this.heldStart, this.heldEnd, (bytes, start, end) => {
      parts.push(Buffer.from(bytes.subarray(start, end)));
    });
    return Buffer.concat(parts);
  }
}

/** What HAProxy counts for a start line besides the two parts that vary: 20 bytes, the version, and the end of the head. */
const LINE_MEASURE = 20 + 'HTTP/1.1'.length + 1;

/** A request as rules see it. */
export class RequestView implements Request {
  readonly head: Head = new Head();
  readonly headers: HeaderList = this.head;
  readonly body: BodyState = new BodyState();
  version = '1.1';
  #method: string | undefined = undefined;
  #uri: string | undefined = undefined;
  /** Kept when a rule changes them. */
  #receivedMethod: string | undefined = undefined;
  #receivedUri: string | undefined = undefined;
  #start = 0;
  #methodEnd = 0;
  #targetEnd = 0;

  load(bytes: Buffer, scan: HeadScanner, end: number): void {
    this.head.load(bytes, scan, end);
    this.version = scan.minor === 1 ? '1.1' : '1.0';
    this.#method = undefined;
    this.#uri = undefined;
    this.#receivedMethod = undefined;
    this.#receivedUri = undefined;
    this.#start = scan.start;
    this.#methodEnd = scan.methodEnd;
    this.#targetEnd = scan.targetEnd;
    if (scan.newer) {
      this.keepLine();
      this.#line();
    }
  }

  /** Cuts method and target out while the bytes are there. */
  own(): void {
    this.keepLine();
    this.head.own();
  }

  /** Makes the strings of the request line, which outlive the head. */
  keepLine(): void {
    void this.method;
    void this.uri;
  }

  get method(): string {
    return (this.#method ??= this.head.method(this.#start, this.#methodEnd));
  }
  set method(method: string) {
    void this.uri;
    this.#receivedMethod ??= this.method;
    this.#method = method;
    this.#line();
  }

  /** The head's size as HAProxy's logs count it. */
  get measure(): number {
    return LINE_MEASURE + this.method.length + this.uri.length + this.head.fieldsMeasure;
  }

  get receivedMethod(): string {
    return this.#receivedMethod ?? this.method;
  }

  get receivedUri(): string {
    return this.#receivedUri ?? this.uri;
  }

  get uri(): string {
    return (this.#uri ??= this.head.slice(this.#methodEnd + 1, this.#targetEnd));
  }
  set uri(uri: string) {
    this.#receivedUri ??= this.uri;
    this.normalizeUri(uri);
  }

  /** Changes how the target is written; it counts as received so. */
  normalizeUri(uri: string): void {
    void this.method;
    this.#uri = uri;
    this.#line();
  }

  #line(): void {
    this.head.startLine = `${this.#method!} ${this.#uri!} HTTP/${this.version}`;
  }
}

const STORED_KINDS = { length: BODY_LENGTH, chunked: BODY_CHUNKED, close: BODY_CLOSE } as const;

/** A response as rules see it, the server's or our own. */
export class ResponseView implements Response {
  readonly head: Head = new Head();
  readonly headers: HeaderList = this.head;
  readonly body: BodyState = new BodyState();
  version = '1.1';
  /** Somebody gave it another status: one that has a body, perhaps, where it had none. */
  statusSet = false;
  /** What the server sent; undefined in answers that no server gave. */
  receivedStatus: number | undefined = undefined;
  #status = 0;
  #reason: string | undefined = undefined;
  #reasonStart = 0;
  #lineEnd = 0;

  load(bytes: Buffer, scan: HeadScanner, end: number): void {
    this.head.load(bytes, scan, end);
    this.version = scan.minor === 1 ? '1.1' : '1.0';
    this.#status = this.receivedStatus = scan.status;
    this.statusSet = false;
    this.#reason = undefined;
    this.#reasonStart = scan.reasonStart;
    this.#lineEnd = scan.startLineEnd;
    // `HTTP/1.1 200 CRLF` is how it leaves when the space was missing.
    if (scan.newer || scan.reasonStart - scan.start === 12) this.#line();
  }

  loadStored(stored: StoredResponse): void {
    this.head.loadStored(stored);
    this.version = stored.version;
    this.#status = stored.status;
    this.receivedStatus = undefined;
    this.#reason = stored.reason;
    this.body.beginWhole(STORED_KINDS[stored.framing], stored.payload);
  }

  /** Begins an answer of our own. */
  make(status: number, reason: string, version = '1.1'): void {
    this.head.begin();
    this.version = version;
    this.#status = status;
    this.receivedStatus = undefined;
    this.#reason = reason;
    this.#line();
  }

  own(): void {
    void this.reason;
    this.head.own();
  }

  /** The head's size as HAProxy's logs count it. */
  get measure(): number {
    return LINE_MEASURE + 3 + this.reason.length + this.head.fieldsMeasure;
  }

  get status(): number {
    return this.#status;
  }
  set status(status: number) {
    void this.reason;
    this.statusSet = true;
    this.#status = status;
    this.#line();
  }

  get reason(): string {
    return (this.#reason ??= this.head.slice(this.#reasonStart, this.#lineEnd));
  }
  set reason(reason: string) {
    this.#reason = reason;
    this.#line();
  }

  #line(): void {
    this.head.startLine = `HTTP/${this.version} ${this.#status} ${this.reason}`;
  }
}
