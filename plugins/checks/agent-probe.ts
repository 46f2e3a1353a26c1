import type { CheckResult, OutgoingReader, OutgoingSocket, ServerState, Timer } from 'sluice/plugin';
import { readAgentLine } from './agent-line.ts';
import { connectFailure, connectOptions, type Probe, type Target } from './probe.ts';

/** A line longer than this is cut: HAProxy reads no more than a buffer either. */
const LONGEST = 16_384;

/** Asks the agent of a server, and does what it says. configuration.txt 5.2, `agent-check`. */
export class AgentProbe implements Probe, OutgoingReader {
  readonly #target: Target;
  readonly #timer: Timer;
  #socket: OutgoingSocket | undefined;
  #done: ((result: CheckResult) => void) | undefined;
  #line = '';
  #connected = false;

  constructor(target: Target) {
    this.#target = target;
    this.#timer = target.context.timer(() => {
      const attempt = this.#done;
      // When the process was held up, the answer may be there already: what has come is looked at first.
      setImmediate(() => {
        if (attempt === undefined || this.#done !== attempt) return;
        this.#finish({ code: this.#connected ? 'L7TOUT' : 'L4TOUT', outcome: 'failed' });
      });
    });
  }

  start(done: (result: CheckResult) => void): void {
    this.#done = done;
    this.#line = '';
    this.#connected = false;
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
    this.#connected = true;
    const { timeouts, record } = this.#target;
    if (!timeouts.whole && timeouts.read > this.#timer.left) this.#timer.start(timeouts.read);
    if (record.send !== '') this.#socket?.write(record.send);
  }

  onData(bytes: Buffer): void {
    this.#line += bytes.toString('latin1');
    const end = this.#line.search(/[\r\n]/);
    if (end >= 0) this.#finish(this.#heed(this.#line.slice(0, end)));
    else if (this.#line.length > LONGEST) this.#finish(this.#heed(this.#line));
  }

  onEnd(): void {
    if (this.#line === '') {
      const step = this.#target.record.send === '' ? 2 : 3;
      this.#finish({ code: 'L7RSP', outcome: 'failed', info: `TCPCHK got an empty response at step ${step}` });
      return;
    }
    // What was known before stands (measured).
    const { code, l7code } = this.#target.record;
    this.#finish({ code, l7code, outcome: 'neutral', info: 'Ignoring incomplete line from agent' });
  }

  onError(code: string, words: string): void {
    if (this.#connected) this.#finish({ code: 'L7RSP', outcome: 'failed', info: words });
    else this.#finish(connectFailure(code, words));
  }

  #finish(result: CheckResult): void {
    this.#timer.stop();
    this.#socket?.reset();
    this.#socket = undefined;
    const done = this.#done;
    this.#done = undefined;
    done?.(result);
  }

  /** Administrative state first, then weight and limit; what is left is the result. */
  #heed(line: string): CheckResult {
    const { server, record } = this.#target;
    const advice = readAgentLine(line);
    let warning: string | undefined;
    if (record.enabled) {
      const { state } = server;
      if (advice.state !== undefined) state.set(advice.state);
      if (advice.weight !== undefined) warning = state.setWeight(advice.weight);
      if (advice.maxconn !== undefined) warning = setMaxconn(state, advice.maxconn) ?? warning;
    }
    const { status } = advice;
    if (status === undefined) {
      const info =
        advice.unknown !== undefined
          ? `agent reports an error : ${advice.unknown}`
          : warning === undefined
            ? undefined
            : `agent warns : ${warning}`;
      return { code: 'CHECKED', outcome: 'neutral', info };
    }
    const more = advice.description || advice.unknown || warning;
    const info = `via agent : ${status.word}${more === undefined ? '' : ` (${more})`}`;
    return { code: status.up ? 'L7OK' : 'L7STS', outcome: status.up ? 'passed' : 'failed', l7code: 0, info };
  }
}

function setMaxconn(state: ServerState, text: string): string | undefined {
  if (text === '') return 'Require <maxconn>.';
  if (!/^[+-]?\d/.test(text)) return 'maxconn string empty or preceded by garbage';
  if (!/^[+-]?\d+$/.test(text)) return 'Trailing garbage in maxconn string';
  state.setMaxconn(Math.max(0, Number(text)));
  return undefined;
}
