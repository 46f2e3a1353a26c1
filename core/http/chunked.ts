import { FIELD_CONTENT, HEX, TOKEN_LOWER } from './tables.ts';

/**
 * Follows the framing of a chunked body (RFC 9112 7.1) without decoding it. Strict: sizes are bare hex digits, extensions hold
 * field content only, every line ends in CRLF, trailer fields are well formed. Anything else could be read in two ways.
 */
const SIZE_FIRST = 0;
const SIZE = 1;
const EXTENSION = 2;
const SIZE_LF = 3;
const DATA = 4;
const DATA_CR = 5;
const DATA_LF = 6;
const TRAILER_FIRST = 7;
const TRAILER_NAME = 8;
const TRAILER_VALUE = 9;
const TRAILER_LF = 10;
const END_LF = 11;
const DONE = 12;
const BROKEN = 13;
/** Blanks behind the size, which only an extension may follow. */
const SIZE_BLANK = 14;
/** Before the name of an extension. */
const EXTENSION_NAME = 15;

/** HAProxy's limit, and still exact as a number. */
const MAX_CHUNK = 2 ** 52 - 1;
const MAX_DIGITS = 16;
/** Trailer fields at the most, as in a head. */
const MAX_FIELDS = 100;
/** Extensions of one chunk and the trailers of one body, in bytes: neither is payload, so neither may grow without end. */
const MAX_OVERHEAD = 16_384;

/** Trailers that could change how the message is framed, routed or trusted (RFC 9110 6.5.1). */
const FORBIDDEN_TRAILERS: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'expect',
  'host',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

const latin1 = (bytes: Uint8Array, start: number, end: number): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).latin1Slice();

export class ChunkedTracker {
  #state = SIZE_FIRST;
  #size = 0;
  #overhead = 0;
  #name = '';
  #fields = 0;
  #blanks = 0;
  /** Chunk data and trailer fields so far: names and values without what is between and around them. */
  payload = 0;
  /** Whether the trailer section is wanted as text, and that text. */
  keepTrailers = false;
  trailers = '';

  reset(): void {
    this.#state = SIZE_FIRST;
    this.#size = 0;
    this.#overhead = 0;
    this.#name = '';
    this.#fields = 0;
    this.payload = 0;
    this.trailers = '';
  }

  /** The last chunk, its trailers and the final CRLF have been seen. */
  get done(): boolean {
    return this.#state === DONE;
  }
  get broken(): boolean {
    return this.#state === BROKEN;
  }

  /**
   * Reads bytes[from, to); gives the index after the last byte that belongs to the body. `payload`, when given, is called with
   * the ranges that are chunk data.
   */
  advance(
    bytes: Uint8Array,
    from: number,
    to: number,
    payload?: (bytes: Uint8Array, start: number, end: number) => void,
  ): number {
    let i = from;
    let state = this.#state;
    let trailersFrom = state >= TRAILER_FIRST && state <= END_LF ? from : -1;
    while (i < to && state !== DONE && state !== BROKEN) {
      const c = bytes[i]!;
      switch (state) {
        case SIZE_FIRST:
        case SIZE: {
          const digit = HEX[c]!;
          if (digit !== 255) {
            this.#size = state === SIZE_FIRST ? digit : this.#size * 16 + digit;
            state = this.#size > MAX_CHUNK || ++this.#overhead > MAX_DIGITS ? BROKEN : SIZE;
          } else if (state === SIZE_FIRST) state = BROKEN;
          else if (c === 13) state = SIZE_LF;
          else if (c === 59) state = EXTENSION_NAME;
          else state = c === 32 || c === 9 ? SIZE_BLANK : BROKEN;
          i++;
          break;
        }
        case SIZE_BLANK:
          if (c === 59) state = EXTENSION_NAME;
          else if ((c !== 32 && c !== 9) || ++this.#overhead > MAX_OVERHEAD) state = BROKEN;
          i++;
          break;
        case EXTENSION_NAME:
          if (TOKEN_LOWER[c] !== 0) state = EXTENSION;
          else if (c === 13) state = SIZE_LF;
          else if ((c !== 32 && c !== 9) || ++this.#overhead > MAX_OVERHEAD) state = BROKEN;
          i++;
          break;
        case EXTENSION:
          if (c === 13) state = SIZE_LF;
          else if (FIELD_CONTENT[c] === 0 || ++this.#overhead > MAX_OVERHEAD) state = BROKEN;
          i++;
          break;
        case SIZE_LF:
          i++;
          this.#overhead = 0;
          state = c !== 10 ? BROKEN : this.#size === 0 ? TRAILER_FIRST : DATA;
          if (state === TRAILER_FIRST) trailersFrom = i;
          break;
        case DATA: {
          const take = Math.min(this.#size, to - i);
          if (payload !== undefined) payload(bytes, i, i + take);
          i += take;
          this.payload += take;
          this.#size -= take;
          if (this.#size === 0) state = DATA_CR;
          break;
        }
        case DATA_CR:
          i++;
          state = c === 13 ? DATA_LF : BROKEN;
          break;
        case DATA_LF:
          i++;
          state = c === 10 ? SIZE_FIRST : BROKEN;
          break;
        case TRAILER_FIRST:
          if (c === 13) state = END_LF;
          else if (TOKEN_LOWER[c] === 0 || ++this.#fields > MAX_FIELDS) state = BROKEN;
          else {
            bytes[i] = TOKEN_LOWER[c]!;
            this.#name = String.fromCharCode(TOKEN_LOWER[c]!);
            state = TRAILER_NAME;
          }
          i++;
          break;
        case TRAILER_NAME:
          if (c === 58) {
            state = FORBIDDEN_TRAILERS.has(this.#name) ? BROKEN : TRAILER_VALUE;
            this.payload += this.#name.length;
            this.#blanks = -1;
          } else if (TOKEN_LOWER[c] === 0 || ++this.#overhead > MAX_OVERHEAD) state = BROKEN;
          else {
            // Lower case where it stands, as the names of a head.
            bytes[i] = TOKEN_LOWER[c]!;
            this.#name += String.fromCharCode(TOKEN_LOWER[c]!);
          }
          i++;
          break;
        case TRAILER_VALUE:
          i++;
          if (c === 13) state = TRAILER_LF;
          else if (FIELD_CONTENT[c] === 0 || ++this.#overhead > MAX_OVERHEAD) state = BROKEN;
          else if (c !== 32 && c !== 9) {
            // Blanks count between two words only.
            this.payload += 1 + Math.max(0, this.#blanks);
            this.#blanks = 0;
          } else if (this.#blanks >= 0) this.#blanks++;
          break;
        case TRAILER_LF:
          i++;
          state = c === 10 ? TRAILER_FIRST : BROKEN;
          break;
        case END_LF:
          i++;
          state = c === 10 ? DONE : BROKEN;
          break;
      }
    }
    this.#state = state;
    if (this.keepTrailers && trailersFrom !== -1) this.trailers += latin1(bytes, trailersFrom, i);
    return i;
  }
}
