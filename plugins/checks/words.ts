import type { ServerKeyword, ServerScope, Words } from 'sluice/plugin';
import { endpointOf } from './address.ts';
import { verifyAgent, verifyCheck, verifyLater, verifyObserve, verifyTrack } from './verify.ts';
import { CHECKS, type InitState, type OnError, type ServerChecks } from './settings.ts';

const LONGEST = 2_147_483_647;
const PORT = { min: 1, max: 65_535 };

const of = (scope: ServerScope): ServerChecks => scope.server.extension(CHECKS);

function flag(usage: string, summary: string, set: (checks: ServerChecks) => void): ServerKeyword {
  return { usage, summary, parse: (_words, scope) => set(of(scope)) };
}

function delay(
  field: 'inter' | 'fastinter' | 'downinter' | 'agentInter',
  word: string,
  summary: string,
): ServerKeyword {
  return {
    usage: `${word} <delay>`,
    summary,
    parse(words, scope) {
      of(scope)[field] = words.time('a delay', 'ms', { min: 1, max: LONGEST });
    },
  };
}

function count(field: 'rise' | 'fall' | 'errorLimit', word: string, summary: string): ServerKeyword {
  return {
    usage: `${word} <count>`,
    summary,
    parse(words, scope) {
      of(scope)[field] = words.integer('a number greater than 0', { min: 1, max: LONGEST });
    },
  };
}

function choice<T extends string>(
  word: string,
  what: string,
  values: readonly T[],
  summary: string,
  set: (checks: ServerChecks, value: T) => void,
): ServerKeyword {
  return {
    usage: `${word} { ${values.join(' | ')} }`,
    summary,
    parse: (words, scope) => set(of(scope), words.oneOf(what, values)),
  };
}

/** A word of TLS or SOCKS, which servers cannot speak yet. */
function refused(usage: string, summary: string, argument: boolean, why: string): ServerKeyword {
  return {
    usage,
    summary,
    parse(words: Words) {
      if (argument) words.next('an argument');
      words.fail(`'${words.keyword}' is not built yet: ${why}`);
    },
  };
}

const NO_TLS = 'there are no TLS connections to servers';

