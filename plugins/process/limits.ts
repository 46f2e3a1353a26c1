import type { DirectiveKeyword, Extension, GlobalSettings, Scope, Words } from 'sluice/plugin';

const COUNT = { min: 0, max: 2147483647 };

interface Seen {
  readonly words: Set<string>;
}
const SEEN: Extension<Seen> = { name: 'process/seen', create: () => ({ words: new Set() }) };

/** Says whether the word was there before; HAProxy warns and keeps what came first. */
export function again(words: Words, scope: Scope): boolean {
  const seen = scope.global.extension(SEEN).words;
  if (seen.has(words.keyword)) {
    words.warn(`'${words.keyword}' already specified. Continuing.`);
    return true;
  }
  seen.add(words.keyword);
  return false;
}

/** A word of the global section that sets one field, the first time it stands. */
export function setting(
  usage: string,
  summary: string,
  read: (words: Words) => (settings: GlobalSettings) => void,
): DirectiveKeyword {
  return {
    usage,
    summary,
    in: ['global'],
    parse(words, scope) {
      const set = read(words);
      words.end();
      if (!again(words, scope)) set(scope.global.settings);
    },
  };
}

/** The same, where the last one wins. */
export function overriding(
  usage: string,
  summary: string,
  read: (words: Words) => (settings: GlobalSettings) => void,
): DirectiveKeyword {
  return {
    usage,
    summary,
    in: ['global'],
    parse(words, scope) {
      const set = read(words);
      words.end();
      set(scope.global.settings);
    },
  };
}

type BufferField = keyof GlobalSettings['socketBuffers'];
function socketBuffer(word: string, field: BufferField, summary: string): DirectiveKeyword {
  return setting(`${word} <bytes>`, summary, (words) => {
    const size = words.size('a size', COUNT);
    return (settings) => (settings.socketBuffers[field] = size);
  });
}

export const globalMaxconn: DirectiveKeyword = setting(
  'maxconn <number>',
  'The most connections of clients the process serves at once.',
  (words) => {
    const count = words.integer('a number', COUNT);
    return (settings) => (settings.maxconn = count);
  },
);

export const limits: Record<string, DirectiveKeyword> = {
  'ulimit-n': setting('ulimit-n <number>', 'The number of file descriptors asked of the system.', (words) => {
    const count = words.integer('a number', COUNT);
    return (settings) => (settings.ulimitN = count);
  }),
  'strict-limits': {
    usage: 'strict-limits',
    summary: 'Does not start when a limit of the system cannot be raised; so it is unless negated.',
    in: ['global'],
    negatable: true,
    parse(words, scope) {
      words.end();
      scope.global.settings.strictLimits = words.form !== 'no';
    },
  },
  'tune.bufsize': overriding('tune.bufsize <bytes>', 'The size of a buffer, and so of the largest head.', (words) => {
    const size = words.size('a size greater than 0', { min: 1, max: 0x7fffffff });
    return (settings) => (settings.bufsize = Math.ceil(size / 16) * 16);
  }),
  'tune.maxrewrite': overriding(
    'tune.maxrewrite <bytes>',
    'The part of a buffer that is kept for headers to be added.',
    (words) => {
      const size = words.size('a size', COUNT);
      return (settings) => (settings.maxrewrite = size);
    },
  ),
  'tune.http.maxhdr': overriding('tune.http.maxhdr <number>', 'The most headers in a message.', (words) => {
    const count = words.integer('a number from 1 to 32767', { min: 1, max: 32767 });
    return (settings) => (settings.maxHeaders = count);
  }),
  'tune.maxaccept': overriding(
    'tune.maxaccept <number>',
    'How many connections are accepted in a row; has no effect.',
    (words) => {
      const count = words.integer('a number', { min: -1, max: COUNT.max });
      words.notice(`'tune.maxaccept' has no effect: Node.js chooses how many connections it accepts in a row`);
      return (settings) => (settings.maxAccept = count);
    },
  ),
  'tune.rcvbuf.client': socketBuffer('tune.rcvbuf.client', 'clientReceive', "The receive buffer of clients' sockets."),
  'tune.sndbuf.client': socketBuffer('tune.sndbuf.client', 'clientSend', "The send buffer of clients' sockets."),
  'tune.rcvbuf.server': socketBuffer('tune.rcvbuf.server', 'serverReceive', "The receive buffer of servers' sockets."),
  'tune.sndbuf.server': socketBuffer('tune.sndbuf.server', 'serverSend', "The send buffer of servers' sockets."),
};
