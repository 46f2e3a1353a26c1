import { FIELD_CONTENT, TARGET, TOKEN_LOWER } from './tables.ts';

/** What `scan` answers when the head is not complete, or is refused. */
export const INCOMPLETE = -1;
export const REFUSED = -2;

/** Bits of `HeadScanner.connection`: members of the Connection fields (RFC 9110 7.6.1). */
export const CONNECTION_CLOSE = 1;
export const CONNECTION_KEEP_ALIVE = 2;
export const CONNECTION_UPGRADE = 4;
/** Some other member, which stays in the field. */
export const CONNECTION_OTHER = 8;
/** It names Content-Length; Transfer-Encoding or Host. */
export const CONNECTION_LENGTH = 16;
export const CONNECTION_FRAMING = 32;

/** Numbers per field in `ranges`: start and end of name and value. */
export const STRIDE = 4;

export interface ScanOptions {
  /** Fields at the most (`tune.http.maxhdr`). */
  readonly maxHeaders: number;
  /** `option accept-unsafe-violations-in-http-request`: 8-bit and `#` in targets, NUL-free odd names. */
  readonly lenient: boolean;
}

/** Why the last message was refused, for the error log. */
export type Refusal = string;

const lower = (text: string): Uint8Array => Buffer.from(text, 'latin1');
const CONTENT_LENGTH = lower('content-length');
const TRANSFER_ENCODING = lower('transfer-encoding');
const CONNECTION = lower('connection');
const UPGRADE = lower('upgrade');
const EXPECT = lower('expect');
const HOST_NAME = lower('host');
const CHUNKED = lower('chunked');
const CLOSE = lower('close');
const KEEP_ALIVE = lower('keep-alive');
const CONTINUE = lower('100-continue');

/** bytes[from, to) without regard to case; `word` is lower case letters, digits and `-`. */
function equals(bytes: Uint8Array, from: number, to: number, word: Uint8Array): boolean {
  if (to - from !== word.length) return false;
  for (let i = 0; i < word.length; i++) if (TOKEN_LOWER[bytes[from + i]!] !== word[i]) return false;
  return true;
}

function sameName(bytes: Uint8Array, from: number, word: Uint8Array): boolean {
  for (let i = 1; i < word.length; i++) if (bytes[from + i] !== word[i]) return false;
  return true;
}

/**
 * Finds and checks the head of an HTTP/1 message in one pass (RFC 9112 2 to 6). Strict where two parsers could differ: lines end
 * in CRLF, no blank before a colon, no folding, one Host, one well-formed Content-Length or Transfer-Encoding, not both.
 * Field names are lowered where they stand, as HAProxy forwards them. One object serves a thread: read its fields before the
 * next scan.
 */
export class HeadScanner {
  /** Where the start line begins (empty lines before it are skipped) and ends (at its CR). */
  start = 0;
  startLineEnd = 0;
  /** Request: the method is bytes[start, methodEnd), the target bytes[methodEnd + 1, targetEnd). */
  methodEnd = 0;
  targetEnd = 0;
  /** Response. */
  status = 0;
  reasonStart = 0;
  /** 0 for HTTP/1.0, 1 for HTTP/1.1. */
  minor = 1;
  /** The version was above 1.1: the start line has to be written anew. */
  newer = false;
  count = 0;
  ranges: Int32Array;
  /** -1 when there is none. */
  contentLength = -1;
  chunked = false;
  connection = 0;
  /** How many Connection fields there are, and the index of the last. */
  connectionFields = 0;
  connectionField = -1;
  /** Index of fields the kernel acts on, -1 when absent. */
  hostField = -1;
  upgradeField = -1;
  teField = -1;
  expectContinue = false;
  /** Some field is not spelled `name: value CRLF`; it has to be rewritten to be forwarded as HAProxy does. */
  irregular = false;
  refusal: Refusal = '';

  constructor(limit: number) {
    this.ranges = new Int32Array(limit * STRIDE);
  }

