/**
 * Addresses as `bind`, `server`, `log`, `source` and friends write them (configuration manual, section 2.9): a host and
 * ports, a UNIX path, an abstract name or an inherited descriptor, behind prefixes that force family and transport.
 */

import { parseIPv4, parseIPv6 } from './ip.ts';
import { SUN_PATH } from './listen-target.ts';

/** How bytes travel: a byte stream, datagrams, or streams over datagrams (QUIC). */
export type Transport = 'stream' | 'dgram' | 'quic';

/** The part after the last colon. `offset` (`:+10`, `:-10`) is added to the port the client came to. */
export type Ports =
  | { readonly kind: 'none' }
  | { readonly kind: 'port'; readonly port: number }
  | { readonly kind: 'range'; readonly low: number; readonly high: number }
  | { readonly kind: 'offset'; readonly offset: number };

interface Common {
  readonly transport: Transport;
  /** Why Node cannot use this address, when it cannot. (UNIX datagrams go through libc.ts.) */
  readonly unsupported: string | undefined;
}

/** IPv4, IPv6 or a name to resolve. */
export interface InetAddress extends Common {
  readonly kind: 'inet';
  /** The family written or forced by a prefix; 0 is a host name of either family. */
  readonly family: 0 | 4 | 6;
  /** A numeric address without brackets, or a host name. `*` and nothing come as `0.0.0.0`, or `::` after `ipv6@`. */
  readonly host: string;
  /** Whether `host` has to be resolved. */
  readonly named: boolean;
  readonly ports: Ports;
  readonly mptcp: boolean;
}

/** A UNIX socket's path, prefix included. */
export interface UnixAddress extends Common {
  readonly kind: 'unix';
  readonly path: string;
}

/** A name in Linux's abstract namespace; `abnsz@` names are as long as written, `abns@` names fill sun_path with zeros. */
export interface AbstractAddress extends Common {
  readonly kind: 'abns';
  readonly name: string;
  readonly zeroTerminated: boolean;
}

/** An inherited descriptor. */
export interface DescriptorAddress extends Common {
  readonly kind: 'fd' | 'sockpair';
  readonly fd: number;
}

export type Address = InetAddress | UnixAddress | AbstractAddress | DescriptorAddress;

/** What the statement that shows the address allows. The defaults are those of a stream address with optional port. */
export interface AddressOptions {
  /** The transport when no prefix says one. */
  readonly transport?: 'stream' | 'dgram';
  /** The transports that the statement can use; others are refused. Defaults to `transport` (a QUIC address is a stream). */
  readonly transports?: readonly ('stream' | 'dgram')[];
  readonly port?: 'required' | 'optional';
  readonly portRange?: boolean;
  readonly portOffset?: boolean;
  /** Whether port 0 may be written. */
  readonly portZero?: boolean;
  readonly descriptor?: boolean;
  /** The prefix of `unix-bind`, put before paths and abstract names. */
  readonly unixPrefix?: string;
  /** Values for `$NAME` and `${NAME}`, which an address expands even outside of quotes. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
}

/** An address that cannot be read; `offset` is the index in the text at which it goes wrong. */
export class AddressError extends Error {
  override readonly name = 'AddressError';
  readonly offset: number;

