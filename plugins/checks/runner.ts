import type { CheckResult, Timer } from 'sluice/plugin';
import type { Probe, Target } from './probe.ts';

/** The times between two checks, in milliseconds; 0 means `inter`. */
export interface Intervals {
  readonly inter: number;
  readonly fastinter: number;
  readonly downinter: number;
}

/** One check of one server, from one time to the next. */
export class Runner {
  /** Called for every check that passes. */
  onPass: (() => void) | undefined = undefined;
  readonly #target: Target;
  readonly #probe: Probe;
  readonly #intervals: Intervals;
  /** A fraction by which times vary (`spread-checks`). */
  readonly #spread: number;
  readonly #timer: Timer;
  #began = 0;
  #busy = false;

  constructor(target: Target, probe: Probe, intervals: Intervals, spread: number) {
    this.#target = target;
    this.#probe = probe;
    this.#intervals = intervals;
    this.#spread = spread;
    this.#timer = target.context.timer(() => this.#run());
  }

  start(delay: number): void {
    this.#timer.start(Math.max(1, delay));
  }

  stop(): void {
    this.#timer.stop();
    this.#probe.cancel();
  }

  /** The next check comes no later than with `fastinter`. */
  hurry(): void {
    const soon = this.#intervals.fastinter || this.#intervals.inter;
    if (!this.#busy && this.#timer.left > soon) this.#timer.start(soon);
  }

  /** configuration.txt 5.2, `fastinter`: up and down for sure, or on the way. */
  get interval(): number {
    const { inter, fastinter, downinter } = this.#intervals;
    const { health, rise, fall } = this.#target.record;
    if (health === rise + fall - 1) return inter;
    return (health === 0 ? downinter : fastinter) || inter;
  }

  #run(): void {
    const { server, record } = this.#target;
    if (!record.enabled || (record.paused && record.kind === 'health')) {
      this.#next();
      return;
    }
    this.#busy = true;
    this.#began = this.#target.context.clock.now();
    server.state.begin(record.kind);
    this.#probe.start((result) => this.#done(result));
  }

  #done(result: CheckResult): void {
    const { server, record } = this.#target;
    this.#busy = false;
    if (result.outcome === 'passed') this.onPass?.();
    const durationMs = result.durationMs ?? Math.floor(this.#target.context.clock.now() - this.#began);
    try {
      server.state.report(record.kind, { ...result, durationMs });
    } finally {
      this.#next();
    }
  }

  #next(): void {
    const { interval } = this;
    const vary = this.#spread === 0 ? 0 : interval * this.#spread * (2 * Math.random() - 1);
    this.#timer.start(interval + vary);
  }
}
