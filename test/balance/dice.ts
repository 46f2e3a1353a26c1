/** Numbers that look random and are the same in every run (a linear congruential generator). */
export class Dice {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** 0 ≤ number < limit. */
  below(limit: number): number {
    const high = this.#next();
    const low = this.#next();
    return Math.floor(((high * 2 ** 21 + (low >>> 11)) / 2 ** 53) * limit);
  }

  between(low: number, high: number): number {
    return low + this.below(high - low + 1);
  }

  chance(probability: number): boolean {
    return this.below(2 ** 30) < probability * 2 ** 30;
  }

  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!;
  }

  #next(): number {
    this.#state = (Math.imul(this.#state, 1_664_525) + 1_013_904_223) >>> 0;
    return this.#state;
  }
}
