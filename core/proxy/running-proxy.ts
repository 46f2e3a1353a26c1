import type { Socket } from 'node:net';
import { EventEmitter } from 'node:events';
import { dirname, join, resolve } from 'node:path';
import type { Duplex } from 'node:stream';
import type { LogTap, Value } from '../api/index.ts';
import type { Diagnostic } from '../config/diagnostics.ts';
import { VERSION } from '../config/features.ts';
import { type LoadedConfig, loadConfig } from '../config/load.ts';
import type { SourceSpec } from '../config/sources.ts';
import { createCompiler } from '../expression/index.ts';
import { probeRules } from '../expression/probe.ts';
import { compileRegex } from '../expression/regex.ts';
import { bindGeneration, buildGeneration } from '../kernel/build.ts';
import { defaultMaxconn } from '../kernel/default-maxconn.ts';
import type { Generation } from '../kernel/generation.ts';
import { ProcessState } from '../kernel/process-state.ts';
import type { ProxyClock } from '../kernel/proxy-clock.ts';
import { MemoryStream } from '../net/memory-stream.ts';
import { ListeningSockets } from '../net/listening-sockets.ts';
import { Composition } from '../plugin/composition.ts';
import { type Generation as PluginGeneration, PluginError } from '../plugin/generation.ts';
import { adopt, adoptGiven, type FoundPlugin, loadPlugin, PluginLoadError } from '../plugin/load.ts';
import { originOf } from '../plugin/origin.ts';
import { stockPlugins } from '../plugin/stock.ts';
import { addressOf, type ProxyAddress } from './addresses.ts';
import type { ProxyEventName, ProxyEvents } from './events.ts';
import type { OpenOptions, ProxyHandle, StopOptions } from './handle.ts';
import { type ConfigSources, type ProxyOptions, sourcesOf } from './options.ts';
import { asDiagnostic, ConfigurationError, portsZero } from './refusal.ts';
import { generationStats, type ProxyStats } from './stats.ts';

interface Loaded {
  readonly config: LoadedConfig;
  readonly diagnostics: readonly Diagnostic[];
  readonly plugins: PluginGeneration;
  readonly traffic: Generation;
}

/** Where the ports of clients within the process begin. */
const FIRST_PORT = 40_000;

export class RunningProxy implements ProxyHandle {
  readonly #options: ProxyOptions;
  readonly #composition: Composition;
  readonly #sockets = new ListeningSockets();
  readonly #process: ProcessState;
  readonly #variables = new Map<string, Value>();
  readonly #ending = new Map<Loaded, Promise<void>>();
  readonly #emitter = new EventEmitter();
  #sources: readonly SourceSpec[];
  #running!: Loaded;
  #starting: Promise<void> | undefined;
  #started = false;
  /** The last reload that was asked for: one begins when the one before has ended. */
  #reloads: Promise<void> = Promise.resolve();
  #opened = 0;
  #stopping: Promise<void> | undefined;

