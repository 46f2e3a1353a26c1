import type { ProxyClock } from '../kernel/proxy-clock.ts';
import { schedule, type Timed, unschedule } from '../kernel/timers.ts';

/** Steps of the ramp; no shorter than a second each, as with HAProxy (measured). */
const STEPS = 20;
const SHORTEST = 1000;

/** The ramp of a server that has come back: from nothing to full speed. configuration.txt 5.2, `slowstart`. */
export class SlowStart implements Timed {
  readonly clock: ProxyClock;
  deadline: number = Infinity;
  wakeAt: number = Infinity;
  heapIndex = -1;
  readonly #duration: number;
  readonly #step: () => void;
  #since = 0;

  /** `step` is called at every step, the last being that of full speed. */
  constructor(clock: ProxyClock, duration: number, step: () => void) {
    this.clock = clock;
    this.#duration = duration;
    this.#step = step;
  }

  /** 0 to 1. */
  get share(): number {
    return Math.min(1, (this.clock.now() - this.#since) / this.#duration);
  }

  begin(at: number): void {
    this.#since = at;
    this.#next(at);
  }

  end(): void {
    unschedule(this);
  }

  #next(at: number): void {
    const left = this.#since + this.#duration - at;
    schedule(this, Math.max(1, Math.min(left, Math.max(SHORTEST, this.#duration / STEPS))), at);
  }

  onTimeout(at: number): void {
    if (this.share < 1) this.#next(at);
    this.#step();
  }

  onFault(error: unknown): void {
    throw error;
  }
}
