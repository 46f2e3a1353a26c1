import { Ip } from './ip.ts';
import { CodecError, DATA, STATUS } from './protocol.ts';
import type { SpopValue } from './values.ts';
import type { TextCoding } from './writer.ts';

const TWO_32 = 0x1_0000_0000;
/** Shorter strings are put together here; for longer ones the way into C++ pays. */
const SHORT = 12;
const EMPTY = Buffer.alloc(0);

/**
 * Reads a frame from bytes as a cursor does:
 *
 *     reader.frame(bytes, start, end);       // sets frameType, flags, streamId, frameId
 *     while (reader.more) { name = reader.name(); for (n = reader.uint8(); n > 0; n--) { key = reader.name(); value = reader.value(); } }
 *
 * All methods throw `CodecError`, and nothing else, when the bytes are not what they should be. One reader serves any number
 * of frames. Buffers that it answers are views into the bytes it was given.
 */
export class SpopReader {
  #buffer: Buffer = EMPTY;
  #at = 0;
  #end = 0;
  readonly #utf8: boolean;
  readonly #names = new Names();

  /** What `frame` has read. Ids above 2^53-1 are refused. */
  frameType = 0;
  flags = 0;
  streamId = 0;
  frameId = 0;
  /** The type (`DATA`) of the last `value`; its flags are not in it. */
  type = 0;
  /** Where the bytes of the last string, bytes or address begin, in the buffer given; they end at `offset`. */
  start = 0;

  /** @param coding of STR and names; latin1 loses nothing, UTF-8 what is not UTF-8. */
  constructor(coding: TextCoding = 'utf8') {
    this.#utf8 = coding === 'utf8';
  }

  /** Goes to `buffer[start..end)`, a frame without its length, and reads its type, flags and ids. */
  frame(buffer: Buffer, start = 0, end: number = buffer.length): void {
    this.payload(buffer, start, end);
    if (end - start < 7) throw new CodecError(STATUS.INVALID, `a frame has at least 7 bytes, not ${end - start}`);
    this.frameType = buffer[start]!;
    this.flags =
      ((buffer[start + 1]! << 24) | (buffer[start + 2]! << 16) | (buffer[start + 3]! << 8) | buffer[start + 4]!) >>> 0;
    this.#at = start + 5;
    this.streamId = this.unsigned();
    this.frameId = this.unsigned();
  }

  /** Goes to `buffer[start..end)`, whatever is there. */
  payload(buffer: Buffer, start = 0, end: number = buffer.length): void {
    this.#buffer = buffer;
    this.#at = start;
    this.#end = end;
  }

  /** Forgets the bytes, so that they can be freed. */
  release(): void {
    this.payload(EMPTY);
  }

  /** Whether anything is left. */
  get more(): boolean {
    return this.#at < this.#end;
  }

  /** Where the next byte is, in the buffer given. */
  get offset(): number {
    return this.#at;
  }

  /** What is left, as a view; the cursor stays. */
  rest(): Buffer {
    return this.#buffer.subarray(this.#at, this.#end);
  }

