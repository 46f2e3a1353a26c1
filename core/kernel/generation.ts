import type { Socket } from 'node:net';
import type { BindConfig, GlobalSettings, Log, Process, Severity, Transaction, Value, Verdict } from '../api/index.ts';
import { type FaultDesk, PluginFault } from '../plugin/fault.ts';
import { culpritOf } from '../plugin/origin.ts';
import { newEvent } from '../net/clock.ts';
import type { ListeningSocket } from '../net/listening-socket.ts';
import { closeIdle } from '../upstream/pool.ts';
import type { UpstreamBackend } from '../upstream/backend.ts';
import type { Acceptor } from './acceptor.ts';
import type { ClientSession } from './client-session.ts';
import type { FrontendRuntime } from './frontend.ts';
import type { ProcessState, Surroundings } from './process-state.ts';
import type { ProxyClock } from './proxy-clock.ts';
import type { ProxyRuntime } from './proxy-runtime.ts';
import { buildPipeline, type NamedHooks, type Pipeline } from './pipeline.ts';
import { Budgets } from './variables.ts';

export type Say = (severity: Severity, text: string) => void;

/** A listening socket of a plugin's own; bound with those of the frontends. */
export interface PluginListener {
  readonly bind: BindConfig;
  readonly accept: (socket: Socket) => void;
  readonly sockets: ListeningSocket[];
}

/** One loaded configuration in traffic: its proxies, their limits, and what becomes of a plugin's errors. */
export class Generation implements Process, FaultDesk {
  readonly settings: GlobalSettings;
  readonly log: Log;
  readonly clock: ProxyClock;
  readonly frontends: FrontendRuntime[] = [];
  readonly backends: Map<string, UpstreamBackend> = new Map();
  /** Whatever runs of the configuration's proxies, in the order in which HAProxy stops them: those that listen first. */
  readonly proxies: ProxyRuntime[] = [];
  readonly acceptors: Acceptor[] = [];
  /** What plugins listen on by themselves. */
  readonly pluginListeners: PluginListener[] = [];
  /** What goes on without a client. */
  readonly background: Set<ClientSession> = new Set();
  /** `proc.` variables; handed on to the next generation. */
  readonly variables: Map<string, Value>;
  /** What variables may take; undefined without a limit. */
  readonly budgets: Budgets | undefined;
  /** A head may be this long (configuration.txt 3.2, tune.bufsize and tune.maxrewrite). */
  readonly headLimit: number;
  /** What is held of a body at the most when somebody waits for it. */
  readonly bodyLimit: number;
  pipeline: Pipeline;
  /** Some plugin has hooks. */
  hooked = false;
  /** Hooks see requests that have left. */
  keepsLine = false;
  logs = false;
  /** No new connections; those there are end after their request. */
  draining = false;
  /** Connections between two requests are closed, though the last answer did not say so: the process wants to end. */
  closesIdle = false;
  /** Says something on stderr, in HAProxy's shape. */
  readonly say: Say;
  /** Who runs the proxy: told of servers, and asked where to connect. */
  readonly surroundings: Surroundings;
  readonly #process: ProcessState;
  #drainingSince = 0;
  readonly #warned = new Set<string>();
  readonly #failures = new Map<string, number>();
  #drained: (() => void) | undefined;
  #refusals = 0;

  constructor(settings: GlobalSettings, log: Log, say: Say, variables: Map<string, Value>, process: ProcessState) {
    this.settings = settings;
    this.say = say;
    this.log = log;
    this.variables = variables;
    this.budgets = Budgets.of(settings.variableLimits, variables);
    this.#process = process;
    this.surroundings = process.surroundings;
    this.clock = process.clock;
    this.headLimit = settings.bufsize - settings.maxrewrite;
    this.bodyLimit = settings.bufsize;
    this.pipeline = buildPipeline([], () => undefined);
  }

  useHooks(hooks: readonly NamedHooks[]): void {
    this.hooked = hooks.length > 0;
    this.pipeline = buildPipeline(hooks, (plugin, stage, error, argument) =>
      this.blame(plugin, stage, error, isTransaction(argument) ? argument : undefined),
    );
    this.logs = hooks.some(({ hooks: { log } }) => log !== undefined);
    this.keepsLine = hooks.some(({ hooks: { response, log } }) => response !== undefined || log !== undefined);
  }

  get connections(): number {
    return this.#process.connections;
  }

  get stopping(): boolean {
    return this.draining;
  }

