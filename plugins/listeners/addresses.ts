import { isIPv4, isIPv6 } from 'node:net';
import type { Words } from 'sluice/plugin';

const NOT_BUILT = ['abnsz', 'sockpair', 'quic4', 'quic6', 'rhttp', 'mptcp', 'mptcp4', 'mptcp6'];
const NOT_FOR_STREAMS = ['udp', 'udp4', 'udp6', 'dgram'];

/**
 * Checks a list of addresses, `{<path>|[address]:port[-end]},…`, and gives its parts as they stand; their meaning is the
 * kernel's. configuration.txt 2.9 and 4.2 (bind).
 */
export function checkAddresses(list: string, words: Words): string[] {
  const parts = list.split(',').filter((part) => part !== '');
  if (parts.length === 0) words.fail(`'${words.keyword}' : missing address in '${list}'`);
  for (const part of parts) checkAddress(part, words);
  return parts;
}

function checkAddress(text: string, words: Words): void {
  let rest = text;
  let family = '';
  for (;;) {
    const prefix = /^([a-z0-9]+)([@+])(.*)$/s.exec(rest);
    if (!prefix) break;
    const name = prefix[1] as string;
    if (NOT_BUILT.includes(name)) words.fail(`'${words.keyword}' : addresses of kind '${name}@' are not built yet`);
    if (NOT_FOR_STREAMS.includes(name))
      words.fail(`'${words.keyword}' : dgram-type address not acceptable in '${text}'`);
    if (name === 'stream' && prefix[2] === '+') {
      rest = prefix[3] as string;
      continue;
    }
    if (!['ipv4', 'ipv6', 'tcp', 'tcp4', 'tcp6', 'unix', 'abns', 'fd', 'stream'].includes(name) || prefix[2] === '+')
      words.fail(`'${words.keyword}' : unknown address family '${name}${prefix[2]}' in '${text}'`);
    family = name;
    rest = prefix[3] as string;
    break;
  }
  if (family === 'fd') {
    if (!/^\d+$/.test(rest))
      words.fail(`'${words.keyword}' : file descriptor '${rest}' is not a valid integer in '${text}'`);
  } else if (family === 'unix' || family === 'abns' || (family === '' && rest.startsWith('/'))) {
    if (rest === '') words.fail(`'${words.keyword}' : missing path in '${text}'`);
    if (rest.length > (family === 'abns' ? 107 : 97))
      words.fail(`'${words.keyword}' : socket path '${rest}' too long (max 97)`);
  } else checkInternet(rest, family, text, words);
}

function checkInternet(rest: string, family: string, text: string, words: Words): void {
  const bracket = /^\[([^\]]*)\](.*)$/s.exec(rest);
  const colon = rest.lastIndexOf(':');
  const host = bracket ? (bracket[1] as string) : colon < 0 ? rest : rest.slice(0, colon);
  const port = bracket ? /^:(.*)$/s.exec(bracket[2] as string)?.[1] : colon < 0 ? undefined : rest.slice(colon + 1);
  if (port === undefined || port === '') words.fail(`'${words.keyword}' : missing port specification in '${text}'`);
  const range = /^(\d+)(?:-(\d+))?$/.exec(port);
  const low = Number(range?.[1]);
  const high = Number(range?.[2] ?? range?.[1]);
  if (!range || low > 65535 || high > 65535) words.fail(`'${words.keyword}' : invalid port '${port}'`);
  if (low > high || (low === 0 && high > 0)) words.fail(`'${words.keyword}' : invalid port range '${port}'`);
  // HAProxy refuses port 0. Tests and demonstrations need a port that is surely free, so it is let pass, and said.
  if (high === 0) words.notice(`'${words.keyword}' : the system chooses the port of '${text}'`);
  const only = family.endsWith('4') ? 4 : family.endsWith('6') ? 6 : 0;
  const known =
    host === '' || host === '*' || (only !== 6 && isIPv4(host)) || (only !== 4 && isIPv6(host)) || isHostName(host);
  if (!known || (only === 4 && host.includes(':')))
    words.fail(`'${words.keyword}' : invalid address: '${host}' in '${text}'`);
}

/** A name to be resolved when the listener is bound. */
function isHostName(host: string): boolean {
  return /[a-z]/i.test(host) && /^[a-z0-9_]([a-z0-9_-]*\.?)*$/i.test(host);
}
