import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ClientResponse } from '../testing/client.ts';
import { parseLogLine } from './haproxy-log.ts';
import { NOTHING_OBSERVED, type Observation } from './outcome.ts';
import type { BindAddress } from './rewrite.ts';
import { quote } from './rewrite.ts';
import { type Listener, type OwnHeaders, type Run, type Subject, SubjectError } from './subject.ts';
import type { ServerCondition } from './suite.ts';
import type { LogCollector } from './syslog.ts';

const OBSERVED = 'x-sluice-observed';
const PATIENCE = 10_000;

/** The lines by which answers tell where they come from; first of all, that no other rule ends the set before. */
export function observingLines(variables: readonly string[]): readonly string[] {
  const values = variables.filter(isObservable).map((name) => `%[var(${name}),url_enc,concat(=)]`);
  return [`    http-after-response set-header ${OBSERVED} "${['%f', '%b', '%s', ...values].join('|')}"`];
}

/** Variables of the request are gone when there is an answer. */
const isObservable = (name: string): boolean => !name.startsWith('req.');

/** Those that run, for whoever has to leave in a hurry. */
const running = new Set<Haproxy>();

/** Ends all at once, when a signal ends this process. */
export function killAll(): void {
  for (const one of running) one.kill();
}

/** HAProxy itself, on the rewritten configuration. */
export class Haproxy implements Subject {
  readonly name = 'HAProxy';
  readonly ownHeaders: OwnHeaders = new Set([OBSERVED]);
  /** Its time cannot be moved: a case really waits. */
  readonly patience: number = 10_000;
  readonly #run: Run;
  readonly #folder = mkdtempSync(join(tmpdir(), 'sluice-against-'));
  readonly #places: ReadonlyMap<BindAddress, { host: string; port: number }>;
  readonly #log: LogCollector;
  #child: ChildProcess | undefined;
  #ended = false;
  #said = '';
  /** Paths below it are shown from there. */
  readonly #home: string;

  constructor(
    run: Run,
    places: ReadonlyMap<BindAddress, { host: string; port: number }>,
    log: LogCollector,
    home: string,
  ) {
    this.#run = run;
    this.#places = places;
    this.#log = log;
    this.#home = home;
  }

