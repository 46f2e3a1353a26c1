import { canonical, messages, status } from '../h1-conformance/messages.ts';
import type { RunningProxy } from '../support/proxy.ts';
import { RawClient } from '../support/raw-client.ts';
import { until } from '../support/wait.ts';
import type { ScriptedOrigin } from './scripted-origin.ts';

/** A program on the configuration of a suite. */
export interface Running {
  readonly proxy: RunningProxy;
  readonly origins: ReadonlyMap<string, ScriptedOrigin>;
  /** By the name of the behaviour and the number of the `{bind}`. */
  readonly ports: ReadonlyMap<string, number>;
}

/** What one program has to do with one behaviour: its port, its origins, its log. */
export class Side {
  readonly program: string;
  readonly name: string;
  readonly proxy: RunningProxy;
  readonly #running: Running;
  readonly #clients: RawClient[] = [];

  constructor(program: string, name: string, running: Running) {
    this.program = program;
    this.name = name;
    this.proxy = running.proxy;
    this.#running = running;
  }

  get origin(): ScriptedOrigin {
    return this.#running.origins.get(this.name)!;
  }

  originOf(number: number): ScriptedOrigin {
    return this.#running.origins.get(`${this.name}${number}`)!;
  }

  /** Connects to `{bind}`, or to `{bindN}`, and sends the first bytes. */
  async client(bytes = '', number?: number): Promise<RawClient> {
    const port = this.#running.ports.get(`${this.name}${number ?? ''}`)!;
    const client = await RawClient.connect(port, { halfOpen: true });
    this.#clients.push(client);
    client.send(bytes);
    return client;
  }

  /** Sends bytes on a connection of its own and gives what came back until `count` responses were complete or the proxy closed. */
  async ask(bytes: string, count = 1, methods?: readonly string[]): Promise<string> {
    const client = await this.client(bytes);
    return this.answers(client, count, methods);
  }

  /** Waits for `count` final responses, or the close, and shows all that came. */
  async answers(client: RawClient, count = 1, methods?: readonly string[]): Promise<string> {
    const context = { kind: 'response', ...(methods === undefined ? {} : { methods }) } as const;
    await client.when(() => {
      if (client.closed !== 'open') return true;
      const whole = messages(client.received, context).filter((one) => one.complete && status(one) >= 200);
      return whole.length >= count;
    }, 8000);
    return this.shown(client, methods);
  }

  /** What a client has received, chunks joined, ports masked; `(closed)` at the end when the proxy has closed. */
  shown(client: RawClient, methods?: readonly string[]): string {
    const ended = client.closed !== 'open';
    const context = { kind: 'response', ended, ...(methods === undefined ? {} : { methods }) } as const;
    const end = client.closed === 'open' ? '' : client.closed === 'end' ? '(closed)' : '(reset)';
    return this.masked(canonical(client.received, context)) + end;
  }

  /** What an origin has received, connection by connection. */
  arrived(origin: ScriptedOrigin = this.origin): string {
    return origin.connections
      .map(({ received }) => this.masked(canonical(received, { kind: 'request' })))
      .join('--- next connection\n');
  }

  /** Bytes as lines, without what differs from run to run. */
  masked(text: string): string {
    let plain = text
      .replaceAll('\r\n', '\u0000')
      .replaceAll('\r', '<CR>')
      .replaceAll('\n', '<LF>')
      .replaceAll('\u0000', '\n');
    for (const [key, origin] of this.#running.origins) {
      if (key.startsWith(this.name))
        plain = plain.replaceAll(`:${origin.port}`, `:ORIGIN${key.slice(this.name.length)}`);
    }
    for (const [key, port] of this.#running.ports) {
      if (key.startsWith(this.name)) plain = plain.replaceAll(`:${port}`, `:BIND${key.slice(this.name.length)}`);
    }
    return plain.replaceAll(this.name, 'NAME');
  }

  /** The first `count` lines of the log that are about this frontend. */
  async logged(count: number): Promise<string[]> {
    const lines = (): string[] =>
      this.proxy.process.stdout
        .split('\n')
        .slice(0, -1)
        .filter((line) => line.startsWith(`${this.name} `));
    await until(`${count} log lines of ${this.name} of ${this.program}`, () => lines().length >= count, 8000);
    return lines().map((line) => this.masked(line));
  }

  /** Milliseconds within which something that must not happen would have happened. */
  static readonly QUIET = 150;

  close(): void {
    for (const client of this.#clients) client.destroy();
  }
}
