/**
 * What the operators do when it is not simple: metamethods, conversions, comparisons, concatenation; in place of those of fengari's lvm.
 */
import { fengari } from './fengari.ts';
import { machine } from './machine.ts';
import { account, STRING_COST } from './memory.ts';
import { floatToInteger, parseNumeral, toInteger, toNumber, toText } from './numbers.ts';
import type { Table } from './tables.ts';
import { BOOLEAN, FLOAT, INTEGER, NIL, NUMBER, STRING, TABLE, TString, TValue, USERDATA } from './values.ts';
import type { Int, Thread } from './values.ts';

const MAX_CHAIN = 2000;
const INDEX_METHOD = 1;
const NEWINDEX_METHOD = 2;
const LENGTH_METHOD = 16;
const EQUAL_METHOD = 32;
export const LESS_METHOD = 20;
export const LESS_EQUAL_METHOD = 21;
const CONCAT_METHOD = 22;
const LESS_FOR_EQUAL = 1 << 7;

const INDEX_TEXT = Buffer.from('index');
const LENGTH_TEXT = Buffer.from('get length of');

/** A metamethod of those whose absence is remembered; undefined if there is none. */
function quickMethod(metatable: Table | null, bit: number, name: string): TValue | undefined {
  if (metatable === null || (metatable.flags & bit) !== 0) return undefined;
  const method = metatable.map?.get(name);
  if (method === undefined || method.type === NIL) {
    metatable.flags |= bit;
    return undefined;
  }
  return method;
}

function methodOf(L: Thread, value: TValue, name: string): TValue | undefined {
  const metatable: Table | null | undefined =
    value.type === TABLE || value.type === USERDATA ? value.value.metatable : L.l_G.mt[value.type & 0x0f];
  const method = metatable?.map?.get(name);
  return method === undefined || method.type === NIL ? undefined : method;
}

/** `to = t[key]`, with metamethods. `to` is a place of the stack. */
export function getTable(L: Thread, t: TValue, key: TValue, to: number): void {
  for (let chain = 0; chain < MAX_CHAIN; chain++) {
    let method: TValue | undefined;
    if (t.type === TABLE) {
      const table = t.value as Table;
      const found = table.get(key);
      if (found.type !== NIL) {
        const slot = L.stack[to]!;
        slot.type = found.type;
        slot.value = found.value;
        return;
      }
      method = quickMethod(table.metatable, INDEX_METHOD, '__index');
      if (method === undefined) {
        const slot = L.stack[to]!;
        slot.type = NIL;
        slot.value = null;
        return;
      }
    } else {
      method = methodOf(L, t, '__index');
      if (method === undefined) return fengari.ldebug.luaG_typeerror(L, t, INDEX_TEXT);
    }
    if (method.ttisfunction()) {
      fengari.ltm.luaT_callTM(L, method, t, key, L.stack[to]!, 1);
      return;
    }
    t = method;
  }
  fengari.runtimeError(L, "'__index' chain too long; possible loop");
}

/** `t[key] = value`, with metamethods. */
export function setTable(L: Thread, t: TValue, key: TValue, value: TValue): void {
  for (let chain = 0; chain < MAX_CHAIN; chain++) {
    let method: TValue | undefined;
    if (t.type === TABLE) {
      const table = t.value as Table;
      if (
        table.metatable === null ||
        table.get(key).type !== NIL ||
        (method = quickMethod(table.metatable, NEWINDEX_METHOD, '__newindex')) === undefined
      ) {
        if (key.type === NIL) fengari.runtimeError(L, 'table index is nil');
        if (key.type === FLOAT && Number.isNaN(key.value)) fengari.runtimeError(L, 'table index is NaN');
        table.flags = 0;
        table.set(key, value);
        return;
      }
    } else {
      method = methodOf(L, t, '__newindex');
      if (method === undefined) return fengari.ldebug.luaG_typeerror(L, t, INDEX_TEXT);
    }
    if (method.ttisfunction()) {
      fengari.ltm.luaT_callTM(L, method, t, key, value, 0);
      return;
    }
    t = method;
  }
  fengari.runtimeError(L, "'__newindex' chain too long; possible loop");
}

/** 1 or 0, as fengari's callers want it. `L` null: without metamethods. */
export function equal(L: Thread | null, left: TValue, right: TValue): number {
  if (left.type !== right.type) {
    // An integer and a float: JavaScript compares a number or bigint with a number exactly.
    // eslint-disable-next-line eqeqeq
    return (left.type & 0x0f) === NUMBER && (right.type & 0x0f) === NUMBER && left.value == right.value ? 1 : 0;
  }
  switch (left.type) {
    case NIL:
      return 1;
    case STRING:
      return left.value === right.value || left.value.js === right.value.js ? 1 : 0;
    case BOOLEAN:
      return (left.value !== false) === (right.value !== false) ? 1 : 0;
    case TABLE:
    case USERDATA: {
      if (left.value === right.value) return 1;
      if (L === null) return 0;
      const method =
        quickMethod(left.value.metatable, EQUAL_METHOD, '__eq') ??
        quickMethod(right.value.metatable, EQUAL_METHOD, '__eq');
      if (method === undefined) return 0;
      const result = new TValue(NIL, null);
      fengari.ltm.luaT_callTM(L, method, left, right, result, 1);
      return result.l_isfalse() ? 0 : 1;
    }
    default:
      return left.value === right.value ? 1 : 0;
  }
}