  uint8(): number {
    if (this.#at >= this.#end) throw short();
    return this.#buffer[this.#at++]!;
  }

  /** A varint as an unsigned number. @throws CodecError also when it is above 2^53-1. */
  unsigned(): number {
    const first = this.uint8();
    if (first < 240) return first;
    const value = this.#varint(first, false);
    if (typeof value === 'bigint') throw new CodecError(STATUS.INVALID, `${value} is too large a number here`);
    return value;
  }

  /** A varint of 64 bits: a number while that is exact. */
  varint(signed = false): number | bigint {
    const first = this.uint8();
    return first < 240 ? first : this.#varint(first, signed);
  }

  /** A length and that many bytes, as a view. */
  bytes(): Buffer {
    const start = this.#lengthed();
    return this.#buffer.subarray(start, this.#at);
  }

  /** A length and a string of that many bytes. */
  string(): string {
    const start = this.#lengthed();
    return this.#text(start, this.#at);
  }

  /** As `string`, for those that come again and again: names known already cost no new string. */
  name(): string {
    const start = this.#lengthed();
    const end = this.#at;
    if (end - start > LONGEST_NAME) return this.#text(start, end);
    const buffer = this.#buffer;
    const slot = this.#names.slot(buffer, start, end);
    return (
      this.#names.at(slot, buffer, start, end) ?? this.#names.put(slot, this.#text(start, end), buffer, start, end)
    );
  }

  /** A value with its type, which is in `type` then. */
  value(): SpopValue {
    const head = this.uint8();
    const type = head & 15;
    this.type = type;
    switch (type) {
      case DATA.NULL:
        return null;
      case DATA.BOOL:
        return (head & 0x10) !== 0;
      case DATA.INT32:
      case DATA.INT64:
        return this.varint(true);
      case DATA.UINT32:
      case DATA.UINT64:
        return this.varint(false);
      case DATA.IPV4:
        return new Ip(this.#take(4));
      case DATA.IPV6:
        return new Ip(this.#take(16));
      case DATA.STR:
        return this.string();
      case DATA.BIN:
        return this.bytes();
      default:
        throw unknownType(type);
    }
  }

  /** Passes over a value, checking it as `value` does. Answers where its bytes begin, behind type and length. */
  skipValue(): number {
    const type = this.uint8() & 15;
    this.type = type;
    switch (type) {
      case DATA.NULL:
      case DATA.BOOL:
        return this.#at;
      case DATA.INT32:
      case DATA.INT64:
      case DATA.UINT32:
      case DATA.UINT64: {
        const start = this.#at;
        this.varint();
        return start;
      }
      case DATA.IPV4:
        return this.#pass(4);
      case DATA.IPV6:
        return this.#pass(16);
      case DATA.STR:
      case DATA.BIN:
        return this.#lengthed();
      default:
        throw unknownType(type);
    }
  }

  #take(length: number): Buffer {
    const start = this.#pass(length);
    return this.#buffer.subarray(start, this.#at);
  }

  #pass(length: number): number {
    const start = this.#at;
    if (length > this.#end - start) throw short();
    this.#at = start + length;
    this.start = start;
    return start;
  }

  /** Passes over a length and its bytes; answers where these begin. */
  #lengthed(): number {
    return this.#pass(this.unsigned());
  }

  #text(start: number, end: number): string {
    if (end - start > SHORT) return this.#buffer.toString(this.#utf8 ? 'utf8' : 'latin1', start, end);
    const buffer = this.#buffer;
    let text = '';
    for (let i = start; i < end; i++) {
      const byte = buffer[i]!;
      if (byte > 127 && this.#utf8) return buffer.toString('utf8', start, end);
      text += String.fromCharCode(byte);
    }
    return text;
  }

  /** What follows a first byte of 240 and more; ten bytes in all make 64 bits. */
  #varint(first: number, signed: boolean): number | bigint {
    const buffer = this.#buffer;
    const end = this.#end;
    let at = this.#at;
    let byte = 128;
    let low = first;
    let high = 0;
    for (let factor = 16; byte >= 128 && factor <= 0x200_0000; factor *= 128) {
      if (at >= end) throw short();
      byte = buffer[at++]!;
      low += byte * factor;
    }
    for (let factor = 1; byte >= 128; factor *= 128) {
      if (at >= end) throw short();
      if (factor > 0x1000_0000) throw new CodecError(STATUS.INVALID, 'a number has more than ten bytes');
      byte = buffer[at++]!;
      high += byte * factor;
    }
    this.#at = at;
    if (low >= TWO_32) {
      high += Math.floor(low / TWO_32);
      low %= TWO_32;
    }
    if (high < 0x20_0000) return high * TWO_32 + low;
    if (high >= TWO_32) throw new CodecError(STATUS.INVALID, 'a number has more than 64 bits');
    return wide(high, low, signed);
  }
}

function wide(high: number, low: number, signed: boolean): number | bigint {
  if (signed && high >= 0x8000_0000) {
    const near = (high - TWO_32) * TWO_32 + low;
    if (Number.isSafeInteger(near) && high >= 0xffe0_0000) return near;
  }
  const value = (BigInt(high) << 32n) | BigInt(low);
  return signed ? BigInt.asIntN(64, value) : value;
}

function short(): CodecError {
  return new CodecError(STATUS.INVALID, 'the frame ends too early');
}

function unknownType(type: number): CodecError {
  return new CodecError(STATUS.INVALID, `there is no type ${type}`);
}

const LONGEST_NAME = 48;
const SLOTS = 256;

/**
 * Strings by their bytes, a fixed number of them: a name that falls on the place of another takes it. Names of messages and
 * arguments are few and come with every frame.
 */
class Names {
  readonly #texts: (string | undefined)[] = Array.from<undefined>({ length: SLOTS });
  readonly #lengths = new Uint8Array(SLOTS);
  readonly #bytes = new Uint8Array(SLOTS * LONGEST_NAME);

  slot(buffer: Buffer, start: number, end: number): number {
    let hash = end - start;
    for (let i = start; i < end; i++) hash = (Math.imul(hash, 31) + buffer[i]!) | 0;
    return (hash ^ (hash >>> 8)) & (SLOTS - 1);
  }

  at(slot: number, buffer: Buffer, start: number, end: number): string | undefined {
    const text = this.#texts[slot];
    if (text === undefined || this.#lengths[slot] !== end - start) return undefined;
    const bytes = this.#bytes;
    for (let i = start, known = slot * LONGEST_NAME; i < end; i++, known++)
      if (buffer[i] !== bytes[known]) return undefined;
    return text;
  }

  put(slot: number, text: string, buffer: Buffer, start: number, end: number): string {
    this.#texts[slot] = text;
    this.#lengths[slot] = end - start;
    this.#bytes.set(buffer.subarray(start, end), slot * LONGEST_NAME);
    return text;
  }
}
