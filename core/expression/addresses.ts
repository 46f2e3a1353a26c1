import type { Endpoint, IpAddress } from '../api/values.ts';

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
    return (this.#text ??= this.family === 4 ? this.bytes.join('.') : formatIpv6(this.bytes));
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
  return (
    ((bytes[offset]! << 24) | (bytes[offset + 1]! << 16) | (bytes[offset + 2]! << 8) | bytes[offset + 3]!) >>> 0
  );
}

/** RFC 5952, with the dotted tail that the C library prints for mapped and compatible addresses. */
function formatIpv6(bytes: Uint8Array): string {
  const words: number[] = [];
  for (let i = 0; i < 16; i += 2) words.push((bytes[i]! << 8) | bytes[i + 1]!);
  let best = -1;
  let bestLength = 1;
  for (let i = 0; i < 8; i++) {
    let length = 0;
    while (i + length < 8 && words[i + length] === 0) length++;
    if (length > bestLength) [best, bestLength] = [i, length];
    i += length;
  }
  if (best === 0 && (bestLength === 6 || (bestLength === 5 && words[5] === 0xffff))) {
    return `::${bestLength === 5 ? 'ffff:' : ''}${bytes.subarray(12).join('.')}`;
  }
  const hex = (part: number[]): string => part.map((word) => word.toString(16)).join(':');
  return best < 0 ? hex(words) : `${hex(words.slice(0, best))}::${hex(words.slice(best + bestLength))}`;
}

/** Four decimal octets; undefined for anything else. */
export function parseIpv4(text: string): IpAddress | undefined {
  const bytes = new Uint8Array(4);
  return ipv4Bytes(text, bytes, 0) ? new Address(bytes, text) : undefined;
}

function ipv4Bytes(text: string, into: Uint8Array, offset: number): boolean {
  let octet = 0;
  let digits = 0;
  let count = 0;
  for (let i = 0; i <= text.length; i++) {
    const code = i < text.length ? text.charCodeAt(i) : 46;
    if (code === 46) {
      if (digits === 0 || octet > 255 || count === 4) return false;
      into[offset + count++] = octet;
      octet = digits = 0;
      continue;
    }
    if (code < 48 || code > 57 || digits === 3 || (digits === 1 && octet === 0)) return false;
    octet = octet * 10 + code - 48;
    digits++;
  }
  return count === 4;
}

/** Any spelling of RFC 4291 section 2.2; undefined for anything else. */
export function parseIpv6(text: string): IpAddress | undefined {
  const bytes = new Uint8Array(16);
  const halves = text.split('::');
  if (halves.length > 2 || text.length > 45) return undefined;
  const head = ipv6Words(halves[0]!, halves.length === 1);
  const tail = halves.length === 2 ? ipv6Words(halves[1]!, true) : [];
  if (!head || !tail) return undefined;
  if (halves.length === 1 ? head.length !== 16 : head.length + tail.length > 14) return undefined;
  bytes.set(head);
  bytes.set(tail, 16 - tail.length);
  return new Address(bytes);
}

function ipv6Words(text: string, last: boolean): number[] | undefined {
  if (text === '') return [];
  const bytes: number[] = [];
  const parts = text.split(':');
  for (const [index, part] of parts.entries()) {
    if (last && index === parts.length - 1 && part.includes('.')) {
      const dotted = new Uint8Array(4);
      if (!ipv4Bytes(part, dotted, 0)) return undefined;
      bytes.push(...dotted);
      continue;
    }
    if (!/^[0-9a-fA-F]{1,4}$/.test(part)) return undefined;
    const word = Number.parseInt(part, 16);
    bytes.push(word >> 8, word & 255);
  }
  return bytes.length > 16 ? undefined : bytes;
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
