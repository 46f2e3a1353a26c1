import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, type ExpectStatic, test } from 'vitest';
import { RawClient } from '../support/raw-client.ts';
import { RawOrigin } from '../support/raw-origin.ts';
import { type RunningProxy, startProxy } from '../support/proxy.ts';
import { missing, title } from '../support/which.ts';
import { type AgentScript, type Seen, ScriptedAgent } from './scripted-agent.ts';

const absent = missing('haproxy');
const PROGRAMS = absent.length === 0 ? ['sluice', 'haproxy'] : ['sluice'];

/** One behaviour of the client, with an agent of its own. */
export interface Case<T> {
  readonly title: string;
  /** Lines of a `listen` section, or whole sections with `{bind}` and `{name}`. `{filter}` is the filter line. */
  readonly proxy?: string;
  /** Lines of the `spoe-agent` section besides the usual ones. */
  readonly agent?: string;
  /** The sections behind it. */
  readonly file: string;
  /** `timeout processing`. */
  readonly processing?: string;
  /** Lines of the agents' backend; `{agent}` is the address. */
  readonly backend?: string;
  readonly script?: AgentScript | (() => AgentScript);
  readonly scenario: (side: SpoeSide) => Promise<T>;
  /** What both came to. */
  readonly check: (seen: T, expect: ExpectStatic) => void;
  /** What HAProxy 2.6 did otherwise. */
  readonly apart?: (seen: T, expect: ExpectStatic) => void;
  /** HAProxy 2.6 has nothing of the kind. */
  readonly alone?: boolean;
}

/** A program, one frontend of it, and the agent behind that. */
export class SpoeSide {
  readonly program: string;
  readonly name: string;
  readonly proxy: RunningProxy;
  readonly port: number;
  readonly agent: ScriptedAgent;
  readonly #clients: RawClient[] = [];

  constructor(program: string, name: string, proxy: RunningProxy, port: number, agent: ScriptedAgent) {
    this.program = program;
    this.name = name;
    this.proxy = proxy;
    this.port = port;
    this.agent = agent;
  }

  async client(bytes = ''): Promise<RawClient> {
    const client = await RawClient.connect(this.port);
    this.#clients.push(client);
    client.send(bytes);
    return client;
  }

  /** Sends a GET with these fields and gives the answer's fields and body, sorted, without what differs. */
  async get(path = '/', fields: readonly string[] = []): Promise<string> {
    const head = [`GET ${path} HTTP/1.1`, 'Host: h', 'Connection: close', ...fields, '', ''];
    const client = await this.client(head.join('\r\n'));
    await client.sawClose(8000);
    return shown(client.received);
  }

  /** What of the agent's records is the same for every client: messages only. */
  messages(): readonly Seen['messages'][] {
    return this.agent.seen.map(({ messages }) => messages);
  }

  /** Lines of the log that have this engine's name, without times and numbers of streams. */
  async log(count: number): Promise<string[]> {
    const lines = (): string[] =>
      this.proxy.process.stdout.split('\n').filter((line) => line.includes(`[${this.name}-agent]`));
    await this.proxy.process.when(() => lines().length >= count, 4000);
    return lines().map((line) =>
      line
        .replace(`${this.name}-agent`, 'agent')
        .replace(/sid=\d+/, 'sid=N')
        .replace(/(st=\d+) .* (\d+\/\d+)$/, '$1 T $2'),
    );
  }

