import { Ip } from '../sdk/index.ts';

/** `::ffff:0:0/96`: IPv4 addresses in IPv6. */
const MAPPED = 96;
const MAPPED_PREFIX = '00000000000000000000ffff';

/**
 * Networks with what is known of each; the longest prefix that holds an address decides. A hash table for each length that occurs:
 * a look-up costs as many probes as there are lengths, whatever the number of networks.
 */
export class Networks<T> {
  /** By family, then by length of prefix, longest first. */
  readonly #tables: Readonly<Record<4 | 6, Map<number, Map<string, T>>>> = { 4: new Map(), 6: new Map() };
  readonly #lengths: Record<4 | 6, number[]> = { 4: [], 6: [] };
  size = 0;

  /**
   * @param written `address` or `address/length`; bits behind the prefix do not count.
   * @returns whether it is one; of two equal networks the later one counts.
   */
  add(written: string, value: T): boolean {
    const [address, digits, ...rest] = written.split('/') as [string, string?, ...string[]];
    let ip = Ip.tryParse(address);
    if (!ip || rest.length > 0) return false;
    let length = ip.bytes.length * 8;
    if (digits !== undefined) {
      if (!/^\d{1,3}$/.test(digits) || Number(digits) > length) return false;
      length = Number(digits);
    }
    const plain = unmapped(ip);
    if (plain !== ip && length >= MAPPED) {
      ip = plain;
      length -= MAPPED;
    }
    const { family } = ip;
    let table = this.#tables[family].get(length);
    if (!table) {
      table = new Map();
      this.#tables[family].set(length, table);
      this.#lengths[family] = [...this.#tables[family].keys()].toSorted((a, b) => b - a);
    }
    const key = prefix(ip.bytes, length);
    if (!table.has(key)) this.size++;
    table.set(key, value);
    return true;
  }

  /** What is known of the smallest network that holds it. */
  find(address: Ip): T | undefined {
    const { family, bytes } = unmapped(address);
    for (const length of this.#lengths[family]) {
      const found = this.#tables[family].get(length)!.get(prefix(bytes, length));
      if (found !== undefined) return found;
    }
    return undefined;
  }
}

/** The address as IPv4 if it is that: a listener for both families shows IPv4 clients in IPv6's form. */
function unmapped(ip: Ip): Ip {
  return ip.family === 6 && ip.bytes.toString('hex', 0, 12) === MAPPED_PREFIX ? new Ip(ip.bytes.subarray(12)) : ip;
}

/** The first `length` bits as a key. */
function prefix(bytes: Buffer, length: number): string {
  const whole = length >> 3;
  const key = bytes.toString('latin1', 0, whole);
  const bits = length & 7;
  return bits === 0 ? key : key + String.fromCharCode(bytes[whole]! & (0xff00 >> bits) & 0xff);
}