  async start(program: string): Promise<void> {
    const files = new Map<string, string>();
    const write = (name: string, text: string): string => {
      const path = join(this.#folder, name);
      writeFileSync(path, text, 'latin1');
      return path;
    };
    const own = [
      'global',
      `    stats socket ${quote(this.#socket)} level admin`,
      '    nbthread 1',
      '    no strict-limits',
      '',
    ];
    const args = ['-db', '-f', write('sluice-test.cfg', own.join('\n'))];
    for (const [index, { name, text }] of this.#run.sources.entries()) {
      const path = write(`${index}-${basename(name)}`, text);
      files.set(path, name);
      args.push('-f', path);
    }
    const { directory: cwd, environment: env } = this.#run;
    this.#log.take();
    running.add(this);
    this.#child = spawn(program, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [this.#child.stdout!, this.#child.stderr!])
      stream.setEncoding('utf8').on('data', (text) => (this.#said += String(text)));
    this.#child.on('error', (error) => {
      this.#said += error.message;
      this.#ended = true;
    });
    this.#child.on('close', () => (this.#ended = true));
    const deadline = Date.now() + PATIENCE;
    for (;;) {
      if (this.#ended) throw new SubjectError(`HAProxy does not start: ${this.#explain(files)}`);
      if (await this.#isReady()) return;
      if (Date.now() > deadline) throw new SubjectError(`HAProxy is not there after ${PATIENCE / 1000} seconds`);
      await sleep(5);
    }
  }

  get #socket(): string {
    return join(this.#folder, 'admin.sock');
  }

  /** The socket for commands is bound before the listeners let anybody in. */
  async #isReady(): Promise<boolean> {
    try {
      return (await this.#command('show info')).includes('Process_num');
    } catch {
      return false;
    }
  }

  /** What it said, in terms of the files as they are. */
  #explain(files: ReadonlyMap<string, string>): string {
    let text = this.#said;
    for (const [path, name] of files) {
      const lines = this.#run.lines.get(name);
      text = text.replaceAll(new RegExp(`${path.replaceAll('.', '\\.')}:(\\d+)`, 'g'), (_, line: string) => {
        return `${name}:${lines?.[Number(line) - 1] ?? line}`;
      });
      text = text.replaceAll(path, name);
    }
    const said = text.trim().split('\n');
    // Its number in the system, and which version it is, are of no use.
    const alerts = said.filter((line) => line.startsWith('[ALERT]') && !line.includes('Error(s) found in'));
    return (alerts.length > 0 ? alerts : said)
      .map((line) => line.replace(/^\[ALERT\]\s+\(\d+\) : (?:config : )?/, '').replaceAll(`${this.#home}/`, ''))
      .join('\n');
  }

  address({ bind }: Listener): { host: string; port: number } {
    return this.#places.get(bind)!;
  }

  #command(line: string): Promise<string> {
    return new Promise((resolve, reject) => {
      let answer = '';
      const socket = connect({ path: this.#socket });
      socket.setEncoding('latin1');
      socket.on('data', (text) => (answer += String(text)));
      socket.on('error', reject);
      socket.on('close', () => resolve(answer.trim()));
      socket.end(`${line}\n`);
    });
  }

  async given(backend: string, server: string, condition: ServerCondition): Promise<void> {
    const which = `set server ${backend}/${server}`;
    const lines =
      condition === 'up'
        ? [`${which} state ready`, `${which} health up`]
        : [condition === 'down' ? `${which} health down` : `${which} state ${condition}`];
    for (const line of lines) {
      const answer = await this.#command(line);
      if (answer !== '') throw new SubjectError(`HAProxy does not obey '${line}': ${answer}`);
    }
    this.#log.take();
  }

  setDate(): boolean {
    return false;
  }

  async advance(milliseconds: number): Promise<void> {
    // Its own time is coarse.
    await sleep(milliseconds + 20);
  }

  /** One thread does all: when it answers a command, it has done what came before. */
  async settled(): Promise<void> {
    if (this.#ended) throw new SubjectError(`HAProxy has ended: ${this.#said.trim()}`);
    await this.#command('show info').catch(() => '');
    await sleep(2);
  }

  async observe(_port: number, _n: number, response: ClientResponse | undefined): Promise<Observation> {
    const line = this.#log.peek();
    const log = line === undefined ? {} : parseLogLine(line);
    const value = response?.headers.all(OBSERVED)[0];
    if (value === undefined)
      return { ...NOTHING_OBSERVED, ...this.#routed(log.frontend, log.backend, log.server), log };
    const [frontend, backend, server, ...values] = value.split('|');
    const variables = new Map<string, string | null>();
    for (const [index, name] of this.#run.variables.filter(isObservable).entries()) {
      const encoded = values[index] ?? '';
      const text = encoded.slice(0, -1).replaceAll('+', '%20');
      variables.set(name, encoded === '' ? null : decode(text));
    }
    return { ...this.#routed(frontend, backend, server), variables, log, rule: undefined };
  }

  /** Without a choice of a backend, HAProxy shows the frontend in its place. */
  #routed(
    frontend: string | undefined,
    backend: string | undefined,
    server: string | undefined,
  ): Pick<Observation, 'frontend' | 'backend' | 'server'> {
    if (frontend === undefined) return { frontend, backend: undefined, server: undefined };
    const none = backend === frontend && !this.#run.isListen(frontend);
    return {
      frontend,
      backend: none ? null : backend,
      server: server === undefined || server.startsWith('<') ? null : server,
    };
  }

  takeLog(): string[] {
    return this.#log.take();
  }

  async stop(): Promise<void> {
    const child = this.#child;
    if (child !== undefined && !this.#ended) {
      const closed = new Promise((resolve) => child.once('close', resolve));
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), 2000);
      await closed;
      clearTimeout(timer);
    }
    this.kill();
  }

  kill(): void {
    running.delete(this);
    if (!this.#ended) this.#child?.kill('SIGKILL');
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** Percent-encoded bytes, as a byte string. */
function decode(text: string): string {
  return text.replaceAll(/%([\dA-Fa-f]{2})/g, (_, digits: string) => String.fromCharCode(parseInt(digits, 16)));
}

/** Ports that nobody listens on, on an address that hardly anybody uses. */
export async function freePorts(host: string, count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer();
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject);
        server.listen({ host, port: 0 }, resolve);
      });
      return server;
    }),
  );
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
