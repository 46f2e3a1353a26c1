/** Lets one line in a while pass: what fails for every request would fill a log. */
export class Seldom {
  readonly #interval: number;
  #next = 0;
  #withheld = 0;

  /** @param interval milliseconds between two. */
  constructor(interval = 10_000) {
    this.#interval = interval;
  }

  /** Calls `write` with the number of those withheld since the last one, or withholds this one. */
  pass(write: (withheld: number) => void): void {
    const now = performance.now();
    if (now < this.#next) {
      this.#withheld++;
      return;
    }
    this.#next = now + this.#interval;
    write(this.#withheld);
    this.#withheld = 0;
  }
}
