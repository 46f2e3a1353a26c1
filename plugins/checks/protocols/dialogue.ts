import type {
  CheckAttempt,
  CheckResult,
  DetachedTransaction,
  OutgoingReader,
  OutgoingSocket,
  Server,
  Timer,
} from 'sluice/plugin';
import { toInteger } from '../../http-rules/values.ts';
import { connectFailure } from '../probe.ts';
import type { HttpResponse } from './http-response.ts';
import { asInfo, commentedInQuotes, result } from './outcome.ts';
import { type ConnectStep, DEFAULT_CONNECT, type ExpectStep, type Scene, type Script, type Step } from './steps.ts';

const NOTHING = Buffer.alloc(0);

/** Plays a script with a server, once. */
export function play(script: Script, server: Server, attempt: CheckAttempt): Promise<CheckResult> {
  return new Promise((resolve, reject) => new Dialogue(script, server, attempt, resolve, reject).begin());
}

/**
 * One run of a check. Everything happens in the events of its socket and in one timer; the promise is settled at the end, and
 * rejected only when nobody wants the result any more.
 */
class Dialogue implements OutgoingReader, Scene {
  readonly server: Server;
  readonly attempt: CheckAttempt;
  bytes: Buffer = NOTHING;
  response: HttpResponse | undefined = undefined;
  headRequest = false;
  reset = false;
  readonly #script: Script;
  readonly #limit: number;
  readonly #resolve: (found: CheckResult) => void;
  readonly #reject: (reason: unknown) => void;
  #transaction: DetachedTransaction | undefined = undefined;
  /** -1: the connection that no rule asked for. */
  #at = 0;
  #socket: OutgoingSocket | undefined = undefined;
  #connection: ConnectStep = DEFAULT_CONNECT;
  #connecting = false;
  /** Written, and not yet taken by the system. */
  #draining = false;
  /** The last thing done on this connection was sending. */
  #sentLast = false;
  #ended = false;
  #timer: Timer | undefined = undefined;
  /** Its milliseconds. */
  #done = false;

  constructor(
    script: Script,
    server: Server,
    attempt: CheckAttempt,
    resolve: (found: CheckResult) => void,
    reject: (reason: unknown) => void,
  ) {
    this.#script = script;
    this.server = server;
    this.attempt = attempt;
    this.#limit = script.settings.bufsize;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  get last(): boolean {
    return this.#ended || this.bytes.length >= this.#limit;
  }

