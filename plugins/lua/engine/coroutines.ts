/**
 * The coroutine library. Ours, because a host function may wait (or the instructions run out) in a coroutine that the script made: then
 * the one who resumed it is suspended too, up to the thread that the host runs, and they go on together. The script sees nothing of it.
 */
import { viewOf } from './call.ts';
import type { Call } from './call.ts';
import type { HostFunction } from './engine.ts';
import { fengari } from './fengari.ts';
import { OK, placeOf, YIELDED } from './protect.ts';
import { suspend, SUSPENDED } from './suspend.ts';
import { HOST_CLOSURE, HostClosure, STRING, THREAD } from './values.ts';
import type { NativeFunction, Thread, TString } from './values.ts';

const CONTINUE_RESUME = 1;
const CONTINUE_WRAP = 2;
/** Answered in place of a number of results: the one who resumes is suspended itself. */
const PARKED = -2;

function threadAt(call: Call, index: number): Thread {
  const slot = call.slot(index);
  if (slot.type !== THREAD) call.failArgument(index, 'thread expected');
  return slot.value;
}

function create(call: Call): Thread {
  if (call.kind(1) !== 'function')
    call.failArgument(1, `function expected, got ${call.count < 1 ? 'no value' : call.typeName(1)}`);
  const made = fengari.lstate.lua_newthread(call.L);
  const func = call.slot(1);
  const slot = made.stack[made.top++]!;
  slot.type = func.type;
  slot.value = func.value;
  return made;
}

/** Resumes with the top `args` values; answers how many results it pushed, or -1 with an error on top. */
function resume(L: Thread, made: Thread, args: number, next: number): number {
  const call = viewOf(L);
  if (made.parked) return failure(call, args, 'cannot resume non-suspended coroutine');
  if (made.status === OK && made.ci === made.base_ci && made.top === 1)
    return failure(call, args, 'cannot resume dead coroutine');
  if (!fengari.lapi.lua_checkstack(made, args)) return failure(call, args, 'too many arguments to resume');
  for (let at = args; at > 0; at--) made.stack[made.top++]!.setfrom(L.stack[L.top - at]!);
  L.top -= args;
  return go(L, made, args, next);
}

function failure(call: Call, args: number, text: string): number {
  call.pop(args);
  call.pushString(text);
  return -1;
}

function go(L: Thread, made: Thread, args: number, next: number): number {
  const thread = viewOf(L).thread;
  made.resumer = L;
  const status = fengari.ldo.lua_resume(made, L, args);
  if (status === YIELDED && thread !== undefined && (thread.waits || thread.forced)) {
    // Not the script's yield: suspend this one too. That it can be was made sure of before.
    made.parked = true;
    suspend(L, 0, next, next === CONTINUE_WRAP ? continueWrap : continueResume);
    return PARKED;
  }
  made.resumer = undefined;
  const call = viewOf(L);
  if (status !== OK && status !== YIELDED) {
    const error = made.stack[--made.top]!;
    call.pushCopyOf(error);
    return -1;
  }
  const count = made.top - made.ci.funcOff - 1;
  if (!fengari.lapi.lua_checkstack(L, count + 1)) {
    made.top -= count;
    call.pushString('too many results to resume');
    return -1;
  }
  for (let at = count; at > 0; at--) call.pushCopyOf(made.stack[made.top - at]!);
  made.top -= count;
  return count;
}

function resumed(call: Call, count: number): number {
  if (count === PARKED) return SUSPENDED;
  if (count < 0) {
    const error = call.slot(-1);
    const { type, value } = error;
    call.pop();
    call.pushBoolean(false);
    call.pushSlot(type, value);
    return 2;
  }
  call.pushBoolean(true);
  call.rotate(count + 1);
  return count + 1;
}

function wrapped(call: Call, count: number): number {
  if (count >= 0) return count;
  if (count === PARKED) return SUSPENDED;
  const error = call.slot(-1);
  if (error.type === STRING) {
    const text = placeOf(call.L, 1) + (error.value as TString).js;
    call.pop();
    call.pushString(text);
  }
  return call.raise();
}

function continueResume(L: Thread): number {
  const call = viewOf(L);
  const made = threadAt(call, 1);
  made.parked = false;
  return resumed(call, go(L, made, 0, CONTINUE_RESUME));
}

function continueWrap(L: Thread): number {
  const made: Thread = L.ci.func.value.upvalue[0].value;
  made.parked = false;
  return wrapped(viewOf(L), go(L, made, 0, CONTINUE_WRAP));
}

const callWrapped: NativeFunction = (L) => {
  const made: Thread = L.ci.func.value.upvalue[0].value;
  const call = viewOf(L);
  return wrapped(call, resume(L, made, call.count, CONTINUE_WRAP));
};

function statusOf(call: Call, made: Thread): string {
  if (made === call.L) return 'running';
  if (made.parked) return 'normal';
  if (made.status === YIELDED) return 'suspended';
  if (made.status !== OK) return 'dead';
  if (made.ci !== made.base_ci) return 'normal';
  return made.top === 1 ? 'dead' : 'suspended';
}

export const coroutineFunctions: Readonly<Record<string, HostFunction>> = {
  create(given) {
    const call = given as Call;
    call.pushSlot(THREAD, create(call));
    return 1;
  },
  wrap(given) {
    const call = given as Call;
    const made = create(call);
    const closure = new HostClosure(call.L, callWrapped, 1);
    closure.upvalue[0]!.type = THREAD;
    closure.upvalue[0]!.value = made;
    call.pushSlot(HOST_CLOSURE, closure);
    return 1;
  },
  resume(given) {
    const call = given as Call;
    const made = threadAt(call, 1);
    return resumed(call, resume(call.L, made, call.count - 1, CONTINUE_RESUME));
  },
  yield(given) {
    const call = given as Call;
    return suspend(call.L, call.count, 0, null);
  },
  status(given) {
    const call = given as Call;
    call.pushString(statusOf(call, threadAt(call, 1)));
    return 1;
  },
  isyieldable(given) {
    const call = given as Call;
    call.pushBoolean(call.L.nny === 0);
    return 1;
  },
  running(given) {
    const call = given as Call;
    call.pushSlot(THREAD, call.L);
    call.pushBoolean(call.L === call.L.l_G.mainthread || call.L.barrier === 1);
    return 2;
  },
};
