/** The table library (manual 6.6). Plain tables are read and written directly, others through their metamethods. */
import type { Call } from '../call.ts';
import type { HostFunction } from '../engine.ts';
import { fengari } from '../fengari.ts';
import { tick } from '../limits.ts';
import { machine } from '../machine.ts';
import { toText } from '../numbers.ts';
import { checkLength, lessThan } from '../operations.ts';
import type { Table } from '../tables.ts';
import { INTEGER, NIL, STRING, TABLE, TValue } from '../values.ts';
import { metatableOf } from './base.ts';

/** The table if nothing stands behind it. */
function plain(call: Call, index: number): Table | undefined {
  const slot = call.slot(index);
  return slot.type === TABLE && (slot.value as Table).metatable === null ? slot.value : undefined;
}

/** Anything with the metamethods that are needed is a table to this library. */
function checkTable(call: Call, index: number, ...methods: readonly string[]): void {
  const slot = call.slot(index);
  if (slot.type === TABLE) return;
  const metatable = metatableOf(call, slot);
  if (metatable === null || methods.some((method) => metatable.getString(method).type === NIL))
    call.expected(index, 'table');
}

function read(call: Call, direct: Table | undefined, index: number, position: number): void {
  if (direct !== undefined) call.pushCopyOf(direct.getInteger(position));
  else {
    call.pushInteger(position);
    call.index(index);
  }
}

/** Takes the value from the top. */
function write(call: Call, direct: Table | undefined, index: number, position: number): void {
  if (direct !== undefined) {
    direct.setInteger(position, call.slot(-1));
    call.pop();
  } else {
    call.pushInteger(position);
    call.rotate(2);
    call.setIndexed(index);
  }
}

function lengthOf(call: Call, direct: Table | undefined, index: number): number {
  return direct !== undefined ? direct.length() : call.len(index);
}

function concat(call: Call): number {
  checkTable(call, 1, '__index', '__len');
  const direct = plain(call, 1);
  const separator = call.optionalString(2, '');
  const from = call.optionalInt(3, 1);
  const to = call.slot(4).type === NIL ? lengthOf(call, direct, 1) : call.int(4);
  let text = '';
  for (let at = from; at <= to; at++) {
    read(call, direct, 1, at);
    const value = call.slot(-1);
    if (value.type === STRING) text += value.value.js;
    else if (value.ttisnumber()) text += toText(value);
    else call.fail(`invalid value (${call.kind(-1)}) at index ${at} in table for 'concat'`);
    call.pop();
    if (at < to) text += separator;
    if (text.length > machine.maxString) checkLength(call.L, text.length);
    if ((at & 63) === 0) tick(call.L, 64);
  }
  call.pushString(text);
  return 1;
}

function insert(call: Call): number {
  checkTable(call, 1, '__index', '__newindex', '__len');
  const direct = plain(call, 1);
  const end = lengthOf(call, direct, 1) + 1;
  let position = end;
  if (call.count === 3) {
    position = call.int(2);
    if (position < 1 || position > end) call.failArgument(2, 'position out of bounds');
    if (direct !== undefined && direct.insertAt(position, call.slot(3))) return 0;
    for (let at = end; at > position; at--) {
      read(call, direct, 1, at - 1);
      write(call, direct, 1, at);
      if ((at & 63) === 0) tick(call.L, 64);
    }
  } else if (call.count !== 2) call.fail("wrong number of arguments to 'insert'");
  write(call, direct, 1, position);
  return 0;
}

function remove(call: Call): number {
  checkTable(call, 1, '__index', '__newindex', '__len');
  const direct = plain(call, 1);
  const size = lengthOf(call, direct, 1);
  let position = call.optionalInt(2, size);
  if (
    call.count > 1 &&
    size + 1 !== position &&
    (position < 1 || position > size + 1) &&
    !(size === 0 && position === 0)
  )
    call.failArgument(1, 'position out of bounds');
  read(call, direct, 1, position);
  if (direct !== undefined && direct.removeAt(position)) return 1;
  for (; position < size; position++) {
    read(call, direct, 1, position + 1);
    write(call, direct, 1, position);
    if ((position & 63) === 0) tick(call.L, 64);
  }
  call.pushNil();
  write(call, direct, 1, position);
  return 1;
}

