import type { DirectiveKeyword, Extension, ProxySettings, TimeoutName } from 'sluice/plugin';
import { ANYWHERE, type Side } from './place.ts';

/** The largest time HAProxy keeps, in milliseconds: about 24.8 days. */
export const LONGEST = 2147483647;

interface Seen {
  readonly keywords: Set<string>;
}
/** The timeouts that this very section has set; not inherited. */
const SEEN: Extension<Seen> = { name: 'proxy/timeouts', create: () => ({ keywords: new Set() }) };

const TIMEOUTS: Readonly<Record<TimeoutName, readonly [summary: string, side?: Side]>> = {
  check: ['How long a health check may take once connected.', 'backend'],
  client: ['How long a client may stay silent when it is its turn.', 'frontend'],
  'client-fin': ['The same after one side has closed.', 'frontend'],
  'client-hs': ['How long a TLS handshake with a client may take.', 'frontend'],
  connect: ['How long a connection to a server may take.', 'backend'],
  'http-keep-alive': ['How long a client may wait before it begins its next request.'],
  'http-request': ["How long a request's head may take."],
  queue: ['How long a request may wait for a server below its limit.', 'backend'],
  server: ['How long a server may stay silent when it is its turn.', 'backend'],
  'server-fin': ['The same after one side has closed.', 'backend'],
  tarpit: ['How long a tarpitted client waits for its answer.'],
  tunnel: ['How long both ends of a tunnel may stay silent.', 'backend'],
};

function timeout(name: TimeoutName, summary: string, side: Side | undefined): DirectiveKeyword {
  return {
    usage: `timeout ${name} <time>`,
    summary,
    in: ANYWHERE,
    parse(words, scope) {
      const { proxy } = scope;
      const time = words.time('a time', 'ms', { min: 0, max: LONGEST });
      words.end();
      if (side && !(side === 'frontend' ? proxy.isFrontend : proxy.isBackend))
        words.warn(
          `'${words.keyword}' will be ignored because ${proxy.kind} '${proxy.name}' has no ${side} capability`,
        );
      const seen = proxy.extension(SEEN).keywords;
      if (seen.has(name)) words.warn(`overwriting '${words.keyword}' which was already specified`);
      seen.add(name);
      proxy.settings.timeouts[name] = time;
    },
  };
}

export const timeouts: Record<string, DirectiveKeyword> = Object.fromEntries(
  Object.entries(TIMEOUTS).map(([name, [summary, side]]) => [
    `timeout ${name}`,
    timeout(name as TimeoutName, summary, side),
  ]),
);

function inspectDelay(field: 'inspectDelay' | 'responseInspectDelay', what: string): DirectiveKeyword {
  const keyword = field === 'inspectDelay' ? 'tcp-request inspect-delay' : 'tcp-response inspect-delay';
  return {
    usage: `${keyword} <time>`,
    summary: `How long content rules may wait for the ${what}'s bytes.`,
    in: ANYWHERE,
    parse(words, scope) {
      const { proxy } = scope;
      const time = words.time('a time', 'ms', { min: 0, max: LONGEST });
      words.end();
      if (proxy.kind === 'defaults' && proxy.name === '')
        words.fail(`'${words.keyword}' is only allowed in a 'defaults' section that has a name`);
      if (field === 'responseInspectDelay' && !proxy.isBackend)
        words.fail(
          `'${words.keyword}' is not allowed because ${proxy.kind} '${proxy.name}' has no backend capability.`,
        );
      const settings: ProxySettings = proxy.settings;
      settings[field] = time;
    },
  };
}

export const inspection: Record<string, DirectiveKeyword> = {
  'tcp-request inspect-delay': inspectDelay('inspectDelay', 'client'),
  'tcp-response inspect-delay': inspectDelay('responseInspectDelay', 'server'),
};
