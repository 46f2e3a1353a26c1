import type { Timer } from '../api/index.ts';
import type { ProxyClock } from './proxy-clock.ts';
import { schedule, type Timed, unschedule } from './timers.ts';

/** A timer among the deadlines of a clock, so that a thousand of them cost one timer of Node. */
export class PluginTimer implements Timer, Timed {
  readonly clock: ProxyClock;
  deadline: number = Infinity;
  wakeAt: number = Infinity;
  heapIndex = -1;
  readonly #run: () => void;
  readonly #failed: ((error: unknown) => void) | undefined;

  /** `failed` hears of what `run` throws; without it that is thrown on, as uncaught. */
  constructor(clock: ProxyClock, run: () => void, failed?: (error: unknown) => void) {
    this.clock = clock;
    this.#run = run;
    this.#failed = failed;
  }

  start(milliseconds: number): void {
    schedule(this, Math.max(milliseconds, 1e-3), this.clock.now());
  }

  stop(): void {
    unschedule(this);
  }

  get left(): number {
    return this.deadline === Infinity ? Infinity : Math.max(0, this.deadline - this.clock.now());
  }

  onTimeout(): void {
    this.#run();
  }

  onFault(error: unknown): void {
    if (this.#failed === undefined) throw error;
    this.#failed(error);
  }
}
