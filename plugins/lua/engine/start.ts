/** Loads fengari when the first state is made: a configuration without Lua pays nothing for it. */
import { coroutineFunctions } from './coroutines.ts';
import { fengari } from './fengari.ts';
import type { Fengari } from './fengari.ts';
import { openers, openTable } from './libraries.ts';
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
  const files = {
    _G: ['lbaselib.js', 'base'],
    table: ['ltablib.js', 'table'],
    io: ['liolib.js', 'io'],
    os: ['loslib.js', 'os'],
    string: ['lstrlib.js', 'string'],
    math: ['lmathlib.js', 'math'],
    utf8: ['lutf8lib.js', 'utf8'],
    package: ['loadlib.js', 'package'],
    debug: ['ldblib.js', 'debug'],
  } as const;
  for (const [name, [file, suffix]] of Object.entries(files))
    openers[name] = load(file)[`luaopen_${suffix}`] as (L: Thread) => number;
  openers['coroutine'] = openTable(coroutineFunctions);
  started = true;
}
