import type { Clock } from 'sluice/plugin';

/** What became of a fetch that others waited for. */
export type Landing = 'stored' | 'refused' | 'timeout';

/** One fetch from the origin, and those who wait for what it brings. */
export class Flight {
  readonly key: string;
  readonly #flights: Flights;
  readonly #waiters = new Set<(landing: Landing) => void>();
  #over = false;

  constructor(key: string, flights: Flights) {
    this.key = key;
    this.#flights = flights;
  }

  /** It has been stored, or will not be; only the first word counts. */
  end(landing: 'stored' | 'refused'): void {
    if (this.#over) return;
    this.#over = true;
    this.#flights.forget(this);
    for (const wake of this.#waiters) wake(landing);
    this.#waiters.clear();
  }

  /** Waits for its end; `over` gives up when it is called, as its transaction has ended. */
  wait(milliseconds: number, clock: Clock, onEnd: (stop: () => void) => void): Promise<Landing> {
    return new Promise((resolve) => {
      const wake = (landing: Landing): void => {
        timer.stop();
        this.#waiters.delete(wake);
        resolve(landing);
      };
      const timer = clock.timer(() => wake('timeout'));
      timer.start(milliseconds);
      this.#waiters.add(wake);
      onEnd(() => wake('timeout'));
    });
  }

  get waiting(): number {
    return this.#waiters.size;
  }
}

/** For how many keys it is remembered that waiting for them was in vain, and how long those may be. */
const MOST_PASSED = 1000;
const LONGEST_PASSED = 1024;

/** The fetches under way, by what they will be stored under. */
export class Flights {
  readonly #flights = new Map<string, Flight>();
  readonly #passed = new Map<string, number>();

  find(key: string): Flight | undefined {
    return this.#flights.get(key);
  }

  /** Begins one that others may wait for. */
  begin(key: string): Flight {
    const flight = new Flight(key, this);
    this.#flights.set(key, flight);
    return flight;
  }

  forget(flight: Flight): void {
    if (this.#flights.get(flight.key) === flight) this.#flights.delete(flight.key);
  }

  get size(): number {
    return this.#flights.size;
  }

  /** Nobody waits for this until then (seconds since 1970): what came was not stored. */
  pass(key: string, until: number): void {
    if (key.length > LONGEST_PASSED) return;
    this.#passed.delete(key);
    this.#passed.set(key, until);
    if (this.#passed.size <= MOST_PASSED) return;
    for (const oldest of this.#passed.keys()) {
      this.#passed.delete(oldest);
      break;
    }
  }

  passes(key: string, now: number): boolean {
    const until = this.#passed.get(key);
    if (until === undefined) return false;
    if (until > now) return true;
    this.#passed.delete(key);
    return false;
  }

  unpass(key: string): void {
    if (this.#passed.size > 0) this.#passed.delete(key);
  }
}
