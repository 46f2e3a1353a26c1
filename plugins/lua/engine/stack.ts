/**
 * Calls and returns, in place of fengari's: it makes new slots and a new CallInfo for each call, ours are used again.
 *
 * Every place of a stack has a slot, above the top too. A slot that a closure has as its variable is in {@link Thread.open} until the
 * variable's block ends; then the stack gets a new one. So a slot above the top belongs to nobody but the stack.
 */
import { fengari } from './fengari.ts';
import { account, CLOSURE_COST, THREAD_COST } from './memory.ts';
import {
  CallInfo,
  HOST_CLOSURE,
  LIGHT_FUNCTION,
  LUA_FUNCTION,
  LuaClosure,
  NIL,
  TABLE,
  TValue,
  USERDATA,
} from './values.ts';
import type { NativeFunction, Proto, Thread } from './values.ts';
import type { Table } from './tables.ts';

export const CALL_LUA = 2;
const MIN_STACK = 20;
const BASIC_STACK = 40;
const EXTRA_STACK = 5;
const LARGE_STACK = 4000;
const MASK_CALL = 1;
const MASK_RETURN = 2;
const MASK_LINE = 4;

export function reallocStack(L: Thread, size: number): void {
  const stack = L.stack;
  const before = stack.length;
  if (size < before) stack.length = size;
  else {
    for (let at = before; at < size; at++) stack.push(new TValue(NIL, null));
    account((size - before) * 40);
  }
  L.stack_last = size - EXTRA_STACK;
}

/** After an error: gives back what an overflow took. Smaller stacks stay; walking all frames for them would cost more than it frees. */
export function shrinkStack(L: Thread): void {
  if (L.stack.length <= LARGE_STACK || L.top > L.stack.length / 4) return;
  let used = L.top;
  for (let ci: CallInfo | null = L.ci; ci !== null; ci = ci.previous) if (ci.top > used) used = ci.top;
  const size = used + (used >> 3) + 2 * EXTRA_STACK;
  if (size < L.stack.length / 2) {
    L.ci.next = null;
    reallocStack(L, size);
  }
}

/** A new thread's stack; `lua_newthread`'s second half. */
export function initStack(L: Thread): void {
  L.stack = Array.from({ length: BASIC_STACK }, () => new TValue(NIL, null));
  L.stack_last = BASIC_STACK - EXTRA_STACK;
  const ci = L.base_ci;
  ci.next = null;
  ci.previous = null;
  ci.callstatus = 0;
  ci.funcOff = 0;
  ci.func = L.stack[0]!;
  L.top = 1;
  ci.top = L.top + MIN_STACK;
  L.ci = ci;
  account(THREAD_COST);
}

export function extendCallInfo(L: Thread): CallInfo {
  const current = L.ci;
  let ci = current.next;
  if (ci === null) {
    ci = new CallInfo();
    current.next = ci;
    ci.previous = current;
    account(150);
  }
  L.ci = ci;
  return ci;
}

export function adjustTop(L: Thread, top: number): void {
  const stack = L.stack;
  for (let at = L.top; at < top; at++) {
    const slot = stack[at]!;
    slot.type = NIL;
    slot.value = null;
  }
  L.top = top;
}

export function pushObject(L: Thread, value: TValue): void {
  const slot = L.stack[L.top++]!;
  slot.type = value.type;
  slot.value = value.value;
}

/** The arguments of a vararg function stay where they are; its fixed parameters move above them. */
function moveParameters(L: Thread, proto: Proto, actual: number): number {
  const stack = L.stack;
  const first = L.top - actual;
  const base = L.top;
  for (let at = 0; at < proto.numparams; at++) {
    const slot = stack[base + at]!;
    if (at < actual) {
      const argument = stack[first + at]!;
      slot.type = argument.type;
      slot.value = argument.value;
      argument.type = NIL;
      argument.value = null;
    } else {
      slot.type = NIL;
      slot.value = null;
    }
  }
  L.top = base + proto.numparams;
  return base;
}

/** Puts the `__call` metamethod below the arguments. */
function insertCallMethod(L: Thread, at: number): void {
  const func = L.stack[at]!;
  const type = func.type & 0x0f;
  const metatable: Table | null | undefined =
    func.type === TABLE || func.type === USERDATA ? func.value.metatable : L.l_G.mt[type];
  const method = metatable?.getString('__call');
  if (method === undefined || !method.ttisfunction()) return fengari.ldebug.luaG_typeerror(L, func, CALL);
  const stack = L.stack;
  for (let place = L.top; place > at; place--) stack[place]!.setfrom(stack[place - 1]!);
  L.top++;
  stack[at]!.setfrom(method);
}
const CALL = Buffer.from('call');

/** What {@link precall} did: a Lua function's frame is there to be run; a host function has returned; or is suspended. */
export const PREPARED = 0;
export const RETURNED = 1;
export const STOPPED = 2;

