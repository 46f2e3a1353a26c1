export interface Prefix<T> {
  /** The network's address, bits behind the prefix cleared. */
  readonly bytes: Uint8Array;
  readonly bits: number;
  readonly data: T;
}

/**
 * Finds the longest prefix that holds an address. Prefixes nest or lie apart, so they cut the address space into
 * intervals, each with one owner: a lookup is one binary search over their starts, 17 steps for 100,000 prefixes.
 */
export class PrefixTable<T> {
  /** 32-bit words per address. */
  readonly #width: number;
  /** The starts of the intervals in order, and for each the prefix that owns it (-1: none). */
  readonly #starts: Uint32Array;
  readonly #owners: Int32Array;
  readonly #data: readonly T[];

  constructor(prefixes: readonly Prefix<T>[], family: 4 | 6) {
    const width = family === 4 ? 1 : 4;
    const entries = prefixes
      .map(({ bytes, bits, data }) => ({ start: wordsOf(bytes, width), bits, data }))
      .map((entry, index) => ({ ...entry, index }))
      .toSorted((a, b) => compare(a.start, b.start) || a.bits - b.bits || a.index - b.index);
    const starts: number[][] = [];
    const owners: number[] = [];
    const begin = (start: number[], owner: number): void => {
      if (starts.length > 0 && compare(starts.at(-1)!, start) === 0) owners[owners.length - 1] = owner;
      else {
        starts.push(start);
        owners.push(owner);
      }
    };
    const open: { readonly end: number[]; readonly bits: number; readonly owner: number; readonly start: number[] }[] =
      [];
    const close = (): void => {
      const after = increment(open.pop()!.end);
      if (after) begin(after, open.at(-1)?.owner ?? -1);
    };
    for (const [owner, { start, bits }] of entries.entries()) {
      while (open.length > 0 && compare(open.at(-1)!.end, start) < 0) close();
      const top = open.at(-1);
      // The first of two that are the same counts.
      if (top && top.bits === bits && compare(top.start, start) === 0) continue;
      begin(start, owner);
      open.push({ start, end: lastOf(start, bits), bits, owner });
    }
    while (open.length > 0) close();
    this.#width = width;
    this.#starts = Uint32Array.from(starts.flat());
    this.#owners = Int32Array.from(owners);
    this.#data = entries.map(({ data }) => data);
  }

  find(bytes: Uint8Array): T | undefined {
    const found = this.#width === 1 ? this.#search4(bytes) : this.#search6(bytes);
    if (found < 0) return undefined;
    const owner = this.#owners[found]!;
    return owner < 0 ? undefined : this.#data[owner];
  }

  /** The last interval that does not begin after the address. */
  #search4(bytes: Uint8Array): number {
    const wanted = ((bytes[0]! << 24) | (bytes[1]! << 16) | (bytes[2]! << 8) | bytes[3]!) >>> 0;
    const starts = this.#starts;
    let low = 0;
    let high = starts.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (starts[middle]! <= wanted) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  #search6(bytes: Uint8Array): number {
    const wanted = wordsOf(bytes, 4);
    const starts = this.#starts;
    let low = 0;
    let high = this.#owners.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const at = middle * 4;
      let word = 0;
      while (word < 3 && starts[at + word] === wanted[word]) word++;
      if (starts[at + word]! <= wanted[word]!) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }
}

function wordsOf(bytes: Uint8Array, width: number): number[] {
  const words: number[] = [];
  for (let i = 0; i < width * 4; i += 4)
    words.push(((bytes[i]! << 24) | (bytes[i + 1]! << 16) | (bytes[i + 2]! << 8) | bytes[i + 3]!) >>> 0);
  return words;
}

function compare(a: readonly number[], b: readonly number[]): number {
  for (const [i, word] of a.entries()) if (word !== b[i]) return word < b[i]! ? -1 : 1;
  return 0;
}

/** The highest address of a network. */
function lastOf(start: readonly number[], bits: number): number[] {
  return start.map((word, i) => {
    const free = Math.min(32, Math.max(0, 32 * (i + 1) - bits));
    return free === 32 ? 0xffffffff : (word | (2 ** free - 1)) >>> 0;
  });
}

/** The address behind; undefined behind the last. */
function increment(words: readonly number[]): number[] | undefined {
  const next = [...words];
  for (let i = next.length - 1; i >= 0; i--) {
    if (next[i] !== 0xffffffff) {
      next[i]!++;
      return next;
    }
    next[i] = 0;
  }
  return undefined;
}
