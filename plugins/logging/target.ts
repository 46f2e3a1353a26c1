import type { Words } from 'sluice/plugin';
import type { RingServer } from './ring-forwarder.ts';

/** Where lines go. A host name is looked up when the configuration starts. */
export type Target =
  | { readonly kind: 'udp'; readonly host: string; readonly family: 4 | 6 | undefined; readonly port: number }
  /** A datagram socket's path; in the abstract namespace with a leading NUL. */
  | { readonly kind: 'unix'; readonly path: string }
  | { readonly kind: 'fd'; readonly fd: number }
  /** A `ring` section. */
  | { readonly kind: 'ring'; readonly name: string }
  /** A server of streams, behind a ring of its own. */
  | { readonly kind: 'stream'; readonly to: RingServer['to'] };

const SYSLOG_PORT = 514;

/** Kinds that HAProxy has and that are not built. */
const NOT_BUILT: Readonly<Record<string, string>> = {
  backend: 'logging to a log backend is not built yet',
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
    case 'ring':
      if (rest === '') words.fail(`missing ring name in '${text}'`);
      return { kind: 'ring', name: rest! };
    case 'tcp':
    case 'tcp4':
    case 'tcp6':
    case 'uxst':
      return { kind: 'stream', to: parseStreamAddress(text, words, SYSLOG_PORT) };
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

/** The address of a server of streams: `host:port`, `tcp@host:port`, a path. `usual` is the port where none is written. */
export function parseStreamAddress(text: string, words: Words, usual?: number): RingServer['to'] {
  const [, prefix, rest] = /^(?:([a-z0-9]+)@)?(.*)$/s.exec(text)!;
  if (prefix === undefined && rest!.startsWith('/')) return { path: rest! };
  switch (prefix) {
    case 'unix':
    case 'uxst':
      return { path: rest! };
    case 'abns':
      return { path: `\0${rest}` };
    case undefined:
    case 'tcp':
      return parsePort(rest!, undefined, words, usual);
    case 'ipv4':
    case 'tcp4':
      return parsePort(rest!, 4, words, usual);
    case 'ipv6':
    case 'tcp6':
      return parsePort(rest!, 6, words, usual);
  }
  return words.fail(`invalid address: '${text}'`);
}

function parsePort(
  text: string,
  family: 4 | 6 | undefined,
  words: Words,
  usual: number | undefined,
): Extract<RingServer['to'], { readonly host: string }> {
  const { host, port } = readHostPort(text, words, usual);
  return { host: host === '*' ? 'localhost' : host, port, family };
}

function parseUdp(text: string, family: 4 | 6 | undefined, words: Words): Target {
  return { kind: 'udp', family, ...readHostPort(text, words, SYSLOG_PORT) };
}

/** `usual` is the port where none is written; undefined: there has to be one. */
function readHostPort(text: string, words: Words, usual: number | undefined): { host: string; port: number } {
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
  if ((service === undefined || service === '') && usual === undefined)
    words.fail(`missing port number in '${text}', port number expected after a colon`);
  const number = service === undefined || service === '' ? usual! : Number(service);
  if (number < 1 || number > 65535) words.fail(`invalid port '${service}' in '${text}'`);
  return { host, port: number };
}