  close(): void {
    for (const client of this.#clients) client.destroy();
  }
}

/** Status line, sorted fields but for dates, and the body. */
export function shown(received: string): string {
  const [head = '', body = ''] = received.split('\r\n\r\n');
  const [status, ...fields] = head.split('\r\n');
  const kept = fields.filter((field) => /^x-/i.test(field)).map((field) => field.toLowerCase());
  return [status?.slice(9, 12), ...kept.toSorted(), body].join('|');
}

const LISTEN = `listen {name}
  bind {bind}
  {filter}
{lines}
`;

/** Runs cases, all frontends of a program in one process. */
export function duels(suite: string, cases: readonly Case<never>[], global = ''): void {
  describe(title(suite, absent), () => {
    const folder = mkdtempSync(join(tmpdir(), 'sluice-spoe-'));
    let origin: RawOrigin;
    let closing: RawOrigin;
    const running = new Map<string, { proxy: RunningProxy; agents: ScriptedAgent[] }>();
    beforeAll(async () => {
      closing = await RawOrigin.start(async (talk) => {
        await talk.sees('\r\n\r\n');
        talk.end();
      });
      origin = await RawOrigin.start(async (talk) => {
        await talk.sees('\r\n\r\n');
        talk.send('HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok');
        talk.end();
      });
      for (const program of PROGRAMS) {
        const agents = await Promise.all(
          cases.map((one) => ScriptedAgent.start(typeof one.script === 'function' ? one.script() : one.script)),
        );
        const file = join(folder, `${program}.conf`);
        const here = cases.map((one) => program === 'sluice' || one.alone !== true);
        writeFileSync(file, cases.map((one, index) => (here[index] ? engine(one, index) : '')).join('\n'));
        const proxy = await startProxy(
          cases.length,
          (ports) =>
            configuration(cases, here, ports, agents, file, global)
              .replaceAll('{origin}', `127.0.0.1:${origin.port}`)
              .replaceAll('{closing}', `127.0.0.1:${closing.port}`),
          program,
        );
        running.set(program, { proxy, agents });
      }
    });
    afterAll(async () => {
      for (const { proxy, agents } of running.values()) {
        await proxy.stop();
        for (const agent of agents) await agent.stop();
      }
      await origin.stop();
      await closing.stop();
      rmSync(folder, { recursive: true, force: true });
    });
    for (const [index, one] of cases.entries()) {
      test.concurrent(one.title, async ({ expect }) => {
        const programs = one.alone ? ['sluice'] : PROGRAMS;
        const sides = programs.map((program) => {
          const { proxy, agents } = running.get(program)!;
          const agent = agents[index]!;
          agent.seen = [];
          return new SpoeSide(program, `p${index}x`, proxy, proxy.ports[index]!, agent);
        });
        try {
          const [ours, theirs] = await Promise.all(sides.map((side) => one.scenario(side)));
          if (sides.length === 2 && one.apart === undefined) expect({ sluice: ours }).toEqual({ sluice: theirs });
          one.check(ours as never, expect);
          if (sides.length === 2) one.apart?.(theirs as never, expect);
        } finally {
          for (const side of sides) side.close();
        }
      });
    }
  });
}

/** A case of any outcome among others. */
export function spoeCase<T>(one: Case<T>): Case<never> {
  return one as unknown as Case<never>;
}

function engine(one: Case<never>, index: number): string {
  const second = one.proxy?.includes('{filter2}') ? scope(one, index, `p${index}x-2`) : '';
  return scope(one, index, `p${index}x`) + second;
}

function scope({ agent = '', file, processing = '1s' }: Case<never>, index: number, name: string): string {
  return `[${name}]
spoe-agent p${index}x-agent
    use-backend p${index}x-agents
    timeout hello 500ms
    timeout idle 30s
    timeout processing ${processing}
    option var-prefix e
${agent}
${file}
`;
}

function configuration(
  cases: readonly Case<never>[],
  here: readonly boolean[],
  ports: readonly number[],
  agents: readonly ScriptedAgent[],
  file: string,
  global: string,
): string {
  const sections = cases.map((one, index) => {
    const name = `p${index}x`;
    const bind = `127.0.0.1:${ports[index]}`;
    const proxy = one.proxy ?? '  http-request return status 200';
    if (!here[index]) return `listen ${name}\n  bind ${bind}\n`;
    const whole = proxy.includes('{bind}') ? proxy : LISTEN.replace('{lines}', proxy);
    const backend = one.backend ?? 'server a {agent}';
    return `${whole}
backend ${name}-agents
  mode tcp
  ${backend}
`
      .replaceAll('{filter2}', `filter spoe engine ${name}-2 config ${file}`)
      .replaceAll('{filter}', `filter spoe engine ${name} config ${file}`)
      .replaceAll('{name}', name)
      .replaceAll('{bind}', bind)
      .replaceAll('{agent}', `127.0.0.1:${agents[index]!.port}`);
  });
  return `global
  log stdout format raw local0
  nbthread 1
${global}
defaults
  mode http
  timeout connect 1s
  timeout client 10s
  timeout server 10s
${sections.join('\n')}
`;
}
