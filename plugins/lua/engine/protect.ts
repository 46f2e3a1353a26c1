/** Where errors stop: in place of fengari's luaD_rawrunprotected, which makes nil of a JavaScript exception. */
import { LuaError } from './engine.ts';
import { fengari } from './fengari.ts';
import { machine } from './machine.ts';
import { STRING, TString, TValue } from './values.ts';
import type { Thread } from './values.ts';

/** Statuses of `lua_pcall` and `lua_resume`. */
export const OK = 0;
export const YIELDED = 1;
export const ERROR_RUN = 2;
export const ERROR_SYNTAX = 3;
export const ERROR_MEMORY = 4;
export const ERROR_HANDLER = 6;

/** The host's own reference to a value, which {@link LuaError.value} may be. */
export interface RefLike {
  readonly type: number;
  readonly payload: unknown;
}

/** A message is text of JavaScript; what comes to a script is bytes. */
export function toBytes(text: string): string {
  return /^[\0-\xff]*$/.test(text) ? text : Buffer.from(text).latin1Slice();
}

/** Where the Lua function stands that called the running host function: `my.lua:3: `, or nothing. */
export function placeOf(L: Thread, level: number): string {
  let ci = L.ci;
  for (; level > 0 && ci !== L.base_ci; level--) ci = ci.previous!;
  if (ci === L.base_ci || (ci.callstatus & 2) === 0) return '';
  const proto = ci.func.value.p;
  const line: number = proto.lineinfo.length === 0 ? -1 : proto.lineinfo[ci.l_savedpc - 1];
  if (line <= 0) return '';
  return `${chunkName(proto.source)}:${line}: `;
}

export function chunkName(source: TString | null): string {
  if (source === null) return '?';
  return Buffer.from(fengari.lobject.luaO_chunkid(source.getstr(), 59)).latin1Slice();
}

function push(L: Thread, type: number, value: unknown): void {
  L.stack[L.top++] = new TValue(type, value);
}

/** Makes a Lua error of what a host function (or the machine itself) threw, and leaves it on the stack. */
function translate(L: Thread, thrown: unknown): number {
  if (thrown instanceof LuaError) {
    const value = thrown.value as unknown as RefLike | undefined;
    if (value === undefined) push(L, STRING, new TString(thrown.text));
    else push(L, value.type, value.payload);
    return thrown.fault === 'memory' ? ERROR_MEMORY : ERROR_RUN;
  }
  if (thrown instanceof RangeError) {
    // V8's own limits: its stack, and the length of a string, array or map.
    if (!thrown.message.includes('call stack')) {
      push(L, STRING, new TString('not enough memory'));
      return ERROR_MEMORY;
    }
    push(L, STRING, new TString(`${placeOf(L, 0)}stack overflow`));
    return ERROR_RUN;
  }
  const text = thrown instanceof Error ? thrown.message : String(thrown);
  push(L, STRING, new TString(`${placeOf(L, 1)}${toBytes(text)}`));
  return ERROR_RUN;
}

/** What unwinding costs, as instructions: a script that lives on errors is to be looked at as often as one that computes. */
const ERROR_COST = 200;

function callHandler(L: Thread): void {
  const handler = L.stack[L.errfunc]!;
  const argument = L.stack[L.top - 1]!;
  L.stack[L.top - 1] = new TValue(handler.type, handler.value);
  L.stack[L.top++] = new TValue(argument.type, argument.value);
  fengari.ldo.luaD_callnoyield(L, L.top - 2, 1);
}

export function runProtected(L: Thread, run: (L: Thread, data: unknown) => void, data: unknown): number {
  const calls = L.nCcalls;
  const jump = { status: OK, previous: L.errorJmp };
  L.errorJmp = jump;
  try {
    run(L, data);
  } catch (thrown) {
    if (jump.status !== YIELDED) machine.budget -= ERROR_COST;
    if (jump.status === OK) {
      try {
        const status = translate(L, thrown);
        if (L.errfunc !== 0 && status !== ERROR_MEMORY) callHandler(L);
        jump.status = status;
      } catch {
        // The handler failed too, or there is no room left even for that.
        if (jump.status === OK) jump.status = ERROR_HANDLER;
      }
    }
  }
  L.errorJmp = jump.previous;
  L.nCcalls = calls;
  // A thread that was suspended without an exception says so itself.
  return jump.status === OK ? L.status : jump.status;
}
