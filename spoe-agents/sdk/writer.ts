import { Ip } from './ip.ts';
import { ACTION, DATA, FLAG, SCOPE, type Scope } from './protocol.ts';
import type { SizedInteger, SpopInput, StringBytes } from './values.ts';

/** How the characters of a string become bytes: UTF-8, or one byte each (`latin1`; what is above 255 loses its high bits). */
export type TextCoding = 'utf8' | 'latin1';

/** What a writer begins with; it doubles up to a slab as it is used. */
const FIRST_SLAB = 1024;
const SLAB = 65_536;
/** Up to this many characters a loop beats the way into C++. */
const SHORT = 24;
const TWO_32 = 0x1_0000_0000;

/**
 * Writes frames one behind another into memory that it keeps, for one system call to send:
 *
 *     writer.beginFrame(FRAME.NOTIFY, streamId, 1);
 *     writer.beginMessage('check', 1);
 *     writer.argument('ip');
 *     writer.value(address);
 *     if (writer.endFrame() > maxFrameSize) writer.cancelFrame();
 *     socket.write(writer.take());
 *
 * Nothing is allocated but a slab when the last one is used up, of 64 KiB once it has written that much.
 */
export class SpopWriter {
  #buffer: Buffer = Buffer.allocUnsafeSlow(FIRST_SLAB);
  /** Where the bytes begin that nobody has taken yet. */
  #start = 0;
  #at = 0;
  /** Where the current frame's length stands. */
  #frame = 0;
  readonly #utf8: boolean;

  /** @param coding of names and strings given as JavaScript strings. */
  constructor(coding: TextCoding = 'utf8') {
    this.#utf8 = coding === 'utf8';
  }

  /** Bytes written and not taken. */
  get length(): number {
    return this.#at - this.#start;
  }

  /** What was written. A view: later writing changes nothing in it, `reset` hands its memory to the next frame. */
  bytes(): Buffer {
    return this.#buffer.subarray(this.#start, this.#at);
  }

  /** What was written, for the caller to keep: the writer goes on behind it. */
  take(): Buffer {
    const taken = this.bytes();
    this.#start = this.#at;
    this.#frame = this.#at;
    return taken;
  }

  /** Forgets what was written; its memory is used again. For those whose `bytes` have left. */
  reset(): void {
    this.#at = this.#start;
    this.#frame = this.#start;
  }

  /** Begins a frame: its length (filled in by `endFrame`), type, flags and ids. Ids are integers from 0 to 2^53-1. */
  beginFrame(type: number, streamId: number, frameId: number, flags: number = FLAG.FIN): void {
    this.#need(32);
    this.#frame = this.#at;
    const buffer = this.#buffer;
    let at = this.#at + 4;
    buffer[at++] = type;
    buffer[at++] = flags >>> 24;
    buffer[at++] = flags >>> 16;
    buffer[at++] = flags >>> 8;
    buffer[at++] = flags;
    this.#at = at;
    this.varint(streamId);
    this.varint(frameId);
  }

  /** Size of the current frame so far, without the four bytes of its length: what `max-frame-size` limits. */
  get frameLength(): number {
    return this.#at - this.#frame - 4;
  }

  /** Completes the frame; answers its size as `frameLength` does. */
  endFrame(): number {
    const length = this.frameLength;
    const buffer = this.#buffer;
    const at = this.#frame;
    buffer[at] = length >>> 24;
    buffer[at + 1] = length >>> 16;
    buffer[at + 2] = length >>> 8;
    buffer[at + 3] = length;
    return length;
  }

  /** Takes back the frame that was begun last, completed or not. */
  cancelFrame(): void {
    this.#at = this.#frame;
  }

  /** Takes back what the current frame has beyond its first `length` bytes (a `frameLength` of before). */
  truncateFrame(length: number): void {
    this.#at = this.#frame + 4 + length;
  }

