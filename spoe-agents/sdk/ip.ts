import { isIP } from 'node:net';

/** An IP address as SPOP carries it: 4 or 16 bytes in network byte order, and its canonical text (RFC 5952). */
export class Ip {
  readonly bytes: Buffer;
  #text: string | undefined;

  /** @param bytes kept, not copied. */
  constructor(bytes: Buffer) {
    if (bytes.length !== 4 && bytes.length !== 16)
      throw new RangeError(`an IP address has 4 or 16 bytes, not ${bytes.length}`);
    this.bytes = bytes;
  }

  /** @throws RangeError for what is no IP address. A zone (`%eth0`) is refused: SPOP cannot carry it. */
  static parse(text: string): Ip {
    const ip = Ip.tryParse(text);
    if (!ip) throw new RangeError(`'${text}' is not an IP address`);
    return ip;
  }

  static tryParse(text: string): Ip | undefined {
    const family = isIP(text);
    if (family === 4) return new Ip(Buffer.from(dotted(text)));
    return family === 6 && !text.includes('%') ? new Ip(parse6(text)) : undefined;
  }

  get family(): 4 | 6 {
    return this.bytes.length === 4 ? 4 : 6;
  }

  toString(): string {
    this.#text ??= this.family === 4 ? this.bytes.join('.') : format6(this.bytes);
    return this.#text;
  }

  toJSON(): string {
    return this.toString();
  }

  equals(other: Ip): boolean {
    return this.bytes.equals(other.bytes);
  }
}

function dotted(text: string): number[] {
  return text.split('.').map(Number);
}

/** @param text what `isIP` takes for IPv6, so that only its shape is left to look at. */
function parse6(text: string): Buffer {
  const bytes = Buffer.alloc(16);
  const [head, tail] = text.split('::') as [string, string?];
  const before = groups(head);
  Buffer.from(before).copy(bytes, 0);
  if (tail !== undefined) {
    const after = groups(tail);
    Buffer.from(after).copy(bytes, 16 - after.length);
  }
  return bytes;
}

function groups(text: string): number[] {
  if (text === '') return [];
  return text.split(':').flatMap((group) => {
    if (group.includes('.')) return dotted(group);
    const value = Number.parseInt(group, 16);
    return [value >> 8, value & 255];
  });
}

/** RFC 5952: the first of the longest runs of two or more zero groups is `::`; addresses mapped from IPv4 end dotted. */
function format6(bytes: Buffer): string {
  const all = Array.from({ length: 8 }, (_, index) => bytes.readUInt16BE(index * 2));
  if (all.slice(0, 5).every((group) => group === 0) && all[5] === 0xffff)
    return `::ffff:${bytes.subarray(12).join('.')}`;
  let gap = 0;
  let longest = 1;
  for (let start = 0; start < 8; start++) {
    let end = start;
    while (end < 8 && all[end] === 0) end++;
    if (end - start > longest) [gap, longest] = [start, end - start];
    if (end > start) start = end;
  }
  const hex = (from: number, to: number): string =>
    all
      .slice(from, to)
      .map((group) => group.toString(16))
      .join(':');
  return longest < 2 ? hex(0, 8) : `${hex(0, gap)}::${hex(gap + longest, 8)}`;
}
