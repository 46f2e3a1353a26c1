import type { Backend, EventHook, Frontend, LogLevel, Proxy, ProxyConfig, ProxyHook } from '../api/index.ts';
import type { Eventually, Ruleset, Severity, TimeoutName, Verdict } from '../api/index.ts';
import type { ScanOptions } from '../http/head-scanner.ts';
import type { ServerChooser, StepHook } from '../config/proxy-config.ts';
import type { Generation } from './generation.ts';
import { stepHooks, type StepHooks } from './log-steps.ts';
import { makeReady, type RunningRule } from './rules.ts';
import { ProxyFilters } from './stream-filters.ts';

/** What the directives of a proxy asked to be called for, in order. */
export interface ProxyHooks {
  readonly beforeForward: readonly ProxyHook<void>[];
  readonly beforeRespond: readonly ProxyHook<void>[];
  readonly onRequest: readonly ProxyHook<Eventually<Verdict>>[];
  readonly afterRequestRules: readonly ProxyHook<Eventually<Verdict>>[];
  readonly onResponse: readonly ProxyHook<Eventually<Verdict>>[];
  readonly onLog: readonly ProxyHook<void>[];
  readonly onStep: readonly StepHook[];
  readonly onConnectionError: readonly ProxyHook<void>[];
  readonly onEvent: readonly EventHook[];
  readonly onBackend: readonly ProxyHook<void>[];
  readonly chooseServer: readonly ServerChooser[];
  readonly afterResponseRules: readonly ProxyHook<Eventually<Verdict>>[];
  readonly onFailure: readonly ProxyHook<Verdict>[];
}

/** A proxy as the configuration loader leaves it. */
export interface LoadedProxy extends ProxyConfig {
  readonly running: { frontend: Frontend | undefined; backend: Backend | undefined };
  readonly hooks: ProxyHooks;
}

const orNull = <T>(list: readonly T[] | undefined): readonly T[] | null =>
  list === undefined || list.length === 0 ? null : list;

/** What is looked up once per proxy so that nothing is looked up per request; a stage that is not used is null. */
export class ProxyRuntime {
  readonly config: LoadedProxy;
  readonly generation: Generation;
  readonly tcpConnectionRules: readonly RunningRule[] | null;
  readonly tcpSessionRules: readonly RunningRule[] | null;
  readonly tcpContentRules: readonly RunningRule[] | null;
  readonly tcpResponseRules: readonly RunningRule[] | null;
  readonly requestRules: readonly RunningRule[] | null;
  readonly responseRules: readonly RunningRule[] | null;
  readonly afterResponseRules: readonly RunningRule[] | null;
  readonly beforeForward: readonly ProxyHook<void>[] | null;
  readonly beforeRespond: readonly ProxyHook<void>[] | null;
  readonly onRequest: readonly ProxyHook<Eventually<Verdict>>[] | null;
  readonly afterRequestRules: readonly ProxyHook<Eventually<Verdict>>[] | null;
  readonly onResponse: readonly ProxyHook<Eventually<Verdict>>[] | null;
  readonly onLog: readonly ProxyHook<void>[] | null;
  readonly steps: StepHooks;
  readonly onConnectionError: readonly ProxyHook<void>[] | null;
  readonly onBackend: readonly ProxyHook<void>[] | null;
  readonly onFailure: readonly ProxyHook<Verdict>[] | null;
  readonly chooseServer: readonly ServerChooser[] | null;
  readonly onResponsePassed: readonly ProxyHook<Eventually<Verdict>>[] | null;
  readonly filters: ProxyFilters | null;
  readonly requestScan: ScanOptions;
  readonly responseScan: ScanOptions;
  readonly bufferRequest: boolean;
  readonly abortOnClose: boolean;
  readonly ignoreProbes: boolean;
  readonly logAsap: boolean;
  readonly preferLast: boolean;
  readonly independent: boolean;
  /** Somebody may ask for the request line after the request has left. */
  get keepsLine(): boolean {
    return this.#keepsLine || this.generation.keepsLine;
  }
  /** Messages are measured for the log. */
  get measures(): boolean {
    return this.onLog !== null || this.#steps || this.generation.logs;
  }
  readonly #keepsLine: boolean;
  /** Lines may be made before the end. */
  readonly #steps: boolean;
  readonly pretendKeepAlive: boolean;
  /** Events that send a request again besides a failed connection. */
  readonly retriesResponses: boolean;

