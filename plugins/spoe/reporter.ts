import { NOTICE } from '../logging/syslog.ts';
import type { AgentClient } from './agent-client.ts';
import type { Exchange } from './exchange.ts';
import type { Agent } from './settings.ts';
import { FAILURE } from './status.ts';

/** Syslog's level for what went wrong; SPOE.txt 4. */
const WARNING = 4;

/** The log of one agent, and its counts. */
export class Reporter {
  readonly #agent: Agent;
  #waiting = 0;
  #processed = 0;
  #errors = 0;

  constructor(agent: Agent) {
    this.#agent = agent;
  }

  begin(): void {
    this.#waiting++;
  }

  /** Writes the line of SPOE.txt 4, if there is somewhere to write to. `time` is in milliseconds. */
  end({ title, streamLogId }: Exchange, failure: number, time: number, client: AgentClient): void {
    this.#waiting--;
    this.#processed++;
    if (failure !== FAILURE.none) this.#errors++;
    const { logging, logsNormal, name, oldLog } = this.#agent;
    const { emitter } = logging;
    if (emitter === undefined || (failure === FAILURE.none && !logsNormal)) return;
    const times = oldLog ? `${this.#oldTimes(failure, time, client)} ` : `${time} `;
    emitter.send(
      failure === FAILURE.none ? NOTICE : WARNING,
      `SPOE: [${name}] <${title}> sid=${streamLogId} st=${failure} ${times}${this.#errors}/${this.#processed}`,
    );
  }

  /**
   * What HAProxy up to 3.0 wrote more: times of encoding, queue, wait, and answer (of which wait is measured here), and counts of
   * its connections, of streams that wait to send (none do) and of those that wait for an ACK.
   */
  #oldTimes(failure: number, time: number, { counts: { idle, all } }: AgentClient): string {
    const wait = failure === FAILURE.none ? time : -1;
    const rest = failure === FAILURE.none ? 0 : -1;
    return `0/0/${wait}/${rest}/${time} ${idle}/${all} 0/${this.#waiting}`;
  }
}
