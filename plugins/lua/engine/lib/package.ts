/** The package library (manual 6.3). Modules in C cannot be loaded: where one is found, the message says so. */
import { readFileSync } from 'node:fs';
import { nativeOf } from '../call.ts';
import type { Call } from '../call.ts';
import type { HostFunction } from '../engine.ts';
import { fengari } from '../fengari.ts';
import { openTable } from '../libraries.ts';
import { OK } from '../protect.ts';
import { skipFirstLine } from '../state.ts';
import type { State } from '../state.ts';
import { intern } from '../strings.ts';
import { Table } from '../tables.ts';
import { LIGHT_FUNCTION, NIL, STRING, TABLE, TValue } from '../values.ts';
import type { Thread } from '../values.ts';

const PATH = [
  '/usr/local/share/lua/5.3/?.lua',
  '/usr/local/share/lua/5.3/?/init.lua',
  '/usr/local/lib/lua/5.3/?.lua',
  '/usr/local/lib/lua/5.3/?/init.lua',
  '/usr/share/lua/5.3/?.lua',
  '/usr/share/lua/5.3/?/init.lua',
  './?.lua',
  './?/init.lua',
].join(';');
const NATIVE_PATH = [
  '/usr/local/lib/lua/5.3/?.so',
  '/usr/lib/x86_64-linux-gnu/lua/5.3/?.so',
  '/usr/lib/lua/5.3/?.so',
  './?.so',
].join(';');

function environmentPath(name: string, fallback: string): string {
  const given = process.env[`${name}_5_3`] ?? process.env[name];
  return given === undefined ? fallback : given.replace(';;', `;${fallback};`).replace(/^;|;$/g, '');
}

/** The file's bytes, or what was tried. */
function search(
  name: string,
  path: string,
  separator: string,
  replacement: string,
): { file: string; tried?: undefined } | { file?: undefined; tried: string } {
  const place = separator === '' ? name : name.replaceAll(separator, replacement);
  let tried = '';
  for (const template of path.split(';')) {
    if (template === '') continue;
    const file = template.replaceAll('?', place);
    if (readable(file)) return { file };
    tried += `\n\tno file '${file}'`;
  }
  return { tried };
}

function readable(file: string): boolean {
  try {
    readFileSync(Buffer.from(file, 'latin1'));
    return true;
  } catch {
    return false;
  }
}

