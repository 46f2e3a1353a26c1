import type { DirectiveKeyword, Format, Scope, Words } from 'sluice/plugin';
import { HTTP_CLF_FORMAT, HTTP_FORMAT, HTTPS_FORMAT, TCP_CLF_FORMAT, TCP_FORMAT } from './formats.ts';
import { ownHost } from './headers.ts';
import { parseLogLine } from './log-line.ts';
import {
  GLOBAL_LINES,
  GLOBAL_LOGGING,
  type OwnLogging,
  PROXY_LOGGING,
  type ProxyLogging,
  type TrafficFormat,
} from './settings.ts';
import { addHooks } from './traffic.ts';

const FRONT: DirectiveKeyword['in'] = ['defaults', 'frontend'];
const PROXIES: DirectiveKeyword['in'] = ['defaults', 'frontend', 'backend'];

function parseLog(words: Words, scope: Scope): void {
  if (scope.kind === 'global') {
    const { targets } = scope.global.extension(GLOBAL_LOGGING);
    if (words.form === 'no') {
      noArguments(words);
      targets.length = 0;
    } else {
      targets.push(parseLogLine(words, scope));
    }
    return;
  }
  const state = scope.proxy.extension(PROXY_LOGGING);
  if (words.form === 'no') {
    noArguments(words);
    state.targets = [];
    return;
  }
  readTarget(words, scope, state.targets);
  state.errorPrefix ??= compile('%ci:%cp [%t] ', words, scope);
  scope.later((names) => addHooks(names.proxies));
}

function readTarget(words: Words, scope: Scope, targets: ProxyLogging['targets']): void {
  if (words.remaining === 1 && words.peek() === 'global') {
    words.next('global');
    if (!targets.includes(GLOBAL_LINES)) targets.push(GLOBAL_LINES);
  } else {
    targets.push(parseLogLine(words, scope));
  }
}

/** Reads a `log` or `no log` line of what is no proxy. */
export function parseOwnLog(words: Words, scope: Scope, { targets }: OwnLogging): void {
  if (words.form === 'no') {
    noArguments(words);
    targets.length = 0;
  } else readTarget(words, scope, targets);
}

function noArguments(words: Words): void {
  if (words.remaining > 0) words.fail(`'no log' does not expect arguments`);
}

function only(words: Words, what: string): string {
  const text = words.next(what);
  words.end();
  return text;
}

function compile(text: string, words: Words, scope: Scope): Format {
  return scope.format(text, words, ['log']);
}

/** `option httplog` and its like: the built-in format, and the TCP one for proxies it does not fit. */
function builtIn(name: string, plain: string, clf: string | undefined): DirectiveKeyword['parse'] {
  return (words, scope) => {
    const form = clf !== undefined && words.optional('clf') ? clf : plain;
    words.end();
    const wants = compile(form, words, scope);
    const format: TrafficFormat = {
      http: wants,
      tcp: name === 'tcplog' ? wants : compile(TCP_FORMAT, words, scope),
      misfit: (proxy) => {
        if (name === 'tcplog') return;
        words.warn(
          `'option ${name}' not usable with proxy '${proxy}' (needs 'mode http'). Falling back to 'option tcplog'.`,
        );
      },
    };
    scope.proxy.extension(PROXY_LOGGING).format = format;
  };
}

const STEPS = ['accept', 'request', 'connect', 'response', 'close'] as const;

function stepNamed(name: string, words: Words): (typeof STEPS)[number] {
  return STEPS.find((step) => step === name) ?? words.unknown('logging step', ['all', ...STEPS]);
}

/** Refuses aliases that a proxy in TCP mode has nothing for; `uses` says whether a proxy uses the format. */
function refuseMisfit(format: Format, uses: (state: ProxyLogging) => boolean, words: Words, scope: Scope): void {
  const { httpAlias } = format;
  if (httpAlias === undefined) return;
  scope.later(({ proxies }) => {
    for (const proxy of proxies) {
      const state = proxy.kind === 'defaults' ? undefined : proxy.findExtension(PROXY_LOGGING);
      if (state && proxy.isFrontend && proxy.settings.mode === 'tcp' && uses(state))
        words.fail(
          `'${words.keyword}' : format alias '${httpAlias}' is reserved for HTTP mode (proxy '${proxy.name}')`,
        );
    }
  });
}

