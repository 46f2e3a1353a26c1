import type { BindKeyword, DirectiveKeyword } from 'sluice/plugin';
import { SETTINGS, SOCKET } from './settings.ts';

/** configuration.txt 3.1. */
export const directives: Readonly<Record<string, DirectiveKeyword>> = {
  'stats socket': {
    usage: 'stats socket [<address:port>|<path>] [param*]',
    summary: 'Listens for commands of the Runtime API there.',
    in: ['global'],
    parse(words, scope) {
      const bind = scope.newBind([words.next('a path or an address and port')], words);
      scope.bindWords(bind, words);
      scope.global.extension(SETTINGS).binds.push(bind);
    },
  },
  'stats timeout': {
    usage: 'stats timeout <timeout>',
    summary: 'How long a client of the Runtime API may be silent.',
    in: ['global'],
    parse(words, scope) {
      scope.global.extension(SETTINGS).timeout = words.time('a time', 'ms', { min: 1 });
      words.end();
    },
  },
  'stats maxconn': {
    usage: 'stats maxconn <connections>',
    summary: 'How many clients of the Runtime API there may be at once.',
    in: ['global'],
    parse(words, scope) {
      scope.global.extension(SETTINGS).maxconn = words.integer('a number of connections', { min: 1 });
      words.end();
    },
  },
  'tune.cli.max-payload-size': {
    usage: 'tune.cli.max-payload-size <size>',
    summary: 'The longest payload of a command of the Runtime API.',
    in: ['global'],
    parse(words, scope) {
      scope.global.extension(SETTINGS).maxPayload = words.size('a size', { min: 1 });
      words.end();
    },
  },
};

const NO_SOCKET = 'has no effect: it concerns the sockets of the Runtime API';

/** Words of `bind` lines that mean something on a `stats socket` line only. configuration.txt 5.1. */
export const bindWords: Readonly<Record<string, BindKeyword>> = {
  level: {
    usage: 'level { user | operator | admin }',
    summary: 'What commands of the Runtime API may do.',
    parse(words, scope) {
      const level = words.oneOf('user, operator or admin', ['user', 'operator', 'admin']);
      if (scope.kind === 'global') scope.bind.extension(SOCKET).level = level;
      else words.notice(`'level' on a 'bind' line ${NO_SOCKET}`);
    },
  },
  'severity-output': {
    usage: 'severity-output { none | number | string }',
    summary: 'Whether the messages of the Runtime API begin with their severity.',
    parse(words, scope) {
      const severity = words.oneOf('none, number or string', ['none', 'number', 'string']);
      if (scope.kind === 'global') scope.bind.extension(SOCKET).severity = severity;
      else words.notice(`'severity-output' on a 'bind' line ${NO_SOCKET}`);
    },
  },
  'expose-fd': {
    usage: 'expose-fd listeners',
    summary: 'Hands listening sockets to another process; here a reload keeps them by itself.',
    parse(words) {
      words.oneOf('listeners', ['listeners']);
      words.notice("'expose-fd' has no effect: a reload takes place in the same process and keeps its sockets");
    },
  },
};