  constructor(message: string, offset: number) {
    super(message);
    this.offset = offset;
  }
}

interface Prefix {
  readonly family: 'ip' | 4 | 6 | 'unix' | 'abns' | 'abnsz' | 'fd' | 'sockpair';
  readonly transport?: Transport;
  readonly mptcp?: true;
}

const PREFIXES: ReadonlyMap<string, Prefix> = new Map<string, Prefix>([
  ['ip', { family: 'ip' }],
  ['ipv4', { family: 4 }],
  ['ipv6', { family: 6 }],
  ['unix', { family: 'unix' }],
  ['abns', { family: 'abns' }],
  ['abnsz', { family: 'abnsz' }],
  ['fd', { family: 'fd' }],
  ['sockpair', { family: 'sockpair' }],
  ['tcp', { family: 'ip', transport: 'stream' }],
  ['tcp4', { family: 4, transport: 'stream' }],
  ['tcp6', { family: 6, transport: 'stream' }],
  ['mptcp', { family: 'ip', transport: 'stream', mptcp: true }],
  ['mptcp4', { family: 4, transport: 'stream', mptcp: true }],
  ['mptcp6', { family: 6, transport: 'stream', mptcp: true }],
  ['udp', { family: 'ip', transport: 'dgram' }],
  ['udp4', { family: 4, transport: 'dgram' }],
  ['udp6', { family: 6, transport: 'dgram' }],
  ['uxst', { family: 'unix', transport: 'stream' }],
  ['uxdg', { family: 'unix', transport: 'dgram' }],
  ['quic4', { family: 4, transport: 'quic' }],
  ['quic6', { family: 6, transport: 'quic' }],
]);

const QUIC_REASON = 'QUIC is not available in Node.js';
const MPTCP_REASON = 'MPTCP sockets cannot be created from Node.js';
const SOCKPAIR_REASON = 'descriptors cannot be received over a socket pair in Node.js';

// Before Node.js 22, libuv fills every abstract name with zeros.
const EXACT_NAMES = Number.parseInt(process.versions.node, 10) >= 22;
const ABNSZ_REASON = 'abstract names of their own length need Node.js 22 or later; abns@ works';

/** Parses a list separated by commas, as on a `bind` line. Throws AddressError. */
export function parseAddressList(text: string, options: AddressOptions = {}): Address[] {
  let start = 0;
  return text.split(',').map((part) => {
    try {
      return parseAddress(part, options);
    } catch (error) {
      throw error instanceof AddressError ? new AddressError(error.message, error.offset + start) : error;
    } finally {
      start += part.length + 1;
    }
  });
}

/** Parses one address. Throws AddressError. */
export function parseAddress(written: string, options: AddressOptions = {}): Address {
  const text = options.environment === undefined ? written : expand(written, options.environment);
  if (text === '') {
    throw new AddressError(`'${written}' resolves to an empty address (environment variable missing?)`, 0);
  }
  let rest = text;
  let transport: Transport = options.transport ?? 'stream';
  const forced = /^(stream|dgram|quic)\+/.exec(text);
  if (forced !== null) {
    transport = forced[1] as Transport;
    rest = text.slice(forced[0].length);
  }
  const at = rest.indexOf('@');
  const prefix = at < 0 ? undefined : PREFIXES.get(rest.slice(0, at));
  if (prefix !== undefined) {
    rest = rest.slice(at + 1);
    transport = prefix.transport ?? transport;
  }
  const start = text.length - rest.length;
  const accepted = options.transports ?? [options.transport ?? 'stream'];
  if (!accepted.includes(transport === 'quic' ? 'stream' : transport)) {
    throw new AddressError(`${transport}-type address not acceptable in '${text}'`, 0);
  }
  const family = prefix?.family ?? (rest.startsWith('/') ? 'unix' : 'ip');
  switch (family) {
    case 'unix': {
      const path = (options.unixPrefix ?? '') + rest;
      checkPathLength(path, text, start);
      return { kind: 'unix', path, transport, unsupported: undefined };
    }
    case 'abns':
    case 'abnsz': {
      const name = (options.unixPrefix ?? '') + rest;
      checkPathLength(name, text, start);
      const zeroTerminated = family === 'abnsz';
      const unsupported = zeroTerminated && !EXACT_NAMES ? ABNSZ_REASON : undefined;
      return { kind: 'abns', name, zeroTerminated, transport, unsupported };
    }
    case 'fd':
    case 'sockpair': {
      if (options.descriptor === false) {
        throw new AddressError(`a file descriptor is not acceptable here in '${text}'`, start);
      }
      if (!/^[0-9]{1,9}$/.test(rest)) {
        throw new AddressError(`file descriptor '${rest}' is not a valid integer in '${text}'`, start);
      }
      const unsupported = family === 'sockpair' ? SOCKPAIR_REASON : undefined;
      return { kind: family, fd: Number(rest), transport, unsupported };
    }
    default:
      return inet(text, start, family, transport, prefix?.mptcp === true, options);
  }
}

function inet(
  text: string,
  start: number,
  forced: 'ip' | 4 | 6,
  transport: Transport,
  mptcp: boolean,
  options: AddressOptions,
): InetAddress {
  // The port follows the last colon, unless that colon lies inside brackets: `[::1]` has none, `::1` is port 1 of `:`.
  const colon = text.lastIndexOf(':');
  const split = colon >= start && colon > text.lastIndexOf(']') ? colon : -1;
  const written = split < 0 ? text.slice(start) : text.slice(start, split);
  const ports = split < 0 ? missingPort(text, options) : parsePorts(text, split + 1, options);
  const unsupported = transport === 'quic' ? QUIC_REASON : mptcp ? MPTCP_REASON : undefined;
  const done = (family: 0 | 4 | 6, host: string, named: boolean): InetAddress => ({
    kind: 'inet',
    family,
    host,
    named,
    ports,
    mptcp,
    transport,
    unsupported,
  });
  if (written === '' || written === '*') return done(forced === 6 ? 6 : 4, forced === 6 ? '::' : '0.0.0.0', false);
  const bracketed = written.startsWith('[') && written.endsWith(']');
  const host = bracketed ? written.slice(1, -1) : written;
  if (forced !== 6 && parseIPv4(host) >= 0) return done(4, host, false);
  if (forced !== 4 && parseIPv6(host) !== undefined) return done(6, host, false);
  // What is left is a name (letters, digits, '-', '_' and dots, also `127.1`), which cannot hold colons or '@'.
  if (bracketed || !/^[A-Za-z0-9_](?:[A-Za-z0-9_.-]*)$/.test(host) || parseIPv4(host) >= 0) {
    throw new AddressError(`invalid address: '${written}' in '${text}'`, start);
  }
  return done(forced === 'ip' ? 0 : forced, host, true);
}

function missingPort(text: string, options: AddressOptions): Ports {
  if (options.port === 'required') throw new AddressError(`missing port specification in '${text}'`, text.length);
  return { kind: 'none' };
}

function parsePorts(text: string, start: number, options: AddressOptions): Ports {
  const ports = text.slice(start);
  if (ports === '') return missingPort(text, options);
  const sign = ports[0];
  if (sign === '+' || sign === '-') {
    if (options.portOffset !== true) throw new AddressError(`port offset not permitted here in '${text}'`, start);
    checkDigits(text, start, start + 1, text.length);
    const offset = ports.length === 1 ? 0 : Number(ports.slice(1));
    if (offset > 65535) throw new AddressError(`invalid port offset '${ports}'`, start);
    return { kind: 'offset', offset: sign === '-' ? -offset : offset };
  }
  const dash = ports.indexOf('-');
  if (dash < 0) return { kind: 'port', port: port(text, start, text.length, options) };
  if (options.portRange !== true) throw new AddressError(`port range not permitted here in '${text}'`, start + dash);
  const low = port(text, start, start + dash, options);
  const high = port(text, start + dash + 1, text.length, options);
  if (low > high) throw new AddressError(`invalid port range '${ports}'`, start);
  return low === high ? { kind: 'port', port: low } : { kind: 'range', low, high };
}

function port(text: string, start: number, end: number, options: AddressOptions): number {
  checkDigits(text, start, start, end);
  const digits = text.slice(start, end);
  const value = Number(digits);
  if (digits === '' || value > 65535 || (value === 0 && options.portZero !== true)) {
    throw new AddressError(`invalid port '${digits}'`, start);
  }
  return value;
}

function checkDigits(text: string, start: number, from: number, end: number): void {
  for (let i = from; i < end; i++) {
    if (text[i]! >= '0' && text[i]! <= '9') continue;
    throw new AddressError(`invalid character '${text[i]}' in port number '${text.slice(start)}' in '${text}'`, i);
  }
}

function checkPathLength(path: string, text: string, start: number): void {
  if (path.length >= SUN_PATH) {
    throw new AddressError(`socket path '${path}' too long (max ${SUN_PATH - 1}) in '${text}'`, start);
  }
}

function expand(text: string, environment: Readonly<Record<string, string | undefined>>): string {
  return text.replaceAll(/\$(?:\{([A-Za-z_][A-Za-z0-9_]*)\}|([A-Za-z_][A-Za-z0-9_]*))/g, (_, braced, bare) => {
    return environment[(braced ?? bare) as string] ?? '';
  });
}

/** Prints an address for logs and messages: `10.0.0.1:80`, `:::80`, `/run/x.sock`, `abns@x`, `fd@3`. */
export function formatAddress(address: Address): string {
  switch (address.kind) {
    case 'unix':
      return address.path;
    case 'abns':
      return `${address.zeroTerminated ? 'abnsz' : 'abns'}@${address.name}`;
    case 'fd':
    case 'sockpair':
      return `${address.kind}@${address.fd}`;
    default:
      return address.host + formatPorts(address.ports);
  }
}

function formatPorts(ports: Ports): string {
  switch (ports.kind) {
    case 'none':
      return '';
    case 'port':
      return `:${ports.port}`;
    case 'range':
      return `:${ports.low}-${ports.high}`;
    default:
      return `:${ports.offset < 0 ? '' : '+'}${ports.offset}`;
  }
}