  constructor(options: ProxyOptions) {
    this.#options = options;
    this.#sources = sourcesOf(options);
    this.#composition = new Composition(options.log);
    for (const [name, listener] of Object.entries(options.on ?? {})) this.#emitter.on(name, listener);
    this.#process = new ProcessState({
      bind: options.bind,
      dial: options.dial,
      serverChanged: (server, up) => {
        const { name, backend, state } = server;
        this.#emit(up ? 'serverUp' : 'serverDown', { backend: backend.name, server: name, status: state.text });
      },
      failed: (error) => this.#emit('error', error),
    });
  }

  /** The time that everything of it goes by. */
  protected get time(): ProxyClock {
    return this.#process.clock;
  }

  #emit<Name extends ProxyEventName>(name: Name, ...args: ProxyEvents[Name]): void {
    if (this.#emitter.listenerCount(name) === 0) return;
    try {
      this.#emitter.emit(name, ...args);
    } catch (error) {
      // The listener's fault, and uncaught like any other: but not in the middle of our work.
      process.nextTick(() => {
        throw error;
      });
    }
  }

  #logTap(): LogTap {
    const emitter = this.#emitter;
    return {
      send: this.#options.sendLogs ?? true,
      get wanted() {
        return emitter.listenerCount('log') > 0;
      },
      tell: (line) => this.#emit('log', line),
    };
  }

  async prepare(): Promise<void> {
    this.#running = await this.#load(this.#sources);
  }

  async #load(sources: readonly SourceSpec[]): Promise<Loaded> {
    const config = await this.#read(sources);
    const diagnostics = [...config.diagnostics];
    const chosen = this.#options.portZero === false ? portsZero(config) : [];
    diagnostics.push(...chosen);
    const refuse = (): never => {
      config.discard();
      throw new ConfigurationError(diagnostics);
    };
    if (chosen.length > 0 && !config.failed) {
      diagnostics.push({ severity: 'alert', message: 'Fatal errors found in configuration.' });
    }
    if (config.failed || chosen.length > 0) refuse();
    if (this.#options.probe !== undefined) probeRules(config.proxies, this.#options.probe);
    const { settings } = config.global;
    if (settings.maxconn === 0) settings.maxconn = defaultMaxconn(settings.ulimitN);
    const { generation, errors } = await buildGeneration(
      config,
      this.#composition.log,
      (severity, text) => this.#emit('message', { severity, text }),
      this.#variables,
      this.#process,
    );
    for (const { file, line, message } of errors) diagnostics.push({ severity: 'alert', message, file, line });
    if (errors.length > 0) {
      diagnostics.push({ severity: 'alert', message: 'Fatal errors found in configuration.' });
      refuse();
    }
    let plugins: PluginGeneration | undefined;
    try {
      plugins = this.#composition.generation(config.plugins);
      await plugins.setup({
        global: config.global,
        proxies: config.proxies,
        frontends: generation.frontends,
        backends: [...generation.backends.values()],
        version: VERSION,
        names: config.names,
        listen: (bind, accept) => void generation.pluginListeners.push({ bind, accept, sockets: [] }),
        logTap: this.#logTap(),
        clock: this.#process.clock,
        say: generation.say,
        warn: (message) => void diagnostics.push({ severity: 'warning', message: `config : ${message}` }),
      });
    } catch (error) {
      if (!(error instanceof PluginError)) throw error;
      diagnostics.push({ severity: 'alert', message: error.message });
      config.discard();
      throw new ConfigurationError(diagnostics);
    }
    generation.useHooks(plugins.hooks);
    for (const [name, value] of settings.variables) this.#variables.set(name, value);
    if (diagnostics.length > 0) this.#emit('diagnostics', diagnostics);
    return { config, diagnostics, plugins, traffic: generation };
  }

  async #read(sources: readonly SourceSpec[]): Promise<LoadedConfig> {
    try {
      return await loadConfig({
        sources,
        env: this.#options.env ?? process.env,
        plugins: [...stockPlugins, ...adoptGiven(this.#options.plugins ?? [])],
        loadPlugin: ({ specifier, file }) => this.#loadPlugin(specifier, dirname(resolve(file))),
        regex: compileRegex,
        compilerFor: (keywords) => createCompiler(keywords, this.#options.probe),
      });
    } catch (error) {
      // One of those given to us is no plugin.
      if (!(error instanceof PluginLoadError)) throw error;
      throw new ConfigurationError([{ severity: 'alert', message: error.message }]);
    }
  }

  async #loadPlugin(specifier: string, folder: string): Promise<FoundPlugin> {
    const own = await this.#options.loadPlugin?.(specifier, folder);
    if (own === undefined) return loadPlugin(specifier, folder);
    return { plugin: adopt(own, `'${specifier}'`), origin: originOf(specifier, join(folder, specifier)) };
  }

  async #open(loaded: Loaded): Promise<void> {
    try {
      const warnings = await bindGeneration(loaded.traffic, this.#sockets, this.#process);
      if (warnings.length > 0) this.#emit('diagnostics', warnings);
      await loaded.plugins.start();
    } catch (error) {
      await this.#sockets.release(loaded.traffic);
      await loaded.plugins.stop();
      const diagnostic = asDiagnostic(error);
      if (diagnostic === undefined) throw error;
      throw new ConfigurationError([diagnostic]);
    }
    this.#process.maxconn = this.#options.maxconn ?? loaded.config.global.settings.maxconn;
    for (const acceptor of loaded.traffic.acceptors) acceptor.open();
    for (const { sockets, accept } of loaded.traffic.pluginListeners) {
      for (const socket of sockets) socket.accept((connection) => accept(connection as Socket));
    }
  }

  async start(): Promise<void> {
    if (this.#stopping !== undefined) throw new Error('the proxy has been stopped; make another one');
    await (this.#starting ??= this.#start());
  }

  async #start(): Promise<void> {
    await this.#open(this.#running);
    this.#started = true;
    this.#emit('listening', this.addresses);
  }

  async reload(change?: ConfigSources): Promise<void> {
    const reload = this.#reloads.then(() => this.#reload(change));
    this.#reloads = reload.catch(() => undefined);
    await reload;
  }

  async #reload(change: ConfigSources | undefined): Promise<void> {
    const sources = change === undefined ? this.#sources : sourcesOf(change);
    const next = await this.#load(sources);
    if (this.#isStopped()) {
      await next.plugins.stop();
      return;
    }
    if (!this.#started) {
      const { plugins } = this.#running;
      this.#running = next;
      this.#sources = sources;
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
    this.#emit('reloaded', this.addresses);
  }

  /** Sees an old generation out, in the background. */
  #end(loaded: Loaded, drained: Promise<void>): void {
    const ending = (async (): Promise<void> => {
      loaded.plugins.drain();
      await this.#sockets.release(loaded.traffic);
      const after = loaded.config.global.settings.hardStopAfter;
      const timer = this.#process.clock.timer(() => loaded.traffic.kill());
      if (after !== undefined) timer.start(after);
      await drained;
      timer.stop();
      await loaded.plugins.stop();
    })();
    this.#ending.set(loaded, ending);
    void ending.finally(() => this.#ending.delete(loaded));
  }

  // A method, because the compiler takes a field that it saw tested for unchanged over an await.
  #isStopped(): boolean {
    return this.#stopping !== undefined;
  }

  async stop({ drain = false }: StopOptions = {}): Promise<void> {
    const first = this.#stopping === undefined;
    if (drain === false) this.#stopping = this.#stopNow(this.#stopping);
    else this.#stopping ??= this.#stopSoftly(drain);
    await this.#stopping;
    this.#process.clock.end();
    if (first) this.#emit('stopped');
  }

  /** What is just being started could not be stopped. */
  async #whenStarted(): Promise<void> {
    await this.#starting?.catch(() => undefined);
  }

  async #stopSoftly(drain: true | number): Promise<void> {
    await this.#whenStarted();
    const { traffic, plugins } = this.#running;
    if (this.#started) {
      this.#started = false;
      this.#end(this.#running, traffic.drain(true));
    } else await plugins.stop();
    const timer = this.#process.clock.timer(() => this.#killAll());
    if (drain !== true) timer.start(drain);
    await Promise.all(this.#ending.values());
    timer.stop();
  }

  #killAll(): void {
    for (const { traffic } of this.#ending.keys()) traffic.kill();
  }

  async #stopNow(soft: Promise<void> | undefined): Promise<void> {
    await this.#whenStarted();
    const { traffic, plugins } = this.#running;
    this.#started = false;
    this.#killAll();
    if (soft === undefined) {
      traffic.kill();
      await this.#sockets.release(traffic);
      await plugins.stop();
    }
    await soft;
    await Promise.all(this.#ending.values());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
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

  get diagnostics(): readonly Diagnostic[] {
    return this.#running.diagnostics;
  }

  get addresses(): readonly ProxyAddress[] {
    return this.#running.traffic.acceptors.map((acceptor) => addressOf(acceptor));
  }

  address(frontend?: string): ProxyAddress {
    const { addresses } = this;
    const found = frontend === undefined ? addresses[0] : addresses.find((one) => one.frontend === frontend);
    return found ?? this.#noAddress(frontend);
  }

  #noAddress(frontend: string | undefined): never {
    const { addresses } = this;
    if (addresses.length === 0 || !this.#started)
      throw new Error('the proxy listens nowhere: it has not been started, or has no bind line');
    const names = [...new Set(addresses.map((one) => `'${one.frontend}'`))].join(', ');
    throw new Error(`no frontend '${frontend}' listens; those that do are ${names}`);
  }

  open({ frontend, source, destination }: OpenOptions = {}): Duplex {
    const { acceptors } = this.#running.traffic;
    const acceptor = acceptors.find((one) => frontend === undefined || one.frontend.name === frontend);
    if (acceptor === undefined || !this.#started) this.#noAddress(frontend);
    const [own, other] = MemoryStream.pair();
    const host = source?.host ?? '127.0.0.1';
    const port = source?.port ?? FIRST_PORT + (this.#opened++ % (65_536 - FIRST_PORT));
    acceptor.give(other, { source: { host, port }, destination });
    return own;
  }

  stats(): ProxyStats {
    return {
      connections: this.#process.connections,
      maxconn: this.#process.maxconn,
      uptime: Math.floor((this.#process.clock.wall() - this.#process.startedAt) / 1000),
      generations: this.#ending.size + 1,
      ...generationStats(this.#running.traffic, this.#process.clock.now()),
    };
  }

  on<Name extends ProxyEventName>(event: Name, listener: (...args: ProxyEvents[Name]) => void): this {
    this.#emitter.on(event, listener as (...args: unknown[]) => void);
    return this;
  }

  once<Name extends ProxyEventName>(event: Name, listener: (...args: ProxyEvents[Name]) => void): this {
    this.#emitter.once(event, listener as (...args: unknown[]) => void);
    return this;
  }

  off<Name extends ProxyEventName>(event: Name, listener: (...args: ProxyEvents[Name]) => void): this {
    this.#emitter.off(event, listener as (...args: unknown[]) => void);
    return this;
  }
}
