/** The base library (manual 6.1). */
import { nativeOf, viewOf } from '../call.ts';
import type { Call } from '../call.ts';
import { collect } from '../alive.ts';
import type { HostFunction } from '../engine.ts';
import { fengari } from '../fengari.ts';
import type { Continuation } from '../fengari.ts';
import { fromBig, parseNumeral, trimSpace } from '../numbers.ts';
import { tick } from '../limits.ts';
import { machine } from '../machine.ts';
import { account, INSTRUCTION_COST, PROTO_COST } from '../memory.ts';
import { checkLength, equal } from '../operations.ts';
import { OK, placeOf, YIELDED } from '../protect.ts';
import { skipFirstLine } from '../state.ts';
import { next } from '../tables.ts';
import type { Table } from '../tables.ts';
import { ABSENT, FLOAT, INTEGER, LIGHT_FUNCTION, NIL, STRING, TABLE, USERDATA } from '../values.ts';
import type { Proto, TString, TValue } from '../values.ts';
import { readFileSync } from 'node:fs';
import { systemText } from './system.ts';

const MULTIPLE = -1;
/** Where `load` keeps what its reader answers. */
const RESERVED = 5;

function any(call: Call, index: number): TValue {
  const slot = call.slot(index);
  if (slot === ABSENT) call.failArgument(index, 'value expected');
  return slot;
}

function table(call: Call, index: number): Table {
  const slot = call.slot(index);
  if (slot.type !== TABLE) call.expected(index, 'table');
  return slot.value;
}

export function metatableOf(call: Call, slot: TValue): Table | null {
  if (slot.type === TABLE || slot.type === USERDATA) return slot.value.metatable;
  return call.L.l_G.mt[slot.type & 0x0f] ?? null;
}

function metafield(call: Call, slot: TValue, name: string): TValue {
  return metatableOf(call, slot)?.getString(name) ?? ABSENT;
}

const nextPair: HostFunction = (given) => {
  const call = given as Call;
  const traversed = table(call, 1);
  call.count = 2;
  call.pushCopy(2);
  call.pushNil();
  const L = call.L;
  if (next(L, traversed, L.top - 2)) return 2;
  call.pop(2);
  call.pushNil();
  return 1;
};
const nextNative = nativeOf(nextPair, 'next');
machine.next = nextNative;

const nextIndex: HostFunction = (given) => {
  const call = given as Call;
  const index = call.int(2) + 1;
  const slot = call.slot(1);
  call.pushInteger(index);
  if (slot.type === TABLE) {
    const found = (slot.value as Table).getInteger(index);
    if (found.type !== NIL) {
      call.pushCopyOf(found);
      return 2;
    }
    if ((slot.value as Table).metatable === null) {
      call.pushNil();
      return 1;
    }
  }
  call.pushInteger(index);
  call.index(1);
  return call.slot(-1).type === NIL ? 1 : 2;
};
const nextIndexNative = nativeOf(nextIndex, 'ipairs_aux');
machine.nextIndex = nextIndexNative;

/** An integer in another base: letters and digits, a sign, blanks around. */
function inBase(source: string, base: number): number | bigint | undefined {
  const match = /^(-?)([0-9a-zA-Z]+)$/.exec(trimSpace(source));
  if (match === null) return undefined;
  let value = 0n;
  for (const char of match[2]!) {
    const digit = Number.parseInt(char, 36);
    if (digit >= base) return undefined;
    value = BigInt.asIntN(64, value * BigInt(base) + BigInt(digit));
  }
  return fromBig(match[1] === '-' ? -value : value);
}

/** Shared by `pcall` and `xpcall`: what is on the stack after the call, without the `extra` values below. */
const finishCall: Continuation = (L, status, extra) => {
  const call = viewOf(L);
  if (status !== OK && status !== YIELDED) {
    const { type, value } = call.slot(-1);
    call.pop();
    call.pushBoolean(false);
    call.pushSlot(type, value);
    return 2;
  }
  return call.count - extra;
};

const pcall: HostFunction = (given) => {
  const call = given as Call;
  any(call, 1);
  call.pushBoolean(true);
  call.rotate(call.count);
  const status = fengari.lapi.lua_pcallk(call.L, call.count - 2, MULTIPLE, 0, 0, finishCall);
  return finishCall(call.L, status, 0);
};

const xpcall: HostFunction = (given) => {
  const call = given as Call;
  const count = call.count;
  if (call.kind(2) !== 'function') call.expected(2, 'function');
  call.pushBoolean(true);
  call.pushCopy(1);
  // f, handler, true, f, arguments
  call.rotate(count);
  call.rotate(count);
  const status = fengari.lapi.lua_pcallk(call.L, count - 2, MULTIPLE, 2, 2, finishCall);
  return finishCall(call.L, status, 2);
};