function flag(name: string, summary: string, side: 'frontend' | 'backend'): DirectiveKeyword {
  return {
    usage: `[ no ] option ${name}`,
    summary,
    in: ['defaults', side],
    negatable: true,
    parse: (words, scope) => {
      words.end();
      const { options } = scope.proxy.settings;
      if (words.form === 'default') options.delete(name);
      else options.set(name, words.form === 'plain');
    },
  };
}

export const directives: Readonly<Record<string, DirectiveKeyword>> = {
  log: {
    usage:
      'log { global | <target> [ len <length> ] [ format <format> ] [ sample <ranges>:<size> ] [ profile <prof> ] <facility> [ <level> [ <minlevel> ] ] }',
    summary: 'Sends events and traffic to a syslog server, a socket or a descriptor.',
    in: ['global', ...PROXIES],
    negatable: true,
    parse: parseLog,
  },
  'log-format': {
    usage: 'log-format <log-format>',
    summary: 'What a traffic line says.',
    in: FRONT,
    parse: (words, scope) => {
      const format = compile(only(words, 'a log-format string'), words, scope);
      scope.proxy.extension(PROXY_LOGGING).format = { http: format, tcp: format, misfit: () => {} };
      refuseMisfit(format, (state) => state.format?.tcp === format, words, scope);
    },
  },
  'error-log-format': {
    usage: 'error-log-format <log-format>',
    summary: 'What a line says about a connection or request that failed.',
    in: FRONT,
    parse: (words, scope) => {
      const format = compile(only(words, 'a log-format string'), words, scope);
      scope.proxy.extension(PROXY_LOGGING).errorFormat = format;
      refuseMisfit(format, (state) => state.errorFormat === format, words, scope);
    },
  },
  'log-format-sd': {
    usage: 'log-format-sd <log-format>',
    summary: 'The structured data of lines in rfc5424.',
    in: FRONT,
    parse: (words, scope) => {
      const format = compile(only(words, 'a log-format string'), words, scope);
      scope.proxy.extension(PROXY_LOGGING).structuredData = format;
      refuseMisfit(format, (state) => state.structuredData === format, words, scope);
    },
  },
  'log-tag': {
    usage: 'log-tag <string>',
    summary: 'The name of the program in the header of lines.',
    in: ['global', ...PROXIES],
    parse: (words, scope) => {
      const tag = only(words, 'a tag for use in syslog');
      if (scope.kind === 'global') scope.global.extension(GLOBAL_LOGGING).tag = tag;
      else scope.proxy.extension(PROXY_LOGGING).tag = tag;
    },
  },
  'log-send-hostname': {
    usage: 'log-send-hostname [ <string> ]',
    summary: 'Puts the name of the machine, or this one, into the header of lines.',
    in: ['global'],
    parse: (words, scope) => {
      scope.global.extension(GLOBAL_LOGGING).host = words.remaining > 0 ? words.next('a host name') : ownHost();
      words.end();
    },
  },
  'log-steps': {
    usage: 'log-steps <steps>',
    summary: 'When a transaction is logged: all, or some of accept, request, connect, response and close.',
    in: FRONT,
    parse: (words, scope) => {
      const text = only(words, 'steps separated by commas');
      const steps = text === 'all' ? STEPS : text.split(',').map((name) => stepNamed(name, words));
      scope.proxy.extension(PROXY_LOGGING).steps = new Set(steps);
    },
  },
  'option httplog': {
    usage: 'option httplog [ clf ]',
    summary: 'Logs each request with its timers, states and captures.',
    in: FRONT,
    parse: builtIn('httplog', HTTP_FORMAT, HTTP_CLF_FORMAT),
  },
  'option tcplog': {
    usage: 'option tcplog [ clf ]',
    summary: 'Logs each connection with its timers and states.',
    in: FRONT,
    parse: builtIn('tcplog', TCP_FORMAT, TCP_CLF_FORMAT),
  },
  'option httpslog': {
    usage: 'option httpslog',
    summary: 'As option httplog, with what TLS has to say.',
    in: FRONT,
    parse: builtIn('httpslog', HTTPS_FORMAT, undefined),
  },
  'option dontlog-normal': flag('dontlog-normal', 'Logs only what went wrong.', 'frontend'),
  'option log-separate-errors': flag('log-separate-errors', 'Logs what went wrong at level err.', 'frontend'),
  'option logasap': flag('logasap', 'Logs before the data has passed.', 'frontend'),
  'option log-health-checks': flag('log-health-checks', "Logs every change of a server's health.", 'backend'),
};