  #refuse(why: Refusal): number {
    this.refusal = why;
    return REFUSED;
  }

  /** Index after the empty line of the request head in bytes[0, n), INCOMPLETE or REFUSED. */
  request(bytes: Uint8Array, n: number, options: ScanOptions): number {
    let i = 0;
    // RFC 9112 2.2: a server should ignore empty lines before the request line.
    while (i < n && bytes[i] === 13) {
      if (i + 1 >= n) return INCOMPLETE;
      if (bytes[i + 1] !== 10) return this.#refuse('bare CR before the request line');
      i += 2;
    }
    this.start = i;
    while (TOKEN_LOWER[bytes[i]!] !== 0 && i < n) i++;
    if (i >= n) return INCOMPLETE;
    if (i === this.start || bytes[i] !== 32) return this.#refuse('invalid method');
    this.methodEnd = i++;
    const target = i;
    while (i < n && TARGET[bytes[i]!] === 1) i++;
    if (options.lenient) while (i < n && (bytes[i]! > 127 || bytes[i] === 35 || TARGET[bytes[i]!] === 1)) i++;
    if (i >= n) return INCOMPLETE;
    if (i === target || bytes[i] !== 32) return this.#refuse('invalid request target');
    this.targetEnd = i++;
    // HTTP/1.x CRLF
    if (i + 10 > n) {
      const known = Math.min(n - i, 7);
      for (let k = 0; k < known; k++) {
        if (bytes[i + k] !== VERSION_PREFIX[k]) return this.#refuse('invalid HTTP version');
      }
      return INCOMPLETE;
    }
    for (let k = 0; k < 7; k++) {
      if (bytes[i + k] !== VERSION_PREFIX[k]) return this.#refuse('invalid HTTP version');
    }
    if (!this.#version(bytes[i + 7]!)) return this.#refuse('unsupported HTTP version');
    i += 8;
    if (bytes[i] !== 13 || bytes[i + 1] !== 10) return this.#refuse('request line does not end in CRLF');
    this.startLineEnd = i;
    return this.#fields(bytes, i + 2, n, options, true);
  }

  /** The same for a response head. */
  response(bytes: Uint8Array, n: number, options: ScanOptions): number {
    let o = 0;
    while (o + 1 < n && bytes[o] === 13 && bytes[o + 1] === 10) o += 2;
    if (o + 1 === n && bytes[o] === 13) return INCOMPLETE;
    this.start = o;
    const known = Math.min(n - o, 7);
    for (let k = 0; k < known; k++) {
      if (bytes[o + k] !== VERSION_PREFIX[k]) return this.#refuse('invalid status line');
    }
    if (n < o + 13) return INCOMPLETE;
    if (!this.#version(bytes[o + 7]!) || bytes[o + 8] !== 32) return this.#refuse('unsupported HTTP version');
    const a = bytes[o + 9]! - 48;
    const b = bytes[o + 10]! - 48;
    const c = bytes[o + 11]! - 48;
    if (a < 1 || a > 9 || b < 0 || b > 9 || c < 0 || c > 9) return this.#refuse('invalid status code');
    this.status = a * 100 + b * 10 + c;
    let i = o + 12;
    if (bytes[i] === 32) i++;
    else if (bytes[i] !== 13) return this.#refuse('invalid status line');
    this.reasonStart = i;
    while (i < n && FIELD_CONTENT[bytes[i]!] === 1) i++;
    if (i + 1 >= n) return INCOMPLETE;
    if (bytes[i] !== 13 || bytes[i + 1] !== 10) return this.#refuse('status line does not end in CRLF');
    this.startLineEnd = i;
    return this.#fields(bytes, i + 2, n, options, false);
  }

  /** HTTP/1.2 and above are read, and leave, as HTTP/1.1 (RFC 9110 2.5). */
  #version(digit: number): boolean {
    const minor = digit - 48;
    if (minor < 0 || minor > 9) return false;
    this.newer = minor > 1;
    this.minor = minor > 0 ? 1 : 0;
    return true;
  }

  #fields(bytes: Uint8Array, from: number, n: number, options: ScanOptions, request: boolean): number {
    this.contentLength = -1;
    this.chunked = false;
    this.connection = 0;
    this.connectionFields = 0;
    this.hostField = -1;
    this.upgradeField = -1;
    this.teField = -1;
    this.expectContinue = false;
    this.irregular = false;
    const ranges = this.ranges;
    let count = 0;
    let at = 0;
    let i = from;
    for (;;) {
      if (i >= n) return INCOMPLETE;
      const nameStart = i;
      let c = bytes[i]!;
      if (c === 13) {
        if (i + 1 >= n) return INCOMPLETE;
        if (bytes[i + 1] !== 10) return this.#refuse('bare CR');
        this.count = count;
        return i + 2;
      }
      if (count + 1 >= options.maxHeaders) return this.#refuse('too many header fields');
      // Lower case in place; the scan stops at the first byte that is not of a token, the colon.
      while (i < n && (c = TOKEN_LOWER[bytes[i]!]!) !== 0) bytes[i++] = c;
      if (i >= n) return INCOMPLETE;
      if (bytes[i] !== 58 || i === nameStart) return this.#refuse('invalid character in a field name');
      const nameEnd = i++;
      if (nameEnd - nameStart > MAX_NAME) return this.#refuse('field name too long');
      let valueStart = i;
      // Field content by comparison, as this is the longest loop; it may run past n, which is looked at behind it.
      while ((c = bytes[i]!) > 31 ? c !== 127 : c === 9) i++;
      if (i + 1 >= n) return INCOMPLETE;
      if (bytes[i] !== 13 || bytes[i + 1] !== 10) return this.#refuse('invalid character in a field value');
      let valueEnd = i;
      i += 2;
      // Blanks around the value are not part of it (RFC 9112 5.1).
      if (bytes[valueStart] === 32 && valueStart < valueEnd) valueStart++;
      else this.irregular = true;
      if (valueStart < valueEnd) {
        if (bytes[valueStart] === 32 || bytes[valueStart] === 9) {
          this.irregular = true;
          while (valueStart < valueEnd && (bytes[valueStart] === 32 || bytes[valueStart] === 9)) valueStart++;
        }
        if (bytes[valueEnd - 1] === 32 || bytes[valueEnd - 1] === 9) {
          this.irregular = true;
          while (valueEnd > valueStart && (bytes[valueEnd - 1] === 32 || bytes[valueEnd - 1] === 9)) valueEnd--;
        }
      }
      ranges[at] = nameStart;
      ranges[at + 1] = nameEnd;
      ranges[at + 2] = valueStart;
      ranges[at + 3] = valueEnd;
      switch (nameEnd - nameStart) {
        case 2:
          if (bytes[nameStart] === 116 && bytes[nameStart + 1] === 101) this.teField = count;
          break;
        case 4:
          if (bytes[nameStart] === 104 && sameName(bytes, nameStart, HOST_NAME)) {
            if (this.hostField !== -1 && request) return this.#refuse('more than one Host field');
            this.hostField = count;
          }
          break;
        case 6:
          if (bytes[nameStart] === 101 && sameName(bytes, nameStart, EXPECT)) {
            if (equals(bytes, valueStart, valueEnd, CONTINUE)) this.expectContinue = true;
          }
          break;
        case 7:
          if (bytes[nameStart] === 117 && sameName(bytes, nameStart, UPGRADE)) this.upgradeField = count;
          break;
        case 10:
          if (bytes[nameStart] === 99 && sameName(bytes, nameStart, CONNECTION)) {
            this.connectionFields++;
            this.connectionField = count;
            this.#connectionMembers(bytes, valueStart, valueEnd);
          }
          break;
        case 14:
          if (bytes[nameStart] === 99 && sameName(bytes, nameStart, CONTENT_LENGTH)) {
            if (!this.#length(bytes, valueStart, valueEnd)) return this.#refuse('invalid Content-Length');
          }
          break;
        case 17:
          if (bytes[nameStart] === 116 && sameName(bytes, nameStart, TRANSFER_ENCODING)) {
            // A list, another coding, or the same one again: parsers are known to differ (RFC 9112 6.1, 6.3).
            if (this.chunked || !equals(bytes, valueStart, valueEnd, CHUNKED)) {
              return this.#refuse('unsupported Transfer-Encoding');
            }
            this.chunked = true;
          }
          break;
      }
      count++;
      at += STRIDE;
    }
  }

  #connectionMembers(bytes: Uint8Array, start: number, end: number): void {
    let i = start;
    while (i <= end) {
      let stop = i;
      while (stop < end && bytes[stop] !== 44) stop++;
      let from = i;
      let to = stop;
      while (from < to && (bytes[from] === 32 || bytes[from] === 9)) from++;
      while (to > from && (bytes[to - 1] === 32 || bytes[to - 1] === 9)) to--;
      if (equals(bytes, from, to, CLOSE)) this.connection |= CONNECTION_CLOSE;
      else if (equals(bytes, from, to, KEEP_ALIVE)) this.connection |= CONNECTION_KEEP_ALIVE;
      else if (equals(bytes, from, to, UPGRADE)) this.connection |= CONNECTION_UPGRADE | CONNECTION_OTHER;
      else if (to > from) {
        this.connection |= CONNECTION_OTHER;
        if (equals(bytes, from, to, CONTENT_LENGTH)) this.connection |= CONNECTION_LENGTH;
        else if (equals(bytes, from, to, TRANSFER_ENCODING) || equals(bytes, from, to, HOST_NAME)) {
          this.connection |= CONNECTION_FRAMING;
        }
      }
      i = stop + 1;
    }
  }

  /** RFC 9110 8.6: digits only. A list or a second field is refused, be it of the same number (RFC 9112 6.3). */
  #length(bytes: Uint8Array, start: number, end: number): boolean {
    if (this.contentLength !== -1 || start === end) return false;
    let value = 0;
    for (let i = start; i < end; i++) {
      const digit = bytes[i]! - 48;
      if (digit < 0 || digit > 9) return false;
      value = value * 10 + digit;
      if (value > Number.MAX_SAFE_INTEGER) return false;
    }
    this.contentLength = value;
    return true;
  }
}

/** HAProxy's limit on the length of a field name. */
const MAX_NAME = 255;
const VERSION_PREFIX = lower('HTTP/1.');
