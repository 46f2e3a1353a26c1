import { describe, type ExpectStatic, test } from 'vitest';
import { FullPort } from '../../http/full-port.ts';
import { freePorts } from '../../support/free-port.ts';
import { type RunningProxy, startProxy } from '../../support/proxy.ts';
import { missing, title } from '../../support/which.ts';
import { sleep } from '../../support/wait.ts';
import { PlayedServer } from './played-server.ts';

const absent = missing('haproxy');
const PROGRAMS = absent.length === 0 ? ['sluice', 'haproxy'] : ['sluice'];

/** What the log says of servers: nothing that differs from run to run. */
const EVENT = /^<\d>(?:Server|Backup|Health|Agent|backend|proxy) /;

/** One program with servers of its own. */
export class Bench {
  readonly proxy: RunningProxy;
  readonly servers: readonly PlayedServer[];

  constructor(proxy: RunningProxy, servers: readonly PlayedServer[]) {
    this.proxy = proxy;
    this.servers = servers;
  }

  server(number: number): PlayedServer {
    return this.servers[number - 1]!;
  }

  get port(): number {
    return this.proxy.ports[0]!;
  }

  /** The lines about servers so far, each with the level of syslog before it. */
  get events(): string[] {
    return this.proxy.process.stdout
      .split('\n')
      .filter((line) => EVENT.test(line))
      .map((line) => line.replace(/check duration: \d+ms/g, 'check duration: Nms'));
  }

  /** Every line of the log. */
  get lines(): string[] {
    return this.proxy.process.stdout.split('\n');
  }

  /** What stderr says about servers, as `[WARNING] text`. */
  get warnings(): string[] {
    return this.proxy.process.stderr
      .split('\n')
      .filter((line) => /^\[\w+\] +\(\d+\) : (?:Server|Backup|Health|Agent|backend|proxy) /.test(line))
      .map((line) => line.replace(/ +\(\d+\) : /, ' ').replace(/check duration: \d+ms/g, 'check duration: Nms'));
  }

  /** The first checks are over: nothing tells of one that finds all well, and HAProxy's connections end before they are accepted. */
  settled(): Promise<unknown> {
    return sleep(400);
  }

  /** Waits until so many lines of the log match. */
  async sees(pattern: RegExp, times = 1): Promise<void> {
    const all = new RegExp(pattern.source, `${pattern.flags}g`);
    const found = await this.proxy.process.when(
      () => (this.proxy.process.stdout.match(all)?.length ?? 0) >= times,
      10_000,
    );
    if (!found) throw new Error(`waited in vain for ${pattern} ×${times} in\n${this.proxy.process.stdout}`);
  }
}

export interface Outcome {
  events: readonly string[];
  warnings: readonly string[];
}

/**
 * One life of servers, lived by both programs at once. In `configuration` `{bind}` is the address of the proxy, `{s1}` `{s2}` …
 * those of servers, `{p1}` … their ports, `{full}` an address that never answers. What both log, and say on stderr, has to be the same
 * (but for what `mask` matches), and is given to `check`.
 */
export function duel(
  name: string,
  configuration: string,
  life: (bench: Bench) => Promise<unknown>,
  check: (events: readonly string[], expect: ExpectStatic) => void,
  lines: { global?: string; mask?: RegExp } = {},
): void {
  describe(title('beside HAProxy', absent), () => {
    test.concurrent(
      name,
      async ({ expect }) => {
        const outcomes = await Promise.all(PROGRAMS.map((program) => live(program, configuration, life, lines.global)));
        const { mask } = lines;
        if (mask !== undefined) {
          for (const outcome of outcomes) {
            outcome.events = outcome.events.map((line) => line.replace(mask, '…'));
            outcome.warnings = outcome.warnings.map((line) => line.replace(mask, '…'));
          }
        }
        const [ours, theirs] = outcomes;
        if (theirs !== undefined) expect(ours, 'Sluice beside HAProxy').toEqual(theirs);
        check(ours!.events, expect);
      },
      40_000,
    );
  });
}

async function live(
  program: string,
  configuration: string,
  life: (bench: Bench) => Promise<unknown>,
  global = '',
): Promise<Outcome & { told: unknown }> {
  const count = Math.max(0, ...[...configuration.matchAll(/\{[sp](\d+)\}/g)].map(([, number]) => Number(number)));
  const servers = (await freePorts(count)).map((port) => new PlayedServer(port));
  for (const server of servers) {
    // The first check comes as soon as the program listens.
    if (configuration.includes('httpchk')) server.answer = () => 'HTTP/1.0 200 OK\r\n\r\n';
    await server.up();
  }
  for (const [, number] of configuration.matchAll(/agent-port \{p(\d+)\}/g))
    servers[Number(number) - 1]!.greeting = 'up\n';
  const full = configuration.includes('{full}') ? await FullPort.start() : undefined;
  const text = (ports: readonly number[]): string =>
    `global
  log stdout format short local0
  nbthread 1
  ${global}
defaults
  mode http
  log global
  log-format "%ts %ST"
  timeout connect 1s
  timeout client 5s
  timeout server 5s
${configuration}
`
      .replaceAll('{full}', `127.0.0.1:${full?.port ?? 0}`)
      .replaceAll('{bind}', `127.0.0.1:${ports[0]}`)
      .replaceAll(/\{s(\d+)\}/g, (_, number: string) => `127.0.0.1:${servers[Number(number) - 1]!.port}`)
      .replaceAll(/\{p(\d+)\}/g, (_, number: string) => String(servers[Number(number) - 1]!.port));
  const proxy = await startProxy(1, text, program);
  try {
    const bench = new Bench(proxy, servers);
    const told = await life(bench);
    // Two streams: what both tell has to have come on both.
    await proxy.process.when(() => bench.warnings.length >= bench.events.length, 2000);
    const { events, warnings } = bench;
    return { events, warnings, told };
  } finally {
    await proxy.stop();
    full?.stop();
    for (const server of servers) await server.down();
  }
}
