/** What of fengari is replaced: the modules, the functions and the few edits of its text. */
import { runProtected } from './protect.ts';
import type { Patch, SourcePlan } from './source.ts';
import { intern, latin1, lstring } from './strings.ts';
import { ltable } from './tables.ts';
import { CallInfo, HostClosure, LuaClosure, Thread, TValue, Userdata } from './values.ts';

/** A scanner's strings are constants and names: one object each. */
function scannerString(_scanner: unknown, bytes: Uint8Array): unknown {
  return intern(latin1(bytes));
}

const patches: Record<string, Patch> = {
  'lobject.js': { own: { TValue, LClosure: LuaClosure, CClosure: HostClosure, Udata: Userdata } },
  'lstate.js': { own: { CallInfo, lua_State: Thread } },
  'llex.js': { own: { luaX_newstring: scannerString } },
  'ldo.js': { own: { luaD_rawrunprotected: runProtected } },
};

export const plan: SourcePlan = {
  version: '0.1.5',
  digest: '',
  modules: { 'lstring.js': lstring, 'ltable.js': ltable },
  patches,
};
