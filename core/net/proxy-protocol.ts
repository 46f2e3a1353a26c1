/**
 * The receiving side of the PROXY protocol (proxy-protocol.txt), versions 1 and 2, which tell a connection's real ends
 * in front of its first byte. Whatever is not exactly the protocol is refused, as the specification demands.
 */

import { CRC32C_TYPE, crc32c } from './crc32c.ts';

/** PP2_TYPE_SSL; proxy-protocol.txt 2.2.6. */
const SSL_TYPE = 0x20;
import { formatIPv4, formatIPv6, parseIPv4, parseIPv6, readUint32 } from './ip.ts';

/** A type-length-value triple of version 2, raw. */
export interface Tlv {
  readonly type: number;
  readonly value: Uint8Array;
}

/** The ends of a proxied connection. UNIX ends are paths as byte strings, without ports. */
export type ProxyEnds =
  | {
      readonly family: 4 | 6;
      readonly source: string;
      readonly destination: string;
      readonly sourcePort: number;
      readonly destinationPort: number;
    }
  | { readonly family: 'unix'; readonly source: string; readonly destination: string };

export interface ProxyHeader {
  readonly version: 1 | 2;
  /** `local`: the sender speaks for itself, as in a health check; keep the connection's own addresses. */
  readonly command: 'proxy' | 'local';
  readonly transport: 'stream' | 'dgram' | 'unspecified';
  /** Undefined (UNKNOWN, UNSPEC, LOCAL) also means: keep the connection's own addresses. */
  readonly ends: ProxyEnds | undefined;
  readonly tlvs: readonly Tlv[];
}

/**
 * What a parser finds at the start of the bytes: it needs more, the header with the number of bytes it took, or
 * something else, in which case the connection must be dropped.
 */
export type HeaderResult<T> =
  | { readonly state: 'more' }
  | { readonly state: 'done'; readonly header: T; readonly length: number }
  | { readonly state: 'bad'; readonly reason: string; readonly fault: HeaderFault };

/** What is wrong, as far as logs tell it apart: too little of it, something else altogether, a malformed one, or one of an unknown protocol. */
export type HeaderFault = 'truncated' | 'not-header' | 'invalid' | 'protocol';

const MORE = { state: 'more' } as const;
const SIGNATURE = Uint8Array.of(0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a);
const V1_START = Uint8Array.of(0x50, 0x52, 0x4f, 0x58, 0x59, 0x20);
/** The longest line of version 1, CRLF included (section 2.1). */
const V1_MOST = 107;
const V2_HEAD = 16;

/** HAProxy does not look at less than this. */
const LEAST = 16;

function bad(reason: string, fault: HeaderFault = 'invalid'): Extract<HeaderResult<never>, { state: 'bad' }> {
  return { state: 'bad', reason, fault };
}

/**
 * Parses the header at the start of `bytes`. It keeps nothing between calls: call it again with all bytes so far when
 * more arrive. The TLVs' values are views into `bytes`. `most` bounds the length of a version 2 header, which the
 * protocol itself lets grow to 65551 bytes.
 */
export function parseProxyHeader(bytes: Uint8Array, most = 65551): HeaderResult<ProxyHeader> {
  if (bytes.length === 0) return MORE;
  const start = bytes[0] === SIGNATURE[0] ? SIGNATURE : V1_START;
  const compared = Math.min(bytes.length, start.length);
  for (let i = 0; i < compared; i++) {
    if (bytes[i] !== start[i])
      return bad('not a PROXY protocol header', bytes.length < LEAST ? 'truncated' : 'not-header');
  }
  if (bytes.length < start.length) return MORE;
  return start === SIGNATURE ? parseV2(bytes, most) : parseV1(bytes);
}

function parseV1(bytes: Uint8Array): HeaderResult<ProxyHeader> {
  const seen = Math.min(bytes.length, V1_MOST);
  let end = V1_START.length;
  while (end < seen && bytes[end] !== 13 && bytes[end] !== 10) end++;
  if (end >= seen - 1) {
    if (seen === V1_MOST) return bad('PROXY line too long', lineFault(bytes));
    // A lone LF, or more bytes to come; a final CR may still become CRLF.
    return end < seen && bytes[end] === 10 ? bad('PROXY line ends without CR', lineFault(bytes)) : MORE;
  }
  if (bytes[end] !== 13 || bytes[end + 1] !== 10) return bad('PROXY line does not end with CRLF', lineFault(bytes));
  const length = end + 2;
  const words = Buffer.from(bytes.buffer, bytes.byteOffset, end).toString('latin1').split(' ');
  const [, protocol, source = '', destination = '', from = '', to = ''] = words;
  if (protocol === 'UNKNOWN') {
    const header = { version: 1, command: 'proxy', transport: 'unspecified', ends: undefined, tlvs: [] } as const;
    return { state: 'done', header, length };
  }
  if (protocol !== 'TCP4' && protocol !== 'TCP6') return bad('unknown protocol in PROXY line', 'protocol');
  if (words.length !== 6) return bad('wrong number of words in PROXY line');
  const four = protocol === 'TCP4';
  const valid = (text: string): boolean => (four ? parseIPv4(text) >= 0 : parseIPv6(text) !== undefined);
  if (!valid(source) || !valid(destination)) return bad('invalid address in PROXY line');
  const sourcePort = parsePort(from);
  const destinationPort = parsePort(to);
  if (sourcePort < 0 || destinationPort < 0) return bad('invalid port in PROXY line');
  const canonical = (text: string): string => (four ? text : formatIPv6(parseIPv6(text)!));
  const ends: ProxyEnds = {
    family: four ? 4 : 6,
    source: canonical(source),
    destination: canonical(destination),
    sourcePort,
    destinationPort,
  };
  return { state: 'done', header: { version: 1, command: 'proxy', transport: 'stream', ends, tlvs: [] }, length };
}

