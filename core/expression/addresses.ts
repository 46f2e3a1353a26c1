import type { Endpoint, IpAddress } from '../api/values.ts';
import { formatIPv6, parseIPv4, parseIPv6 } from '../net/ip.ts';

/** An address over its bytes; the text is made when somebody asks. */
class Address implements IpAddress {
  readonly family: 4 | 6;
  readonly bytes: Uint8Array;
  #text: string | undefined;

  constructor(bytes: Uint8Array, text?: string) {
    this.family = bytes.length === 4 ? 4 : 6;
    this.bytes = bytes;
    this.#text = text;
  }

  get text(): string {
    return (this.#text ??= this.family === 4 ? this.bytes.join('.') : formatIPv6(this.bytes));
  }
}

/** Makes an address of 4 or 16 bytes in network order. */
export function ipAddress(bytes: Uint8Array): IpAddress {
  return new Address(bytes);
}

/** An IPv4 address of its 32-bit value. */
export function ipv4FromInteger(value: number): IpAddress {
  return new Address(Uint8Array.of(value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255));
}

/** The unsigned 32-bit value of an IPv4 address, or of the four bytes at `offset`. */
export function integerFromIpv4(bytes: Uint8Array, offset = 0): number {
  return ((bytes[offset]! << 24) | (bytes[offset + 1]! << 16) | (bytes[offset + 2]! << 8) | bytes[offset + 3]!) >>> 0;
}

/** Four decimal octets; undefined for anything else. */
export function parseIpv4(text: string): IpAddress | undefined {
  const value = parseIPv4(text);
  if (value < 0) return undefined;
  return new Address(Uint8Array.of(value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255), text);
}

/** Any spelling of RFC 4291 section 2.2; undefined for anything else. */
export function parseIpv6(text: string): IpAddress | undefined {
  const bytes = parseIPv6(text);
  return bytes && new Address(bytes);
}

/** Either family. */
export function parseAddress(text: string): IpAddress | undefined {
  return text.includes(':') ? parseIpv6(text) : parseIpv4(text);
}

/**
 * The IPv4 address inside an IPv6 one: `::ffff:a.b.c.d`, `::a.b.c.d` or 6to4 (`2002:…`); configuration.txt 7.1.6.
 * Undefined when it has none.
 */
export function embeddedIpv4(bytes: Uint8Array): Uint8Array | undefined {
  if (bytes[0] === 0x20 && bytes[1] === 0x02) return bytes.subarray(2, 6);
  for (let i = 0; i < 10; i++) if (bytes[i] !== 0) return undefined;
  const mark = (bytes[10]! << 8) | bytes[11]!;
  return mark === 0 || mark === 0xffff ? bytes.subarray(12, 16) : undefined;
}

/** `::ffff:a.b.c.d` of an IPv4 address. */
export function mapToIpv6(bytes: Uint8Array): Uint8Array {
  const mapped = new Uint8Array(16);
  mapped[10] = mapped[11] = 255;
  mapped.set(bytes, 12);
  return mapped;
}

/** The bytes of a mask given as a bit count or, for IPv4, as dotted octets. */
export function parseMask(text: string, family: 4 | 6): Uint8Array | undefined {
  if (/^[0-9]{1,3}$/.test(text)) {
    const bits = Number(text);
    return bits > (family === 4 ? 32 : 128) ? undefined : maskOf(bits, family);
  }
  const address = parseAddress(text);
  return address?.family === family ? address.bytes : undefined;
}

export function maskOf(bits: number, family: 4 | 6): Uint8Array {
  const mask = new Uint8Array(family === 4 ? 4 : 16);
  for (let i = 0; i < bits; i++) mask[i >> 3]! |= 128 >> (i & 7);
  return mask;
}

let lastEndpoint: Endpoint | undefined;
let lastAddress: IpAddress | undefined;

/** The address of a connection's end, undefined for unix sockets. The last answer is kept: rules ask in series. */
export function endpointAddress(endpoint: Endpoint): IpAddress | undefined {
  if (endpoint === lastEndpoint && endpoint.address === lastAddress?.text) return lastAddress;
  if (endpoint.family === 'unix') return undefined;
  const zone = endpoint.address.indexOf('%');
  const address = parseAddress(zone < 0 ? endpoint.address : endpoint.address.slice(0, zone));
  lastEndpoint = endpoint;
  lastAddress = address;
  return address;
}