export function precall(L: Thread, at: number, results: number): number {
  const func = L.stack[at]!;
  if (func.type === LUA_FUNCTION) {
    const proto: Proto = func.value.p;
    const size = proto.maxstacksize;
    if (L.stack_last - L.top <= size) fengari.ldo.luaD_growstack(L, size);
    let count = L.top - at - 1;
    let base: number;
    if (proto.is_vararg) base = moveParameters(L, proto, count);
    else {
      base = at + 1;
      for (; count < proto.numparams; count++) {
        const slot = L.stack[L.top++]!;
        slot.type = NIL;
        slot.value = null;
      }
    }
    const ci = extendCallInfo(L);
    ci.funcOff = at;
    ci.nresults = results;
    ci.func = func;
    ci.l_base = base;
    ci.top = base + size;
    L.top = ci.top;
    ci.l_code = proto.code;
    ci.l_savedpc = 0;
    ci.callstatus = CALL_LUA;
    if ((L.hookmask & MASK_CALL) !== 0) callHook(L, ci);
    return PREPARED;
  }
  if (func.type === LIGHT_FUNCTION || func.type === HOST_CLOSURE) {
    if (L.stack_last - L.top <= MIN_STACK) fengari.ldo.luaD_growstack(L, MIN_STACK);
    const ci = extendCallInfo(L);
    ci.funcOff = at;
    ci.nresults = results;
    ci.func = func;
    ci.top = L.top + MIN_STACK;
    ci.callstatus = 0;
    ci.c_k = null;
    if ((L.hookmask & MASK_CALL) !== 0) fengari.ldo.luaD_hook(L, 0, -1);
    const run: NativeFunction = func.type === LIGHT_FUNCTION ? func.value : func.value.f;
    const count = run(L);
    if (L.status !== 0) return STOPPED;
    postcall(L, ci, L.top - count, count);
    return RETURNED;
  }
  if (L.stack_last - L.top <= 1) fengari.ldo.luaD_growstack(L, 1);
  insertCallMethod(L, at);
  return precall(L, at, results);
}

function callHook(L: Thread, ci: CallInfo): void {
  ci.l_savedpc++;
  fengari.ldo.luaD_hook(L, 0, -1);
  ci.l_savedpc--;
}

/** Ends a call: moves its results to where its function was; false if the caller takes any number of them. */
export function postcall(L: Thread, ci: CallInfo, first: number, count: number): boolean {
  if ((L.hookmask & (MASK_RETURN | MASK_LINE)) !== 0) {
    if ((L.hookmask & MASK_RETURN) !== 0) {
      const offset = L.top - first;
      fengari.ldo.luaD_hook(L, 1, -1);
      first = L.top - offset;
    }
    L.oldpc = ci.previous!.l_savedpc;
  }
  const wanted = ci.nresults;
  const to = ci.funcOff;
  const stack = L.stack;
  L.ci = ci.previous!;
  if (wanted === 1) {
    const slot = stack[to]!;
    if (count === 0) {
      slot.type = NIL;
      slot.value = null;
    } else {
      const result = stack[first]!;
      slot.type = result.type;
      slot.value = result.value;
    }
    L.top = to + 1;
    return true;
  }
  if (wanted === 0) {
    L.top = to;
    return true;
  }
  const moved = wanted < 0 || count < wanted ? count : wanted;
  for (let at = 0; at < moved; at++) {
    const slot = stack[to + at]!;
    const result = stack[first + at]!;
    slot.type = result.type;
    slot.value = result.value;
  }
  if (wanted < 0) {
    L.top = to + count;
    return false;
  }
  for (let at = moved; at < wanted; at++) {
    const slot = stack[to + at]!;
    slot.type = NIL;
    slot.value = null;
  }
  L.top = to + wanted;
  return true;
}

/** The slot becomes a closure's variable. */
export function findUpvalue(L: Thread, at: number): TValue {
  const open = L.open;
  let place = open.length;
  while (place > 0 && open[place - 1]! > at) place--;
  if (place === 0 || open[place - 1] !== at) open.splice(place, 0, at);
  return L.stack[at]!;
}

/** The variables from this place on end as the stack's: closures keep the slots, the stack gets others. */
export function closeUpvalues(L: Thread, level: number): void {
  const open = L.open;
  while (open.length > 0 && open[open.length - 1]! >= level) {
    const at = open.pop()!;
    const slot = L.stack[at]!;
    L.stack[at] = new TValue(slot.type, slot.value);
  }
}

export function pushClosure(L: Thread, proto: Proto, outer: TValue[], base: number, to: TValue): void {
  const upvalues = proto.upvalues;
  const count = upvalues.length;
  account(CLOSURE_COST + 8 * count);
  const closure = new LuaClosure(L, count);
  closure.p = proto;
  for (let at = 0; at < count; at++) {
    const upvalue = upvalues[at]!;
    closure.upvals[at] = upvalue.instack ? findUpvalue(L, base + upvalue.idx) : outer[upvalue.idx]!;
  }
  to.type = LUA_FUNCTION;
  to.value = closure;
  proto.cache = closure;
}
