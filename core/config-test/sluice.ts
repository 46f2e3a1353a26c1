import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises';
import type { Hooks, Log, Plugin, Transaction, Value } from '../api/index.ts';
import { asString } from '../expression/casts.ts';
import type { Probe } from '../expression/probe.ts';
import { ConfigurationError } from '../proxy/refusal.ts';
import type { Observation as Observed } from '../testing/observation.ts';
import { startProxy, type TestProxy } from '../testing/start-proxy.ts';
import { NOTHING_OBSERVED, type Observation } from './outcome.ts';
import { asText } from './prepare.ts';
import { type Listener, type OwnHeaders, type Run, type Subject, SubjectError } from './subject.ts';
import type { ServerCondition } from './suite.ts';

/** What the process says about itself is no part of a report. */
const SILENT: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

/** Turns of the event loop in which bytes cross the machine. */
const TURNS = 10;
/** Real time that the end of a request is waited for. */
const PATIENCE = 1000;

/** Sluice, in this process. */
export class Sluice implements Subject {
  readonly name = 'Sluice';
  readonly ownHeaders: OwnHeaders = new Set();
  readonly patience: number = Infinity;
  readonly #run: Run;
  readonly #proxy: TestProxy;
  readonly #passing: Passing;
  /** Listeners in the order of their addresses. */
  #taken = 0;

  private constructor(run: Run, proxy: TestProxy, passing: Passing) {
    this.#run = run;
    this.#proxy = proxy;
    this.#passing = passing;
  }

  static async start(run: Run, probe: Probe | undefined): Promise<Sluice> {
    const requested = new Set(run.variables.filter((name) => name.startsWith('req.')));
    const passing: Passing = new Map();
    try {
      const proxy = await startProxy({
        config: run.sources.map(asText),
        env: run.environment,
        addresses: 'configured',
        log: SILENT,
        plugins: requested.size === 0 ? [] : [watcher(requested, passing)],
        ...(probe === undefined ? {} : { probe }),
      });
      return new Sluice(run, proxy, passing);
    } catch (error) {
      if (!(error instanceof ConfigurationError)) throw error;
      throw new SubjectError(error.message);
    }
  }

  address(listener: Listener): { host: string; port: number } {
    const { host, port } = this.#proxy.addresses[this.#run.listeners.indexOf(listener)]!;
    return { host: host!, port: port! };
  }

  async given(backend: string, server: string, condition: ServerCondition): Promise<void> {
    const control = this.#proxy.server(`${backend}/${server}`);
    switch (condition) {
      case 'up':
        control.ready().up();
        return;
      case 'down':
        control.down();
        return;
      default:
        control[condition]();
    }
  }

  setDate(at: number): boolean {
    this.#proxy.clock.set(at);
    return true;
  }

  async advance(milliseconds: number): Promise<void> {
    await this.#proxy.clock.advance(milliseconds);
  }

  async settled(): Promise<void> {
    for (let i = 0; i < TURNS; i++) await turn();
  }

  async observe(port: number, n: number): Promise<Observation> {
    const deadline = Date.now() + PATIENCE;
    let found = this.#find(port, n);
    for (let turns = 0; found === undefined && Date.now() < deadline; turns++) {
      // Mostly it is a matter of the next turn.
      await (turns < TURNS ? turn() : sleep(2));
      found = this.#find(port, n);
    }
    return found === undefined ? NOTHING_OBSERVED : this.#told(found);
  }

  #find(port: number, n: number): Observed | undefined {
    return this.#proxy.observations.findLast(({ socket, place }) => socket.port === port && place === n);
  }

  #told({ id, frontend, backend, server, variables, ...rest }: Observed): Observation {
    const passed = this.#passing.get(id);
    const asked = this.#run.variables.flatMap((name) => {
      if (!name.startsWith('req.')) return [[name, textOf(variables[name])] as const];
      return passed === undefined ? [] : [[name, passed.get(name) ?? null] as const];
    });
    const { request, status, termination, retries, captures, lastRule } = rest;
    const joined = (slots: readonly (string | undefined)[]): string => slots.map((slot) => slot ?? '').join('|');
    return {
      frontend,
      backend: backend ?? null,
      server: server ?? null,
      variables: new Map(asked),
      rule: lastRule,
      log: {
        frontend,
        backend: backend ?? frontend,
        server: server ?? '<NOSRV>',
        status: String(status),
        // In mode tcp the two letters of cookies are not shown.
        termination: request === undefined ? termination.slice(0, 2) : termination,
        retries: String(retries),
        ...(request === undefined
          ? {}
          : { request: `${request.received.method} ${request.received.url} HTTP/${request.version}` }),
        'request-captures': joined(captures.request),
        'response-captures': joined(captures.response),
      },
    };
  }

  takeLog(): string[] {
    const lines = this.#proxy.logLines.slice(this.#taken);
    this.#taken = this.#proxy.logLines.length;
    return lines;
  }

  async stop(): Promise<void> {
    await this.#proxy.stop();
  }
}

/** Variables of requests, by transaction, as they were when the last of their rules had passed. */
type Passing = Map<number, Map<string, string>>;

/** Variables of the request are gone when there is an answer: they are looked at before. */
function watcher(names: ReadonlySet<string>, passing: Passing): Plugin {
  const look = (transaction: Transaction): undefined => {
    const found = new Map<string, string>();
    for (const [name, value] of transaction.variables('req'))
      if (names.has(`req.${name}`)) found.set(`req.${name}`, asString(value));
    passing.set(transaction.id, found);
  };
  const hooks: Hooks = { request: { order: 'post', handler: look }, selectServer: { order: 'post', handler: look } };
  return { name: 'sluice-config-test', api: 1, setup: () => ({ hooks }) };
}

function textOf(value: Value | undefined): string | null {
  return value === undefined ? null : asString(value);
}
