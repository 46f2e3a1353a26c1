/** Networks: an address with a mask, as in `src 10.0.0.0/8`, `10.0.0.0/255.0.0.0` and `2001:db8::/32`. */

import { formatIPv4, formatIPv6, parseIPv4, parseIPv6, readUint32 } from './ip.ts';

/** A network; `address` is already masked. An IPv4 mask need not be contiguous. */
export type Network =
  | { readonly family: 4; readonly address: number; readonly mask: number }
  | { readonly family: 6; readonly address: Uint8Array; readonly mask: Uint8Array };

/** An IPv4 mask as uint32: `24` or `255.255.255.0`. Answers -1 when it is neither. */
export function parseMask4(text: string): number {
  const bits = parseBits(text, 32);
  if (bits < 0) return parseIPv4(text);
  return bits === 0 ? 0 : (-1 << (32 - bits)) >>> 0;
}

/** An IPv6 mask as 16 bytes: `64` or `ffff:ffff::`. Answers undefined when it is neither. */
export function parseMask6(text: string): Uint8Array | undefined {
  const bits = parseBits(text, 128);
  if (bits < 0) return parseIPv6(text);
  const mask = new Uint8Array(16);
  for (let i = 0; i < 16; i++) mask[i] = 0xff00 >> Math.min(8, Math.max(0, bits - 8 * i));
  return mask;
}

function parseBits(text: string, most: number): number {
  if (!/^[0-9]{1,3}$/.test(text)) return -1;
  const bits = Number(text);
  return bits <= most ? bits : -1;
}

/** Parses `address[/mask]`; without a mask the network is one host. Answers undefined when it is not a network. */
export function parseNetwork(text: string): Network | undefined {
  const slash = text.indexOf('/');
  const host = slash < 0 ? text : text.slice(0, slash);
  const address = parseIPv4(host);
  if (address >= 0) {
    const mask = slash < 0 ? 0xffffffff : parseMask4(text.slice(slash + 1));
    return mask < 0 ? undefined : { family: 4, address: (address & mask) >>> 0, mask };
  }
  const bytes = parseIPv6(host);
  if (bytes === undefined) return undefined;
  const mask = parseMask6(slash < 0 ? '128' : text.slice(slash + 1));
  if (mask === undefined) return undefined;
  for (let i = 0; i < 16; i++) bytes[i]! &= mask[i]!;
  return { family: 6, address: bytes, mask };
}

/** Whether an IPv4 address (uint32) lies in the network; an IPv6 network holds it through its v4-mapped form. */
export function networkHas4(network: Network, address: number): boolean {
  if (network.family === 4) return (address & network.mask) >>> 0 === network.address;
  for (let i = 0; i < 10; i++) if (network.address[i] !== 0) return false;
  for (let i = 10; i < 12; i++) if (network.mask[i] !== network.address[i]) return false;
  return (address & readUint32(network.mask, 12)) >>> 0 === readUint32(network.address, 12);
}

/** Whether the 16 bytes of an IPv6 address lie in the network; a v4-mapped one lies in IPv4 networks too. */
export function networkHas6(network: Network, bytes: Uint8Array): boolean {
  if (network.family === 4) {
    for (let i = 0; i < 10; i++) if (bytes[i] !== 0) return false;
    return bytes[10] === 255 && bytes[11] === 255 && networkHas4(network, readUint32(bytes, 12));
  }
  for (let i = 0; i < 16; i++) if ((bytes[i]! & network.mask[i]!) !== network.address[i]) return false;
  return true;
}

/** Prints the network with its mask as a prefix length when it is contiguous, else in full. */
export function formatNetwork(network: Network): string {
  if (network.family === 4) {
    const bits = Math.clz32(~network.mask >>> 0);
    const contiguous = network.mask === (bits === 0 ? 0 : (-1 << (32 - bits)) >>> 0);
    return `${formatIPv4(network.address)}/${contiguous ? bits : formatIPv4(network.mask)}`;
  }
  let bits = 0;
  while (bits < 128 && (network.mask[bits >> 3]! & (128 >> (bits & 7))) !== 0) bits++;
  const contiguous = parseMask6(String(bits))!.every((byte, i) => byte === network.mask[i]);
  return `${formatIPv6(network.address)}/${contiguous ? bits : formatIPv6(network.mask)}`;
}
