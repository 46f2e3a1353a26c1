import { isIP, isIPv4 } from 'node:net';
import type { SourceAddress, Words } from 'sluice/plugin';

export const SOURCE_USAGE = 'source <address>[:<port>] [ interface <name> ]';

/** Reads `<address>[:<ports>]` and what may follow it in a `source`; only a server's may have a range of ports. */
export function readSource(words: Words, ranges: boolean): SourceAddress {
  const text = words.next('an address');
  const address = readAddress(text, words, ranges);
  let device: string | undefined;
  for (let next = words.peek(); next === 'interface' || next === 'usesrc'; next = words.peek()) {
    words.next('interface');
    if (next === 'usesrc')
      words.fail(`'usesrc' is not possible: it needs transparent sockets, which Node.js cannot open`);
    device = words.next('an interface name');
  }
  return { ...address, interface: device };
}

function readAddress(text: string, words: Words, ranges: boolean): Omit<SourceAddress, 'interface'> {
  const prefixed = /^(?:(ipv4|ipv6)@)?(.*)$/s.exec(text) as RegExpExecArray;
  const family = prefixed[1];
  const rest = prefixed[2] ?? '';
  if (rest.startsWith('/') || /^(unix|abnsz?)@/.test(rest))
    words.fail(`'${words.keyword} ${text}': a path is no address to connect from`);
  // An IPv6 address takes its port behind the last colon unless it stands in brackets; a bare one has none.
  const bracket = /^\[([^\]]*)\](?::(.*))?$/s.exec(rest);
  let host = rest;
  let ports: string | undefined;
  if (bracket) [host, ports] = [bracket[1] ?? '', bracket[2]];
  else if (!isIP(rest) || rest.endsWith(':')) {
    const colon = rest.lastIndexOf(':');
    if (colon >= 0) [host, ports] = [rest.slice(0, colon), rest.slice(colon + 1)];
  }
  if (host === '*' || host === '') host = family === 'ipv6' ? '::' : '0.0.0.0';
  if (!isIP(host)) words.fail(`'${words.keyword} ${text}': invalid address '${host}'`);
  const actual = isIPv4(host) ? 4 : 6;
  if (family && family !== `ipv${actual}`) words.fail(`'${words.keyword} ${text}': '${host}' is no ${family} address`);
  return { address: host, family: actual, ports: readPorts(ports, text, words, ranges) };
}

function readPorts(ports: string | undefined, text: string, words: Words, ranges: boolean): readonly [number, number] {
  if (ports === undefined || ports === '') return [0, 0];
  const range = /^(\d+)(?:-(\d+))?$/.exec(ports);
  if (!range) words.fail(`'${words.keyword} ${text}': invalid port '${ports}'`);
  const low = Number(range[1]);
  const high = range[2] === undefined ? low : Number(range[2]);
  if (range[2] !== undefined && !ranges) words.fail(`'${words.keyword} ${text}': port range not permitted here`);
  if (high > 65535 || low > high) words.fail(`'${words.keyword} ${text}': invalid port '${ports}'`);
  return [low, high];
}
