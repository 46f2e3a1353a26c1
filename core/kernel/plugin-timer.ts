import type { Timer } from '../api/index.ts';
import { now, schedule, type Timed, unschedule } from './timers.ts';

/** A plugin's timer: an entry in the heap of all deadlines, so that a thousand of them cost one timer of Node. */
export class PluginTimer implements Timer, Timed {
  deadline: number = Infinity;
  wakeAt: number = Infinity;
  heapIndex = -1;
  readonly #run: () => void;
  readonly #failed: (error: unknown) => void;

  constructor(run: () => void, failed: (error: unknown) => void) {
    this.#run = run;
    this.#failed = failed;
  }

  start(milliseconds: number): void {
    schedule(this, Math.max(milliseconds, 1e-3), now());
  }

  stop(): void {
    unschedule(this);
  }

  get left(): number {
    return this.deadline === Infinity ? Infinity : Math.max(0, this.deadline - now());
  }

  onTimeout(): void {
    this.#run();
  }

  onFault(error: unknown): void {
    this.#failed(error);
  }
}