/** A function with all those within it. */
function protoCost(proto: Proto): number {
  let cost = PROTO_COST + proto.code.length * INSTRUCTION_COST;
  for (const inner of proto.p) cost += protoCost(inner);
  return cost;
}

/** After `lua_load`: the function with its environment, or nil and the message. */
function loaded(call: Call, status: number, environment: number): number {
  if (status !== OK) {
    call.pushNil();
    call.rotate(2);
    return 2;
  }
  const proto: Proto = call.slot(-1).value.p;
  account(protoCost(proto));
  if (environment !== 0) {
    const closure = call.slot(-1).value;
    if (closure.nupvalues > 0) closure.upvals[0].setfrom(call.slot(environment));
  }
  return 1;
}

function loadBytes(call: Call, bytes: Uint8Array, name: string, mode: string): number {
  let rest: Uint8Array | null = bytes;
  const reader = (): Uint8Array | null => {
    const part = rest;
    rest = null;
    return part;
  };
  return fengari.lapi.lua_load(call.L, reader, null, Buffer.from(name, 'latin1'), Buffer.from(mode));
}

const load: HostFunction = (given) => {
  const call = given as Call;
  const mode = call.optionalString(3, 'bt');
  const environment = call.kind(4) === 'none' ? 0 : 4;
  const slot = call.slot(1);
  if (slot.type === STRING || slot.ttisnumber()) {
    const text = call.string(1);
    return loaded(call, loadBytes(call, Buffer.from(text, 'latin1'), call.optionalString(2, text), mode), environment);
  }
  const name = call.optionalString(2, '=(load)');
  if (call.kind(1) !== 'function') call.expected(1, 'function');
  call.count = RESERVED;
  const L = call.L;
  let size = 0;
  const reader = (): Uint8Array | null => {
    tick(L, 16);
    const top = L.top;
    call.pushCopy(1);
    fengari.ldo.luaD_callnoyield(L, top, 1);
    const answer = call.slot(-1);
    if (answer.type === NIL) {
      call.pop();
      return null;
    }
    if (answer.type !== STRING && !answer.ttisnumber()) call.fail('reader function must return a string');
    const part = Buffer.from(call.string(-1), 'latin1');
    call.pop();
    size += part.length;
    checkLength(L, size);
    return part.length === 0 ? null : part;
  };
  const status = fengari.lapi.lua_load(L, reader, null, Buffer.from(name, 'latin1'), Buffer.from(mode));
  return loaded(call, status, environment);
};

function loadFile(call: Call, mode: string): number {
  const name = call.optionalString(1, undefined);
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(name === undefined ? 0 : Buffer.from(name, 'latin1'));
  } catch (error) {
    call.pushString(`cannot open ${systemText(error, name)}`);
    return 7;
  }
  return loadBytes(call, skipFirstLine(bytes), name === undefined ? '=stdin' : `@${name}`, mode);
}

const GARBAGE_OPTIONS = [
  'stop',
  'restart',
  'collect',
  'count',
  'step',
  'setpause',
  'setstepmul',
  'isrunning',
  'generational',
  'incremental',
];

