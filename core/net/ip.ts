/**
 * IP addresses as numbers and bytes: an IPv4 address is an unsigned 32-bit number, an IPv6 address 16 bytes in network
 * order. Parsing is as strict as inet_pton(3), printing as canonical as inet_ntop(3), so that logs and stick-table keys
 * come out as HAProxy writes them.
 */

const DOT = 46;
const COLON = 58;

/** Parses dotted IPv4 (four decimal numbers, no leading zeros). Answers the address as uint32, or -1. */
export function parseIPv4(text: string): number {
  return readIPv4(text, 0, text.length);
}

function readIPv4(text: string, start: number, end: number): number {
  if (end - start < 7 || end - start > 15) return -1;
  let address = 0;
  let part = -1;
  let dots = 0;
  let zero = false;
  for (let i = start; i < end; i++) {
    const code = text.charCodeAt(i);
    if (code === DOT) {
      if (part < 0 || ++dots > 3) return -1;
      address = address * 256 + part;
      part = -1;
      continue;
    }
    const digit = code - 48;
    if (digit < 0 || digit > 9) return -1;
    if (part < 0) {
      part = digit;
      zero = digit === 0;
    } else {
      part = part * 10 + digit;
      if (zero || part > 255) return -1;
    }
  }
  return dots === 3 && part >= 0 ? address * 256 + part : -1;
}

/** Prints a uint32 as dotted IPv4. */
export function formatIPv4(address: number): string {
  return `${address >>> 24}.${(address >>> 16) & 255}.${(address >>> 8) & 255}.${address & 255}`;
}

/** Parses IPv6 (RFC 4291 section 2.2, with an embedded IPv4 tail, without zone). Answers 16 bytes, or undefined. */
export function parseIPv6(text: string): Uint8Array | undefined {
  const bytes = new Uint8Array(16);
  return readIPv6(text, bytes) ? bytes : undefined;
}

function readIPv6(text: string, bytes: Uint8Array): boolean {
  const length = text.length;
  if (length < 2 || length > 45) return false;
  let at = 0;
  let gap = -1;
  let i = 0;
  if (text.charCodeAt(0) === COLON) {
    if (text.charCodeAt(1) !== COLON) return false;
    gap = 0;
    i = 2;
    if (length === 2) return true;
  }
  while (i < length) {
    const start = i;
    let group = 0;
    let digit = hexDigit(text.charCodeAt(i));
    while (digit >= 0) {
      if (i - start === 4) return false;
      group = group * 16 + digit;
      digit = ++i < length ? hexDigit(text.charCodeAt(i)) : -1;
    }
    if (i < length && text.charCodeAt(i) === DOT) {
      const tail = at <= 12 ? readIPv4(text, start, length) : -1;
      if (tail < 0) return false;
      writeUint32(bytes, at, tail);
      at += 4;
      break;
    }
    if (i === start || at === 16) return false;
    bytes[at++] = group >> 8;
    bytes[at++] = group & 255;
    if (i === length) break;
    if (text.charCodeAt(i++) !== COLON || i === length) return false;
    if (text.charCodeAt(i) === COLON) {
      if (gap >= 0) return false;
      gap = at;
      if (++i === length) break;
    }
  }
  if (gap < 0) return at === 16;
  if (at === 16) return false;
  bytes.copyWithin(16 - (at - gap), gap, at);
  bytes.fill(0, gap, 16 - (at - gap));
  return true;
}

function hexDigit(code: number): number {
  if (code >= 48 && code <= 57) return code - 48;
  const lower = code | 32;
  return lower >= 97 && lower <= 102 ? lower - 87 : -1;
}

function writeUint32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 24;
  bytes[at + 1] = value >>> 16;
  bytes[at + 2] = value >>> 8;
  bytes[at + 3] = value;
}

/** Reads a big-endian uint32. */
export function readUint32(bytes: Uint8Array, at: number): number {
  return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0;
}

/**
 * Prints the 16 bytes at `offset` as inet_ntop(3) does: lower case, no leading zeros, the longest (on a tie the first)
 * run of two or more zero groups as `::`, and the tail of `::a.b.c.d` and `::ffff:a.b.c.d` dotted.
 */
export function formatIPv6(bytes: Uint8Array, offset = 0): string {
  let best = -1;
  let bestLength = 1;
  for (let group = 0; group < 8; group++) {
    let end = group;
    while (end < 8 && bytes[offset + 2 * end] === 0 && bytes[offset + 2 * end + 1] === 0) end++;
    if (end - group > bestLength) {
      best = group;
      bestLength = end - group;
    }
    if (end > group) group = end;
  }
  if (best === 0 && (bestLength === 6 || (bestLength === 5 && readGroup(bytes, offset, 5) === 0xffff))) {
    return `${bestLength === 6 ? '::' : '::ffff:'}${formatIPv4(readUint32(bytes, offset + 12))}`;
  }
  let text = '';
  for (let group = 0; group < 8; group++) {
    if (group === best) {
      text += '::';
      group += bestLength - 1;
      continue;
    }
    if (group > 0 && !text.endsWith(':')) text += ':';
    text += readGroup(bytes, offset, group).toString(16);
  }
  return text;
}

function readGroup(bytes: Uint8Array, offset: number, group: number): number {
  return (bytes[offset + 2 * group]! << 8) | bytes[offset + 2 * group + 1]!;
}

/** Parses either family: 4 or 16 bytes in network order, or undefined. */
export function parseIp(text: string): Uint8Array | undefined {
  const four = parseIPv4(text);
  if (four < 0) return parseIPv6(text);
  const bytes = new Uint8Array(4);
  writeUint32(bytes, 0, four);
  return bytes;
}

/** Prints 4 or 16 bytes. */
export function formatIp(bytes: Uint8Array): string {
  return bytes.length === 4 ? formatIPv4(readUint32(bytes, 0)) : formatIPv6(bytes);
}

/** Whether 16 bytes are `::ffff:a.b.c.d` (RFC 4291 section 2.5.5.2). */
export function isV4Mapped(bytes: Uint8Array, offset = 0): boolean {
  for (let i = 0; i < 10; i++) if (bytes[offset + i] !== 0) return false;
  return bytes[offset + 10] === 255 && bytes[offset + 11] === 255;
}

/** The IPv4 address inside a v4-mapped text such as `::ffff:10.0.0.1`; any other text comes back as it is. */
export function unmapText(text: string): string {
  return text.startsWith('::ffff:') && text.includes('.') ? text.slice(7) : text;
}

/** The 16 bytes of `::ffff:a.b.c.d`. */
export function mapToV6(address: number): Uint8Array {
  const bytes = new Uint8Array(16);
  bytes[10] = bytes[11] = 255;
  writeUint32(bytes, 12, address);
  return bytes;
}
