import { readFileSync } from 'node:fs';
import type { DirectiveKeyword, Scope, Words } from 'sluice/plugin';
import { LuaError } from './engine/engine.ts';
import { LUA, type LuaHost } from './host.ts';
import type { World } from './world.ts';

/** State 0 is that of `lua-load`; every thread has one of its own for `lua-load-per-thread`, and there is one thread. */
const SHARED = 0;
const OWN = 1;

function load(words: Words, scope: Scope, id: number): void {
  const host = scope.global.extension(LUA);
  if (words.remaining === 0) words.fail(`'${words.keyword}' expects a file name as parameter.`);
  const name = words.next('a file name');
  const args = words.rest();
  host.samples ??= scope.samples;
  host.global = scope.global;
  host.messages.useGlobal(scope.global);
  if (host.worlds.length === 0) scope.onRefused(() => host.close());
  warnBooleans(host, words);
  let source: Buffer;
  try {
    source = readFileSync(scope.path(name, words));
  } catch (error) {
    return words.fail(`error in Lua file '${name}': cannot open ${name}: ${systemText(error)}`);
  }
  runBody(host, host.world(id), source, name, args, words);
}

function runBody(host: LuaHost, world: World, source: Buffer, name: string, args: string[], words: Words): void {
  host.warn = (message) => words.warn(message);
  try {
    const body = world.state.load(source, name);
    try {
      world.state.run(body, args);
    } finally {
      world.state.release(body);
    }
  } catch (error) {
    if (!(error instanceof LuaError)) throw error;
    words.fail(refusal(error, name));
  } finally {
    host.warn = undefined;
  }
}

function refusal(error: LuaError, name: string): string {
  if (error.fault === 'syntax') return `error in Lua file '${name}': ${error.text}`;
  if (error.fault === 'memory') return 'Lua out of memory error';
  return `Lua runtime error: ${error.value === undefined ? error.text : '(null)'}`;
}

function systemText(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT') return 'No such file or directory';
  if (code === 'EACCES') return 'Permission denied';
  return code === 'EISDIR' ? 'Is a directory' : message;
}

/** Said once: what `txn.f` gives for booleans should be chosen. configuration.txt 3.2, tune.lua.bool-sample-conversion. */
function warnBooleans(host: LuaHost, words: Words): void {
  const { settings } = host;
  if (settings.booleans !== undefined) return;
  settings.booleans = false;
  words.warn(
    "hlua: please set 'tune.lua.bool-sample-conversion' to 'normal' or 'pre-3.1-bug' before the first script is loaded: " +
      "until then booleans of samples are the integers 0 and 1 in Lua ('pre-3.1-bug').",
  );
}

export const loading: Record<string, DirectiveKeyword> = {
  'lua-load': {
    usage: 'lua-load <file> [ <argument> … ]',
    summary: 'Runs a Lua script, which all threads share.',
    in: ['global'],
    parse: (words, scope) => load(words, scope, SHARED),
  },
  'lua-load-per-thread': {
    usage: 'lua-load-per-thread <file> [ <argument> … ]',
    summary: 'Runs a Lua script in a state of its own for each thread.',
    in: ['global'],
    parse: (words, scope) => load(words, scope, OWN),
  },
  'lua-prepend-path': {
    usage: 'lua-prepend-path <pattern> [ path | cpath ]',
    summary: 'Puts a pattern in front of where `require` looks for modules.',
    in: ['global'],
    parse(words, scope) {
      const host = scope.global.extension(LUA);
      if (words.remaining === 0) words.fail("'lua-prepend-path' expects to receive a <path> as argument");
      const pattern = words.next('a path');
      const which = words.remaining > 0 ? words.next('a type') : 'path';
      if (which !== 'path' && which !== 'cpath')
        return words.fail("'lua-prepend-path' expects <type> to either be 'path' or 'cpath'");
      host.paths.push({ pattern, which });
      for (const world of host.worlds) world?.state.prependPath(pattern, which);
    },
  },
};
