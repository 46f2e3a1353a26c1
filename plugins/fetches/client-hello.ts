import { type Transaction, type Value } from 'sluice/plugin';
import { type FetchTable, aliases, simple } from './define.ts';
import { mayChange, received } from './received.ts';

/** What a TLS ClientHello says; RFC 8446 section 4.1.2. */
interface ClientHello {
  /** Major and minor, the major in the upper 16 bits. */
  readonly version: number;
  readonly ciphers: Buffer;
  readonly extensions: ReadonlyMap<number, Buffer>;
}

const HANDSHAKE = 22;
const CLIENT_HELLO = 1;
const SERVER_NAME = 0;
const GROUPS = 10;
const SIGNATURE_ALGORITHMS = 13;
const ALPN = 16;
const SESSION_TICKET = 35;
const SUPPORTED_VERSIONS = 43;
const KEY_SHARE = 51;

/** Reads lengths and the bytes behind them; running out of bytes ends everything, as more may still come. */
class Reader {
  readonly bytes: Buffer;
  at: number;
  constructor(bytes: Buffer, at = 0) {
    this.bytes = bytes;
    this.at = at;
  }
  number(size: number): number {
    const value = this.bytes.readUIntBE(this.at, size);
    this.at += size;
    return value;
  }
  vector(size: number): Buffer {
    const length = this.number(size);
    if (this.at + length > this.bytes.length) throw new RangeError('cut short');
    this.at += length;
    return this.bytes.subarray(this.at - length, this.at);
  }
  get left(): boolean {
    return this.at < this.bytes.length;
  }
}

/** Joins the records of the handshake's first message, which may be cut anywhere. */
function handshake(bytes: Buffer): Buffer {
  const parts: Buffer[] = [];
  const reader = new Reader(bytes);
  while (reader.left && bytes[reader.at] === HANDSHAKE) {
    reader.at += 3;
    if (reader.at + 2 > bytes.length) break;
    const length = reader.number(2);
    parts.push(bytes.subarray(reader.at, reader.at + length));
    reader.at += length;
  }
  return parts.length === 1 ? parts[0]! : Buffer.concat(parts);
}

/** All of the first handshake message has come. */
function isWhole(message: Buffer): boolean {
  return message.length >= 4 && message.length >= 4 + message.readUIntBE(1, 3);
}

let lastBytes: Buffer | undefined;
let lastHello: ClientHello | 'incomplete' | undefined;

/** The hello at the beginning of the bytes; undefined when there is none. */
function parse(bytes: Buffer): ClientHello | 'incomplete' | undefined {
  if (bytes === lastBytes) return lastHello;
  lastBytes = bytes;
  lastHello = undefined;
  if ((bytes.length > 0 && bytes[0] !== HANDSHAKE) || (bytes.length > 1 && bytes[1] !== 3)) return undefined;
  const message = handshake(bytes);
  if (!isWhole(message)) return (lastHello = 'incomplete');
  try {
    lastHello = parseMessage(message);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
  }
  return lastHello;
}

function parseMessage(message: Buffer): ClientHello | undefined {
  const reader = new Reader(message);
  if (reader.number(1) !== CLIENT_HELLO) return undefined;
  const body = new Reader(reader.vector(3));
  const version = (body.number(1) << 16) | body.number(1);
  body.at += 32;
  body.vector(1);
  const ciphers = body.vector(2);
  body.vector(1);
  const extensions = new Map<number, Buffer>();
  const list = body.left ? new Reader(body.vector(2)) : undefined;
  if (list) while (list.left) extensions.set(list.number(2), list.vector(2));
  return { version, ciphers, extensions };
}

type FromHello = (hello: ClientHello) => Value | undefined;

const of =
  (get: FromHello) =>
  (transaction: Transaction): Value | undefined => {
    const hello = parse(received(transaction, 'request'));
    if (!hello) return undefined;
    if (hello === 'incomplete') return mayChange(transaction);
    try {
      return get(hello);
    } catch (error) {
      // An extension shorter than it says holds nothing.
      if (error instanceof RangeError) return undefined;
      throw error;
    }
  };

/** RFC 6066 section 3: a list of names, of which type 0 is a host's. */
function serverName({ extensions }: ClientHello): string | undefined {
  const extension = extensions.get(SERVER_NAME);
  if (!extension) return undefined;
  const names = new Reader(new Reader(extension).vector(2));
  while (names.left) {
    const type = names.number(1);
    const name = names.vector(2);
    if (type === 0) return name.toString('latin1');
  }
  return undefined;
}

