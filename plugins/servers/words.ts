import type { ServerConfig, ServerKeyword, ServerScope, Words } from 'sluice/plugin';
import { readSource } from '../proxy/source.ts';

const COUNT = { min: 0, max: 2147483647 };

function flag(usage: string, summary: string, set: (server: ServerConfig) => void): ServerKeyword {
  return { usage, summary, parse: (_words, scope) => set(scope.server) };
}

type NumberField = 'weight' | 'maxconn' | 'minconn' | 'maxqueue' | 'poolMaxConn' | 'poolLowConn' | 'maxReuse';

function number(
  usage: string,
  summary: string,
  field: NumberField,
  range: { min: number; max: number } = COUNT,
): ServerKeyword {
  return {
    usage,
    summary,
    parse(words, scope) {
      scope.server[field] = words.integer('a number', range);
    },
  };
}

const OPTIONS = ['ssl', 'cert-cn', 'ssl-cipher', 'cert-sig', 'cert-key', 'authority', 'crc32c', 'unique-id'];
/** The PROXY protocol's own TLV types, and those left to applications. proxy-protocol.txt 2.2. */
const LARGEST_TLV = 0xff;

export const serverWords: Record<string, ServerKeyword> = {
  weight: number('weight <0-256>', 'Its share of the traffic; 1 unless told otherwise.', 'weight', {
    min: 0,
    max: 256,
  }),
  maxconn: number('maxconn <number>', 'The most it serves at once; the others wait.', 'maxconn'),
  minconn: number('minconn <number>', 'The most it serves at once while the backend has little to do.', 'minconn'),
  maxqueue: number('maxqueue <number>', 'The most that wait for it before others are tried.', 'maxqueue'),
  'pool-max-conn': number('pool-max-conn <number>', 'The most idle connections kept; -1: any number.', 'poolMaxConn', {
    min: -1,
    max: COUNT.max,
  }),
  'pool-low-conn': number(
    'pool-low-conn <number>',
    'The number of idle connections below which none is taken over from others.',
    'poolLowConn',
  ),
  'max-reuse': {
    ...number('max-reuse <number>', 'How often a connection may be used again; -1: any number.', 'maxReuse', {
      min: -1,
      max: COUNT.max,
    }),
    atRunTime: false,
  },
  'pool-purge-delay': {
    usage: 'pool-purge-delay <time>',
    summary: 'How often half of the idle connections that were not needed are closed.',
    parse(words, scope) {
      scope.server.poolPurgeDelay = words.time('a time', 'ms', COUNT);
    },
  },
  backup: flag('backup', 'Is used only when no other server can be.', (server) => (server.backup = true)),
  'no-backup': flag('no-backup', 'Takes back: backup.', (server) => (server.backup = false)),
  disabled: flag('disabled', 'Begins in maintenance.', (server) => (server.disabled = true)),
  enabled: flag('enabled', 'Takes back: disabled.', (server) => (server.disabled = false)),
  id: {
    usage: 'id <number>',
    summary: 'The number statistics show for the server.',
    inDefault: false,
    parse(words: Words, scope: ServerScope) {
      const id = words.integer('a number greater than 0', { min: 1, max: 2147483647 });
      const other = scope.proxy.servers.find((server) => server.id === id);
      if (other)
        words.fail(`'id' : custom id ${id} already used at ${other.file}:${other.line} ('server ${other.name}').`);
      scope.server.id = id;
    },
  },
  'send-proxy': flag('send-proxy', 'Sends a PROXY protocol header, version 1.', (server) => (server.sendProxy = 1)),
  'send-proxy-v2': flag('send-proxy-v2', 'The same, version 2.', (server) => (server.sendProxy = 2)),
  'send-proxy-v2-ssl': flag('send-proxy-v2-ssl', 'The same, with what is known of the TLS connection.', (server) =>
    withOptions(server, 'ssl'),
  ),
  'send-proxy-v2-ssl-cn': flag('send-proxy-v2-ssl-cn', "The same, with the certificate's name too.", (server) =>
    withOptions(server, 'ssl', 'cert-cn'),
  ),
  'no-send-proxy': flag('no-send-proxy', 'Takes back: send-proxy.', (server) => without(server, 1)),
  'no-send-proxy-v2': flag('no-send-proxy-v2', 'Takes back: send-proxy-v2.', (server) => without(server, 2)),
  'no-send-proxy-v2-ssl': flag('no-send-proxy-v2-ssl', 'Takes back: send-proxy-v2-ssl.', (server) =>
    without(server, 2, 'ssl'),
  ),
  'no-send-proxy-v2-ssl-cn': flag('no-send-proxy-v2-ssl-cn', 'Takes back: send-proxy-v2-ssl-cn.', (server) =>
    without(server, 2, 'ssl', 'cert-cn'),
  ),
  'proxy-v2-options': {
    usage: 'proxy-v2-options <option>[,<option>…]',
    summary: `What a version 2 header tells besides: ${OPTIONS.join(', ')}.`,
    parse(words: Words, scope: ServerScope) {
      for (const option of words.next('options').split(',')) {
        if (!OPTIONS.includes(option)) words.fail(`'${option}' : proxy v2 option not implemented.`);
        scope.server.proxyV2Options.add(option);
      }
    },
  },
  'set-proxy-v2-tlv-fmt': {
    usage: 'set-proxy-v2-tlv-fmt(<type>) <log-format>',
    summary: 'Adds a TLV of that type to a version 2 header.',
    prefix: true,
    parse(words: Words, scope: ServerScope) {
      const type = /^set-proxy-v2-tlv-fmt\((0x[0-9a-f]{1,2}|\d{1,3})\)$/i.exec(words.keyword)?.[1];
      const id = type === undefined ? Number.NaN : Number(type);
      if (!(id > 0 && id <= LARGEST_TLV))
        words.fail(`'${words.keyword}' : a TLV type from 1 to 255 must stand in the parentheses`);
      const format = scope.format(words.next('a log-format string'), words, ['be-use-server']);
      scope.server.proxyV2Tlvs.push({ id, format });
    },
  },
  source: {
    usage: 'source <address>[:<port>[-<end>]] [ interface <name> ]',
    summary: 'The local address of its connections.',
    parse(words, scope) {
      scope.server.source = readSource(words, true);
    },
  },
  usesrc: {
    usage: 'usesrc <address>',
    summary: 'Is refused: Node.js cannot open transparent sockets.',
    parse(words: Words) {
      words.rest();
      words.fail(`'usesrc' is not possible: it needs transparent sockets, which Node.js cannot open`);
    },
  },
  'tcp-ut': {
    usage: 'tcp-ut <time>',
    atRunTime: false,
    summary: 'How long sent bytes may stay unacknowledged before the connection is given up.',
    parse(words, scope) {
      scope.server.tcpUserTimeout = words.time('a time', 'ms', COUNT);
    },
  },
  tfo: flag('tfo', 'Sends data in the first packet (TCP Fast Open).', (server) => (server.fastOpen = true)),
  'no-tfo': flag('no-tfo', 'Takes back: tfo.', (server) => (server.fastOpen = false)),
  redir: {
    usage: 'redir <prefix>',
    atRunTime: false,
    summary:
      'Sends GET and HEAD requests elsewhere: they are answered with a redirection to the prefix and their path.',
    parse(words, scope) {
      scope.server.redirectPrefix = words.next('a prefix');
    },
  },
  namespace: {
    usage: 'namespace <name>',
    atRunTime: false,
    summary: 'Is refused: Node.js cannot open sockets in another network namespace.',
    parse(words: Words) {
      const name = words.next('a name');
      words.fail(`'namespace ${name}' is not possible: Node.js cannot open sockets in another network namespace`);
    },
  },
  proto: {
    usage: 'proto h1',
    summary: 'The protocol the server speaks.',
    parse(words: Words) {
      const name = words.next('a protocol');
      if (name === 'h2' || name === 'quic' || name === 'fcgi' || name === 'spop')
        words.fail(`'proto ${name}' is not built yet`);
      if (name !== 'h1' && name !== 'none') words.unknown('MUX protocol', ['h1', 'none', 'h2']);
    },
  },
};

function withOptions(server: ServerConfig, ...options: string[]): void {
  server.sendProxy = 2;
  for (const option of options) server.proxyV2Options.add(option);
}

function without(server: ServerConfig, version: 1 | 2, ...options: string[]): void {
  if (server.sendProxy === version) server.sendProxy = undefined;
  for (const option of options) server.proxyV2Options.delete(option);
}
