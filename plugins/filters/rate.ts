/** How many bytes may pass at a time, and over which time (ms). */
export interface Rate {
  limit: number;
  period: number;
}

/** So often at the most a stream is woken for more (ms): what passes in between is small change. */
const STEP = 10;

/**
 * Bytes over a sliding period: what passed in this one, and of what passed in the one before as much as still lies within the last
 * `period` milliseconds. At first a whole limit passes at once.
 */
export class RateMeter {
  readonly #rate: Rate;
  #start: number;
  #current = 0;
  #previous = 0;

  /** `now` is monotonic, in milliseconds. */
  constructor(rate: Rate, now: number) {
    this.#rate = rate;
    this.#start = now;
  }

  #roll(now: number): void {
    const periods = Math.floor((now - this.#start) / this.#rate.period);
    if (periods <= 0) return;
    this.#previous = periods === 1 ? this.#current : 0;
    this.#current = 0;
    this.#start += periods * this.#rate.period;
  }

  /** Bytes that may pass now. */
  allowance(now: number): number {
    this.#roll(now);
    const { limit, period } = this.#rate;
    const old = this.#previous * (1 - (now - this.#start) / period);
    return Math.max(0, Math.floor(limit - this.#current - old));
  }

  passed(bytes: number): void {
    this.#current += bytes;
  }

  /** How long until `bytes` may pass, or until it makes sense to ask again (ms). */
  delay(bytes: number, now: number): number {
    const { limit, period } = this.#rate;
    const left = this.#start + period - now;
    const missing = Math.min(bytes, limit) - this.allowance(now);
    // What passed before this period leaves the sliding one evenly; what passed in this one, in the next.
    const wait = this.#previous > 0 ? (missing * period) / this.#previous : left;
    return Math.max(1, Math.ceil(Math.min(wait, left)));
  }

  /** The least that is worth waking for. */
  portion(minimum: number): number {
    const { limit, period } = this.#rate;
    return Math.min(limit, Math.max(1, minimum, Math.floor((limit * STEP) / period)));
  }
}
