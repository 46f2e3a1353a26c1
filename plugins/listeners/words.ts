import type { BindKeyword, BindScope, Words } from 'sluice/plugin';
import { groupId, userId } from '../process/accounts.ts';

const COUNT = { min: 0, max: 2147483647 };

function flag(usage: string, summary: string, set: (scope: BindScope) => void): BindKeyword {
  return { usage, summary, parse: (_words, scope) => set(scope) };
}

/** A word with one argument that changes nothing here. */
function meaningless(usage: string, summary: string, why: string, check?: (words: Words) => void): BindKeyword {
  const name = usage.split(' ')[0] as string;
  return {
    usage,
    summary,
    parse(words) {
      if (check) check(words);
      else words.next('a value');
      words.notice(`'${name}' on a 'bind' line has no effect: ${why}`);
    },
  };
}

function account(usage: string, summary: string, field: 'uid' | 'gid', read: (words: Words) => number): BindKeyword {
  return {
    usage,
    summary,
    parse(words, scope) {
      scope.bind[field] = read(words);
    },
  };
}

/** Looks a user or group up by name; refuses the line if there is none. */
export function readUser(words: Words): number {
  const name = words.next('a user name');
  return userId(name) ?? words.fail(`'user' : unknown user name '${name}'`);
}
export function readGroup(words: Words): number {
  const name = words.next('a group name');
  return groupId(name) ?? words.fail(`'group' : unknown group name '${name}'`);
}
export function readMode(words: Words): number {
  const text = words.next('an octal mode');
  if (!/^[0-7]{1,4}$/.test(text)) words.fail(`'mode' : missing or invalid mode '${text}' (octal integer expected)`);
  return Number.parseInt(text, 8);
}

const ONE_THREAD = 'one thread serves all listeners';

