const REQUEST_DENY = "'http-request deny'";
const RESPONSE_DENY = "'http-response deny'";
const REQUEST_EDIT = "'http-request replace-path', 'http-request replace-uri' or 'http-request replace-header'";
const GONE = 'is not supported any more';

/** `reqadd` and its like: gone with HAProxy 2.1. */
const EDITS: Readonly<Record<string, string>> = {
  reqadd: "'http-request add-header'",
  reqallow: "'http-request allow'",
  reqdel: "'http-request del-header'",
  reqdeny: REQUEST_DENY,
  reqpass: "'http-request allow'",
  reqrep: REQUEST_EDIT,
  reqtarpit: "'http-request tarpit'",
  rspadd: "'http-response add-header'",
  rspdel: "'http-response del-header'",
  rspdeny: RESPONSE_DENY,
  rsprep: "'http-response replace-header'",
};

/** Other words of proxies that HAProxy knew once. */
const PROXY: Readonly<Record<string, string>> = {
  block: `The 'block' directive ${GONE} since HAProxy 2.1. Use 'http-request deny' which uses the exact same syntax.`,
  redispatch: `The 'redispatch' directive ${GONE} since HAProxy 2.1. Use 'option redispatch'.`,
  clitimeout: `The 'clitimeout' directive ${GONE} since HAProxy 2.1. Use 'timeout client'.`,
  contimeout: `The 'contimeout' directive ${GONE} since HAProxy 2.1. Use 'timeout connect'.`,
  srvtimeout: `The 'srvtimeout' directive ${GONE} since HAProxy 2.1. Use 'timeout server'.`,
  'timeout clitimeout': "Use 'timeout client'.",
  'timeout contimeout': "Use 'timeout connect'.",
  'timeout srvtimeout': "Use 'timeout server'.",
  'bind-process': `The 'bind-process' directive ${GONE} since HAProxy 2.7. Use 'thread' on 'bind' lines instead.`,
  grace: `The 'grace' keyword ${GONE} in proxies since HAProxy 2.5. Use 'grace' in the 'global' section instead.`,
  'monitor-net': `'monitor-net' doesn't exist any more. Use 'http-request return status 200 if { src <network> }' instead.`,
  dispatch: `'dispatch' ${GONE} since HAProxy 3.3. Use a 'server' line instead.`,
  transparent: `'transparent' ${GONE} since HAProxy 3.3. Use a 'server' line with the address 0.0.0.0 instead.`,
  'option transparent': `'option transparent' ${GONE} since HAProxy 3.3. Use a 'server' line with the address 0.0.0.0 instead.`,
  'option forceclose': `option 'forceclose' ${GONE} since HAProxy 2.0, please just remove it, or use 'option httpclose' if absolutely needed.`,
  'option http-tunnel': `option 'http-tunnel' ${GONE} since HAProxy 2.1, please just remove it, it shouldn't be needed.`,
  'option http-use-htx': `option 'http-use-htx' ${GONE} since HAProxy 2.1, please just remove it.`,
  'option http_proxy': `option 'http_proxy' ${GONE} since HAProxy 2.5. Use 'http-request set-dst' and 'http-request set-uri' instead.`,
  'option accept-invalid-http-request': `option 'accept-invalid-http-request' is the old name of 'option accept-unsafe-violations-in-http-request'. Use that.`,
  'option accept-invalid-http-response': `option 'accept-invalid-http-response' is the old name of 'option accept-unsafe-violations-in-http-response'. Use that.`,
};

const GLOBAL: Readonly<Record<string, string>> = {
  nbproc: `nbproc ${GONE} since HAProxy 2.5. Use 'nbthread' instead.`,
  'bind-process': `'bind-process' ${GONE} since HAProxy 2.7. Use 'nbthread' instead.`,
  debug: `'debug' ${GONE} in the configuration since HAProxy 2.3. Use the command line's -d.`,
  'tune.chksize': `option 'tune.chksize' ${GONE} (tune.bufsize is used instead).`,
  'ssl-server-verify': `'ssl-server-verify' ${GONE}. Use 'verify' on 'server' lines instead.`,
};

/** What to say of a word that HAProxy had once and has no more, naming what took its place. */
export function removedWord(section: 'global' | 'proxy', key: string): string | undefined {
  const table = section === 'global' ? GLOBAL : PROXY;
  if (Object.hasOwn(table, key)) return table[key];
  // `reqirep` is `reqrep` without regard to case.
  const plain = key.replace(/^(req|rsp)i(?=(?:allow|del|deny|pass|rep|tarpit)$)/, '$1');
  if (section === 'global' || !Object.hasOwn(EDITS, plain)) return undefined;
  return `The '${key}' directive ${GONE} since HAProxy 2.1. Use ${EDITS[plain]} instead.`;
}
