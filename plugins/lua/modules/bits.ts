import type { HostFunction, LuaCall } from '../engine/engine.ts';
import { module } from './library.ts';

/** The low 32 bits of a number of Lua's, as both libraries take it. */
function low(call: LuaCall, index: number): number {
  if (call.kind(index) === 'number' && !call.isInteger(index)) {
    const value = call.number(index);
    return Number.isSafeInteger(Math.round(value)) ? Number(BigInt.asIntN(32, BigInt(Math.round(value)))) : 0;
  }
  const value = call.integer(index);
  return typeof value === 'number' && (value | 0) === value ? value : Number(BigInt.asIntN(32, BigInt(value)));
}

type Fold = (a: number, b: number) => number;
const and: Fold = (a, b) => a & b;
const or: Fold = (a, b) => a | b;
const xor: Fold = (a, b) => a ^ b;
const rotate = (value: number, by: number): number => (value << (by & 31)) | (value >>> (-by & 31));

/** LuaBitOp: results are signed, shifts take five bits of their distance. */
const signed =
  (operate: (call: LuaCall) => number): HostFunction =>
  (call) => {
    call.pushInteger(operate(call) | 0);
    return 1;
  };
/** bit32 of Lua 5.2: results are unsigned. */
const unsigned =
  (operate: (call: LuaCall) => number): HostFunction =>
  (call) => {
    call.pushInteger(operate(call) >>> 0);
    return 1;
  };
const folded =
  (fold: Fold, start: number) =>
  (call: LuaCall): number => {
    let value = start;
    for (let index = 1; index <= call.count; index++) value = fold(value, low(call, index));
    return value;
  };
const foldedFrom1 =
  (fold: Fold) =>
  (call: LuaCall): number => {
    let value = low(call, 1);
    for (let index = 2; index <= call.count; index++) value = fold(value, low(call, index));
    return value;
  };

function swapped(value: number): number {
  return (value << 24) | ((value & 0xff00) << 8) | ((value >>> 8) & 0xff00) | (value >>> 24);
}

function hexadecimal(call: LuaCall): number {
  const digits = call.optionalInt(2, 8);
  const text = (low(call, 1) >>> 0)
    .toString(16)
    .padStart(8, '0')
    .slice(-Math.max(1, Math.min(8, Math.abs(digits))));
  call.pushString(digits < 0 ? text.toUpperCase() : text);
  return 1;
}

/** `bit`: LuaBitOp 1.0. */
export const bit: HostFunction = module({
  tobit: signed((call) => low(call, 1)),
  bnot: signed((call) => ~low(call, 1)),
  band: signed(foldedFrom1(and)),
  bor: signed(foldedFrom1(or)),
  bxor: signed(foldedFrom1(xor)),
  lshift: signed((call) => low(call, 1) << (low(call, 2) & 31)),
  rshift: signed((call) => low(call, 1) >>> (low(call, 2) & 31)),
  arshift: signed((call) => low(call, 1) >> (low(call, 2) & 31)),
  rol: signed((call) => rotate(low(call, 1), low(call, 2))),
  ror: signed((call) => rotate(low(call, 1), -low(call, 2))),
  bswap: signed((call) => swapped(low(call, 1))),
  tohex: hexadecimal,
});

/** A shift to the left by that many bits, to the right if negative; all bits leave from 32 on. */
function shifted(value: number, by: number): number {
  if (by <= -32 || by >= 32) return 0;
  return by >= 0 ? value << by : value >>> -by;
}

function arithmeticShifted(value: number, by: number): number {
  if (by < 0) return shifted(value, -by);
  return value >> Math.min(by, 31);
}

/** Where a field of bits lies, and the mask of its width. */
function field(call: LuaCall, index: number): [at: number, mask: number] {
  const at = call.int(index);
  const width = call.optionalInt(index + 1, 1);
  if (at < 0) call.failArgument(index, 'field cannot be negative');
  if (width < 1) call.failArgument(index + 1, 'width must be positive');
  if (at + width > 32) call.fail('trying to access non-existent bits');
  return [at, width === 32 ? -1 : (1 << width) - 1];
}

/** `bit32`: Lua 5.2's library, reference manual 6.7. */
export const bit32: HostFunction = module({
  bnot: unsigned((call) => ~low(call, 1)),
  band: unsigned(folded(and, -1)),
  bor: unsigned(folded(or, 0)),
  bxor: unsigned(folded(xor, 0)),
  btest: (call) => {
    call.pushBoolean(folded(and, -1)(call) !== 0);
    return 1;
  },
  lshift: unsigned((call) => shifted(low(call, 1), call.int(2))),
  rshift: unsigned((call) => shifted(low(call, 1), -call.int(2))),
  arshift: unsigned((call) => arithmeticShifted(low(call, 1), call.int(2))),
  lrotate: unsigned((call) => rotate(low(call, 1), call.int(2))),
  rrotate: unsigned((call) => rotate(low(call, 1), -call.int(2))),
  extract: unsigned((call) => {
    const [at, mask] = field(call, 2);
    return (low(call, 1) >>> at) & mask;
  }),
  replace: unsigned((call) => {
    const value = low(call, 2);
    const [at, mask] = field(call, 3);
    return (low(call, 1) & ~(mask << at)) | ((value & mask) << at);
  }),
});
