import type { CheckResult, OutgoingReader, OutgoingSocket, Timer } from 'sluice/plugin';
import { connectFailure, connectOptions, type Probe, type Target } from './probe.ts';

const PASSED: CheckResult = { code: 'L4OK', outcome: 'passed' };
const LATE: CheckResult = { code: 'L4TOUT', outcome: 'failed' };

/** The check of servers for which no protocol is named: a connection can be made. Nothing is made per check but the socket. */
export class ConnectProbe implements Probe, OutgoingReader {
  readonly #target: Target;
  readonly #timer: Timer;
  #socket: OutgoingSocket | undefined;
  #done: ((result: CheckResult) => void) | undefined;

  constructor(target: Target) {
    this.#target = target;
    this.#timer = target.context.timer(() => {
      const attempt = this.#done;
      // When the process was held up, the connection may stand already: what has come is looked at first.
      setImmediate(() => {
        if (attempt === undefined || this.#done !== attempt) return;
        this.#socket?.destroy();
        this.#end(LATE);
      });
    });
  }

  start(done: (result: CheckResult) => void): void {
    this.#done = done;
    this.#timer.start(this.#target.timeouts.connect);
    this.#socket = this.#target.server.open(this, connectOptions(this.#target));
  }

  cancel(): void {
    this.#timer.stop();
    this.#done = undefined;
    this.#socket?.destroy();
    this.#socket = undefined;
  }

  onConnect(): void {
    this.#socket?.reset();
    this.#end(PASSED);
  }

  onError(code: string, words: string): void {
    this.#end(connectFailure(code, words));
  }

  onData(): void {
    // It is closed as soon as it stands.
  }

  onEnd(): void {
    // The same.
  }

  #end(result: CheckResult): void {
    this.#timer.stop();
    this.#socket = undefined;
    const done = this.#done;
    this.#done = undefined;
    done?.(result);
  }
}