function move(call: Call): number {
  const from = call.int(2);
  const end = call.int(3);
  const to = call.int(4);
  const target = call.slot(5).type === NIL ? 1 : 5;
  checkTable(call, 1, '__index');
  checkTable(call, target, '__newindex');
  const source = plain(call, 1);
  const destination = plain(call, target);
  if (end >= from) {
    if (!(from > 0 || end < Number.MAX_SAFE_INTEGER + from)) call.failArgument(3, 'too many elements to move');
    if (to > Number.MAX_SAFE_INTEGER - (end - from)) call.failArgument(4, 'destination wrap around');
    const upwards = to > end || to <= from || (target !== 1 && call.slot(1).value !== call.slot(target).value);
    for (let step = 0; step <= end - from; step++) {
      const at = upwards ? step : end - from - step;
      read(call, source, 1, from + at);
      write(call, destination, target, to + at);
      if ((step & 63) === 0) tick(call.L, 64);
    }
  }
  call.pushCopy(target);
  return 1;
}

function unpack(call: Call): number {
  const from = call.optionalInt(2, 1);
  const to = call.slot(3).type === NIL ? call.len(1) : call.int(3);
  if (from > to) return 0;
  const count = to - from + 1;
  if (count >= 1e7 || !fengari.lapi.lua_checkstack(call.L, count)) call.fail('too many results to unpack');
  const direct = plain(call, 1);
  for (let at = from; at <= to; at++) read(call, direct, 1, at);
  return count;
}

/** Merges in place of quicksort: it asks the order function least, and no answer of it can lead it astray. */
function sorted(values: TValue[], less: (left: TValue, right: TValue) => boolean): TValue[] {
  const count = values.length;
  let from = values;
  let to: TValue[] = Array.from({ length: count });
  for (let width = 1; width < count; width *= 2) {
    for (let start = 0; start < count; start += 2 * width) {
      const middle = Math.min(start + width, count);
      const end = Math.min(start + 2 * width, count);
      let left = start;
      let right = middle;
      for (let at = start; at < end; at++)
        to[at] = left < middle && (right >= end || !less(from[right]!, from[left]!)) ? from[left++]! : from[right++]!;
    }
    [from, to] = [to, from];
  }
  return from;
}

function sort(call: Call): number {
  checkTable(call, 1, '__index', '__newindex', '__len');
  const direct = plain(call, 1);
  const count = lengthOf(call, direct, 1);
  if (count < 2) return 0;
  if (count >= 2 ** 31 - 1) call.failArgument(1, 'array too big');
  const custom = call.slot(2).type !== NIL;
  if (custom && call.kind(2) !== 'function') call.expected(2, 'function');
  call.count = 2;
  const L = call.L;
  const values: TValue[] = [];
  for (let at = 1; at <= count; at++) {
    read(call, direct, 1, at);
    const { type, value } = call.slot(-1);
    values.push(new TValue(type, value));
    call.pop();
  }
  const byFunction = (left: TValue, right: TValue): boolean => {
    const top = L.top;
    call.pushCopy(2);
    call.pushCopyOf(left);
    call.pushCopyOf(right);
    fengari.ldo.luaD_callnoyield(L, top, 1);
    const result = call.boolean(-1);
    call.pop();
    return result;
  };
  const byOrder = (left: TValue, right: TValue): boolean => {
    tick(L, 2);
    if (left.type === STRING && right.type === STRING) return left.value.js < right.value.js;
    if (left.type === INTEGER && right.type === INTEGER) return left.value < right.value;
    return lessThan(L, left, right) === 1;
  };
  const result = sorted(values, custom ? byFunction : byOrder);
  for (let at = 0; at < count; at++) {
    call.pushCopyOf(result[at]!);
    write(call, direct, 1, at + 1);
  }
  return 0;
}

export const tableFunctions: Readonly<Record<string, HostFunction>> = {
  concat: (call) => concat(call as Call),
  insert: (call) => insert(call as Call),
  move: (call) => move(call as Call),
  pack(given) {
    const call = given as Call;
    const count = call.count;
    call.newTable();
    const made: Table = call.slot(-1).value;
    for (let index = 1; index <= count; index++) made.append(call.slot(index));
    made.trim();
    call.pushInteger(count);
    call.setField(-2, 'n');
    return 1;
  },
  remove: (call) => remove(call as Call),
  sort: (call) => sort(call as Call),
  unpack: (call) => unpack(call as Call),
};
