import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises';
import type { ProxyClock } from '../kernel/proxy-clock.ts';

/** Milliseconds, or a time as a configuration writes it: `10s`, `2m`, `1d`. */
export type TestDuration = number | string;

const UNITS: Readonly<Record<string, number>> = {
  us: 0.001,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

export function milliseconds(duration: TestDuration): number {
  if (typeof duration === 'number') return duration;
  const [, amount = '', unit = 'ms'] = /^(\d+)(us|ms|s|m|h|d)?$/.exec(duration) ?? [];
  if (amount === '')
    throw new TypeError(`'${duration}' is no time: it is milliseconds, or a number with us, ms, s, m, h or d`);
  return Number(amount) * UNITS[unit]!;
}

/** Turns of the event loop in which what has become due gets done: bytes cross the machine, promises end. */
const TURNS = 8;
/** Real milliseconds that what is under way is waited for at one deadline. */
const PATIENCE = 1000;

/**
 * The time of one proxy under test. It goes on by itself, as time does, and can be moved: deadlines that lie on the way are met in
 * their order, each at its time, and what they begin (a health check) gets the chance to end before time moves on.
 */
export class TestClock {
  readonly #clock: ProxyClock;
  readonly #busy: () => boolean;

  constructor(clock: ProxyClock, busy: () => boolean) {
    this.#clock = clock;
    this.#busy = busy;
  }

  /** Milliseconds since 1970, for the proxy. */
  get now(): number {
    return this.#clock.wall();
  }

  /** Moves time ahead, by exactly that: what happens meanwhile takes no time of the proxy's. */
  async advance(duration: TestDuration): Promise<void> {
    const wanted = milliseconds(duration);
    await this.#settle();
    const { frozen } = this.#clock;
    if (!frozen) this.#clock.freeze();
    try {
      await this.#walk(wanted);
    } finally {
      if (!frozen) this.#clock.thaw();
    }
  }

  async #walk(wanted: number): Promise<void> {
    const until = this.#clock.now() + wanted;
    for (let next = this.#clock.next; next <= until; next = this.#clock.next) {
      this.#clock.moveTo(next);
      await this.#settle();
    }
    this.#clock.moveTo(until);
    await this.#settle();
  }

  /** Sets the wall clock, e.g. for rules by the time of day. Nothing becomes due by it; {@link advance} is for that. */
  set(date: Date | number | string): void {
    const wanted = new Date(date).getTime();
    if (Number.isNaN(wanted)) throw new TypeError(`'${String(date)}' is no date`);
    this.#clock.setWall(wanted);
  }

  /** Time stands still from now on and moves by {@link advance} only: no timeout is met because a machine is slow. */
  freeze(): void {
    this.#clock.freeze();
  }

  /** Time goes on by itself again. */
  resume(): void {
    this.#clock.thaw();
  }

  async #settle(): Promise<void> {
    for (let i = 0; i < TURNS; i++) await turn();
    const begun = performance.now();
    while (this.#busy() && performance.now() - begun < PATIENCE) await sleep(1);
  }
}