  /** A message of a NOTIFY: its name and the number (0 to 255) of the arguments that follow as `argument` and `value`. */
  beginMessage(name: string, args: number): void {
    this.string(name);
    this.uint8(args);
  }

  /** The name of an argument or item; may be empty. Its value follows. */
  argument(name: string): void {
    this.string(name);
  }

  /** The head of a set-var action; the value follows. */
  setVar(scope: Scope, name: string): void {
    this.#need(3);
    this.#buffer[this.#at++] = ACTION.SET_VAR;
    this.#buffer[this.#at++] = 3;
    this.#buffer[this.#at++] = SCOPE[scope];
    this.string(name);
  }

  unsetVar(scope: Scope, name: string): void {
    this.#need(3);
    this.#buffer[this.#at++] = ACTION.UNSET_VAR;
    this.#buffer[this.#at++] = 2;
    this.#buffer[this.#at++] = SCOPE[scope];
    this.string(name);
  }

  /**
   * A value with its type: numbers and bigints as INT64 (a bigint of 2^63 and more as UINT64).
   * @throws RangeError for a number that is no exact integer, or a bigint that needs more than 64 bits.
   */
  value(value: SpopInput): void {
    switch (typeof value) {
      case 'string':
        return this.str(value);
      case 'number':
        return this.int64(value);
      case 'boolean':
        return this.bool(value);
      case 'bigint':
        return this.#bigint(value);
      case 'undefined':
        return this.null();
      default:
        if (value === null) return this.null();
        if (value instanceof Ip) return this.ip(value.bytes);
        if (value instanceof Uint8Array) return this.bin(value);
        return this.#chosen(value);
    }
  }

  null(): void {
    this.uint8(DATA.NULL);
  }

  bool(value: boolean): void {
    this.uint8(value ? DATA.BOOL | 0x10 : DATA.BOOL);
  }

  int32(value: number): void {
    this.uint8(DATA.INT32);
    this.varint(value);
  }

  uint32(value: number): void {
    this.uint8(DATA.UINT32);
    this.varint(value);
  }

  int64(value: number | bigint): void {
    this.uint8(DATA.INT64);
    this.varint(value);
  }

  uint64(value: number | bigint): void {
    this.uint8(DATA.UINT64);
    this.varint(value);
  }

  /** @param bytes 4 or 16 of them, in network byte order. */
  ip(bytes: Uint8Array): void {
    this.uint8(bytes.length === 4 ? DATA.IPV4 : DATA.IPV6);
    this.raw(bytes);
  }

  /** STR from a string, in the writer's coding, or from bytes. */
  str(text: string | Uint8Array): void {
    this.uint8(DATA.STR);
    if (typeof text === 'string') this.string(text);
    else this.lengthed(text);
  }

  bin(bytes: Uint8Array): void {
    this.uint8(DATA.BIN);
    this.lengthed(bytes);
  }

  uint8(value: number): void {
    this.#need(1);
    this.#buffer[this.#at++] = value;
  }

  /** The peers' variable-length integer, SPOE.txt 3.1; what is negative as 64 bits in two's complement. @throws RangeError */
  varint(value: number | bigint): void {
    this.#need(10);
    if (typeof value === 'number') {
      if (value >= 0 && value < 240 && Number.isInteger(value)) this.#buffer[this.#at++] = value;
      else if (Number.isSafeInteger(value)) this.#varint64(Math.floor(value / TWO_32) >>> 0, value >>> 0);
      else throw new RangeError(`${value} is not an integer that a number holds exactly`);
    } else {
      if (value < -(2n ** 63n) || value >= 2n ** 64n) throw new RangeError(`${value} does not fit 64 bits`);
      const bits = BigInt.asUintN(64, value);
      this.#varint64(Number(bits >> 32n), Number(bits & 0xffff_ffffn));
    }
  }

  /** A length and these bytes. */
  lengthed(bytes: Uint8Array): void {
    this.varint(bytes.length);
    this.raw(bytes);
  }

