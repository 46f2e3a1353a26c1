import type { FilterKeyword } from './filters.ts';
import type { Hooks } from './hooks.ts';
import type {
  ActionKeyword,
  BalanceKeyword,
  BindKeyword,
  CheckKeyword,
  CommandKeyword,
  ConverterKeyword,
  DirectiveKeyword,
  FetchKeyword,
  MatchKeyword,
  SectionKeyword,
  ServerKeyword,
  ServiceKeyword,
} from './keywords.ts';
import type { GlobalConfig, ProxyConfig } from './settings.ts';
import type { Backend, Frontend, Severity } from './traffic.ts';

/** Bumped when a published plugin could stop working; written as a literal by every plugin. */
export type ApiVersion = 1;

type Table<K> = Readonly<Record<string, K>>;

/** What a plugin adds to the configuration language, as data. Keys are the words of the configuration file. */
export interface Contributions {
  readonly sections?: Table<SectionKeyword>;
  readonly directives?: Table<DirectiveKeyword>;
  readonly bindWords?: Table<BindKeyword>;
  readonly serverWords?: Table<ServerKeyword>;
  readonly actions?: Table<ActionKeyword>;
  readonly fetches?: Table<FetchKeyword>;
  readonly converters?: Table<ConverterKeyword>;
  readonly matches?: Table<MatchKeyword>;
  readonly filters?: Table<FilterKeyword>;
  readonly balance?: Table<BalanceKeyword>;
  readonly checks?: Table<CheckKeyword>;
  readonly services?: Table<ServiceKeyword>;
  readonly commands?: Table<CommandKeyword>;
}

export interface Plugin extends Contributions {
  /** Unique; also the prefix of its log lines and of its statistics. */
  readonly name: string;
  readonly api: ApiVersion;
  /** Names of plugins whose words this one relies on. */
  readonly requires?: readonly string[];
  /** Called once per configuration, after every section has been read. What it throws refuses the configuration. */
  setup?(context: PluginContext): PluginInstance | void | Promise<PluginInstance | void>;
}

/** The living half of a plugin: what it does at run time in one configuration generation. */
export interface PluginInstance {
  readonly hooks?: Hooks;
  /** After listeners are bound; timers and connections begin here. What it throws refuses the configuration. */
  start?(): void | Promise<void>;
  /** No new connections come any more, and another generation may be at work: what acts by itself is to stop. */
  drain?(): void;
  /** After the generation has drained; must leave nothing behind. Called also if `start` failed. */
  stop?(): void | Promise<void>;
}

/** What pino offers and any other logger can: (fields, message). */
export type LogLine = (fields: object, message?: string) => void;
export interface Log {
  readonly debug: LogLine;
  readonly info: LogLine;
  readonly warn: LogLine;
  readonly error: LogLine;
}

/** Runs once after a while, in the process's one heap of deadlines: thousands of them cost little. */
export interface Timer {
  /** From now on; a timer that has been started is moved. */
  start(milliseconds: number): void;
  stop(): void;
  /** Milliseconds until it runs; Infinity while it is stopped. */
  readonly left: number;
}

export interface PluginContext {
  readonly log: Log;
  /** The words after the plugin's name on its `plugin-load` line. */
  readonly args: readonly string[];
  readonly global: GlobalConfig;
  readonly proxies: readonly ProxyConfig[];
  readonly frontends: readonly Frontend[];
  readonly backends: readonly Backend[];
  /** Aborted when the generation is to be torn down. */
  readonly signal: AbortSignal;
  /** State carried from the generation this one replaces, e.g. a cache or a stick table. */
  keep<T extends object>(key: string, create: () => T): T;
  /** Says something about the configuration, as a warning, when it starts. */
  warn(message: string): void;
  /** Says something on stderr that an operator should see, at any time, in HAProxy's shape (`[ALERT]    (pid) : …`). */
  say(severity: Severity, text: string): void;
  /** A timer, stopped. What `run` throws is logged under the plugin's name. Stop those that are started in `stop`. */
  timer(run: () => void): Timer;
}

/** Identity: checks the literal against the interface and keeps its exact type. */
export function definePlugin<const P extends Plugin>(plugin: P): P {
  return plugin;
}
