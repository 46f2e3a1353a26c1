import type { DirectiveKeyword } from 'sluice/plugin';
import { ANYWHERE, lacks, needsHttp, type Side } from './place.ts';

interface Flag {
  readonly summary: string;
  /** The side that has to be there for the option to mean anything; undefined: either. */
  readonly side?: Side;
  readonly http?: true;
  /** Why it changes nothing here; said in a notice. */
  readonly meaningless?: string;
  /** The name of today, where this is an old one. */
  readonly now?: string;
}

const FLAGS: Readonly<Record<string, Flag>> = {
  abortonclose: { summary: 'Gives up a request that is still waiting when its client closes.' },
  'accept-unsafe-violations-in-http-request': {
    summary: 'Lets requests pass that break HTTP in ways known to be needed by some.',
    side: 'frontend',
    http: true,
  },
  'accept-unsafe-violations-in-http-response': {
    summary: 'Lets responses pass that break HTTP in ways known to be needed by some.',
    side: 'backend',
    http: true,
  },
  'accept-invalid-http-request': {
    summary: 'The old name of option accept-unsafe-violations-in-http-request.',
    side: 'frontend',
    http: true,
    now: 'accept-unsafe-violations-in-http-request',
  },
  'accept-invalid-http-response': {
    summary: 'The old name of option accept-unsafe-violations-in-http-response.',
    side: 'backend',
    http: true,
    now: 'accept-unsafe-violations-in-http-response',
  },
  allbackups: { summary: 'Uses all backup servers at once, not only the first.', side: 'backend' },
  contstats: {
    summary: 'Counts bytes while they pass and not at the end.',
    side: 'frontend',
    meaningless: 'bytes are always counted while they pass',
  },
  'disable-h2-upgrade': {
    summary: 'Does not take an HTTP/2 preface on a connection without TLS for an upgrade.',
    side: 'frontend',
    http: true,
    meaningless: 'there is no HTTP/2 yet, and its preface is refused',
  },
  dontlognull: { summary: 'Does not log connections on which nothing came.', side: 'frontend' },
  'http-buffer-request': { summary: "Waits for the request's body before going on.", http: true },
  'http-ignore-probes': {
    summary: 'Closes without an answer or a log line when a client goes without a request.',
    side: 'frontend',
    http: true,
  },
  'http-no-delay': {
    summary: 'Never waits to fill packets.',
    http: true,
    meaningless: 'packets never wait to be filled',
  },
  'http-pretend-keepalive': {
    summary: 'Does not tell the server that its connection will be closed.',
    side: 'backend',
    http: true,
  },
  'http-use-proxy-header': {
    summary: 'Takes, and asks for, the credentials of proxies (Proxy-Authorization) in requests to a proxy.',
    side: 'frontend',
    http: true,
  },
  'idle-close-on-response': {
    summary: 'Leaves idle client connections open until one more response when stopping.',
    side: 'frontend',
    http: true,
  },
  'independent-streams': { summary: 'Bytes sent do not count as a sign of life of the one who receives them.' },
  nolinger: {
    summary: 'Resets connections that are done with.',
    meaningless: "those to servers are reset anyway, and a client's is not, so that it gets all of its answer",
  },
  persist: {
    summary: 'Sends a client to the server that persistence names even if that is down.',
    side: 'backend',
  },
  'prefer-last-server': {
    summary: 'Stays with the server of the last request while there is a connection to it.',
    side: 'backend',
    http: true,
  },
  'socket-stats': {
    summary: 'Counts for each listener of its own.',
    side: 'frontend',
    meaningless: 'statistics are not kept for each listener yet',
  },
  'splice-auto': {
    summary: 'Forwards inside the kernel when that seems of use.',
    meaningless: 'there is no splicing here',
  },
  'splice-request': { summary: 'Forwards requests inside the kernel.', meaningless: 'there is no splicing here' },
  'splice-response': { summary: 'Forwards responses inside the kernel.', meaningless: 'there is no splicing here' },
  'tcp-smart-accept': {
    summary: 'Saves the acknowledgement of the first packet.',
    side: 'frontend',
    meaningless: 'the system decides when it acknowledges',
  },
  'tcp-smart-connect': {
    summary: "Saves the acknowledgement of the server's first packet.",
    side: 'backend',
    meaningless: 'the system decides when it acknowledges',
  },
  'h1-case-adjust-bogus-client': {
    summary: 'Applies h1-case-adjust to what clients get.',
    side: 'frontend',
  },
  'h1-case-adjust-bogus-server': {
    summary: 'Applies h1-case-adjust to what servers get.',
    side: 'backend',
  },
};

function option(name: string, flag: Flag): DirectiveKeyword {
  const key = flag.now ?? name;
  return {
    usage: `option ${name}`,
    summary: flag.summary,
    in: ANYWHERE,
    negatable: true,
    parse(words, scope) {
      words.end();
      if (flag.now) words.warn(`'option ${name}' is deprecated, please use 'option ${flag.now}' instead`);
      if (flag.side && lacks(flag.side, words, scope)) return;
      const { settings } = scope.proxy;
      if (words.form === 'default') settings.options.delete(key);
      else settings.options.set(key, words.form === 'plain');
      if (name === 'h1-case-adjust-bogus-client') settings.adjustCaseForClient = words.form === 'plain';
      if (name === 'h1-case-adjust-bogus-server') settings.adjustCaseForServer = words.form === 'plain';
      if (words.form !== 'plain') return;
      if (flag.meaningless) words.notice(`'option ${name}' has no effect: ${flag.meaningless}`);
      if (flag.http) needsHttp(words, scope, (proxy) => proxy.settings.options.get(key) === true);
    },
  };
}

export const options: Record<string, DirectiveKeyword> = Object.fromEntries(
  Object.entries(FLAGS).map(([name, flag]) => [`option ${name}`, option(name, flag)]),
);
