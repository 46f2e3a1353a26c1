import { dirname, resolve } from 'node:path';
import type { GlobalSettings, Log, Plugin, Severity, Value } from './api/index.ts';
import type { Diagnostic } from './config/diagnostics.ts';
import { type LoadedConfig, loadConfig } from './config/load.ts';
import type { SourceSpec } from './config/sources.ts';
import { createCompiler } from './expression/index.ts';
import { compileRegex } from './expression/regex.ts';
import { bindGeneration, buildGeneration } from './kernel/build.ts';
import { defaultMaxconn } from './kernel/default-maxconn.ts';
import type { Generation } from './kernel/generation.ts';
import { LineError } from './kernel/listen.ts';
import { ProcessState } from './kernel/process-state.ts';
import { ListeningSockets } from './net/listening-sockets.ts';
import { ListenError } from './net/listen-target.ts';
import { Composition } from './plugin/composition.ts';
import { type Generation as PluginGeneration, PluginError } from './plugin/generation.ts';
import { loadPlugin } from './plugin/load.ts';
import { stockPlugins } from './plugin/stock.ts';

export interface ProxyOptions {
  /** Files, folders, or texts with a name. */
  readonly sources: readonly SourceSpec[];
  /** Besides the stock plugins. */
  readonly plugins?: readonly Plugin[];
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Told of everything said about a configuration, errors included. */
  readonly onDiagnostics?: (diagnostics: readonly Diagnostic[]) => void;
  /** Told of what happens that an operator should see: a server that is down. */
  readonly onMessage?: (severity: Severity, text: string) => void;
  /** Connections at the most; wins over the configuration's `maxconn`. */
  readonly maxconn?: number;
  readonly log?: Log;
  /** False: `bind` addresses with port 0 are refused, as HAProxy refuses them. Otherwise the system chooses the port. */
  readonly portZero?: boolean;
}

/** The configuration was refused; the diagnostics say why. */
export class ConfigurationError extends Error {
  readonly diagnostics: readonly Diagnostic[];

  constructor(diagnostics: readonly Diagnostic[]) {
    const first = diagnostics.find(({ severity }) => severity === 'alert');
    super(first?.message ?? 'the configuration was refused');
    this.diagnostics = diagnostics;
  }
}

export interface ProxyHandle {
  /** Binds and begins. Rejects with ConfigurationError when a socket cannot be bound or a plugin fails. */
  start(): Promise<void>;
  /** A new generation takes over the sockets; the old one ends with its last session. Rejects and keeps the old on error. */
  reload(sources?: readonly SourceSpec[]): Promise<void>;
  /** Stops listening; resolves when the last session has ended. */
  softStop(): Promise<void>;
  /** Ends every session at once. */
  stop(): Promise<void>;
  /** Lets go of the addresses for another process to take them (SIGTTOU); what has been accepted goes on. */
  pauseListeners(): Promise<void>;
  /** Takes them back (SIGTTIN). Rejects with ListenError when somebody else has one now. */
  resumeListeners(): Promise<void>;
  readonly config: LoadedConfig;
  readonly global: GlobalSettings;
  readonly listeners: readonly { readonly frontend: string; readonly address: string }[];
  status(): ProxyStatus;
}

export interface ProxyStatus {
  readonly connections: number;
  readonly generations: number;
  readonly sessions: number;
  readonly queued: number;
  readonly idleServerConnections: number;
  readonly activeServerStreams: number;
  readonly pluginFailures: Readonly<Record<string, number>>;
}

/** Reads a configuration and makes it ready to start. Rejects with ConfigurationError. */
export async function createProxy(options: ProxyOptions): Promise<ProxyHandle> {
  const proxy = new RunningProxy(options);
  await proxy.prepare();
  return proxy;
}

interface Loaded {
  readonly config: LoadedConfig;
  readonly plugins: PluginGeneration;
  readonly traffic: Generation;
}

class RunningProxy implements ProxyHandle {
  readonly #options: ProxyOptions;
  readonly #composition: Composition;
  readonly #sockets = new ListeningSockets();
  readonly #process = new ProcessState();
  readonly #variables = new Map<string, Value>();
  readonly #ending = new Map<Loaded, Promise<void>>();
  #sources: readonly SourceSpec[];
  #running!: Loaded;
  #started = false;
  #stopped = false;