export function baseFunctions(print: (text: string) => void): Readonly<Record<string, HostFunction>> {
  return {
    assert(given) {
      const call = given as Call;
      if (call.boolean(1)) return call.count;
      any(call, 1);
      const message = call.slot(2);
      if (message === ABSENT) call.fail('assertion failed!');
      if (message.type === STRING) call.fail((message.value as TString).js);
      call.pushCopyOf(message);
      return call.raise();
    },
    collectgarbage(given) {
      const call = given as Call;
      const option = call.optionalString(1, 'collect');
      const argument = call.optionalInt(2, 0);
      switch (GARBAGE_OPTIONS.includes(option) ? option : '') {
        case 'count':
          call.pushFloat(call.state.memory / 1024);
          return 1;
        case 'step':
          collect(call.state);
          call.pushBoolean(true);
          return 1;
        case 'isrunning':
          call.pushBoolean(call.state.collects);
          return 1;
        case 'setpause':
        case 'setstepmul': {
          const before = call.state.tuning[option as 'setpause'];
          call.state.tuning[option as 'setpause'] = argument;
          call.pushInteger(before);
          return 1;
        }
        case 'collect':
          collect(call.state);
          break;
        case 'stop':
        case 'restart':
          call.state.collects = option === 'restart';
          break;
        default:
          call.failArgument(1, `invalid option '${option}'`);
      }
      call.pushInteger(0);
      return 1;
    },
    dofile(given) {
      const call = given as Call;
      call.count = Math.min(call.count, 1);
      const status = loadFile(call, 'bt');
      if (status !== OK) call.raise();
      const below = call.count - 1;
      const after: Continuation = (L) => viewOf(L).count - below;
      fengari.lapi.lua_callk(call.L, 0, MULTIPLE, 0, after);
      return call.count - below;
    },
    error(given) {
      const call = given as Call;
      const level = call.optionalInt(2, 1);
      call.count = 1;
      const slot = call.slot(1);
      if (slot.type === STRING && level > 0) call.pushString(placeOf(call.L, level) + (slot.value as TString).js);
      return call.raise();
    },
    getmetatable(given) {
      const call = given as Call;
      const metatable = metatableOf(call, any(call, 1));
      const shown = metatable?.getString('__metatable');
      if (metatable === null) call.pushNil();
      else if (shown !== undefined && shown.type !== NIL) call.pushCopyOf(shown);
      else call.pushSlot(TABLE, metatable);
      return 1;
    },
    ipairs(given) {
      const call = given as Call;
      const slot = any(call, 1);
      call.pushSlot(LIGHT_FUNCTION, nextIndexNative);
      call.pushCopyOf(slot);
      call.pushInteger(0);
      return 3;
    },
    load,
    loadfile(given) {
      const call = given as Call;
      const mode = call.optionalString(2, 'bt');
      return loaded(call, loadFile(call, mode), call.kind(3) === 'none' ? 0 : 3);
    },
    next: nextPair,
    pairs(given) {
      const call = given as Call;
      const slot = any(call, 1);
      const method = metafield(call, slot, '__pairs');
      if (method.type === NIL) {
        call.pushSlot(LIGHT_FUNCTION, nextNative);
        call.pushCopyOf(slot);
        call.pushNil();
        return 3;
      }
      const top = call.L.top;
      call.pushCopyOf(method);
      call.pushCopyOf(slot);
      fengari.ldo.luaD_callnoyield(call.L, top, 3);
      return 3;
    },
    pcall,
    print(given) {
      const call = given as Call;
      let text = '';
      for (let index = 1, count = call.count; index <= count; index++)
        text += (index > 1 ? '\t' : '') + call.text(index);
      print(`${text}\n`);
      return 0;
    },
    rawequal(given) {
      const call = given as Call;
      call.pushBoolean(equal(null, any(call, 1), any(call, 2)) === 1);
      return 1;
    },
    rawget(given) {
      const call = given as Call;
      const from = table(call, 1);
      call.pushCopyOf(from.get(any(call, 2)));
      return 1;
    },
    rawlen(given) {
      const call = given as Call;
      const slot = call.slot(1);
      if (slot.type !== TABLE && slot.type !== STRING) call.failArgument(1, 'table or string expected');
      call.pushInteger(call.length(1));
      return 1;
    },
    rawset(given) {
      const call = given as Call;
      table(call, 1);
      any(call, 2);
      any(call, 3);
      call.count = 3;
      call.setPair(1);
      return 1;
    },
    select(given) {
      const call = given as Call;
      const count = call.count;
      const slot = call.slot(1);
      if (slot.type === STRING && (slot.value as TString).js.startsWith('#')) {
        call.pushInteger(count - 1);
        return 1;
      }
      let from = call.int(1);
      if (from < 0) from += count;
      else if (from > count) from = count;
      if (from < 1) call.failArgument(1, 'index out of range');
      return count - from;
    },
    setmetatable(given) {
      const call = given as Call;
      const second = call.slot(2);
      const to = table(call, 1);
      if (call.kind(2) === 'none' || (second.type !== NIL && second.type !== TABLE))
        call.failArgument(2, 'nil or table expected');
      const protection = to.metatable?.getString('__metatable');
      if (protection !== undefined && protection.type !== NIL) call.fail('cannot change a protected metatable');
      to.metatable = second.type === NIL ? null : second.value;
      call.count = 1;
      return 1;
    },
    tonumber(given) {
      const call = given as Call;
      const slot = call.slot(1);
      if (call.slot(2).type === NIL) {
        any(call, 1);
        const numeral = slot.type === STRING ? parseNumeral((slot.value as TString).js) : undefined;
        if (slot.type === INTEGER || slot.type === FLOAT) call.pushCopyOf(slot);
        else if (numeral === undefined) call.pushNil();
        else call.pushSlot(numeral.integer ? INTEGER : FLOAT, numeral.value);
        return 1;
      }
      const base = call.int(2);
      if (slot.type !== STRING) call.expected(1, 'string');
      if (base < 2 || base > 36) call.failArgument(2, 'base out of range');
      const value = inBase((slot.value as TString).js, base);
      if (value === undefined) call.pushNil();
      else call.pushInteger(value);
      return 1;
    },
    tostring(given) {
      const call = given as Call;
      any(call, 1);
      const slot = call.slot(1);
      if (slot.type === STRING) call.pushCopyOf(slot);
      else call.pushString(call.text(1));
      return 1;
    },
    type(given) {
      const call = given as Call;
      any(call, 1);
      call.pushString(call.kind(1));
      return 1;
    },
    xpcall,
  };
}
