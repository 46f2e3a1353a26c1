import type { Words } from 'sluice/plugin';

/** Where lines go. A host name is looked up when the configuration starts. */
export type Target =
  | { readonly kind: 'udp'; readonly host: string; readonly family: 4 | 6 | undefined; readonly port: number }
  /** A datagram socket's path; in the abstract namespace with a leading NUL. */
  | { readonly kind: 'unix'; readonly path: string }
  | { readonly kind: 'fd'; readonly fd: number };

const SYSLOG_PORT = 514;

/** Kinds that HAProxy has and that are not built. */
const NOT_BUILT: Readonly<Record<string, string>> = {
  ring: 'logging to a ring is not built yet',
  backend: 'logging to a log backend is not built yet',
  tcp: 'logging over TCP is not built yet',
  tcp4: 'logging over TCP is not built yet',
  tcp6: 'logging over TCP is not built yet',
  uxst: 'logging to a stream socket is not built yet',
  sockpair: 'logging to a socket pair is not built yet',
};

/** Reads the target of a `log` line; configuration.txt 4.2, log. */
export function parseTarget(text: string, words: Words): Target {
  if (text === 'stdout') return { kind: 'fd', fd: 1 };
  if (text === 'stderr') return { kind: 'fd', fd: 2 };
  if (text.startsWith('/')) return { kind: 'unix', path: text };
  const [, prefix, rest] = /^(?:([a-z0-9]+)@)?(.*)$/s.exec(text)!;
  if (prefix === undefined) return parseUdp(rest!, undefined, words);
  const missing = NOT_BUILT[prefix];
  if (missing !== undefined) words.fail(`'${text}': ${missing}`);
  switch (prefix) {
    case 'fd':
      if (!/^\d{1,9}$/.test(rest!)) words.fail(`file descriptor '${rest}' is not a valid integer in '${text}'`);
      return { kind: 'fd', fd: Number(rest) };
    case 'unix':
    case 'uxdg':
      return { kind: 'unix', path: rest! };
    case 'abns':
      return { kind: 'unix', path: `\0${rest}` };
    case 'udp':
    case 'dgram':
      return parseUdp(rest!, undefined, words);
    case 'ipv4':
    case 'udp4':
      return parseUdp(rest!, 4, words);
    case 'ipv6':
    case 'udp6':
      return parseUdp(rest!, 6, words);
  }
  return words.fail(`invalid address: '${text}'`);
}

function parseUdp(text: string, family: 4 | 6 | undefined, words: Words): Target {
  // In brackets, or up to the last colon: `::1:514` has its port after it, `::1` none (the manual asks for the colon).
  const [, bracketed, plain, port] = /^(?:\[([^\]]*)\]|(.*?))(?::([^:]*))?$/s.exec(text)!;
  let host = bracketed ?? plain!;
  let service = port;
  // An IPv6 address that is only complete with what looked like the port.
  if (bracketed === undefined && service !== undefined && host.endsWith(':') && !host.endsWith('::')) {
    host = text;
    service = undefined;
  }
  if (host === '') words.fail(`invalid address: '${text}'`);
  if (service !== undefined && service !== '' && !/^\d+$/.test(service)) {
    const bad = /\D/.exec(service)![0];
    words.fail(`invalid character '${bad}' in port number '${service}' in '${text}'`);
  }
  const number = service === undefined || service === '' ? SYSLOG_PORT : Number(service);
  if (number < 1 || number > 65535) words.fail(`invalid port '${service}' in '${text}'`);
  return { kind: 'udp', host, family, port: number };
}
