/** Which libraries a state has. */
import { nativeOf, viewOf } from './call.ts';
import { coroutineFunctions } from './coroutines.ts';
import type { HostFunction, Library } from './engine.ts';
import { fengari } from './fengari.ts';
import { baseFunctions } from './lib/base.ts';
import { bit32Functions } from './lib/bit32.ts';
import { openIo } from './lib/io.ts';
import { mathConstants, mathFunctions } from './lib/math.ts';
import { osFunctions } from './lib/os.ts';
import { openPackage } from './lib/package.ts';
import { stringFunctions } from './lib/string.ts';
import { tableFunctions } from './lib/table.ts';
import { CHARACTER_PATTERN, utf8Functions } from './lib/utf8.ts';
import type { State } from './state.ts';
import { intern } from './strings.ts';
import { Table } from './tables.ts';
import { INTEGER, FLOAT, LIGHT_FUNCTION, STRING, TABLE, TValue } from './values.ts';
import type { Thread } from './values.ts';

type Opener = (L: Thread) => number;

/** fengari's debug library, which is all that is left of its libraries (start.ts). */
export const borrowed: { debug: Opener | undefined } = { debug: undefined };

/** A library as a table of functions: a new one, or the given. */
export function openTable(functions: Readonly<Record<string, HostFunction>>, into: Table = new Table()): Opener {
  return (L) => {
    for (const [name, run] of Object.entries(functions))
      into.setString(intern(name), new TValue(LIGHT_FUNCTION, nativeOf(run, name)));
    viewOf(L).pushSlot(TABLE, into);
    return 1;
  };
}

const ALL: readonly Library[] = ['table', 'io', 'os', 'string', 'math', 'utf8', 'package', 'debug'];

function openers(state: State): Record<Library | '_G' | 'coroutine' | 'bit32', Opener> {
  const print = state.options.print ?? ((text: string) => process.stdout.write(Buffer.from(text, 'latin1')));
  return {
    _G: (L) => {
      openTable(baseFunctions(print), state.globals)(L);
      state.globals.setString(intern('_G'), new TValue(TABLE, state.globals));
      state.globals.setString(intern('_VERSION'), new TValue(STRING, intern('Lua 5.3')));
      return 1;
    },
    coroutine: openTable(coroutineFunctions),
    table: openTable(tableFunctions),
    io: openIo(state),
    os: openTable(osFunctions),
    string: (L) => {
      openTable(stringFunctions)(L);
      const metatable = new Table();
      metatable.setString(intern('__index'), L.stack[L.top - 1]!);
      L.l_G.mt[STRING & 0x0f] = metatable;
      return 1;
    },
    math: (L) => {
      const library = new Table();
      openTable(mathFunctions(), library)(L);
      for (const [name, value] of Object.entries(mathConstants))
        library.setString(intern(name), new TValue(typeof value === 'bigint' ? INTEGER : FLOAT, value));
      return 1;
    },
    utf8: (L) => {
      const library = new Table();
      openTable(utf8Functions, library)(L);
      library.setString(intern('charpattern'), new TValue(STRING, intern(CHARACTER_PATTERN)));
      return 1;
    },
    package: openPackage(state),
    debug: borrowed.debug!,
    bit32: openTable(bit32Functions),
  };
}

export function openLibraries(state: State): void {
  const { L, options } = state;
  const known = openers(state);
  const wanted = options.libraries ?? ALL;
  const names = [
    '_G',
    'coroutine',
    ...wanted,
    ...(wanted.includes('string') ? ['bit32'] : []),
  ] as (keyof typeof known)[];
  for (const name of names) {
    fengari.lauxlib.luaL_requiref(L, Buffer.from(name), known[name], 1);
    L.top--;
  }
  const registry = L.l_G.l_registry.value as Table;
  let preload = registry.getString('_PRELOAD');
  if (preload.type !== TABLE) {
    preload = new TValue(TABLE, new Table());
    registry.setString(intern('_PRELOAD'), preload);
  }
  for (const [name, run] of Object.entries(options.preload ?? {}))
    (preload.value as Table).setString(intern(name), new TValue(LIGHT_FUNCTION, nativeOf(run, name)));
}
