/**
 * The NetScaler Client IP insertion protocol (`accept-netscaler-cip <magic>`): in front of a connection's first byte the
 * load balancer puts a magic number and a copy of the client's IP and TCP headers. Of its two forms the older is
 * `magic(4) length(4) headers`, the newer `magic(4) total(4) type(2) length(2) headers`; the byte at offset 8 tells
 * them apart, as it is 0 in the newer and begins with the IP version in the older one.
 */

import { formatIPv4, formatIPv6, readUint32 } from './ip.ts';
import type { HeaderFault, HeaderResult, ProxyEnds } from './proxy-protocol.ts';

const MORE = { state: 'more' } as const;
const TCP = 6;
const TCP_HEADER = 20;
/** More than an IPv4 header with all its options and a TCP header with all of its. */
const MOST = 256;

/** Magic number, length and type: HAProxy does not look at less. */
const LEAST = 12;

function bad(reason: string, fault: HeaderFault = 'invalid'): Extract<HeaderResult<never>, { state: 'bad' }> {
  return { state: 'bad', reason, fault };
}

/** Parses the header at the start of `bytes`; call it again with all bytes so far when it wants more. */
export function parseNetscalerCip(bytes: Uint8Array, magic: number): HeaderResult<ProxyEnds> {
  for (let i = 0; i < 4 && i < bytes.length; i++) {
    if (bytes[i] !== ((magic >>> (24 - 8 * i)) & 255))
      return bad('wrong NetScaler magic number', bytes.length < LEAST ? 'truncated' : 'not-header');
  }
  if (bytes.length < LEAST) return MORE;
  const newer = bytes[8] === 0;
  const at = newer ? 12 : 8;
  const size = newer ? (bytes[10]! << 8) | bytes[11]! : readUint32(bytes, 4);
  if (size > MOST) return bad('NetScaler header too long');
  const length = at + size;
  if (bytes.length < length) return MORE;
  if (size < 1) return bad('NetScaler header too short');
  const version = bytes[at]! >> 4;
  if (version !== 4 && version !== 6) return bad('NetScaler header holds no IP header', 'protocol');
  const ip = version === 4 ? 4 * (bytes[at]! & 15) : 40;
  if (ip < 20 || size < ip + TCP_HEADER) return bad('NetScaler header too short');
  if (bytes[at + (version === 4 ? 9 : 6)] !== TCP) return bad('NetScaler header is not about TCP', 'protocol');
  const tcp = at + ip;
  const sourcePort = (bytes[tcp]! << 8) | bytes[tcp + 1]!;
  const destinationPort = (bytes[tcp + 2]! << 8) | bytes[tcp + 3]!;
  const header: ProxyEnds =
    version === 4
      ? {
          family: 4,
          source: formatIPv4(readUint32(bytes, at + 12)),
          destination: formatIPv4(readUint32(bytes, at + 16)),
          sourcePort,
          destinationPort,
        }
      : {
          family: 6,
          source: formatIPv6(bytes, at + 8),
          destination: formatIPv6(bytes, at + 24),
          sourcePort,
          destinationPort,
        };
  return { state: 'done', header, length };
}
