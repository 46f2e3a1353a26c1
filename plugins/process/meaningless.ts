import type { DirectiveKeyword, Words } from 'sluice/plugin';

/** What stands behind a word that changes nothing here. */
type Shape = 'nothing' | 'number' | 'size' | 'time' | 'on-off' | 'words';

const ONE_THREAD = 'one thread does all work';
const NODE_POLLS = 'Node.js chooses how it waits for events';
const NODE_MEMORY = 'Node.js manages memory';
const NO_SPLICING = 'there is no splicing here';
const NOT_HERE = 'there is nothing of that kind here';

const WORDS: readonly (readonly [word: string, shape: Shape, why: string])[] = [
  ['cpu-map', 'words', 'Node.js cannot pin threads'],
  ['cpu-set', 'words', 'Node.js cannot pin threads'],
  ['cpu-policy', 'words', 'Node.js cannot pin threads'],
  ['cpu-affinity', 'words', 'Node.js cannot pin threads'],
  ['thread-groups', 'number', ONE_THREAD],
  ['thread-group', 'words', ONE_THREAD],
  ['max-threads-per-group', 'number', ONE_THREAD],
  ['thread-hard-limit', 'number', ONE_THREAD],
  ['noepoll', 'nothing', NODE_POLLS],
  ['nokqueue', 'nothing', NODE_POLLS],
  ['noevports', 'nothing', NODE_POLLS],
  ['nopoll', 'nothing', NODE_POLLS],
  ['nosplice', 'nothing', NO_SPLICING],
  ['noktls', 'nothing', 'the kernel does no TLS for Node.js'],
  ['noreuseport', 'nothing', 'listening sockets are handed over within the process'],
  ['nogetaddrinfo', 'nothing', 'Node.js chooses how it resolves names'],
  ['no-memory-trimming', 'nothing', NODE_MEMORY],
  ['maxpipes', 'number', NO_SPLICING],
  ['prealloc-fd', 'nothing', NODE_MEMORY],
  ['fd-hard-limit', 'number', 'Node.js takes what the system allows'],
  ['insecure-setuid-wanted', 'nothing', 'nothing here depends on it'],
  ['mworker-max-reloads', 'number', 'a reload leaves no old process behind'],
  ['warn-blocked-traffic-after', 'time', ONE_THREAD],
  ['profiling.tasks', 'words', NOT_HERE],
  ['profiling.memory', 'words', NOT_HERE],
  ['stress-level', 'number', NOT_HERE],
  ['tune.maxpollevents', 'number', NODE_POLLS],
  ['tune.epoll.mask-events', 'words', NODE_POLLS],
  ['tune.fd.edge-triggered', 'on-off', NODE_POLLS],
  ['tune.fd.tables', 'words', NODE_POLLS],
  ['tune.events.max-events-at-once', 'number', NODE_POLLS],
  ['tune.max-rules-at-once', 'number', 'rules that do not wait run in one go'],
  ['tune.runqueue-depth', 'number', ONE_THREAD],
  ['tune.sched.low-latency', 'on-off', ONE_THREAD],
  ['tune.recv_enough', 'number', 'reads go on as long as there is something to read'],
  ['tune.pipesize', 'size', NO_SPLICING],
  ['tune.memory.hot-size', 'size', NODE_MEMORY],
  ['tune.buffers.limit', 'number', NODE_MEMORY],
  ['tune.buffers.reserve', 'number', NODE_MEMORY],
  ['tune.defaults.purge', 'nothing', NODE_MEMORY],
  ['tune.idle-pool.shared', 'words', ONE_THREAD],
  ['tune.takeover-other-tg-connections', 'words', ONE_THREAD],
  ['tune.streams-elasticity', 'number', NOT_HERE],
  ['tune.idletimer', 'time', 'how much is read at once does not depend on it'],
  ['tune.pool-high-fd-ratio', 'number', 'servers say how many idle connections they keep'],
  ['tune.pool-low-fd-ratio', 'number', 'servers say how many idle connections they keep'],
  ['tune.listener.default-shards', 'words', ONE_THREAD],
  ['tune.listener.multi-queue', 'words', ONE_THREAD],
  ['tune.applet.zero-copy-forwarding', 'on-off', NOT_HERE],
  ['tune.pt.zero-copy-forwarding', 'on-off', NOT_HERE],
  ['tune.h1.zero-copy-fwd-recv', 'on-off', NOT_HERE],
  ['tune.h1.zero-copy-fwd-send', 'on-off', NOT_HERE],
  ['tune.disable-fast-forward', 'nothing', NOT_HERE],
  ['tune.disable-zero-copy-forwarding', 'nothing', NOT_HERE],
  ['tune.renice.startup', 'words', 'Node.js leaves priorities to the system'],
  ['tune.renice.runtime', 'words', 'Node.js leaves priorities to the system'],
  ['tune.notsent-lowat.client', 'size', 'Node.js cannot set it'],
  ['tune.notsent-lowat.server', 'size', 'Node.js cannot set it'],
  ['tune.rcvbuf.frontend', 'size', 'there are no datagram sockets'],
  ['tune.rcvbuf.backend', 'size', 'there are no datagram sockets'],
  ['tune.sndbuf.frontend', 'size', 'there are no datagram sockets'],
  ['tune.sndbuf.backend', 'size', 'there are no datagram sockets'],
];
/** Those that may be negated. */
const SWITCHES: readonly (readonly [word: string, why: string])[] = [
  ['busy-polling', NODE_POLLS],
  ['set-dumpable', 'the system decides about core dumps'],
  ['numa-cpu-mapping', 'Node.js cannot pin threads'],
];

const ARGUMENTS: Readonly<Record<Shape, string>> = {
  nothing: '',
  number: ' <number>',
  size: ' <size>',
  time: ' <time>',
  'on-off': ' { on | off }',
  words: ' <word> …',
};

function read(shape: Shape, words: Words): void {
  if (shape === 'number') words.integer('a number');
  else if (shape === 'size') words.size('a size');
  else if (shape === 'time') words.time('a time');
  else if (shape === 'on-off') words.oneOf('on or off', ['on', 'off']);
  else if (shape === 'words') {
    words.next('a value');
    words.rest();
  }
  words.end();
}

export const meaningless: Record<string, DirectiveKeyword> = Object.fromEntries([
  ...WORDS.map(([word, shape, why]): [string, DirectiveKeyword] => [
    word,
    {
      usage: word + ARGUMENTS[shape],
      summary: `Has no effect: ${why}.`,
      in: ['global'],
      parse(words) {
        read(shape, words);
        words.notice(`'${word}' has no effect: ${why}`);
      },
    },
  ]),
  ...SWITCHES.map(([word, why]): [string, DirectiveKeyword] => [
    word,
    {
      usage: word,
      summary: `Has no effect: ${why}.`,
      in: ['global'],
      negatable: true,
      parse(words) {
        read('nothing', words);
        if (words.form === 'plain') words.notice(`'${word}' has no effect: ${why}`);
      },
    },
  ]),
]);