  constructor(options: ProxyOptions) {
    this.#options = options;
    this.#sources = options.sources;
    this.#composition = new Composition(options.log);
  }

  async prepare(): Promise<void> {
    this.#running = await this.#load(this.#sources);
  }

  async #load(sources: readonly SourceSpec[]): Promise<Loaded> {
    const config = await loadConfig({
      sources,
      env: this.#options.env ?? process.env,
      plugins: [...stockPlugins, ...(this.#options.plugins ?? [])],
      loadPlugin: ({ specifier, file }) => loadPlugin(specifier, dirname(resolve(file))),
      regex: compileRegex,
      compilerFor: createCompiler,
    });
    const diagnostics = [...config.diagnostics];
    diagnostics.push(...contributionsNotRun(config));
    const chosen = this.#options.portZero === false ? portsZero(config) : [];
    diagnostics.push(...chosen);
    const refuse = (): never => {
      this.#options.onDiagnostics?.(diagnostics);
      throw new ConfigurationError(diagnostics);
    };
    if (chosen.length > 0 && !config.failed) {
      diagnostics.push({ severity: 'alert', message: 'Fatal errors found in configuration.' });
    }
    if (config.failed || chosen.length > 0) refuse();
    const { settings } = config.global;
    if (settings.maxconn === 0) settings.maxconn = defaultMaxconn(settings.ulimitN);
    const { generation, errors } = await buildGeneration(
      config,
      this.#composition.log,
      this.#options.onMessage ?? ((): void => {}),
      this.#variables,
      this.#process,
    );
    for (const { file, line, message } of errors) diagnostics.push({ severity: 'alert', message, file, line });
    if (errors.length > 0) {
      diagnostics.push({ severity: 'alert', message: 'Fatal errors found in configuration.' });
      refuse();
    }
    const plugins = this.#composition.generation(config.plugins);
    try {
      await plugins.setup({
        global: config.global,
        proxies: config.proxies,
        frontends: generation.frontends,
        backends: [...generation.backends.values()],
        warn: (message) => void diagnostics.push({ severity: 'warning', message: `config : ${message}` }),
        say: generation.say,
      });
    } catch (error) {
      if (!(error instanceof PluginError)) throw error;
      diagnostics.push({ severity: 'alert', message: error.message });
      refuse();
    }
    generation.useHooks(plugins.hooks);
    for (const [name, value] of settings.variables) this.#variables.set(name, value);
    this.#options.onDiagnostics?.(diagnostics);
    return { config, plugins, traffic: generation };
  }

  async #open(loaded: Loaded): Promise<void> {
    try {
      const warnings = await bindGeneration(loaded.traffic, this.#sockets, this.#process);
      if (warnings.length > 0) {
        this.#options.onDiagnostics?.(warnings);
      }
      await loaded.plugins.start();
    } catch (error) {
      await this.#sockets.release(loaded.traffic);
      await loaded.plugins.stop();
      const diagnostic = bindDiagnostic(error);
      if (diagnostic === undefined) throw error;
      this.#options.onDiagnostics?.([diagnostic]);
      throw new ConfigurationError([diagnostic]);
    }
    this.#process.maxconn = this.#options.maxconn ?? loaded.config.global.settings.maxconn;
    for (const acceptor of loaded.traffic.acceptors) acceptor.open();
  }

  async start(): Promise<void> {
    await this.#open(this.#running);
    this.#started = true;
  }

  async reload(sources: readonly SourceSpec[] = this.#sources): Promise<void> {
    const next = await this.#load(sources);
    if (this.#isStopped()) {
      await next.plugins.stop();
      return;
    }
    if (!this.#started) {
      const { plugins } = this.#running;
      this.#running = next;
      await plugins.stop();
      return;
    }
    await this.#open(next);
    if (this.#isStopped()) {
      // The process is leaving; nothing new begins.
      next.traffic.kill();
      await this.#sockets.release(next.traffic);
      await next.plugins.stop();
      return;
    }
    const old = this.#running;
    this.#running = next;
    this.#sources = sources;
    this.#end(old, old.traffic.drain(false));
  }

  /** Sees an old generation out, in the background. */
  #end(loaded: Loaded, drained: Promise<void>): void {
    const ending = (async (): Promise<void> => {
      loaded.plugins.drain();
      await this.#sockets.release(loaded.traffic);
      const after = loaded.config.global.settings.hardStopAfter;
      const timer = after === undefined ? undefined : setTimeout(() => loaded.traffic.kill(), after);
      await drained;
      if (timer !== undefined) clearTimeout(timer);
      await loaded.plugins.stop();
    })();
    this.#ending.set(loaded, ending);
    void ending.finally(() => this.#ending.delete(loaded));
  }

  // A method, because the compiler takes a field that it saw tested for unchanged over an await.
  #isStopped(): boolean {
    return this.#stopped;
  }

