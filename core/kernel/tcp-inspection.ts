import type { ProxyClock } from './proxy-clock.ts';
import type { Eventually, Received, ReceivedEditor, Verdict } from '../api/index.ts';
import { decideRules, type RunningRule, runRules } from './rules.ts';
import type { Stream } from './stream.ts';

const NOTHING = Buffer.alloc(0);

/** What rules see of a connection's bytes. */
export class HeldBytes implements Received {
  request: Buffer = NOTHING;
  response: Buffer = NOTHING;
  final = true;
  mayChange = false;
  readonly #edit: (() => ReceivedEditor) | undefined;

  constructor(edit?: () => ReceivedEditor) {
    this.#edit = edit;
  }

  get editor(): ReceivedEditor | undefined {
    return this.#edit?.();
  }
}

/** Who lets rules look at a connection's first bytes. */
export interface RequestWatcher {
  readonly clock: ProxyClock;
  readonly stream: Stream;
  /** The client sends no more. */
  readonly clientEnded: boolean;
  /** The rules wait for more, this many milliseconds. */
  waitForMore(milliseconds: number): void;
  /** They have decided. */
  decided(verdict: Verdict): void;
}

/**
 * `tcp-request content` rules with an inspect-delay: run again whenever there is more, as long as what is still to come could
 * change their answer.
 */
export class RequestInspection {
  /** They wait for more bytes, or the end of the delay. */
  waiting = false;
  readonly #rules: readonly RunningRule[];
  readonly #watcher: RequestWatcher;
  /** Monotonic milliseconds. */
  readonly #until: number;
  #expired = false;

  constructor(rules: readonly RunningRule[], delay: number, watcher: RequestWatcher) {
    this.#rules = rules;
    this.#until = watcher.clock.now() + delay;
    this.#watcher = watcher;
  }

  /** More bytes could come. */
  get goesOn(): boolean {
    const { stream, clientEnded } = this.#watcher;
    if (this.#expired || clientEnded) return false;
    return stream.requestView.body.heldSize < stream.frontend.runtime.generation.bodyLimit;
  }

  /** The delay is over: they decide with what there is. */
  expire(): void {
    this.#expired = true;
    this.run();
  }

  run(): void {
    const { stream } = this.#watcher;
    this.waiting = false;
    const rules = this.#rules;
    const verdict: Eventually<Verdict | 'wait'> = this.goesOn
      ? decideRules(rules, stream, stream.blame)
      : runRules(rules, stream, stream.blame);
    if (!(verdict instanceof Promise)) {
      this.#decided(verdict);
      return;
    }
    const size = stream.requestView.body.heldSize;
    stream.wait(
      verdict,
      (_stream, late) => {
        // What came meanwhile may be what was missing.
        const more = stream.requestView.body.heldSize !== size || !this.goesOn;
        if (late === 'wait' && more) this.run();
        else this.#decided(late);
      },
      (error) => stream.blame('kernel', 'tcp-request content', error),
    );
  }

  #decided(verdict: Verdict | 'wait'): void {
    if (verdict !== 'wait') {
      this.#watcher.decided(verdict);
      return;
    }
    this.waiting = true;
    this.#watcher.waitForMore(Math.max(1, this.#until - this.#watcher.clock.now()));
  }
}

/** The same of the server's first bytes. */
export interface ResponseWatcher {
  readonly stream: Stream;
  readonly serverEnded: boolean;
  /** The rules wait until that time (monotonic milliseconds). */
  waitUntil(at: number): void;
  responseDecided(verdict: Verdict): void;
}

/** `tcp-response content` rules. HAProxy begins as soon as the connection stands, though nothing may have come. */
export class ResponseInspection {
  /** More bytes could come to them. */
  expected = false;
  /** Until when they may wait; 0 when they may not. */
  readonly until: number;
  readonly #rules: readonly RunningRule[];
  readonly #watcher: ResponseWatcher;

  constructor(rules: readonly RunningRule[], delay: number, watcher: ResponseWatcher, at: number) {
    this.#rules = rules;
    this.#watcher = watcher;
    this.until = delay > 0 ? at + delay : 0;
  }

  run(at: number): void {
    const { stream, serverEnded } = this.#watcher;
    const full = stream.responseView.body.heldSize >= stream.frontend.runtime.generation.bodyLimit;
    this.expected = this.until > at && !full && !serverEnded;
    const look = this.expected ? decideRules : runRules;
    this.#looked(look(this.#rules, stream, stream.blame));
  }

  #looked(verdict: Eventually<Verdict | 'wait'>): void {
    const { stream } = this.#watcher;
    if (verdict instanceof Promise) {
      stream.wait(
        verdict,
        (_stream, late) => this.#looked(late),
        (error) => stream.blame('kernel', 'tcp-response content', error),
      );
    } else if (verdict === 'wait') this.#watcher.waitUntil(this.until);
    else {
      this.expected = false;
      this.#watcher.responseDecided(verdict);
    }
  }
}