export const bindWords: Record<string, BindKeyword> = {
  'accept-proxy': flag(
    'accept-proxy',
    'Clients send a PROXY protocol header first, version 1 or 2.',
    (scope) => (scope.bind.acceptProxy = true),
  ),
  'accept-netscaler-cip': {
    usage: 'accept-netscaler-cip <magic>',
    summary: 'Clients send a NetScaler client IP header first, with that magic number.',
    parse(words, scope) {
      scope.bind.acceptNetscalerCip = words.integer('a magic number greater than 0', { min: 1, max: 4294967295 });
    },
  },
  backlog: {
    usage: 'backlog <number>',
    summary: "The length of the listen queue, in the place of the proxy's.",
    parse(words, scope) {
      scope.bind.backlog = words.integer('a number', COUNT);
    },
  },
  'defer-accept': flag(
    'defer-accept',
    'A connection is only seen once bytes came on it.',
    (scope) => (scope.bind.deferAccept = true),
  ),
  gid: account('gid <number>', "The group of a unix socket's file, by number.", 'gid', (words) =>
    words.integer('a group number', COUNT),
  ),
  group: account('group <name>', "The group of a unix socket's file.", 'gid', readGroup),
  uid: account('uid <number>', "The owner of a unix socket's file, by number.", 'uid', (words) =>
    words.integer('a user number', COUNT),
  ),
  user: account('user <name>', "The owner of a unix socket's file.", 'uid', readUser),
  mode: {
    usage: 'mode <octal>',
    summary: "The access rights of a unix socket's file.",
    parse(words, scope) {
      scope.bind.mode = readMode(words);
    },
  },
  id: {
    usage: 'id <number>',
    summary: 'The number statistics show for the listener.',
    parse(words: Words, scope: BindScope) {
      const id = words.integer('a number greater than 0', { min: 1, max: 2147483647 });
      if (scope.bind.addresses.length > 1 || /-\d+$/.test(scope.bind.addresses[0] ?? ''))
        words.fail(`'id' can only be used with a single socket`);
      const other = scope.proxy.binds.find((bind) => bind.id === id);
      if (other)
        words.fail(
          `'id' : custom id ${id} already used at ${other.file}:${other.line} ('bind ${other.addresses.join(',')}')`,
        );
      scope.bind.id = id;
    },
  },
  interface: {
    usage: 'interface <name>',
    summary: 'Listens on that network interface only.',
    parse(words, scope) {
      scope.bind.interface = words.next('an interface name');
    },
  },
  maxconn: {
    usage: 'maxconn <number>',
    summary: 'The most connections at once through this listener.',
    parse(words, scope) {
      scope.bind.maxconn = words.integer('a number', COUNT);
    },
  },
  mss: {
    usage: 'mss <bytes>',
    summary: 'The largest TCP segment announced to clients; negative: that much less than usual.',
    parse(words: Words, scope: BindScope) {
      const size = words.integer('a segment size', { min: -65535, max: 65535 });
      if (size === 0) words.fail(`'mss' : expects an MSS with an absolute value between 1 and 65535`);
      scope.bind.maxSegment = size;
    },
  },
  name: {
    usage: 'name <name>',
    summary: 'The name statistics show for the listener.',
    parse(words, scope) {
      scope.bind.name = words.next('a name');
    },
  },
  namespace: {
    usage: 'namespace <name>',
    summary: 'Is refused: Node.js cannot open sockets in another network namespace.',
    parse(words) {
      const name = words.next('a name');
      words.fail(`'namespace ${name}' is not possible: Node.js cannot open sockets in another network namespace`);
    },
  },
  nice: meaningless(
    'nice <number>',
    'How much others go before the connections of this listener.',
    'connections are served in the order their bytes come',
    (words) => words.integer('a number from -1024 to 1024', { min: -1024, max: 1024 }),
  ),
  process: meaningless('process <set>', 'The processes and threads that serve the listener.', ONE_THREAD, checkSet),
  thread: meaningless('thread <set>', 'The threads that serve the listener.', ONE_THREAD, checkSet),
  shards: meaningless(
    'shards { <number> | by-thread | by-group }',
    'How many sockets share the address.',
    ONE_THREAD,
    (words) => {
      const text = words.next('a number, by-thread or by-group');
      if (!/^(by-thread|by-group|[1-9]\d{0,3})$/.test(text))
        words.fail(`'shards' : invalid value '${text}', allowed is a number from 1, 'by-thread' or 'by-group'`);
    },
  ),
  proto: {
    usage: 'proto h1',
    summary: 'The protocol clients speak.',
    parse(words: Words) {
      const name = words.next('a protocol');
      if (name === 'h2' || name === 'quic' || name === 'fcgi' || name === 'spop')
        words.fail(`'proto ${name}' is not built yet`);
      if (name !== 'h1' && name !== 'none') words.unknown('MUX protocol', ['h1', 'none', 'h2']);
    },
  },
  'tcp-ut': {
    usage: 'tcp-ut <time>',
    summary: 'How long sent bytes may stay unacknowledged before the connection is given up.',
    parse(words, scope) {
      scope.bind.tcpUserTimeout = words.time('a time', 'ms', COUNT);
    },
  },
  tfo: flag('tfo', 'Accepts data in the first packet (TCP Fast Open).', (scope) => (scope.bind.fastOpen = true)),
  transparent: flag(
    'transparent',
    "Listens on addresses that are not the machine's own.",
    (scope) => (scope.bind.transparent = true),
  ),
  v4v6: flag('v4v6', 'An IPv6 listener takes IPv4 clients too.', (scope) => (scope.bind.v6only = false)),
  v6only: flag('v6only', 'An IPv6 listener takes no IPv4 clients.', (scope) => (scope.bind.v6only = true)),
};

/** A set of threads or processes: `all`, `odd`, `even`, numbers and ranges, in groups with a slash. */
function checkSet(words: Words): void {
  const text = words.next('a set of threads');
  const part = String.raw`(?:all|odd|even|\d+(?:-\d*)?)`;
  if (!new RegExp(`^${part}(?:/${part})?(?:,${part}(?:/${part})?)*$`).test(text))
    words.fail(`'${text}' is not a valid number/range.`);
}