  async softStop(): Promise<void> {
    this.#stopped = true;
    const { traffic } = this.#running;
    if (this.#started) {
      this.#started = false;
      this.#end(this.#running, traffic.drain(true));
    }
    await Promise.all(this.#ending.values());
  }

  async stop(): Promise<void> {
    const { traffic, plugins } = this.#running;
    const soft = this.#ending.has(this.#running);
    this.#stopped = true;
    this.#started = false;
    for (const { traffic: old } of this.#ending.keys()) old.kill();
    if (!soft) {
      traffic.kill();
      await this.#sockets.release(traffic);
      await plugins.stop();
    }
    await Promise.all(this.#ending.values());
  }

  async pauseListeners(): Promise<void> {
    this.#process.hold(true);
    await this.#sockets.unbind();
  }

  async resumeListeners(): Promise<void> {
    await this.#sockets.rebind();
    this.#process.hold(false);
  }

  get config(): LoadedConfig {
    return this.#running.config;
  }

  get global(): GlobalSettings {
    return this.#running.config.global.settings;
  }

  get listeners(): readonly { frontend: string; address: string }[] {
    return this.#running.traffic.acceptors.map(({ frontend, listener }) => ({
      frontend: frontend.name,
      address: listener.address,
    }));
  }

  status(): ProxyStatus {
    const backends = [...this.#running.traffic.backends.values()];
    const servers = backends.flatMap((backend) => backend.servers);
    return {
      connections: this.#process.connections,
      generations: this.#ending.size + 1,
      sessions: this.#running.traffic.sessions,
      queued: [...backends, ...servers].reduce((sum, one) => sum + one.queued, 0),
      idleServerConnections: servers.reduce((sum, server) => sum + server.idle.length, 0),
      activeServerStreams: servers.reduce((sum, server) => sum + server.active, 0),
      pluginFailures: Object.fromEntries(this.#running.traffic.failures),
    };
  }
}

/** Who wrote a plugin with commands should know that there is no socket for them yet. */
function contributionsNotRun({ plugins }: LoadedConfig): Diagnostic[] {
  return plugins
    .filter(({ plugin }) => !stockPlugins.includes(plugin) && Object.keys(plugin.commands ?? {}).length > 0)
    .map(({ plugin }) => ({
      severity: 'notice',
      message: `the plugin '${plugin.name}' brings commands, which are not run yet`,
    }));
}

/** What is wrong with addresses whose port the system would choose. */
function portsZero({ proxies }: LoadedConfig): Diagnostic[] {
  return proxies.flatMap(({ binds }) =>
    binds
      .filter(({ addresses }) => addresses.some((address) => /:0+(?:-0+)?$/.test(address) && !address.includes('/')))
      .map(({ file, line }) => ({ severity: 'alert', message: `'bind' : invalid port '0'`, file, line }) as const),
  );
}

function bindDiagnostic(error: unknown): Diagnostic | undefined {
  if (error instanceof LineError) {
    return { severity: 'alert', message: error.message, file: error.file, line: error.line, proxy: error.proxy };
  }
  if (error instanceof ListenError || error instanceof PluginError)
    return { severity: 'alert', message: error.message };
  return undefined;
}

export { formatDiagnostic, type Diagnostic } from './config/diagnostics.ts';
export type { SourceSpec } from './config/sources.ts';
