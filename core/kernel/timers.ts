import type { ProxyClock } from './proxy-clock.ts';

/**
 * Who has a deadline: one entry among those of its clock. Moving the deadline later, which is what traffic does all the time, is a
 * plain store: the entry comes up at its old time, is seen to be early, and sinks back.
 */
export interface Timed {
  readonly clock: ProxyClock;
  /** Milliseconds of the clock; Infinity for none. Set it through `schedule`. */
  deadline: number;
  /** When the clock will look at it, and where it stands there (-1: nowhere). Kept by the clock. */
  wakeAt: number;
  heapIndex: number;
  /** The deadline has passed. */
  onTimeout(now: number): void;
  /** `onTimeout` threw: its owner ends, the other deadlines stay. */
  onFault(error: unknown): void;
}

/** Sets a deadline in `milliseconds` from `at`; 0 or undefined means none. */
export function schedule(timed: Timed, milliseconds: number | undefined, at: number): void {
  timed.clock.schedule(timed, milliseconds, at);
}

/** Forgets the owner; to be called when it is closed. */
export function unschedule(timed: Timed): void {
  timed.clock.unschedule(timed);
}