export function openPackage(state: State): (L: Thread) => number {
  const registry = state.L.l_G.l_registry.value as Table;
  const registered = (name: string): Table => {
    let found = registry.getString(name);
    if (found.type !== TABLE) {
      found = new TValue(TABLE, new Table());
      registry.setString(intern(name), found);
    }
    return found.value;
  };
  const loaded = registered('_LOADED');
  const preload = registered('_PRELOAD');
  const library = new Table();

  const pathOf = (call: Call, field: 'path' | 'cpath'): string => {
    const path = library.getString(field);
    if (path.type !== STRING) call.fail(`'package.${field}' must be a string`);
    return path.value.js;
  };

  const fromPreload: HostFunction = (call) => {
    const name = call.string(1);
    const loader = preload.getString(name);
    if (loader.type === NIL) call.pushString(`\n\tno field package.preload['${name}']`);
    else (call as Call).pushCopyOf(loader);
    return 1;
  };
  const fromPath: HostFunction = (given) => {
    const call = given as Call;
    const name = call.string(1);
    const found = search(name, pathOf(call, 'path'), '.', '/');
    if (found.tried !== undefined) {
      call.pushString(found.tried);
      return 1;
    }
    let rest: Uint8Array | null = skipFirstLine(readFileSync(Buffer.from(found.file, 'latin1')));
    const reader = (): Uint8Array | null => {
      const part = rest;
      rest = null;
      return part;
    };
    const status = fengari.lapi.lua_load(call.L, reader, null, Buffer.from(`@${found.file}`, 'latin1'), null);
    if (status !== OK) call.fail(`error loading module '${name}' from file '${found.file}':\n\t${call.string(-1)}`);
    call.pushString(found.file);
    return 2;
  };
  const fromNativePath: HostFunction = (given) => {
    const call = given as Call;
    const name = call.string(1);
    const found = search(name, pathOf(call, 'cpath'), '.', '/');
    if (found.file !== undefined)
      call.fail(
        `module '${name}' is the C library '${found.file}', and C libraries cannot be loaded here; there are built-in ones of the names ${builtIn()}`,
      );
    call.pushString(found.tried ?? '');
    return 1;
  };
  const builtIn = (): string => {
    const names: string[] = [];
    for (let node = preload.first; node !== undefined; node = node.following)
      if (node.type !== NIL && node.keyType === STRING) names.push(`'${node.keyValue.js}'`);
    return names.length === 0 ? '(none)' : names.join(', ');
  };

  const require: HostFunction = (given) => {
    const call = given as Call;
    const L = call.L;
    const name = call.string(1);
    call.count = 1;
    const known = loaded.getString(name);
    if (known.type !== NIL && !known.l_isfalse()) {
      call.pushCopyOf(known);
      return 1;
    }
    const searchers = library.getString('searchers');
    if (searchers.type !== TABLE) call.fail("'package.searchers' must be a table");
    let tried = '';
    for (let at = 1; ; at++) {
      const searcher = (searchers.value as Table).getInteger(at);
      if (searcher.type === NIL) call.fail(`module '${name}' not found:${tried}`);
      const top = L.top;
      call.pushCopyOf(searcher);
      call.pushString(name);
      fengari.ldo.luaD_callnoyield(L, top, 2);
      if (call.kind(-2) === 'function') break;
      if (call.kind(-2) === 'string') tried += call.string(-2);
      call.pop(2);
    }
    // The loader, and what it is given besides the name.
    call.pushString(name);
    call.rotate(2);
    fengari.ldo.luaD_callnoyield(L, L.top - 3, 1);
    const result = call.slot(-1);
    const key = intern(name);
    if (result.type !== NIL) loaded.setString(key, result);
    const after = loaded.getString(name);
    if (after.type === NIL) {
      call.pushBoolean(true);
      loaded.setString(key, call.slot(-1));
    }
    call.pushCopyOf(loaded.getString(name));
    return 1;
  };

  const functions: Readonly<Record<string, HostFunction>> = {
    loadlib: (call) => {
      call.string(1);
      call.string(2);
      call.pushNil();
      call.pushString('C libraries cannot be loaded here');
      call.pushString('absent');
      return 3;
    },
    searchpath: (call) => {
      const found = search(call.string(1), call.string(2), call.optionalString(3, '.'), call.optionalString(4, '/'));
      if (found.file !== undefined) {
        call.pushString(found.file);
        return 1;
      }
      call.pushNil();
      call.pushString(found.tried);
      return 2;
    },
  };
  const open = openTable(functions, library);
  return (L) => {
    const count = open(L);
    const text = (name: string, value: string): void =>
      library.setString(intern(name), new TValue(STRING, intern(value)));
    text('path', environmentPath('LUA_PATH', PATH));
    text('cpath', environmentPath('LUA_CPATH', NATIVE_PATH));
    text('config', '/\n;\n?\n!\n-\n');
    library.setString(intern('loaded'), new TValue(TABLE, loaded));
    library.setString(intern('preload'), new TValue(TABLE, preload));
    const searchers = new Table();
    for (const [at, run] of [fromPreload, fromPath, fromNativePath].entries())
      searchers.setInteger(at + 1, new TValue(LIGHT_FUNCTION, nativeOf(run, 'searcher')));
    library.setString(intern('searchers'), new TValue(TABLE, searchers));
    state.globals.setString(intern('require'), new TValue(LIGHT_FUNCTION, nativeOf(require, 'require')));
    return count;
  };
}
