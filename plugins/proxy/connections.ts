import type { ConnectionMode, DirectiveKeyword, KeepAlive } from 'sluice/plugin';
import { readSource, SOURCE_USAGE } from './source.ts';
import { ANYWHERE, lacks, needsHttp, type Side } from './place.ts';
import { LONGEST } from './timeouts.ts';

function connectionMode(name: string, mode: ConnectionMode, summary: string): DirectiveKeyword {
  return {
    usage: `option ${name}`,
    summary,
    in: ANYWHERE,
    negatable: true,
    parse(words, scope) {
      words.end();
      const { settings } = scope.proxy;
      // `no` takes back only what it names; another mode chosen before stays.
      if (words.form === 'plain') settings.connectionMode = mode;
      else if (settings.connectionMode === mode) settings.connectionMode = 'keep-alive';
    },
  };
}

type KeepAliveField = 'clientKeepAlive' | 'serverKeepAlive';

/** Its parameters may come before or after the option, so they are kept apart until both are known. */
function keepAlive(name: string, fields: readonly [KeepAliveField, Side][], summary: string): DirectiveKeyword {
  return {
    usage: `option ${name}`,
    summary,
    in: ANYWHERE,
    negatable: true,
    parse(words, scope) {
      words.end();
      const { proxy } = scope;
      const [only] = fields;
      if (fields.length === 1 && only && lacks(only[1], words, scope)) return;
      for (const [field, side] of fields) {
        if (side === 'frontend' ? !proxy.isFrontend : !proxy.isBackend) continue;
        const { client, server } = proxy.settings.keepAliveParameters;
        const wanted = field === 'clientKeepAlive' ? client : server;
        proxy.settings[field] = words.form === 'plain' ? wanted : undefined;
      }
    },
  };
}

const NUMBERS = { count: 'cnt', idle: 'idle', interval: 'intvl' } as const;

function parameter(field: KeepAliveField, part: keyof KeepAlive, summary: string): DirectiveKeyword {
  const end = field === 'clientKeepAlive' ? 'client' : 'server';
  const word = `${end === 'client' ? 'cli' : 'srv'}tcpka-${NUMBERS[part]}`;
  return {
    usage: `${word} ${part === 'count' ? '<number>' : '<time>'}`,
    summary,
    in: ANYWHERE,
    parse(words, scope) {
      const value =
        part === 'count'
          ? words.integer('a number of probes', { min: 0, max: 127 })
          : Math.ceil(words.time('a time', 's', { min: 0, max: LONGEST }) / 1000);
      words.end();
      if (lacks(end === 'client' ? 'frontend' : 'backend', words, scope)) return;
      const { settings } = scope.proxy;
      settings.keepAliveParameters = {
        ...settings.keepAliveParameters,
        [end]: { ...settings.keepAliveParameters[end], [part]: value },
      };
      if (settings[field]) settings[field] = settings.keepAliveParameters[end];
    },
  };
}

const REUSE = ['never', 'safe', 'aggressive', 'always'] as const;
const POLICIES = ['preserve', 'delete', 'reject'] as const;

export const connections: Record<string, DirectiveKeyword> = {
  'option http-keep-alive': connectionMode(
    'http-keep-alive',
    'keep-alive',
    'Keeps connections to clients and servers open after a response; so it is anyway.',
  ),
  'option http-server-close': connectionMode(
    'http-server-close',
    'server-close',
    "Closes the server's connection after each response.",
  ),
  'option httpclose': connectionMode('httpclose', 'close', 'Closes both connections after each response.'),
  'http-reuse': {
    usage: 'http-reuse { never | safe | aggressive | always }',
    summary: 'Which requests may go over a connection to a server that another client has opened.',
    in: ANYWHERE,
    parse(words, scope) {
      const reuse = words.oneOf('never, safe, aggressive or always', REUSE);
      words.end();
      if (!lacks('backend', words, scope)) scope.proxy.settings.reuse = reuse;
    },
  },
  'option http-restrict-req-hdr-names': {
    usage: 'option http-restrict-req-hdr-names { preserve | delete | reject }',
    summary: 'What happens to request headers whose names have other characters than letters, digits and hyphens.',
    in: ANYWHERE,
    parse(words, scope) {
      scope.proxy.settings.headerNames = words.oneOf('preserve, delete or reject', POLICIES);
      words.end();
      needsHttp(words, scope, (proxy) => (proxy.settings.headerNames ?? 'preserve') !== 'preserve');
    },
  },
  'option tcpka': keepAlive(
    'tcpka',
    [
      ['clientKeepAlive', 'frontend'],
      ['serverKeepAlive', 'backend'],
    ],
    'Has the system probe idle connections on both sides.',
  ),
  'option clitcpka': keepAlive(
    'clitcpka',
    [['clientKeepAlive', 'frontend']],
    'Has the system probe idle connections of clients.',
  ),
  'option srvtcpka': keepAlive(
    'srvtcpka',
    [['serverKeepAlive', 'backend']],
    'Has the system probe idle connections to servers.',
  ),
  'clitcpka-cnt': parameter('clientKeepAlive', 'count', 'Probes without an answer before a client is taken for dead.'),
  'clitcpka-idle': parameter('clientKeepAlive', 'idle', 'How long a client is silent before the first probe.'),
  'clitcpka-intvl': parameter('clientKeepAlive', 'interval', 'The time between two probes of a client.'),
  'srvtcpka-cnt': parameter('serverKeepAlive', 'count', 'Probes without an answer before a server is taken for dead.'),
  'srvtcpka-idle': parameter('serverKeepAlive', 'idle', 'How long a server is silent before the first probe.'),
  'srvtcpka-intvl': parameter('serverKeepAlive', 'interval', 'The time between two probes of a server.'),
  source: {
    usage: SOURCE_USAGE,
    summary: 'The local address of connections to servers.',
    in: ANYWHERE,
    parse(words, scope) {
      const source = readSource(words, false);
      words.end();
      if (!lacks('backend', words, scope)) scope.proxy.settings.source = source;
    },
  },
};
