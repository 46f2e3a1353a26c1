import type { DirectiveKeyword, Words } from 'sluice/plugin';
import { groupId, userId } from './accounts.ts';
import { again, overriding, setting } from './limits.ts';

const ID = { min: 0, max: 4294967294 };
const TIME = { min: 0, max: 2147483647 };

function user(words: Words): number {
  const name = words.next('a user name');
  return userId(name) ?? words.fail(`cannot find user id for '${name}'`);
}
function group(words: Words): number {
  const name = words.next('a group name');
  return groupId(name) ?? words.fail(`cannot find group id for '${name}'`);
}

export const globalDescription: DirectiveKeyword = {
  usage: 'description <text>',
  summary: 'A line of text for the statistics page.',
  in: ['global'],
  parse(words, scope) {
    const first = words.next('a text');
    words.notice(`'description' is for statistics, which are not built yet`);
    scope.global.settings.description = [first, ...words.rest()].join(' ');
  },
};

export const globalGrace: DirectiveKeyword = overriding(
  'grace <time>',
  'How long after SIGUSR1 new connections are still accepted.',
  (words) => {
    const time = words.time('a time', 'ms', TIME);
    return (settings) => (settings.grace = time);
  },
);

/** Who the process is, and how it starts and stops. configuration.txt 3.1. */
export const identity: Record<string, DirectiveKeyword> = {
  daemon: overriding('daemon', 'Goes to the background; the same as -D.', () => (settings) => (settings.daemon = true)),
  'master-worker': {
    usage: 'master-worker [ no-exit-on-failure ]',
    summary: 'Runs under a master process; the same as -W.',
    in: ['global'],
    parse(words, scope) {
      if (words.optional('no-exit-on-failure'))
        words.notice(
          `'no-exit-on-failure' has no effect: there is one worker, and it is started again in this process`,
        );
      words.end();
      scope.global.settings.masterWorker = true;
    },
  },
  pidfile: setting('pidfile <path>', "The file that the process's number is written to; the same as -p.", (words) => {
    const path = words.next('a file name');
    return (settings) => (settings.pidfile = path);
  }),
  user: setting('user <name>', 'The user the process becomes once its sockets are open.', (words) => {
    const name = words.peek();
    const uid = user(words);
    return (settings) => {
      settings.user = name;
      settings.uid = uid;
    };
  }),
  group: setting('group <name>', 'The group the process becomes once its sockets are open.', (words) => {
    const name = words.peek();
    const gid = group(words);
    return (settings) => {
      settings.group = name;
      settings.gid = gid;
    };
  }),
  uid: setting('uid <number>', 'The user the process becomes, by number.', (words) => {
    const uid = words.integer('a user number', ID);
    return (settings) => (settings.uid = uid);
  }),
  gid: setting('gid <number>', 'The group the process becomes, by number.', (words) => {
    const gid = words.integer('a group number', ID);
    return (settings) => (settings.gid = gid);
  }),
  chroot: {
    usage: 'chroot <directory>',
    summary: 'Is not done, and a warning says why: Node.js has no chroot(2).',
    in: ['global'],
    parse(words, scope) {
      words.next('a directory');
      words.end();
      if (!again(words, scope))
        words.warn(
          `'chroot' is not done: Node.js has no chroot(2). Use what starts the process (systemd's RootDirectory=, a container) to confine it`,
        );
    },
  },
  'hard-stop-after': overriding(
    'hard-stop-after <time>',
    'How long a soft stop may take before the remaining connections are cut.',
    (words) => {
      const time = words.time('a time', 'ms', TIME);
      return (settings) => (settings.hardStopAfter = time);
    },
  ),
  'close-spread-time': overriding(
    'close-spread-time { <time> | infinite }',
    'The time over which a soft stop closes idle connections.',
    (words) => {
      const time = words.optional('infinite') ? Infinity : words.time('a time', 'ms', TIME);
      return (settings) => (settings.closeSpreadTime = time);
    },
  ),
  node: overriding('node <name>', 'The name of this node, for the statistics page.', (words) => {
    const name = words.next('a node name');
    if (!/^[A-Za-z0-9._-]+$/.test(name))
      words.fail(`'node' requires valid node name - non-empty string with digits, letters, '.', '-' or '_'.`);
    words.notice(`'node' is for statistics, which are not built yet`);
    return (settings) => (settings.node = name);
  }),
  localpeer: overriding('localpeer <name>', 'The name of this instance among peers; the same as -L.', (words) => {
    const name = words.next('a name');
    return (settings) => (settings.localPeer = name);
  }),
  quiet: overriding(
    'quiet',
    'Says nothing while starting; the same as -q.',
    () => (settings) => (settings.quiet = true),
  ),
  'zero-warning': overriding(
    'zero-warning',
    'Refuses a configuration that has warnings; the same as -dW.',
    () => (settings) => (settings.zeroWarning = true),
  ),
  nbthread: overriding('nbthread <number>', 'Threads asked for; one is used for now.', (words) => {
    const count = words.integer('a number from 1 to 1024', { min: 1, max: 1024 });
    if (count > 1) words.notice(`'nbthread ${count}': one thread is used for now`);
    return (settings) => (settings.threads = count);
  }),
  nbproc: {
    usage: 'nbproc <number>',
    summary: "Is no longer known. Use 'nbthread'.",
    in: ['global'],
    parse(words) {
      words.rest();
      words.fail(`nbproc is not supported any more since HAProxy 2.5. Use 'nbthread'.`);
    },
  },
};
