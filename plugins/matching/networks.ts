import {
  type IpAddress,
  type Value,
  embeddedIpv4,
  integerFromIpv4,
  ipv4FromInteger,
  mapToIpv6,
  maskOf,
  parseIpv4,
  parseIpv6,
  parseMask,
  resolveHostSync,
} from 'sluice/plugin';
import type { BuildFlags, Builder } from './lookup.ts';
import { type Prefix, PrefixTable } from './prefix-table.ts';

interface Network {
  readonly bytes: Uint8Array;
  readonly mask: Uint8Array;
}

/** The masks of bit counts, made once: lists are long, and have few of them. */
const masks = new Map<string, Uint8Array>();
const lengths = new Map<Uint8Array, number>();

function maskOfBits(bits: number, family: 4 | 6): Uint8Array {
  const key = `${family}/${bits}`;
  let mask = masks.get(key);
  if (mask === undefined) {
    mask = maskOf(bits, family);
    masks.set(key, mask);
    lengths.set(mask, bits);
  }
  return mask;
}

/**
 * Reads `address`, `address/bits` or `address/mask`; short IPv4 forms leave out the zeroes before the last octet. A host's name
 * stands for its address if names are resolved.
 */
function readNetwork(text: string, resolveNames: boolean | undefined): Network | undefined {
  const slash = text.indexOf('/');
  const address = slash < 0 ? text : text.slice(0, slash);
  const ip = address.includes(':')
    ? parseIpv6(address)
    : (parseIpv4(address) ?? parseIpv4(expand(address)) ?? (resolveNames ? resolve(address) : undefined));
  if (!ip) return undefined;
  if (slash < 0) return { bytes: ip.bytes, mask: maskOfBits(ip.family === 4 ? 32 : 128, ip.family) };
  const suffix = text.slice(slash + 1);
  const parsed = parseMask(suffix, ip.family);
  const mask = parsed && /^[0-9]+$/.test(suffix) ? maskOfBits(Number(suffix), ip.family) : parsed;
  // Bit counts only for IPv6; configuration.txt 7.1.6.
  if (!mask || (ip.family === 6 && text.includes(':', slash))) return undefined;
  return { bytes: ip.bytes.map((byte, i) => byte & mask[i]!), mask };
}

/** `10.12` is `10.0.0.12`, and, where names are resolved, `1` is `0.0.0.1`: so the system's resolver reads it. */
function expand(text: string): string {
  const octets = text.split('.');
  if (octets.length > 3 || octets.length < 2) return text;
  return [...octets.slice(0, -1), ...Array.from({ length: 4 - octets.length }, () => '0'), octets.at(-1)].join('.');
}

function resolve(name: string): IpAddress | undefined {
  if (/^[0-9]{1,10}$/.test(name)) return Number(name) > 0xffffffff ? undefined : ipv4FromInteger(Number(name));
  return /^[0-9.]+$/.test(name) ? undefined : resolveHostSync(name);
}

/** How many leading bits are set; undefined when they are not all at the front. */
function prefixLength(mask: Uint8Array): number | undefined {
  const known = lengths.get(mask);
  if (known !== undefined) return known;
  let bits = 0;
  while (bits < mask.length * 8 && mask[bits >> 3]! & (128 >> (bits & 7))) bits++;
  const plain = maskOf(bits, mask.length === 4 ? 4 : 6);
  return plain.every((byte, i) => byte === mask[i]) ? bits : undefined;
}

interface Scattered<T> extends Network {
  readonly data: T;
}

/** `-m ip`: in one of the networks; the smallest that holds the address. configuration.txt 7.1.6 on mixed families. */
export const address: Builder = (items, flags: BuildFlags) => {
  type Data = (typeof items)[0]['data'];
  const prefixes: Record<4 | 6, Prefix<Data>[]> = { 4: [], 6: [] };
  const scattered: Scattered<Data>[] = [];
  for (const { pattern, data } of items) {
    const network =
      readNetwork(pattern, flags.resolveNames) ?? flags.fail(`'${pattern}' is not a valid IPv4 or IPv6 address`);
    const bits = prefixLength(network.mask);
    if (bits === undefined) scattered.push({ ...network, data });
    else prefixes[network.bytes.length === 4 ? 4 : 6].push({ bytes: network.bytes, bits, data });
  }
  const v4 = prefixes[4].length > 0 ? new PrefixTable(prefixes[4], 4) : undefined;
  const v6 = prefixes[6].length > 0 ? new PrefixTable(prefixes[6], 6) : undefined;
  const findScattered = (bytes: Uint8Array): Data | undefined =>
    scattered.find(
      (one) => one.bytes.length === bytes.length && one.bytes.every((byte, i) => byte === (bytes[i]! & one.mask[i]!)),
    )?.data;
  return (value) => {
    const { family, bytes } = value as IpAddress;
    if (family === 4) {
      const found = v4?.find(bytes) ?? (v6 && v6.find(mapToIpv6(bytes)));
      return found ?? (scattered.length > 0 ? findScattered(bytes) : undefined);
    }
    const direct = v6?.find(bytes) ?? (scattered.length > 0 ? findScattered(bytes) : undefined);
    if (direct !== undefined || (!v4 && scattered.length === 0)) return direct;
    const inner = embeddedIpv4(bytes);
    return inner && (v4?.find(inner) ?? findScattered(inner));
  };
};

/** A test for one IPv4 network, which most conditions on addresses are; undefined for anything else. */
export function oneNetwork(pattern: string, resolveNames = false): ((value: Value) => boolean) | undefined {
  const network = readNetwork(pattern, resolveNames);
  if (network?.bytes.length !== 4) return undefined;
  const mask = integerFromIpv4(network.mask) | 0;
  const wanted = integerFromIpv4(network.bytes) & mask;
  return (value) => {
    const { family, bytes } = value as IpAddress;
    const inner = family === 4 ? bytes : embeddedIpv4(bytes);
    if (inner === undefined) return false;
    return (((inner[0]! << 24) | (inner[1]! << 16) | (inner[2]! << 8) | inner[3]!) & mask) === wanted;
  };
}
