/** `string.pack`, `packsize` and `unpack` (manual 6.4.2). Sizes and alignment are those of a 64-bit C. */
import type { Call } from '../call.ts';
import { fromBig } from '../numbers.ts';
import { checkLength } from '../operations.ts';

type Kind = 'int' | 'uint' | 'float' | 'double' | 'char' | 'string' | 'zstring' | 'padding' | 'align' | 'nothing';

interface Option {
  readonly kind: Kind;
  readonly size: number;
  /** Bytes before it, to align it. */
  readonly fill: number;
}

const MAX_SIZE = 16;
const NATIVE_ALIGN = 8;

/** Reads the options of a format one by one. */
class Reader {
  readonly call: Call;
  readonly text: string;
  at = 0;
  little = true;
  #maxAlign = 1;

  constructor(call: Call, text: string) {
    this.call = call;
    this.text = text;
  }

  get more(): boolean {
    return this.at < this.text.length;
  }

  #number(fallback: number): number {
    const start = this.at;
    while (this.text[this.at]! >= '0' && this.text[this.at]! <= '9') this.at++;
    if (start === this.at) return fallback;
    const value = Number(this.text.slice(start, this.at));
    return value > 2 ** 31 - 1 ? 2 ** 31 - 1 : value;
  }

  #limited(fallback: number): number {
    const size = this.#number(fallback);
    if (size > MAX_SIZE || size <= 0) this.call.fail(`integral size (${size}) out of limits [1,${MAX_SIZE}]`);
    return size;
  }

  /** The option, without its alignment. */
  #option(): { kind: Kind; size: number } {
    const letter = this.text[this.at++]!;
    switch (letter) {
      case 'b':
      case 'B':
        return { kind: letter === 'b' ? 'int' : 'uint', size: 1 };
      case 'h':
      case 'H':
        return { kind: letter === 'h' ? 'int' : 'uint', size: 2 };
      case 'l':
      case 'j':
        return { kind: 'int', size: 8 };
      case 'L':
      case 'J':
      case 'T':
        return { kind: 'uint', size: 8 };
      case 'i':
        return { kind: 'int', size: this.#limited(4) };
      case 'I':
        return { kind: 'uint', size: this.#limited(4) };
      case 'f':
        return { kind: 'float', size: 4 };
      case 'd':
      case 'n':
        return { kind: 'double', size: 8 };
      case 's':
        return { kind: 'string', size: this.#limited(8) };
      case 'c': {
        const size = this.#number(-1);
        if (size < 0) this.call.fail("missing size for format option 'c'");
        return { kind: 'char', size };
      }
      case 'z':
        return { kind: 'zstring', size: 0 };
      case 'x':
        return { kind: 'padding', size: 1 };
      case 'X':
        return { kind: 'align', size: 0 };
      case ' ':
        break;
      case '<':
      case '=':
        this.little = true;
        break;
      case '>':
        this.little = false;
        break;
      case '!':
        this.#maxAlign = this.#limited(NATIVE_ALIGN);
        break;
      default:
        this.call.fail(`invalid format option '${letter}'`);
    }
    return { kind: 'nothing', size: 0 };
  }

  next(total: number): Option {
    const { kind, size } = this.#option();
    let align = size;
    if (kind === 'align') {
      const following = this.more ? this.#option() : undefined;
      align = following?.size ?? 0;
      if (following === undefined || following.kind === 'char' || align === 0)
        this.call.failArgument(1, "invalid next option for option 'X'");
    }
    const aligned =
      kind === 'align' ||
      kind === 'int' ||
      kind === 'uint' ||
      kind === 'float' ||
      kind === 'double' ||
      kind === 'string';
    if (align <= 1 || !aligned) return { kind, size, fill: 0 };
    if (align > this.#maxAlign) align = this.#maxAlign;
    if ((align & (align - 1)) !== 0) this.call.failArgument(1, 'format asks for alignment not power of 2');
    return { kind, size, fill: (align - (total & (align - 1))) & (align - 1) };
  }
}

function integerBytes(value: bigint, size: number, little: boolean): string {
  let text = '';
  for (let at = 0; at < size; at++) {
    const byte = String.fromCharCode(Number((value >> BigInt(8 * at)) & 0xffn));
    text = little ? text + byte : byte + text;
  }
  return text;
}

const scratch = Buffer.alloc(8);

function floatBytes(value: number, size: number, little: boolean): string {
  if (size === 4) {
    if (little) scratch.writeFloatLE(value);
    else scratch.writeFloatBE(value);
  } else if (little) scratch.writeDoubleLE(value);
  else scratch.writeDoubleBE(value);
  return scratch.latin1Slice(0, size);
}

export function pack(call: Call): number {
  const reader = new Reader(call, call.string(1));
  let text = '';
  let index = 1;
  while (reader.more) {
    const { kind, size, fill } = reader.next(text.length);
    text += '\0'.repeat(fill);
    switch (kind) {
      case 'int': {
        const value = BigInt(call.integer(++index));
        if (size < 8 && BigInt.asIntN(size * 8, value) !== value) call.failArgument(index, 'integer overflow');
        text += integerBytes(value, size, reader.little);
        break;
      }
      case 'uint': {
        const value = BigInt(call.integer(++index));
        if (size < 8 && BigInt.asUintN(size * 8, value) !== value) call.failArgument(index, 'unsigned overflow');
        text += integerBytes(BigInt.asUintN(64, value), size, reader.little);
        break;
      }
      case 'float':
      case 'double':
        text += floatBytes(call.number(++index), size, reader.little);
        break;
      case 'char': {
        const given = call.string(++index);
        if (given.length > size) call.failArgument(index, 'string longer than given size');
        checkLength(call.L, text.length + size);
        text += given.padEnd(size, '\0');
        break;
      }
      case 'string': {
        const given = call.string(++index);
        if (size < 8 && given.length >= 2 ** (size * 8))
          call.failArgument(index, 'string length does not fit in given size');
        text += integerBytes(BigInt(given.length), size, reader.little) + given;
        break;
      }
      case 'zstring': {
        const given = call.string(++index);
        if (given.includes('\0')) call.failArgument(index, 'string contains zeros');
        text += `${given}\0`;
        break;
      }
      case 'padding':
        text += '\0';
        break;
      default:
    }
    checkLength(call.L, text.length);
  }
  call.pushString(text);
  return 1;
}

export function packSize(call: Call): number {
  const reader = new Reader(call, call.string(1));
  let total = 0;
  while (reader.more) {
    const { kind, size, fill } = reader.next(total);
    if (kind === 'string' || kind === 'zstring') call.failArgument(1, 'variable-length format');
    if (total + size + fill > 2 ** 31 - 1) call.failArgument(1, 'format result too large');
    total += size + fill;
  }
  call.pushInteger(total);
  return 1;
}

function readInteger(
  call: Call,
  text: string,
  at: number,
  size: number,
  little: boolean,
  signed: boolean,
): number | bigint {
  let value = 0n;
  for (let place = Math.min(size, 8) - 1; place >= 0; place--)
    value = (value << 8n) | BigInt(text.charCodeAt(little ? at + place : at + size - 1 - place));
  if (size < 8) return fromBig(signed ? BigInt.asIntN(size * 8, value) : value);
  const sign = signed && value >= 1n << 63n ? 255 : 0;
  for (let place = 8; place < size; place++)
    if (text.charCodeAt(little ? at + place : at + size - 1 - place) !== sign)
      call.fail(`${size}-byte integer does not fit into Lua Integer`);
  return fromBig(value);
}

export function unpack(call: Call): number {
  const reader = new Reader(call, call.string(1));
  const text = call.string(2);
  const init = call.optionalInt(3, 1);
  let at = (init >= 0 ? init : -init > text.length ? 0 : text.length + init + 1) - 1;
  if (at < 0 || at > text.length) call.failArgument(3, 'initial position out of string');
  let count = 0;
  while (reader.more) {
    const { kind, size, fill } = reader.next(at);
    if (fill + size > text.length - at) call.failArgument(2, 'data string too short');
    at += fill;
    if (kind !== 'nothing' && kind !== 'align' && kind !== 'padding') count++;
    switch (kind) {
      case 'int':
      case 'uint':
        call.pushInteger(readInteger(call, text, at, size, reader.little, kind === 'int'));
        break;
      case 'float':
      case 'double': {
        const bytes = Buffer.from(text.slice(at, at + size), 'latin1');
        const little = reader.little;
        if (size === 4) call.pushFloat(little ? bytes.readFloatLE() : bytes.readFloatBE());
        else call.pushFloat(little ? bytes.readDoubleLE() : bytes.readDoubleBE());
        break;
      }
      case 'char':
        call.pushString(text.slice(at, at + size));
        break;
      case 'string': {
        const length = Number(readInteger(call, text, at, size, reader.little, false));
        if (length < 0 || at + size + length > text.length) call.failArgument(2, 'data string too short');
        call.pushString(text.slice(at + size, at + size + length));
        at += length;
        break;
      }
      case 'zstring': {
        const zero = text.indexOf('\0', at);
        const end = zero < 0 ? text.length : zero;
        call.pushString(text.slice(at, end));
        at = end + 1;
        break;
      }
      default:
    }
    at += size;
  }
  call.pushInteger(at + 1);
  return count + 1;
}
