import type { DirectiveKeyword, Scope, Words } from 'sluice/plugin';
import type { Library } from './engine/engine.ts';
import { LUA } from './host.ts';
import type { LuaSettings } from './settings.ts';

const LIBRARIES: readonly Library[] = ['table', 'io', 'os', 'string', 'math', 'utf8', 'package', 'debug'];

type Set = (settings: LuaSettings, words: Words, scope: Scope) => void;

function tune(word: string, argument: string, summary: string, set: Set): [string, DirectiveKeyword] {
  return [
    `tune.lua.${word}`,
    {
      usage: `tune.lua.${word} ${argument}`,
      summary,
      in: ['global'],
      parse: (words, scope) => set(scope.global.extension(LUA).settings, words, scope),
    },
  ];
}

const time = (name: 'sessionTimeout' | 'taskTimeout' | 'serviceTimeout' | 'burstTimeout'): Set => {
  return (settings, words) => void (settings[name] = words.time('a timeout'));
};

export const tuning: Record<string, DirectiveKeyword> = Object.fromEntries([
  tune(
    'session-timeout',
    '<timeout>',
    'CPU time that actions, fetches and converters may take.',
    time('sessionTimeout'),
  ),
  tune('task-timeout', '<timeout>', 'CPU time that a task may take; 0, the default, is no limit.', time('taskTimeout')),
  tune('service-timeout', '<timeout>', 'CPU time that a service may take.', time('serviceTimeout')),
  tune('burst-timeout', '<timeout>', 'CPU time that Lua code may take in one go.', time('burstTimeout')),
  tune('forced-yield', '<number>', 'Instructions after which other work has its turn.', (settings, words) => {
    settings.forcedYield = words.integer('a number of instructions', { min: 1, max: 2 ** 31 - 1 });
  }),
  tune('maxmem', '<megabytes>', 'Memory that all scripts may take; 0, the default, is no limit.', (settings, words) => {
    settings.maxMemory = words.integer('a number of megabytes', { min: 0 }) * 1048576;
  }),
  tune('log.loggers', '{ on | off }', 'Whether what scripts log goes to loggers.', (settings, words) => {
    settings.logToLoggers = words.oneOf("'on' or 'off'", ['on', 'off']) === 'on';
  }),
  tune('log.stderr', '{ on | auto | off }', 'Whether what scripts log goes to stderr.', (settings, words) => {
    settings.logToStderr = words.oneOf("'on', 'auto' or 'off'", ['on', 'auto', 'off']);
  }),
  tune(
    'bool-sample-conversion',
    '{ normal | pre-3.1-bug }',
    'Whether boolean samples are booleans in Lua, or 0 and 1.',
    (settings, words) => {
      const normal = words.oneOf("'normal' or 'pre-3.1-bug'", ['normal', 'pre-3.1-bug']) === 'normal';
      if (settings.booleans === undefined) settings.booleans = normal;
      else words.warn(`'${words.keyword}' has no effect behind the first 'lua-load' or 'lua-load-per-thread'`);
    },
  ),
  tune('openlibs', '[ all | none | <lib>[,<lib>…] ]', 'Which of the standard libraries scripts have.', openLibraries),
]);

function openLibraries(settings: LuaSettings, words: Words, scope: Scope): void {
  const host = scope.global.extension(LUA);
  if (host.worlds.length > 0 || host.paths.length > 0)
    words.fail(`'${words.keyword}' must be set before any 'lua-load', 'lua-load-per-thread' or 'lua-prepend-path'`);
  const names = words.next(`'all', 'none' or a list of libraries`).split(',');
  if (names.length === 1 && names[0] === 'all') settings.libraries = undefined;
  else if (names.length === 1 && names[0] === 'none') settings.libraries = [];
  else {
    settings.libraries = names.map((name) => {
      if (name === 'none' || name === 'all') return words.fail(`'${name}' cannot stand in a list of libraries`);
      return LIBRARIES.find((known) => known === name) ?? words.unknown('library', [...LIBRARIES, 'all', 'none']);
    });
  }
}
