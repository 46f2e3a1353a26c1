/** A coroutine that the host runs (engine.ts): begin, resume, and what it costs. */
import { Call, errorOf } from './call.ts';
import type { LuaError } from './engine.ts';
import type { LuaRef, LuaThread, Outcome } from './engine.ts';
import { fengari } from './fengari.ts';
import { machine } from './machine.ts';
import { OK, YIELDED } from './protect.ts';
import { adjustTop, closeUpvalues, reallocStack } from './stack.ts';
import type { State } from './state.ts';
import { traceOf } from './trace.ts';
import type { Thread } from './values.ts';

/** A stack that grew beyond this is cut when the thread is used again. */
const LARGE_STACK = 200;

export class HostThread implements LuaThread {
  readonly L: Thread;
  readonly stack: Call;
  yieldable = true;
  totalLimit = 0;
  burstLimit = 0;
  owner: object | undefined = undefined;
  error: LuaError | undefined = undefined;
  /** A host function waits; it forgot its instructions. Both tell apart why the coroutine yielded. */
  waits = false;
  forced = false;
  /** CPU time of earlier goes, ms; when this one was first looked at; instructions that nobody timed. */
  spent = 0;
  started = 0;
  untimed = 0;
  /** The thread within which this one runs. */
  outer: HostThread | undefined = undefined;
  /** Among the state's roots, while nobody runs it. */
  suspended = false;

  constructor(L: Thread, state: State) {
    this.L = L;
    this.stack = new Call(L, state);
    this.stack.owner = this;
    L.view = this.stack;
  }

  begin(run: LuaRef): void {
    const L = this.L;
    if (L.status !== OK || L.ci !== L.base_ci) this.reset();
    this.error = undefined;
    this.spent = 0;
    this.untimed = 0;
    this.forced = false;
    L.top = 1;
    this.stack.pushRef(run);
  }

  resume(): Outcome {
    const L = this.L;
    const state = this.stack.state;
    const outer = state.running;
    this.outer = outer;
    if (this.suspended) {
      this.suspended = false;
      state.suspended.delete(L);
    }
    const budget = machine.budget;
    state.running = this;
    // A short go is not worth two looks at the clock; one that ran out of instructions is followed by timed ones.
    this.started = this.forced && (this.totalLimit !== 0 || this.burstLimit !== 0) ? performance.now() : 0;
    this.waits = false;
    this.forced = false;
    machine.budget = state.forcedYield;
    L.barrier = this.yieldable ? 0 : 1;
    const args = L.status === OK ? L.top - 2 : 0;
    const status = fengari.ldo.lua_resume(L, null, args);
    if (this.started === 0) this.untimed += state.forcedYield - machine.budget;
    else this.spent += performance.now() - this.started;
    machine.budget = budget;
    state.running = outer;
    this.outer = undefined;
    if (status === OK) {
      state.expired = undefined;
      return 'finished';
    }
    if (status === YIELDED) {
      this.suspended = true;
      state.suspended.add(L);
      if (this.forced) return 'forced';
      return this.waits ? 'waits' : 'yielded';
    }
    this.error = errorOf(this.stack, status, traceOf(L));
    state.expired = undefined;
    return 'failed';
  }

  reset(): void {
    const L = this.L;
    this.suspended = false;
    this.stack.state.suspended.delete(L);
    L.status = OK;
    L.resumer = undefined;
    L.ci = L.base_ci;
    L.ci.callstatus = 0;
    L.ci.funcOff = 0;
    L.ci.top = 21;
    L.nny = 0;
    L.nCcalls = 0;
    L.errfunc = 0;
    L.errorJmp = null;
    L.allowhook = 1;
    // Closures may still hold slots of this stack as their variables: they keep them.
    closeUpvalues(L, 0);
    if (L.stack.length > LARGE_STACK) reallocStack(L, LARGE_STACK);
    L.top = 1;
    adjustTop(L, L.stack.length);
    L.top = 1;
    this.stack.finish = undefined;
    this.waits = false;
    this.forced = false;
    this.error = undefined;
  }
}
