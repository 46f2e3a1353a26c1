/** The sending side of the PROXY protocol (proxy-protocol.txt): `send-proxy` and `send-proxy-v2` with its options. */

import { CRC32C_TYPE, crc32c } from './crc32c.ts';
import { parseIPv4, parseIPv6, mapToV6 } from './ip.ts';
import type { ProxyEnds, Tlv } from './proxy-protocol.ts';

/** The registered TLV types (section 2.2). */
export const TLV_TYPES = {
  alpn: 0x01,
  authority: 0x02,
  crc32c: 0x03,
  noop: 0x04,
  uniqueId: 0x05,
  ssl: 0x20,
  sslVersion: 0x21,
  sslCommonName: 0x22,
  sslCipher: 0x23,
  sslSignatureAlgorithm: 0x24,
  sslKeyAlgorithm: 0x25,
  sslGroup: 0x26,
  sslSignatureScheme: 0x27,
  sslClientCertificate: 0x28,
  netns: 0x30,
} as const;

/** The line of version 1 as a byte string; `PROXY UNKNOWN` for ends that it cannot express. */
export function writeProxyV1(ends: ProxyEnds | undefined): string {
  if (ends === undefined || ends.family === 'unix') return 'PROXY UNKNOWN\r\n';
  const { source, destination, sourcePort, destinationPort } = sameFamily(ends);
  const family = source.includes(':') ? 'TCP6' : 'TCP4';
  return `PROXY ${family} ${source} ${destination} ${sourcePort} ${destinationPort}\r\n`;
}

type InetEnds = ProxyEnds & { readonly family: 4 | 6 };

/** When only one end is IPv6, the other is shown v4-mapped, because a header has one family. */
function sameFamily(ends: InetEnds): InetEnds {
  const six = ends.source.includes(':');
  if (six === ends.destination.includes(':')) return ends;
  return { ...ends, family: 6, source: toV6(ends.source), destination: toV6(ends.destination) };
}

function toV6(text: string): string {
  return text.includes(':') ? text : `::ffff:${text}`;
}

export interface ProxyV2Options {
  /** `local`: for connections of our own, such as health checks; no addresses are sent. Default `proxy`. */
  readonly command?: 'proxy' | 'local';
  readonly transport?: 'stream' | 'dgram';
  readonly tlvs?: readonly Tlv[];
  /** Adds the checksum, before the others as HAProxy has it. */
  readonly crc32c?: boolean;
}

/**
 * The header of version 2. Without ends it says PROXY with family UNSPEC, which leaves the receiver the connection's
 * own. Throws RangeError when the TLVs make it longer than its 16-bit length can say.
 */
export function writeProxyV2(ends: ProxyEnds | undefined, options: ProxyV2Options = {}): Buffer {
  const local = options.command === 'local';
  const told = local ? undefined : ends;
  const tlvs = options.tlvs ?? [];
  const addresses =
    told === undefined ? 0 : told.family === 'unix' ? 216 : sameFamily(told).source.includes(':') ? 36 : 12;
  let length = 16 + addresses + (options.crc32c === true ? 7 : 0);
  for (const { value } of tlvs) length += 3 + value.length;
  if (length - 16 > 0xffff) throw new RangeError('PROXY protocol header exceeds 65535 bytes');
  const bytes = Buffer.alloc(length);
  bytes.write('\r\n\r\n\0\r\nQUIT\n', 'latin1');
  bytes[12] = local ? 0x20 : 0x21;
  const family = addresses === 0 ? 0 : addresses === 12 ? 0x10 : addresses === 36 ? 0x20 : 0x30;
  bytes[13] = family === 0 ? 0 : family | (options.transport === 'dgram' ? 2 : 1);
  bytes.writeUInt16BE(length - 16, 14);
  if (told !== undefined) writeEnds(bytes, told);
  let at = 16 + addresses;
  let checksum = -1;
  if (options.crc32c === true) {
    checksum = bytes.writeUInt16BE(4, bytes.writeUInt8(CRC32C_TYPE, at));
    at = checksum + 4;
  }
  for (const { type, value } of tlvs) {
    at = bytes.writeUInt16BE(value.length, bytes.writeUInt8(type, at));
    bytes.set(value, at);
    at += value.length;
  }
  // Over all bytes, with zeros in its own place.
  if (checksum !== -1) bytes.writeUInt32BE(crc32c(bytes), checksum);
  return bytes;
}

function writeEnds(bytes: Buffer, ends: ProxyEnds): void {
  if (ends.family === 'unix') {
    bytes.write(ends.source, 16, 108, 'latin1');
    bytes.write(ends.destination, 124, 108, 'latin1');
    return;
  }
  const { source, destination, sourcePort, destinationPort } = sameFamily(ends);
  let at = 16;
  for (const host of [source, destination]) {
    if (source.includes(':')) {
      bytes.set(parseIPv6(host) ?? mapToV6(0), at);
      at += 16;
    } else {
      at = bytes.writeUInt32BE(Math.max(0, parseIPv4(host)), at);
    }
  }
  bytes.writeUInt16BE(destinationPort, bytes.writeUInt16BE(sourcePort, at));
}

/** The value of PP2_TYPE_SSL (section 2.2.6): what TLS the client used, and the TLVs inside. */
export function writeSslValue(client: number, verify: number, tlvs: readonly Tlv[]): Uint8Array {
  let length = 5;
  for (const { value } of tlvs) length += 3 + value.length;
  const bytes = Buffer.alloc(length);
  let at = bytes.writeUInt32BE(verify >>> 0, bytes.writeUInt8(client, 0));
  for (const { type, value } of tlvs) {
    at = bytes.writeUInt16BE(value.length, bytes.writeUInt8(type, at));
    bytes.set(value, at);
    at += value.length;
  }
  return bytes;
}