  get transaction(): DetachedTransaction {
    const made = (this.#transaction ??= this.server.backend.detached(this.server, 'CHECKS-FE'));
    if (this.response !== undefined) {
      made.response = this.response;
      made.received = undefined;
    } else {
      made.response = undefined;
      made.received = { request: NOTHING, response: this.bytes, final: this.last, mayChange: false };
    }
    return made;
  }

  get node(): string | undefined {
    return this.#script.settings.node;
  }

  get stepNumber(): number {
    return this.#at + 1;
  }

  get comment(): string | undefined {
    const { steps } = this.#script;
    const step = steps[this.#at];
    if (step === undefined || step.kind === 'action') return undefined;
    if (step.comment !== undefined) return step.comment;
    const before = steps[this.#at - 1];
    return before?.kind === 'comment' ? before.comment : undefined;
  }

  begin(): void {
    const { signal, timeouts } = this.attempt;
    if (signal.aborted) {
      this.#reject(signal.reason);
      return;
    }
    signal.addEventListener('abort', this.#abort);
    if (timeouts.whole) this.#limitTime(timeouts.read);
    this.#guarded(() => {
      const first = this.#script.steps.find(({ kind }) => kind !== 'comment' && kind !== 'action');
      if (first?.kind === 'connect') this.#advance();
      else this.#connect(DEFAULT_CONNECT, -1);
    });
  }

  onConnect(): void {
    this.#connecting = false;
    if (!this.attempt.timeouts.whole) this.#limitTime(this.attempt.timeouts.read);
    this.#at++;
    this.#guarded(() => this.#advance());
  }

  onData(bytes: Buffer): void {
    const room = this.#limit - this.bytes.length;
    if (room <= 0) return;
    const taken = bytes.length > room ? bytes.subarray(0, room) : bytes;
    this.bytes = this.bytes.length === 0 ? Buffer.from(taken) : Buffer.concat([this.bytes, taken]);
    this.#continue();
  }

  onEnd(): void {
    this.#ended = true;
    this.#continue();
  }

  onError(code: string, words: string): void {
    if (this.#done) return;
    this.#socket = undefined;
    // A connection that was refused was not reset: this one stood for a moment.
    if (this.#connecting && code !== 'ECONNRESET') {
      const failure = connectFailure(code, words);
      this.#finish({ ...failure, info: this.#traced(failure.info ?? words) });
      return;
    }
    if (this.#connecting) this.#at++;
    this.#connecting = false;
    // What came before the reset may be all that was wanted.
    this.#ended = true;
    this.reset = true;
    if (this.bytes.length > 0) this.#continue();
    if (!this.#done) this.#finish(result('SOCKERR', this.#traced(words)));
  }

  onDrain(): void {
    if (!this.#draining) return;
    this.#draining = false;
    this.#guarded(() => this.#advance());
  }

  readonly #abort = (): void => {
    this.#close();
    this.#reject(this.attempt.signal.reason);
  };

  /** Something new has come: the rule that waits for it looks again. */
  #continue(): void {
    if (this.#done || this.#connecting || this.#draining) return;
    this.#guarded(() => this.#advance());
  }

  /** What a plugin's fetch throws is a failed check and no more. */
  #guarded(run: () => void): void {
    try {
      run();
    } catch (error) {
      this.#finish(result('SOCKERR', `internal error: ${error instanceof Error ? error.message : String(error)}`));
    }
  }

  /** Goes on until something has to be waited for. */
  #advance(): void {
    const { steps } = this.#script;
    for (; this.#at < steps.length && !this.#done; this.#at++) {
      const step = steps[this.#at]!;
      switch (step.kind) {
        case 'connect':
          this.#connect(step, this.#at);
          return;
        case 'send': {
          const made = step.make(this);
          if (typeof made !== 'string') {
            this.#finish(made);
            return;
          }
          if (this.#send(made)) break;
          this.#at++;
          return;
        }
        case 'expect': {
          this.#sentLast = false;
          const found = step.evaluate(this);
          if (found === 'wait') return;
          if (found !== 'passed') {
            this.#finish(found);
            return;
          }
          break;
        }
        case 'action':
          step.run(this);
          break;
        case 'comment':
          break;
      }
    }
    if (!this.#done) this.#succeed();
  }

  /** False when the bytes have to be taken by the system before anything else. */
  #send(bytes: string): boolean {
    this.bytes = NOTHING;
    this.response = undefined;
    this.#sentLast = true;
    if (bytes === '' || this.#socket === undefined || this.#socket.write(bytes)) return true;
    this.#draining = true;
    return false;
  }

  #connect(step: ConnectStep, at: number): void {
    this.#hangUp();
    this.bytes = NOTHING;
    this.response = undefined;
    this.#ended = false;
    this.#sentLast = false;
    this.#at = at;
    this.#connection = step;
    this.#connecting = true;
    const { attempt } = this;
    if (!attempt.timeouts.whole) this.#limitTime(attempt.timeouts.connect);
    const port = typeof step.port === 'object' ? toInteger(step.port.evaluate(this.transaction)) : step.port;
    // What no port can be is what is left of it in 16 bits; 0 leaves the server's own.
    const low = port === undefined ? 0 : port & 0xffff;
    const sendProxy = step.sendProxy
      ? (this.server.config.sendProxy ?? 1)
      : step.asServer
        ? attempt.sendProxy
        : undefined;
    this.#socket = attempt.connect(this, {
      address: step.address ?? attempt.address,
      port:
        low === 0 ? (step.address !== undefined && step.address.port !== 0 ? step.address.port : attempt.port) : low,
      sendProxy,
    });
  }

  /** The result when all steps have passed: the last that did something says what it is. */
  #succeed(): void {
    const { steps } = this.#script;
    let last = steps.length - 1;
    while (last >= 0 && (steps[last]!.kind === 'comment' || steps[last]!.kind === 'action')) last--;
    const step = steps[last];
    if (step === undefined) this.#finish(result('L4OK'));
    else if (step.kind === 'expect') this.#finish(step.succeed(this));
    else this.#finish(result(step.kind === 'connect' ? 'L4OK' : 'L7OK', '(tcp-check)', 0));
  }

  #timedOut(): void {
    const step: Step | undefined = this.#script.steps[this.#at];
    if (this.#connecting) this.#finish(result('L4TOUT', this.#traced('')));
    else this.#finish(result(step?.kind === 'expect' ? step.timeoutStatus : 'L7TOUT', this.#traced('')));
  }

  /** A failure of the connection, with the step at which it happened where that is told. */
  #traced(words: string): string | undefined {
    if (!this.#script.traced) return words === '' ? undefined : words;
    const step = this.#script.steps[this.#at];
    if (this.#at < 0 || step === undefined) return `${words} at initial connection step of tcp-check`;
    return commentedInQuotes(`${words} at step ${this.stepNumber} of tcp-check (${nameOf(step)})`, this.comment);
  }

  #limitTime(milliseconds: number): void {
    this.#timer ??= this.attempt.clock.timer(() => this.#timedOut());
    if (milliseconds > 0) this.#timer.start(milliseconds);
    else this.#timer.stop();
  }

  #finish(found: CheckResult): void {
    if (this.#done) return;
    this.#close();
    this.#resolve(found.info === undefined ? found : { ...found, info: asInfo(found.info) });
  }

  #close(): void {
    this.#done = true;
    this.#timer?.stop();
    this.attempt.signal.removeEventListener('abort', this.#abort);
    this.#hangUp();
  }

  /** With RST, so that neither side has to remember the connection, unless that would take something from the server. */
  #hangUp(): void {
    const socket = this.#socket;
    this.#socket = undefined;
    if (socket === undefined) return;
    if (this.#connecting || this.#ended || this.#sentLast || this.#connection.linger) socket.destroy();
    else socket.reset();
  }
}

function nameOf(step: Step): string {
  if (step.kind === 'connect') return typeof step.port === 'number' ? `connect port ${step.port}` : 'connect';
  return step.kind === 'expect' ? (step satisfies ExpectStep).label : step.kind;
}
