import type { DirectiveKeyword, Extension, Scope, Words } from 'sluice/plugin';
import { lacks } from '../proxy/place.ts';
import { again } from '../process/limits.ts';

/** Where a backend's states of the last process are. */
export interface StateSource {
  from: 'global' | 'local' | 'none';
  /** Undefined: the backend's name. */
  file: string | undefined;
}
export const STATE_SOURCE: Extension<StateSource> = {
  name: 'checks/state-source',
  create: () => ({ from: 'none', file: undefined }),
  inherit: ({ from }) => ({ from, file: undefined }),
};

export interface StateFiles {
  base: string | undefined;
  file: string | undefined;
}
export const STATE_FILES: Extension<StateFiles> = {
  name: 'checks/state-files',
  create: () => ({ base: undefined, file: undefined }),
};

function globalFile(field: keyof StateFiles, what: string, summary: string): DirectiveKeyword {
  const keyword = field === 'base' ? 'server-state-base' : 'server-state-file';
  return {
    usage: `${keyword} <${field === 'base' ? 'directory' : 'file'}>`,
    summary,
    in: ['global'],
    parse(words, scope) {
      const path = words.next(what);
      words.end();
      if (!again(words, scope)) scope.global.extension(STATE_FILES)[field] = path;
    },
  };
}

export const directives: Record<string, DirectiveKeyword> = {
  'spread-checks': {
    usage: 'spread-checks <0-50>',
    summary: 'How much the times of health checks vary, in percent.',
    in: ['global'],
    parse(words, scope) {
      scope.global.settings.spreadChecks = words.integer('a number from 0 to 50', { min: 0, max: 50 });
    },
  },
  'max-spread-checks': {
    usage: 'max-spread-checks <delay>',
    summary: 'The time over which the first checks of all servers are spread at the most.',
    in: ['global'],
    parse(words, scope) {
      scope.global.settings.maxSpreadChecks = words.time('a delay', 'ms', { min: 0, max: 0x7fffffff });
    },
  },
  'load-server-state-from-file': {
    usage: 'load-server-state-from-file { global | local | none }',
    summary: 'Where the states of servers are read from at start.',
    in: ['defaults', 'frontend', 'backend'],
    parse(words: Words, scope: Scope) {
      const from = words.oneOf("'global', 'local' or 'none'", ['global', 'local', 'none']);
      if (!lacks('backend', words, scope)) scope.proxy.extension(STATE_SOURCE).from = from;
    },
  },
  'server-state-file-name': {
    usage: 'server-state-file-name [ { use-backend-name | <file> } ]',
    summary: "The backend's own file of server states; named as the backend unless told otherwise.",
    in: ['defaults', 'frontend', 'backend'],
    parse(words: Words, scope: Scope) {
      const name = words.remaining > 0 ? words.next('a file name') : 'use-backend-name';
      if (scope.proxy.kind === 'defaults') words.fail(`'server-state-file-name' not allowed in 'defaults' section.`);
      if (lacks('backend', words, scope)) return;
      scope.proxy.extension(STATE_SOURCE).file = name === 'use-backend-name' ? undefined : name;
    },
  },
  'server-state-file': globalFile('file', 'a file path', 'The file of server states of all backends.'),
  'server-state-base': globalFile('base', 'a directory path', 'The directory of the files of server states.'),
};
