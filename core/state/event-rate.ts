/** Milliseconds of a period. */
const PERIOD = 1000;

/**
 * Events a second. A period begins with the first event after a pause; what the last full period had counts less and less
 * while the present one goes on, so that the rate is that of one second up to now. Counting costs a comparison and an
 * addition. Times are milliseconds of any monotonic clock.
 */
export class EventRate {
  #start = Number.NEGATIVE_INFINITY;
  #count = 0;
  #previous = 0;
  /** The most in one period so far. */
  highest = 0;

  add(at: number): void {
    if (at - this.#start >= PERIOD) this.#turn(at);
    if (++this.#count > this.highest) this.highest = this.#count;
  }

  #turn(at: number): void {
    const past = at - this.#start;
    if (past < 2 * PERIOD) {
      this.#start += PERIOD;
      this.#previous = this.#count;
    } else {
      this.#start = at;
      this.#previous = 0;
    }
    this.#count = 0;
  }

  /** A single event counts for its whole second, so that rare ones do not come and go. */
  perSecond(at: number): number {
    const past = at - this.#start;
    if (past >= 2 * PERIOD) return 0;
    const turned = past >= PERIOD;
    const previous = turned ? this.#count : this.#previous;
    const present = turned ? 0 : this.#count;
    if (present === 0 && previous <= 1) return previous;
    return present + Math.floor((previous * (PERIOD - Math.floor(past % PERIOD))) / PERIOD);
  }
}