  /** A length and a string in the writer's coding. */
  string(text: string): void {
    const length = text.length;
    if (length > SHORT) return this.#long(text);
    this.#need(length + 1);
    const buffer = this.#buffer;
    let at = this.#at;
    buffer[at++] = length;
    // Characters above 127 are two or more bytes of UTF-8, and the length another.
    const end = this.#utf8 ? 128 : 65_536;
    for (let i = 0; i < length; i++) {
      const code = text.charCodeAt(i);
      if (code >= end) return this.#long(text);
      buffer[at++] = code;
    }
    this.#at = at;
  }

  /** Bytes as they are, for what was encoded before (`encodeString`). */
  raw(bytes: Uint8Array): void {
    const length = bytes.length;
    this.#need(length);
    if (length <= SHORT) {
      const buffer = this.#buffer;
      let at = this.#at;
      for (let i = 0; i < length; i++) buffer[at++] = bytes[i]!;
      this.#at = at;
    } else {
      this.#buffer.set(bytes, this.#at);
      this.#at += length;
    }
  }

  #long(text: string): void {
    const length = this.#utf8 ? Buffer.byteLength(text) : text.length;
    this.varint(length);
    this.#need(length);
    this.#buffer.write(text, this.#at, this.#utf8 ? 'utf8' : 'latin1');
    this.#at += length;
  }

  #bigint(value: bigint): void {
    if (value < 2n ** 63n) this.int64(value);
    else this.uint64(value);
  }

  #chosen(value: SizedInteger | StringBytes): void {
    switch (value.type) {
      case 'string':
        return this.str(value.value);
      case 'int32':
        return this.int32(Number(value.value));
      case 'uint32':
        return this.uint32(Number(value.value));
      case 'int64':
        return this.int64(value.value);
      case 'uint64':
        return this.uint64(value.value);
      default:
        throw new TypeError('a value of SPOP is null, boolean, integer, string, Buffer or Ip');
    }
  }

  /** At most ten bytes, for which there is room: the value's 64 bits in two halves, so that nothing is a bigint. */
  #varint64(high: number, low: number): void {
    const buffer = this.#buffer;
    let at = this.#at;
    if (high === 0 && low < 240) {
      buffer[at] = low;
      this.#at = at + 1;
      return;
    }
    buffer[at++] = (low & 15) | 240;
    let h = low < 240 ? high - 1 : high;
    let l = (low - 240) >>> 0;
    l = ((l >>> 4) | (h << 28)) >>> 0;
    h >>>= 4;
    while (h !== 0) {
      buffer[at++] = (l & 127) | 128;
      // v = (v - 128) >> 7
      if (l < 128) h--;
      l = (l - 128) >>> 0;
      l = ((l >>> 7) | (h << 25)) >>> 0;
      h >>>= 7;
    }
    while (l >= 128) {
      buffer[at++] = (l & 127) | 128;
      l = (l - 128) >>> 7;
    }
    buffer[at++] = l;
    this.#at = at;
  }

  #need(bytes: number): void {
    if (this.#at + bytes > this.#buffer.length) this.#grow(bytes);
  }

  #grow(bytes: number): void {
    const pending = this.bytes();
    const wanted = 2 ** Math.ceil(Math.log2((pending.length + bytes) * 2));
    const size = Math.max(wanted, Math.min(SLAB, this.#buffer.length * 2));
    // From the start when this memory is all ours; what was taken belongs to others.
    const next = Buffer.allocUnsafeSlow(size);
    pending.copy(next);
    this.#frame -= this.#start;
    this.#at = pending.length;
    this.#start = 0;
    this.#buffer = next;
  }
}

/** Length and bytes of a string that is written often, for `raw`. */
export function encodeString(text: string, coding: TextCoding = 'utf8'): Buffer {
  const writer = new SpopWriter(coding);
  writer.string(text);
  return Buffer.from(writer.bytes());
}