export const checkWords: Record<string, ServerKeyword> = {
  check: {
    usage: 'check',
    summary: 'Checks whether the server is well.',
    parse(words, scope) {
      of(scope).check = true;
      verifyLater(words, scope, verifyCheck);
    },
  },
  'no-check': {
    ...flag('no-check', 'Takes back: check.', (checks) => (checks.check = false)),
    atRunTime: false,
  },
  inter: delay('inter', 'inter', 'The time between two checks; 2 seconds unless told otherwise.'),
  fastinter: delay('fastinter', 'fastinter', 'The same while the server is about to be marked up or down.'),
  downinter: delay('downinter', 'downinter', 'The same while it is down.'),
  rise: count('rise', 'rise', 'The checks in a row that have to pass for a server to be up again.'),
  fall: count('fall', 'fall', 'The checks in a row that have to fail for a server to be down.'),
  port: {
    usage: 'port <port>',
    summary: 'The port of health checks, if not that of the server.',
    parse: (words, scope) => void (of(scope).port = words.integer('a port', PORT)),
  },
  addr: {
    usage: 'addr <ipv4|ipv6>',
    summary: 'The address of health checks, if not that of the server.',
    parse(words, scope) {
      const text = words.next('an address');
      const found = endpointOf(text);
      if (found === undefined) return words.fail(`'addr' : invalid address: '${text}'`);
      const checks = of(scope);
      checks.address = found;
      if (found.port > 0) checks.port = found.port;
    },
  },
  'check-send-proxy': flag('check-send-proxy', 'Begins health checks with a PROXY header in any case.', (checks) => {
    checks.sendProxy = true;
  }),
  'no-check-send-proxy': flag('no-check-send-proxy', 'Takes back: check-send-proxy.', (checks) => {
    checks.sendProxy = false;
  }),
  'check-proto': {
    usage: 'check-proto { h1 | none }',
    summary: 'The protocol of health checks.',
    parse(words, scope) {
      const name = words.next('a protocol');
      if (name === 'h2' || name === 'quic' || name === 'fcgi' || name === 'spop')
        words.fail(`'check-proto ${name}' is not built yet`);
      if (name !== 'h1' && name !== 'none') return words.unknown('MUX protocol', ['h1', 'none', 'h2']);
      of(scope).proto = name;
    },
  },
  'check-reuse-pool': {
    usage: 'check-reuse-pool',
    summary: 'Lets HTTP checks use idle connections of the server; has no effect.',
    parse: (words) => words.notice(`'check-reuse-pool' has no effect: every check opens a connection of its own`),
  },
  'no-check-reuse-pool': flag('no-check-reuse-pool', 'Takes back: check-reuse-pool.', () => undefined),
  'check-pool-conn-name': {
    usage: 'check-pool-conn-name <name>',
    summary: 'The name of the idle connections that checks may use; has no effect.',
    parse(words) {
      words.next('a name');
      words.notice(`'check-pool-conn-name' has no effect: every check opens a connection of its own`);
    },
  },
  'check-ssl': refused('check-ssl', 'Checks over TLS.', false, NO_TLS),
  'no-check-ssl': flag('no-check-ssl', 'Takes back: check-ssl.', () => undefined),
  'check-sni': refused('check-sni <name>', 'The name that TLS checks ask for.', true, NO_TLS),
  'check-alpn': refused('check-alpn <protocols>', 'What TLS checks offer to speak.', true, NO_TLS),
  'check-via-socks4': refused('check-via-socks4', 'Checks through the SOCKS proxy.', false, 'there is no SOCKS client'),
  'agent-check': {
    usage: 'agent-check',
    summary: 'Asks an agent on the server how it is.',
    parse(words, scope) {
      of(scope).agent = true;
      verifyLater(words, scope, verifyAgent);
    },
  },
  'no-agent-check': {
    ...flag('no-agent-check', 'Takes back: agent-check.', (checks) => (checks.agent = false)),
    atRunTime: false,
  },
  'agent-inter': delay('agentInter', 'agent-inter', 'The time between two questions to the agent.'),
  'agent-port': {
    usage: 'agent-port <port>',
    summary: 'The port of the agent.',
    parse: (words, scope) => void (of(scope).agentPort = words.integer('a port', PORT)),
  },
  'agent-addr': {
    usage: 'agent-addr <address>',
    summary: 'The address of the agent, if not that of the server; a name is resolved at start.',
    parse: (words, scope) => void (of(scope).agentAddress = words.next('an address')),
  },
  'agent-send': {
    usage: 'agent-send <string>',
    summary: 'What is sent to the agent first.',
    parse: (words, scope) => void (of(scope).agentSend = words.next('a string')),
  },
  observe: {
    usage: 'observe { none | layer4 | layer7 }',
    summary: 'Takes errors of traffic for failed checks.',
    parse(words, scope) {
      of(scope).observe = words.oneOf('a mode', ['none', 'layer4', 'layer7']);
      verifyLater(words, scope, verifyObserve);
    },
  },
  'error-limit': count('errorLimit', 'error-limit', 'How many errors of traffic in a row make `on-error` act.'),
  'on-error': choice<OnError>(
    'on-error',
    'a mode',
    ['fastinter', 'fail-check', 'sudden-death', 'mark-down'],
    'What errors of traffic do.',
    (checks, mode) => {
      checks.onError = mode;
    },
  ),
  'init-state': choice<InitState>(
    'init-state',
    'a state',
    ['fully-up', 'up', 'down', 'fully-down', 'none'],
    'What a server with checks begins as, and comes back as from maintenance.',
    (checks, state) => {
      checks.initState = state;
    },
  ),
  track: {
    usage: 'track [<backend>/]<server>',
    summary: 'Has the state of another server, which is checked.',
    parse(words, scope) {
      of(scope).track = words.next('a server');
      verifyLater(words, scope, verifyTrack);
    },
  },
  slowstart: {
    usage: 'slowstart <time>',
    summary: 'How long a server that has come back takes to get its full share.',
    parse: (words, scope) => void (scope.server.slowstart = words.time('a time', 'ms', { min: 0, max: LONGEST })),
  },
  'on-marked-down': {
    usage: 'on-marked-down shutdown-sessions',
    summary: 'Ends what a server serves when it goes down.',
    parse(words, scope) {
      words.oneOf('an action', ['shutdown-sessions']);
      scope.server.shutdownWhenDown = true;
    },
  },
  'on-marked-up': {
    usage: 'on-marked-up shutdown-backup-sessions',
    summary: 'Ends what backup servers serve when this server comes up.',
    parse(words, scope) {
      words.oneOf('an action', ['shutdown-backup-sessions']);
      scope.server.shutdownBackupsWhenUp = true;
    },
  },
};
