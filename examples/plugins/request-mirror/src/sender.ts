import { Agent, request, type RequestOptions } from 'node:http';

/** A request as the client sent it; byte strings. */
export interface Copy {
  readonly method: string;
  readonly uri: string;
  /** Name and value by turns, as Node wants them. */
  readonly headers: readonly string[];
}

/** Sends copies, so many at once and no more: who is slow to take them must not hold up anything else. */
export class Sender {
  readonly #target: RequestOptions;
  readonly #most: number;
  readonly #timeout: number;
  readonly #agent: Agent;
  #underWay = 0;
  sent = 0;
  left = 0;
  failed = 0;

  constructor(target: { host: string; port: number }, most: number, timeout: number) {
    this.#agent = new Agent({ keepAlive: true, maxSockets: most });
    this.#target = { ...target, agent: this.#agent };
    this.#most = most;
    this.#timeout = timeout;
  }

  /** Whether another copy would be sent now. */
  get free(): boolean {
    return this.#underWay < this.#most;
  }

  send({ method, uri, headers }: Copy, body: readonly Uint8Array[]): void {
    this.#underWay++;
    this.sent++;
    const copy = request({ ...this.#target, method, path: uri, headers: [...headers], timeout: this.#timeout });
    copy.on('response', (response) => response.resume());
    copy.on('timeout', () => copy.destroy(new Error('no answer in time')));
    copy.on('error', () => this.failed++);
    copy.on('close', () => this.#underWay--);
    for (const chunk of body) copy.write(chunk);
    copy.end();
  }

  close(): void {
    this.#agent.destroy();
  }
}
