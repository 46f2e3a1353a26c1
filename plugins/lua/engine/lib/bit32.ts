/** `bit32`, which Lua 5.3 keeps for 5.2's sake and Debian's has (manual 5.2, 6.7). */
import type { HostFunction, LuaCall } from '../engine.ts';

function word(call: LuaCall, index: number): number {
  const value = call.integer(index);
  return typeof value === 'number' ? value >>> 0 : Number(BigInt.asUintN(32, value));
}

function fold(start: number, combine: (left: number, right: number) => number): (call: LuaCall) => number {
  return (call) => {
    let result = start;
    for (let index = 1, count = call.count; index <= count; index++) result = combine(result, word(call, index)) >>> 0;
    return result;
  };
}

const and = fold(0xffff_ffff, (left, right) => left & right);

function shift(value: number, places: number): number {
  if (places <= -32 || places >= 32) return 0;
  return (places >= 0 ? value << places : value >>> -places) >>> 0;
}

function rotate(value: number, places: number): number {
  const by = ((places % 32) + 32) % 32;
  return by === 0 ? value : ((value << by) | (value >>> (32 - by))) >>> 0;
}

function field(call: LuaCall, index: number): [from: number, mask: number] {
  const from = call.int(index);
  const width = call.optionalInt(index + 1, 1);
  if (from < 0) call.failArgument(index, 'field cannot be negative');
  if (width <= 0) call.failArgument(index + 1, 'width must be positive');
  if (from + width > 32) call.fail('trying to access non-existent bits');
  return [from, width === 32 ? 0xffff_ffff : (1 << width) - 1];
}

function answer(compute: (call: LuaCall) => number): HostFunction {
  return (call) => {
    call.pushInteger(compute(call));
    return 1;
  };
}

export const bit32Functions: Readonly<Record<string, HostFunction>> = {
  arshift: answer((call) => {
    const value = word(call, 1);
    const places = call.int(2);
    if (places < 0 || value < 0x8000_0000) return shift(value, -places);
    return places >= 32 ? 0xffff_ffff : ((value | 0) >> places) >>> 0;
  }),
  band: answer(and),
  bnot: answer((call) => ~word(call, 1) >>> 0),
  bor: answer(fold(0, (left, right) => left | right)),
  btest(call) {
    call.pushBoolean(and(call) !== 0);
    return 1;
  },
  bxor: answer(fold(0, (left, right) => left ^ right)),
  extract: answer((call) => {
    const [from, mask] = field(call, 2);
    return ((word(call, 1) >>> from) & mask) >>> 0;
  }),
  lrotate: answer((call) => rotate(word(call, 1), call.int(2))),
  lshift: answer((call) => shift(word(call, 1), call.int(2))),
  replace: answer((call) => {
    const [from, mask] = field(call, 3);
    return ((word(call, 1) & ~(mask << from)) | ((word(call, 2) & mask) << from)) >>> 0;
  }),
  rrotate: answer((call) => rotate(word(call, 1), -call.int(2))),
  rshift: answer((call) => shift(word(call, 1), -call.int(2))),
};
