/**
 * What holds scripts: instructions, CPU time and memory. The machine calls {@link interrupt} when its budget is used up, library functions
 * that work long on their own call {@link tick}.
 */
import { measure } from './alive.ts';
import type { Call } from './call.ts';
import { fengari } from './fengari.ts';
import { machine } from './machine.ts';
import { ERROR_RUN, YIELDED } from './protect.ts';
import type { State } from './state.ts';
import type { HostThread } from './thread.ts';
import { TString } from './values.ts';
import type { Thread } from './values.ts';

/** Milliseconds that an instruction is taken to need, for goes so short that nobody looked at the clock. */
const INSTRUCTION_TIME = 0.000_05;

export function stateOf(L: Thread): State {
  return (L.l_G.mainthread.view as Call).state;
}

/** Raises when a limit is passed; and again at every further look, so that a script's pcall cannot hide it. */
function checkTime(L: Thread, state: State, thread: HostThread): void {
  if (state.expired === undefined) {
    const total = thread.totalLimit;
    const burst = thread.burstLimit;
    if (total === 0 && burst === 0) return;
    const now = performance.now();
    if (thread.started === 0) {
      thread.started = now;
      thread.untimed += state.forcedYield;
    }
    const used = now - thread.started;
    if (total !== 0 && thread.spent + thread.untimed * INSTRUCTION_TIME + used > total)
      state.expired = 'execution timeout';
    else if (burst !== 0 && used > burst) state.expired = 'burst timeout';
    else return;
  }
  // The next jump or call looks again: nothing that catches this goes far.
  machine.budget = 0;
  L.stack[L.top++]!.setsvalue(new TString(state.expired));
  fengari.ldo.luaD_throw(L, ERROR_RUN);
}

function look(L: Thread): HostThread | undefined {
  const state = stateOf(L);
  const thread = state.running;
  if (thread !== undefined) {
    machine.budget = state.forcedYield;
    checkTime(L, state, thread);
  } else machine.budget = state.forcedYield;
  if (machine.allocated > machine.allowance) {
    state.current = L;
    try {
      measure(L, state);
    } finally {
      state.current = undefined;
    }
  }
  return thread;
}

/** For loops of library functions: after `cost` instructions' worth of work. */
export function tick(L: Thread, cost: number): void {
  if ((machine.budget -= cost) <= 0) look(L);
}

/** Whether the thread can be suspended with all that runs in it. */
export function canSuspend(L: Thread, thread: HostThread): boolean {
  if (!thread.yieldable) return false;
  for (let at: Thread | undefined = L; at !== undefined; at = at.resumer) {
    if (at.nny !== 0) return false;
    if (at === thread.L) return true;
  }
  return false;
}

/** Called before an instruction; may raise, or suspend the thread, which then does that instruction when it goes on. */
export function interrupt(L: Thread): void {
  const thread = look(L);
  if (thread === undefined || !canSuspend(L, thread)) return;
  const ci = L.ci;
  thread.forced = true;
  ci.l_savedpc--;
  ci.extra = ci.funcOff;
  L.status = YIELDED;
  fengari.ldo.luaD_throw(L, YIELDED);
}
