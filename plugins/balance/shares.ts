/** Running sums over numbers that change: both in O(log n) (a Fenwick tree). */
export class Shares {
  #sums = new Float64Array(1);
  #numbers = new Float64Array(0);

  get(index: number): number {
    return this.#numbers[index] ?? 0;
  }

  set(index: number, number: number): void {
    if (index >= this.#numbers.length) this.#grow(index + 1);
    const difference = number - this.#numbers[index]!;
    this.#numbers[index] = number;
    for (let i = index + 1; i < this.#sums.length; i += i & -i) this.#sums[i]! += difference;
  }

  /** The sum of the numbers before `index`. */
  before(index: number): number {
    let sum = 0;
    for (let i = index; i > 0; i -= i & -i) sum += this.#sums[i]!;
    return sum;
  }

  get total(): number {
    return this.before(this.#numbers.length);
  }

  #grow(size: number): void {
    const numbers = this.#numbers;
    this.#numbers = new Float64Array(Math.max(size, 2 * numbers.length));
    this.#sums = new Float64Array(this.#numbers.length + 1);
    numbers.forEach((number, index) => number !== 0 && this.set(index, number));
  }
}