  /** Whether a connection shall end with the answer under way; those that go are spread over `close-spread-time`. */
  get ending(): boolean {
    if (!this.draining) return false;
    const spread = this.settings.closeSpreadTime;
    return spread === undefined || Math.random() * spread < this.clock.now() - this.#drainingSince;
  }

  /** A connection between two requests: ended now, or within `close-spread-time`. */
  #endIdle(session: ClientSession): void {
    const spread = this.settings.closeSpreadTime;
    if (spread === undefined) session.endIfIdle();
    else if (spread !== Infinity) this.clock.timer(() => session.endIfIdle()).start(Math.random() * spread);
  }

  get sessions(): number {
    return this.acceptors.reduce((sum, acceptor) => sum + acceptor.sessions.size, this.background.size);
  }

  /** What `plugin-errors` says about a throw: logged always; 500 unless it is to be ignored. */
  blame(plugin: string, where: string, error: unknown, transaction?: Transaction): Verdict {
    // Where a proxy calls what somebody hung into it, only its own name is known there.
    const isPlugin = plugin !== transaction?.frontend.name;
    const culprit = error instanceof PluginFault ? error.plugin : isPlugin ? plugin : (culpritOf(error) ?? plugin);
    const ignored =
      error instanceof PluginFault
        ? !error.told && this.pluginFailed(culprit, `${error.where}, ${where}`, error.cause)
        : this.pluginFailed(culprit, where, error);
    if (ignored) return undefined;
    if (transaction === undefined) return 'abort';
    transaction.frontend.counters.internalErrors++;
    if (this.settings.pluginErrors.get(culprit)?.kind === 'deny') return 'deny';
    return transaction.request === undefined
      ? 'abort'
      : transaction.error(transaction.response === undefined ? 500 : 502);
  }

  /** Logs and counts it; says whether `plugin-errors` lets the traffic go on as if nothing had been. */
  pluginFailed(plugin: string, where: string, error: unknown): boolean {
    const count = (this.#failures.get(plugin) ?? 0) + 1;
    this.#failures.set(plugin, count);
    const reason = error instanceof Error ? error : new Error(String(error));
    this.log.error({ plugin, err: reason, count }, `plugin '${plugin}' failed in ${where}: ${reason.message}`);
    this.surroundings.failed(reason);
    const policy = this.settings.pluginErrors.get(plugin);
    return policy?.kind === 'ignore' || (policy?.kind === 'disable' && count > policy.after);
  }

  /** Errors by plugin, for `status`. */
  get failures(): ReadonlyMap<string, number> {
    return this.#failures;
  }

  /** Tells what would be told again with every request. */
  warnOnce(problem: string): void {
    if (this.#warned.has(problem)) return;
    this.#warned.add(problem);
    this.say('warning', problem);
  }

  /** A message was refused by the parser. */
  noteRefusal(session: ClientSession, why: string): void {
    this.#refusals++;
    this.log.debug({ client: session.source.address, frontend: session.frontend.name }, `invalid request: ${why}`);
  }

  get refusals(): number {
    return this.#refusals;
  }

  sessionsEnded(): void {
    if (this.#drained !== undefined && this.sessions === 0) this.#drained();
  }

  /**
   * Lets nobody in any more, and resolves when the last session is over. Idle connections are closed on request; otherwise each
   * closes with its next answer, so that no request is lost to a connection that closes as it arrives.
   */
  async drain(closeIdleSessions: boolean): Promise<void> {
    newEvent();
    this.draining = true;
    this.#drainingSince = this.clock.now();
    this.closesIdle = closeIdleSessions;
    for (const acceptor of this.acceptors) {
      acceptor.stop();
      if (!closeIdleSessions || acceptor.frontend.runtime.option('idle-close-on-response')) continue;
      for (const session of acceptor.sessions) this.#endIdle(session);
    }
    for (const proxy of this.proxies) proxy.sayStopped();
    if (this.sessions > 0) {
      await new Promise<void>((resolve) => {
        this.#drained = resolve;
      });
    }
    this.close();
  }

  /** Ends every session at once. */
  kill(): void {
    newEvent();
    this.draining = true;
    for (const acceptor of this.acceptors) {
      acceptor.stop();
      for (const session of acceptor.sessions) session.kill();
    }
    for (const session of this.background) session.kill();
    this.close();
  }

  /** Idle connections to servers go with the generation. */
  close(): void {
    for (const backend of this.backends.values()) for (const server of backend.servers) closeIdle(server);
  }
}

function isTransaction(value: unknown): value is Transaction {
  return typeof value === 'object' && value !== null && 'timing' in value && 'connection' in value;
}