/** RFC 7301: the protocols, joined by commas. */
function protocols({ extensions }: ClientHello): string | undefined {
  const extension = extensions.get(ALPN);
  if (!extension) return undefined;
  const list = new Reader(new Reader(extension).vector(2));
  const found: string[] = [];
  while (list.left) found.push(list.vector(1).toString('latin1'));
  return found.join(',');
}

/** The highest version offered; TLS 1.3 says it in an extension. */
function highestVersion({ extensions, version: legacy }: ClientHello): number {
  const extension = extensions.get(SUPPORTED_VERSIONS);
  if (!extension) return legacy;
  const list = new Reader(new Reader(extension).vector(1));
  let best = legacy;
  while (list.left) {
    const offered = (list.number(1) << 16) | list.number(1);
    if (offered >> 16 === 3 && offered > best) best = offered;
  }
  return best;
}

const inner = (hello: ClientHello, extension: number): Buffer | undefined => {
  const bytes = hello.extensions.get(extension);
  return bytes && new Reader(bytes).vector(2);
};

/** The groups of the key shares, two bytes each. */
function keyShareGroups(hello: ClientHello): Buffer | undefined {
  const shares = inner(hello, KEY_SHARE);
  if (!shares) return undefined;
  const reader = new Reader(shares);
  const groups: Buffer[] = [];
  while (reader.left) {
    groups.push(shares.subarray(reader.at, reader.at + 2));
    reader.at += 2;
    reader.vector(2);
  }
  return Buffer.concat(groups);
}

/** 0 for none, 1 for one that asks for a ticket, 2 for one with a ticket. */
function ticket({ extensions }: ClientHello): number {
  const bytes = extensions.get(SESSION_TICKET);
  return bytes === undefined ? 0 : bytes.length === 0 ? 1 : 2;
}

/** Which handshake message comes first: 1 from a client, 2 from a server, 0 when it is none. */
const helloType =
  (side: 'request' | 'response') =>
  (transaction: Transaction): Value | undefined => {
    const bytes = received(transaction, side);
    if (bytes.length > 0 && bytes[0] !== HANDSHAKE) return 0;
    const message = handshake(bytes);
    return isWhole(message) ? message[0] : mayChange(transaction);
  };

/** What a TLS client says before anything is encrypted: routing without decryption. configuration.txt 7.3.5. */
export const clientHelloFetches: FetchTable = {
  ...aliases(
    simple('req.ssl_sni', 'str', 'request-l6', 'The name of the server a TLS client wants.', of(serverName)),
    'req_ssl_sni',
  ),
  ...aliases(
    simple('req.ssl_ver', 'sint', 'request-l6', 'The version a TLS client offers.', of(highestVersion)),
    'req_ssl_ver',
  ),
  ...aliases(
    simple(
      'req.ssl_hello_type',
      'sint',
      'request-l6',
      'Which TLS handshake message the client sent.',
      helloType('request'),
    ),
    'req_ssl_hello_type',
  ),
  ...aliases(
    simple(
      'res.ssl_hello_type',
      'sint',
      'response-l6',
      'Which TLS handshake message the server sent.',
      helloType('response'),
    ),
    'rep_ssl_hello_type',
  ),
  ...simple('req.ssl_alpn', 'str', 'request-l6', 'The protocols a TLS client offers.', of(protocols)),
  ...simple(
    'req.ssl_ec_ext',
    'bool',
    'request-l6',
    'Whether a TLS client names elliptic curves.',
    of(({ extensions }) => extensions.has(GROUPS)),
  ),
  ...simple(
    'req.ssl_st_ext',
    'sint',
    'request-l6',
    'Whether a TLS client knows session tickets: 0, 1, or 2 with one.',
    of(ticket),
  ),
  ...simple(
    'req.ssl_cipherlist',
    'bin',
    'client-l4',
    'The ciphers a TLS client offers.',
    of(({ ciphers }) => ciphers),
  ),
  ...simple(
    'req.ssl_supported_groups',
    'bin',
    'client-l4',
    'The groups a TLS client offers.',
    of((hello) => inner(hello, GROUPS)),
  ),
  ...simple(
    'req.ssl_sigalgs',
    'bin',
    'client-l4',
    'The signature algorithms a TLS client offers.',
    of((hello) => inner(hello, SIGNATURE_ALGORITHMS)),
  ),
  ...simple(
    'req.ssl_keyshare_groups',
    'bin',
    'client-l4',
    'The groups of the key shares a TLS client sent.',
    of(keyShareGroups),
  ),
};
