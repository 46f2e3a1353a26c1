/**
 * Suspending and going on, in place of fengari's: a host function that yields answers {@link SUSPENDED}, and the machine returns. Only
 * where JavaScript stands between (a metamethod, a pcall) an exception unwinds it; one costs more than all the rest of a switch.
 */
import { fengari } from './fengari.ts';
import type { Continuation } from './fengari.ts';
import { ERROR_HANDLER, OK, YIELDED } from './protect.ts';
import { CALL_LUA, postcall, precall, PREPARED, STOPPED } from './stack.ts';
import type { Thread } from './values.ts';
import { execute, finishOperation } from './vm.ts';

export const SUSPENDED = -1;
const PROTECTED_CALL = 1 << 4;
const MOST_CALLS = 200;

/** `lua_yieldk`: the top `results` values are what the one who resumed gets; `next` goes on afterwards. To be returned by the host function. */
export function suspend(L: Thread, results: number, context: number, next: Continuation | null): number {
  const ci = L.ci;
  if (L.nny > 0) {
    const inside = L !== L.l_G.mainthread && L.barrier === 0;
    fengari.runtimeError(
      L,
      inside ? 'attempt to yield across a C-call boundary' : 'attempt to yield from outside a coroutine',
    );
  }
  L.status = YIELDED;
  ci.extra = ci.funcOff;
  ci.c_k = next;
  ci.c_ctx = context;
  // Protects what is below the results.
  ci.funcOff = L.top - results - 1;
  ci.func = L.stack[ci.funcOff]!;
  return SUSPENDED;
}

/** `luaD_call`: from within JavaScript, so it is unwound if what it calls is suspended. */
export function callFunction(L: Thread, at: number, results: number): void {
  if (++L.nCcalls >= MOST_CALLS) {
    if (L.nCcalls === MOST_CALLS) fengari.runtimeError(L, 'C stack overflow');
    else if (L.nCcalls >= MOST_CALLS + (MOST_CALLS >> 3)) fengari.ldo.luaD_throw(L, ERROR_HANDLER);
  }
  const outcome = precall(L, at, results);
  if (outcome === STOPPED || (outcome === PREPARED && execute(L))) fengari.ldo.luaD_throw(L, YIELDED);
  L.nCcalls--;
}

/** Goes on with a host function whose callee has returned, or failed; true if it is suspended again. */
function finishHostCall(L: Thread, status: number): boolean {
  const ci = L.ci;
  if ((ci.callstatus & PROTECTED_CALL) !== 0) {
    ci.callstatus &= ~PROTECTED_CALL;
    L.errfunc = ci.c_old_errfunc;
  }
  if (ci.nresults === -1 && ci.top < L.top) ci.top = L.top;
  const count = ci.c_k!(L, status, ci.c_ctx);
  if (count < 0) return true;
  postcall(L, ci, L.top - count, count);
  return false;
}

/** Goes on with all frames there are, until the thread ends or is suspended. */
export function unroll(L: Thread, status: unknown): void {
  if (status !== null && finishHostCall(L, status as number)) return;
  while (L.ci !== L.base_ci) {
    if ((L.ci.callstatus & CALL_LUA) === 0) {
      if (finishHostCall(L, YIELDED)) return;
    } else {
      finishOperation(L);
      if (execute(L)) return;
    }
  }
}

/** The protected part of `lua_resume`; suspended if {@link Thread.status} says so afterwards. */
export function resumeBody(L: Thread, args: unknown): void {
  let count = args as number;
  if (L.status === OK) {
    if (precall(L, L.top - count - 1, -1) === PREPARED) execute(L);
    return;
  }
  const ci = L.ci;
  L.status = OK;
  ci.funcOff = ci.extra;
  ci.func = L.stack[ci.funcOff]!;
  if ((ci.callstatus & CALL_LUA) !== 0) {
    if (execute(L)) return;
  } else {
    if (ci.c_k !== null) {
      count = ci.c_k(L, YIELDED, ci.c_ctx);
      if (count < 0) return;
    }
    postcall(L, ci, L.top - count, count);
  }
  unroll(L, null);
}
