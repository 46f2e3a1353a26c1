/**
 * A set of numbers from 0 to `size` that knows the next member above or below any number: bits in words of 32, with a bit on
 * the level above for each word that is not empty. With a million numbers that is four levels.
 */
export class BitTree {
  readonly #levels: Uint32Array[] = [];

  constructor(size: number) {
    let bits = Math.max(1, size);
    do {
      bits = Math.ceil(bits / 32);
      this.#levels.push(new Uint32Array(bits));
    } while (bits > 1);
  }

  add(number: number): void {
    let index = number;
    for (const words of this.#levels) {
      const word = index >>> 5;
      const before = words[word]!;
      words[word] = before | (1 << (index & 31));
      if (before !== 0) return;
      index = word;
    }
  }

  delete(number: number): void {
    let index = number;
    for (const words of this.#levels) {
      const word = index >>> 5;
      words[word]! &= ~(1 << (index & 31));
      if (words[word] !== 0) return;
      index = word;
    }
  }

  /** The smallest member that is `from` or greater, -1 if there is none. */
  next(from: number): number {
    const levels = this.#levels;
    let index = from;
    for (let level = 0; level < levels.length; level++) {
      const words = levels[level]!;
      const word = index >>> 5;
      if (word >= words.length) return -1;
      const rest = words[word]! & (-1 << (index & 31));
      if (rest !== 0) return this.#down(level, word, rest, true);
      index = word + 1;
    }
    return -1;
  }

  /** The greatest member that is `from` or smaller, -1 if there is none. */
  previous(from: number): number {
    const levels = this.#levels;
    let index = from;
    for (let level = 0; level < levels.length; level++) {
      if (index < 0) return -1;
      const word = index >>> 5;
      const rest = levels[level]![word]! & (-1 >>> (31 - (index & 31)));
      if (rest !== 0) return this.#down(level, word, rest, false);
      index = word - 1;
    }
    return -1;
  }

  /** Follows the lowest or highest bits down to the members themselves. */
  #down(from: number, fromWord: number, fromBits: number, lowest: boolean): number {
    let word = fromWord;
    let bits = fromBits;
    for (let level = from; ; level--) {
      const bit = 31 - Math.clz32(lowest ? bits & -bits : bits);
      word = word * 32 + bit;
      if (level === 0) return word;
      bits = this.#levels[level - 1]![word]!;
    }
  }
}
