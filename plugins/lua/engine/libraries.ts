/** Which libraries a state has. */
import { fengari } from './fengari.ts';
import { nativeOf, viewOf } from './call.ts';
import type { State } from './state.ts';
import { intern } from './strings.ts';
import { Table } from './tables.ts';
import { LIGHT_FUNCTION, TABLE, TValue } from './values.ts';
import type { Thread } from './values.ts';
import type { HostFunction, Library } from './engine.ts';

/** A library as a table of functions. */
export function openTable(functions: Readonly<Record<string, HostFunction>>): (L: Thread) => number {
  return (L) => {
    const call = viewOf(L);
    call.newTable();
    for (const [name, run] of Object.entries(functions)) {
      call.pushFunction(run, name);
      call.setField(-2, name);
    }
    return 1;
  };
}

/** Fengari's own openers, until ours take their place. */
export const openers: Record<string, (L: Thread) => number> = {};

const ALL: readonly Library[] = ['table', 'io', 'os', 'string', 'math', 'utf8', 'package', 'debug'];

export function openLibraries(state: State): void {
  const { L, options } = state;
  for (const name of ['_G', 'coroutine', ...(options.libraries ?? ALL)]) {
    fengari.lauxlib.luaL_requiref(L, Buffer.from(name), openers[name]!, 1);
    L.top--;
  }
  const preload = preloadTable(L);
  for (const [name, run] of Object.entries(options.preload ?? {}))
    preload.setString(intern(name), new TValue(LIGHT_FUNCTION, nativeOf(run, name)));
}

function preloadTable(L: Thread): Table {
  const registry = L.l_G.l_registry.value as Table;
  let preload = registry.getString('_PRELOAD');
  if (preload.type !== TABLE) {
    preload = new TValue(TABLE, new Table());
    registry.setString(intern('_PRELOAD'), preload);
  }
  return preload.value;
}