export function lessThan(L: Thread, left: TValue, right: TValue): number {
  if ((left.type & 0x0f) === NUMBER && (right.type & 0x0f) === NUMBER) return left.value < right.value ? 1 : 0;
  if (left.type === STRING && right.type === STRING) return left.value.js < right.value.js ? 1 : 0;
  const result = fengari.ltm.luaT_callorderTM(L, left, right, LESS_METHOD);
  if (result === null) return fengari.ldebug.luaG_ordererror(L, left, right);
  return result ? 1 : 0;
}

export function lessEqual(L: Thread, left: TValue, right: TValue): number {
  if ((left.type & 0x0f) === NUMBER && (right.type & 0x0f) === NUMBER) return left.value <= right.value ? 1 : 0;
  if (left.type === STRING && right.type === STRING) return left.value.js <= right.value.js ? 1 : 0;
  let result = fengari.ltm.luaT_callorderTM(L, left, right, LESS_EQUAL_METHOD);
  if (result !== null) return result ? 1 : 0;
  // Lua 5.3 tries `not (b < a)`; the mark is for one that yields in between.
  L.ci.callstatus |= LESS_FOR_EQUAL;
  result = fengari.ltm.luaT_callorderTM(L, right, left, LESS_METHOD);
  L.ci.callstatus ^= LESS_FOR_EQUAL;
  if (result === null) return fengari.ldebug.luaG_ordererror(L, left, right);
  return result ? 0 : 1;
}

/** `to = #value`. */
export function lengthOf(L: Thread, to: TValue, value: TValue): void {
  let method: TValue | undefined;
  if (value.type === TABLE) {
    const table = value.value as Table;
    method = quickMethod(table.metatable, LENGTH_METHOD, '__len');
    if (method === undefined) {
      to.type = INTEGER;
      to.value = table.length();
      return;
    }
  } else if (value.type === STRING) {
    const length: number = value.value.js.length;
    to.type = INTEGER;
    to.value = length;
    return;
  } else {
    method = methodOf(L, value, '__len');
    if (method === undefined) return fengari.ldebug.luaG_typeerror(L, value, LENGTH_TEXT);
  }
  fengari.ltm.luaT_callTM(L, method, value, value, to, 1);
}

function isText(value: TValue): boolean {
  return value.type === STRING || (value.type & 0x0f) === NUMBER;
}

function textOf(value: TValue): string {
  return value.type === STRING ? value.value.js : toText(value);
}

/** Raised when a string would be longer than the state allows, before there is one. */
export function checkLength(L: Thread, length: number): void {
  if (length > machine.maxString) {
    L.stack[L.top++]!.setsvalue(new TString('not enough memory'));
    fengari.ldo.luaD_throw(L, 4);
  }
}

/** Concatenates that many values below the top into one. V8 joins strings lazily, so a long chain costs no copies. */
export function concat(L: Thread, total: number): void {
  do {
    const top = L.top;
    const stack = L.stack;
    let count = 2;
    const last = stack[top - 1]!;
    if (!isText(stack[top - 2]!) || !isText(last)) {
      const left = stack[top - 2]!;
      fengari.ltm.luaT_trybinTM(L, left, last, left, CONCAT_METHOD);
    } else {
      let text = textOf(last);
      let value: TValue;
      for (count = 1; count < total && isText((value = stack[top - count - 1]!)); count++) {
        const part = textOf(value);
        if (part.length + text.length > machine.maxString) checkLength(L, part.length + text.length);
        text = part + text;
      }
      account(STRING_COST + text.length);
      const to = stack[top - count]!;
      to.type = STRING;
      to.value = new TString(text);
    }
    total -= count - 1;
    L.top -= count - 1;
  } while (total > 1);
}

/** fengari's convention: false where there is no number. */
export function numberOrFalse(value: TValue): Int | false {
  return toNumber(value) ?? false;
}

export function integerOrFalse(value: TValue): Int | false {
  return toInteger(value) ?? false;
}

/** Rounded down (mode 1), up (2) or not at all (0). */
export function toIntegerMode(value: TValue, mode: number): Int | false {
  let number: Int | undefined;
  if (value.type === STRING) number = parseNumeral(value.value.js)?.value;
  else if (value.type === INTEGER) return value.value;
  else if (value.type === FLOAT) number = value.value as number;
  if (number === undefined) return false;
  if (typeof number === 'bigint') return number;
  if (mode === 0) return floatToInteger(number) ?? false;
  return floatToInteger(mode === 1 ? Math.floor(number) : Math.ceil(number)) ?? false;
}
