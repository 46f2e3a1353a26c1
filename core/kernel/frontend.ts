import type {
  Clock,
  Counters,
  Extension,
  Frontend,
  Listener,
  LogLevel,
  ProxySettings,
  Severity,
  Transaction,
} from '../api/index.ts';
import type { UpstreamBackend } from '../upstream/backend.ts';
import { newCounters } from '../state/counters.ts';
import type { ProxyRuntime } from './proxy-runtime.ts';

/** Who lets connections of one listener in. */
export interface FrontendDoor {
  /** A limit that concerns it has changed. */
  reconsider(): void;
  /** Lets go of the address. */
  close(): void;
  /** Takes it again; rejects where it is not to be had. */
  reopen(): Promise<void>;
}

/** The client side of a proxy at run time. */
export class FrontendRuntime implements Frontend {
  readonly name: string;
  readonly id: number;
  readonly settings: ProxySettings;
  readonly runtime: ProxyRuntime;
  readonly counters: Counters = newCounters();
  readonly clock: Clock;
  readonly listeners: Listener[] = [];
  logLines = 0;
  /** Who lets connections in, one per listener: a limit that is reached or left concerns all of them. */
  readonly doors: FrontendDoor[] = [];
  admission: 'open' | 'paused' | 'stopped' = 'open';
  /** `default_backend`, or the backend half of a `listen`. */
  defaultBackend: UpstreamBackend | undefined = undefined;
  readonly clientTimeout: number;
  /** The whole request head; `timeout http-request`. */
  readonly requestTimeout: number;
  /** Between requests: `timeout http-keep-alive`, else `http-request`, else `client`. */
  readonly idleTimeout: number;
  readonly maxconn: number;
  #second = 0;
  #thisSecond = 0;

  constructor(runtime: ProxyRuntime) {
    this.runtime = runtime;
    this.clock = runtime.generation.clock;
    this.name = runtime.config.name;
    this.id = runtime.config.id;
    this.settings = runtime.config.settings;
    const { timeouts } = this.settings;
    this.clientTimeout = timeouts.client ?? 0;
    this.requestTimeout = timeouts['http-request'] ?? 0;
    this.idleTimeout = timeouts['http-keep-alive'] ?? timeouts['http-request'] ?? this.clientTimeout;
    this.maxconn = this.settings.maxconn;
  }

  log(level: LogLevel, text: string, print?: Severity): void {
    this.runtime.log(this, level, text, print);
  }

  extension<T extends object>(key: Extension<T>): T | undefined {
    return this.runtime.config.findExtension(key);
  }

  pause(): boolean {
    if (this.admission !== 'open') return false;
    this.admission = 'paused';
    for (const door of this.doors) door.close();
    this.log('warning', `Paused frontend ${this.name}.`, 'warning');
    return true;
  }

  resume(): boolean {
    if (this.admission !== 'paused') return false;
    this.admission = 'open';
    this.log('warning', `Resumed frontend ${this.name}.`, 'warning');
    for (const door of this.doors) {
      door.reopen().catch((error: unknown) => {
        this.admission = 'paused';
        const reason = error instanceof Error ? error.message : String(error);
        this.log('alert', `Failed to resume frontend ${this.name}: ${reason}`, 'alert');
      });
    }
    return true;
  }

  stop(): boolean {
    if (this.admission === 'stopped') return false;
    this.runtime.sayStopped();
    this.admission = 'stopped';
    for (const door of this.doors) door.close();
    return true;
  }

  /** Takes no more sessions at the moment (`maxconn`). */
  get full(): boolean {
    return this.maxconn > 0 && this.counters.current >= this.maxconn;
  }

  /** Milliseconds until `rate-limit sessions` allows another; 0 when it does now. */
  rateDelay(at: number): number {
    const limit = this.settings.rateLimitSessions;
    if (limit === 0) return 0;
    this.#turn(at);
    return this.#thisSecond < limit ? 0 : 1000 - (at % 1000) + 1;
  }

  countSession(at: number): void {
    if (this.settings.rateLimitSessions === 0) return;
    this.#turn(at);
    this.#thisSecond++;
  }

  #turn(at: number): void {
    const second = Math.floor(at / 1000);
    if (second === this.#second) return;
    this.#second = second;
    this.#thisSecond = 0;
  }

  /** The first `use_backend` that applies, else the default; undefined when there is none. */
  chooseBackend(transaction: Transaction): UpstreamBackend | undefined {
    const rules = this.settings.useBackend;
    for (let i = 0; i < rules.length; i++) {
      const rule = rules[i]!;
      if (rule.condition !== undefined && !rule.condition.evaluate(transaction)) continue;
      const name = rule.name.constant ?? rule.name.evaluate(transaction);
      const backend = this.runtime.generation.backends.get(name);
      // A made-up name that does not exist falls back to the default (configuration.txt 4.2, use_backend); agents serve no traffic.
      return backend === undefined || backend.settings.mode === 'spop' ? this.defaultBackend : backend;
    }
    return this.defaultBackend;
  }
}
