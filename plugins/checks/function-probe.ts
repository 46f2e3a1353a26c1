import type {
  CheckAttempt,
  CheckFunction,
  CheckResult,
  Clock,
  OutgoingOptions,
  OutgoingReader,
  OutgoingSocket,
  Timer,
} from 'sluice/plugin';
import { connectOptions, endpointFor, type Probe, type Target } from './probe.ts';

/** How long a check may go on after all its times are over before it is given up, in milliseconds. */
const PATIENCE = 1000;

class Attempt implements CheckAttempt {
  readonly #target: Target;
  readonly #abort: AbortController;
  readonly address: CheckAttempt['address'];
  readonly port: number;

  constructor(target: Target, abort: AbortController) {
    this.#target = target;
    this.#abort = abort;
    this.address = endpointFor(target);
    this.port = this.address.port;
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  get clock(): Clock {
    return this.#target.context.clock;
  }

  get timeouts(): Target['timeouts'] {
    return this.#target.timeouts;
  }

  get sendProxy(): 1 | 2 | undefined {
    return this.#target.sendProxy;
  }

  connect(reader: OutgoingReader, to?: OutgoingOptions): OutgoingSocket {
    return this.#target.server.open(reader, to ?? connectOptions(this.#target));
  }

  abort(): void {
    this.#abort.abort();
  }
}

/** Runs the check function that an option of the backend chose. */
export class FunctionProbe implements Probe {
  readonly #target: Target;
  readonly #check: CheckFunction;
  readonly #watchdog: Timer;
  #attempt: Attempt | undefined;
  /** Of one attempt after the other, until it is used: a signal costs more than all else of an attempt. */
  #abort = new AbortController();
  #done: ((result: CheckResult) => void) | undefined;

  constructor(target: Target, check: CheckFunction) {
    this.#target = target;
    this.#check = check;
    this.#watchdog = target.context.timer(() => {
      this.#attempt?.abort();
      this.#end(this.#attempt, { code: 'L7TOUT', outcome: 'failed', info: 'the check did not end by itself' });
    });
  }

  start(done: (result: CheckResult) => void): void {
    const { timeouts, server, context } = this.#target;
    if (this.#abort.signal.aborted) this.#abort = new AbortController();
    const attempt = new Attempt(this.#target, this.#abort);
    this.#attempt = attempt;
    this.#done = done;
    this.#watchdog.start(timeouts.connect + timeouts.read + PATIENCE);
    const failed = (error: unknown): void => {
      if (attempt.signal.aborted || this.#attempt !== attempt) return;
      const reason = error instanceof Error ? error : new Error(String(error));
      context.log.error(
        { err: reason, server: server.name },
        `the check of ${server.backend.name}/${server.name} failed: ${reason.message}`,
      );
      this.#end(attempt, { code: 'SOCKERR', outcome: 'failed', info: `internal error: ${reason.message}` });
    };
    try {
      this.#check(server, attempt).then((result) => this.#end(attempt, result), failed);
    } catch (error) {
      failed(error);
    }
  }

  cancel(): void {
    this.#watchdog.stop();
    this.#done = undefined;
    this.#attempt?.abort();
    this.#attempt = undefined;
  }

  #end(attempt: Attempt | undefined, result: CheckResult): void {
    if (this.#attempt !== attempt) return;
    this.#watchdog.stop();
    this.#attempt = undefined;
    const done = this.#done;
    this.#done = undefined;
    done?.(result);
  }
}
