/** Loads fengari when the first state is made: a configuration without Lua pays nothing for it. */
import { fengari } from './fengari.ts';
import type { Fengari } from './fengari.ts';
import { borrowed } from './libraries.ts';
import { plan } from './plan.ts';
import { placeOf } from './protect.ts';
import { loadModules } from './source.ts';
import { STRING, TString, TValue } from './values.ts';
import type { Thread } from './values.ts';

let started = false;

function runtimeError(L: Thread, message: string): never {
  L.stack[L.top++] = new TValue(STRING, new TString(placeOf(L, 0) + message));
  return fengari.ldebug.luaG_errormsg(L);
}

export function start(): void {
  if (started) return;
  const load = loadModules(plan);
  load('lua.js');
  const internals: Record<string, unknown> = { runtimeError };
  for (const name of ['defs', 'ldebug', 'ldo', 'lapi', 'lauxlib', 'lfunc', 'lobject', 'lstate', 'ltm'])
    internals[name] = load(`${name}.js`);
  Object.assign(fengari as Partial<Fengari>, internals);
  borrowed.debug = load('ldblib.js')['luaopen_debug'] as (L: Thread) => number;
  started = true;
}