  constructor(config: LoadedProxy, generation: Generation) {
    this.config = config;
    this.generation = generation;
    const rules = (set: Ruleset): readonly RunningRule[] | null => orNull(makeReady(config.rules.get(set) ?? []));
    this.tcpConnectionRules = rules('tcp-request connection');
    this.tcpSessionRules = rules('tcp-request session');
    this.tcpContentRules = rules('tcp-request content');
    this.tcpResponseRules = rules('tcp-response content');
    this.requestRules = rules('http-request');
    this.responseRules = rules('http-response');
    this.afterResponseRules = rules('http-after-response');
    this.beforeForward = orNull(config.hooks.beforeForward);
    this.beforeRespond = orNull(config.hooks.beforeRespond);
    this.onRequest = orNull(config.hooks.onRequest);
    this.afterRequestRules = orNull(config.hooks.afterRequestRules);
    this.onResponse = orNull(config.hooks.onResponse);
    this.onLog = orNull(config.hooks.onLog);
    this.steps = stepHooks(config.hooks.onStep);
    this.onConnectionError = orNull(config.hooks.onConnectionError);
    this.onBackend = orNull(config.hooks.onBackend);
    this.onFailure = orNull(config.hooks.onFailure);
    this.chooseServer = orNull(config.hooks.chooseServer);
    this.onResponsePassed = orNull(config.hooks.afterResponseRules);
    this.#steps = config.hooks.onStep.length > 0;
    this.filters = config.settings.filters.length === 0 ? null : new ProxyFilters(config.settings);
    this.#keepsLine =
      this.filters !== null ||
      this.responseRules !== null ||
      this.afterResponseRules !== null ||
      this.onResponse !== null ||
      this.onResponsePassed !== null ||
      this.beforeRespond !== null ||
      this.onLog !== null ||
      this.steps.response !== null;
    const maxHeaders = generation.settings.maxHeaders;
    this.requestScan = { maxHeaders, lenient: this.option('accept-unsafe-violations-in-http-request') };
    this.responseScan = { maxHeaders, lenient: this.option('accept-unsafe-violations-in-http-response') };
    this.bufferRequest = this.option('http-buffer-request');
    this.abortOnClose = this.option('abortonclose');
    this.ignoreProbes = this.option('http-ignore-probes');
    this.logAsap = this.option('logasap');
    this.preferLast = this.option('prefer-last-server');
    this.independent = this.option('independent-streams');
    this.pretendKeepAlive = this.option('http-pretend-keepalive');
    this.retriesResponses = [...config.settings.retryOn].some((event) => event !== 'conn-failure' && event !== 'none');
  }

  /** An event of this proxy, `proxy` being the half it happened to. */
  log(proxy: Proxy, level: LogLevel, text: string, print: Severity | undefined): void {
    for (const run of this.config.hooks.onEvent) run(level, text, proxy);
    if (print !== undefined) this.generation.say(print, text);
  }

  /** What HAProxy says of every proxy when it lets nobody in any more. */
  sayStopped(): void {
    const { frontend, backend } = this.config.running;
    if (frontend?.admission === 'stopped') return;
    const [front, back] = [frontend?.counters.total ?? 0, backend?.counters.total ?? 0];
    const proxy = frontend ?? backend;
    const text = `Proxy ${this.config.name} stopped (cumulated conns: FE: ${front}, BE: ${back}).`;
    if (proxy !== undefined) this.log(proxy, 'warning', text, 'warning');
  }

  option(name: string): boolean {
    return this.config.settings.options.get(name) === true;
  }

  /** Milliseconds, 0 for none. */
  timeout(name: TimeoutName): number {
    return this.config.settings.timeouts[name] ?? 0;
  }
}