/** A line without its end: HAProxy looks at the protocol first. */
function lineFault(bytes: Uint8Array): HeaderFault {
  const protocol = Buffer.from(bytes.buffer, bytes.byteOffset + V1_START.length, 5).toString('latin1');
  return protocol === 'TCP4 ' || protocol === 'TCP6 ' ? 'truncated' : 'protocol';
}

function parsePort(text: string): number {
  if (!/^(?:0|[1-9][0-9]{0,4})$/.test(text)) return -1;
  const port = Number(text);
  return port <= 65535 ? port : -1;
}

function parseV2(bytes: Uint8Array, most: number): HeaderResult<ProxyHeader> {
  // Each field is refused as soon as it is there (section 2.2: drop unexpected values).
  if (bytes.length < 13) return MORE;
  const command = bytes[12]! & 15;
  if (bytes[12]! >> 4 !== 2) return bad('unknown PROXY protocol version', 'not-header');
  if (command > 1) return bad('unknown PROXY protocol command');
  if (bytes.length < V2_HEAD) return MORE;
  const family = bytes[13]! >> 4;
  const transport = bytes[13]! & 15;
  const length = V2_HEAD + ((bytes[14]! << 8) | bytes[15]!);
  if (length > most) return bad('PROXY protocol header too long');
  const proxied = command === 1;
  // LOCAL: the family is to be ignored and the rest skipped.
  if (proxied && (family > 3 || transport > 2)) return bad('unknown PROXY protocol family');
  // UNSPEC on either side leaves nothing that could be understood as addresses.
  const size = proxied && transport !== 0 ? [0, 12, 36, 216][family]! : 0;
  if (length - V2_HEAD < size) return bad('PROXY protocol header too short for its addresses');
  if (bytes.length < length) return MORE;
  let tlvs: Tlv[] | undefined = [];
  if (proxied && size > 0) {
    tlvs = parseTlvs(bytes.subarray(V2_HEAD + size, length));
    if (tlvs === undefined) return bad('PROXY protocol TLV exceeds the header');
    // Section 2.2.5: at most 128 bytes.
    if (tlvs.some(({ type, value }) => type === 0x05 && value.length > 128)) {
      return bad('PROXY protocol unique ID too long');
    }
    if (!checksumHolds(bytes.subarray(0, length), tlvs)) return bad('PROXY protocol checksum mismatch');
  }
  const header: ProxyHeader = {
    version: 2,
    command: proxied ? 'proxy' : 'local',
    transport: !proxied || size === 0 ? 'unspecified' : transport === 1 ? 'stream' : 'dgram',
    ends: size > 0 ? readEnds(bytes, family) : undefined,
    tlvs,
  };
  return { state: 'done', header, length };
}

function readEnds(bytes: Uint8Array, family: number): ProxyEnds {
  const at = V2_HEAD;
  if (family === 3) {
    return { family: 'unix', source: readPath(bytes, at), destination: readPath(bytes, at + 108) };
  }
  const size = family === 1 ? 4 : 16;
  const read = (offset: number): string =>
    family === 1 ? formatIPv4(readUint32(bytes, offset)) : formatIPv6(bytes, offset);
  const ports = at + 2 * size;
  return {
    family: family === 1 ? 4 : 6,
    source: read(at),
    destination: read(at + size),
    sourcePort: (bytes[ports]! << 8) | bytes[ports + 1]!,
    destinationPort: (bytes[ports + 2]! << 8) | bytes[ports + 3]!,
  };
}

function readPath(bytes: Uint8Array, at: number): string {
  // An abstract name starts with a zero and keeps it; zeros at the end are padding.
  let end = at + 108;
  while (end > at && bytes[end - 1] === 0) end--;
  return Buffer.from(bytes.buffer, bytes.byteOffset + at, end - at).toString('latin1');
}

/** Splits TLVs, also those inside a PP2_TYPE_SSL value after its 5 bytes. Answers undefined when one is cut short. */
export function parseTlvs(bytes: Uint8Array): Tlv[] | undefined {
  const tlvs: Tlv[] = [];
  let at = 0;
  while (at < bytes.length) {
    if (bytes.length - at < 3) return undefined;
    const end = at + 3 + ((bytes[at + 1]! << 8) | bytes[at + 2]!);
    if (end > bytes.length) return undefined;
    tlvs.push({ type: bytes[at]!, value: bytes.subarray(at + 3, end) });
    at = end;
  }
  return tlvs;
}

/** With those inside a PP2_TYPE_SSL value behind it: they follow five bytes, the client's flags and the result. */
export function flattenTlvs(tlvs: readonly Tlv[]): readonly Tlv[] {
  if (!tlvs.some(({ type }) => type === SSL_TYPE)) return tlvs;
  return tlvs.flatMap((tlv) => (tlv.type === SSL_TYPE ? [tlv, ...(parseTlvs(tlv.value.subarray(5)) ?? [])] : [tlv]));
}

function checksumHolds(header: Uint8Array, tlvs: readonly Tlv[]): boolean {
  for (const { type, value } of tlvs) {
    if (type !== CRC32C_TYPE) continue;
    if (value.length !== 4) return false;
    // Not slice(): a Buffer's shares the memory.
    const copy = new Uint8Array(header);
    const at = value.byteOffset - header.byteOffset;
    copy.fill(0, at, at + 4);
    if (crc32c(copy) !== readUint32(value, 0)) return false;
  }
  return true;
}
