import type { Socket } from 'node:net';
import type { CommandKeyword, CommandTable } from './commands.ts';
import type { FilterKeyword } from './filters.ts';
import type { Hooks } from './hooks.ts';
import type {
  ActionKeyword,
  BalanceKeyword,
  BindKeyword,
  CheckKeyword,
  ConverterKeyword,
  DirectiveKeyword,
  FetchKeyword,
  MatchKeyword,
  SectionKeyword,
  ServerKeyword,
  ServiceKeyword,
} from './keywords.ts';
import type { OptionValues, PluginOptions } from './plugin-options.ts';
import type { BindConfig, GlobalConfig, ProxyConfig } from './settings.ts';
import type { Backend, Frontend, LogLevel, Severity } from './traffic.ts';
import type { Names } from './words.ts';

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

export interface Plugin<Options extends PluginOptions = PluginOptions> extends Contributions {
  /** Unique; also the prefix of its log lines and of its statistics. */
  readonly name: string;
  readonly api: ApiVersion;
  /** Names of plugins whose words this one relies on. */
  readonly requires?: readonly string[];
  /** What may stand behind its name on its `plugin-load` line. Without it any words may, and are found in {@link PluginContext.args}. */
  readonly options?: Options;
  /** Called once per configuration, after every section has been read. What it throws refuses the configuration. */
  setup?(context: PluginContext<Options>): PluginInstance | void | Promise<PluginInstance | void>;
}

/** The living half of a plugin: what it does at run time in one configuration generation. */
export interface PluginInstance {
  readonly hooks?: Hooks;
  /** Commands that are known only now, beside those of {@link Contributions.commands}. */
  readonly commands?: Table<CommandKeyword>;
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

/** The time of a proxy. Tests move it; who asks the machine instead lives in another time than the proxy. */
export interface Clock {
  /** Monotonic milliseconds. Their zero is that of `performance.now()`, as long as nobody has moved the clock. */
  now(): number;
  /** Milliseconds since 1970, of a monotonic time, or now. */
  wall(at?: number): number;
  /** A timer, stopped. What `run` throws goes to `failed`; without that it is uncaught. */
  timer(run: () => void, failed?: (error: unknown) => void): Timer;
}

/** A line of traffic or of an event, for the targets of `log` lines. */
export interface LoggedLine {
  /** The frontend or backend that logs. */
  readonly proxy: string;
  readonly level: LogLevel;
  /** The message alone: without the header of syslog, not cut to the length of a target. A byte string. */
  readonly message: string;
  /** The address of the target as the configuration writes it. */
  readonly target: string;
  /** The id of the transaction it is about; undefined for an event, such as a server that went down. */
  readonly transaction: number | undefined;
}

/** Whoever runs the proxy, as far as it wants to hear of lines for `log` targets. */
export interface LogTap {
  /** False: the lines are for {@link tell} alone, and nothing goes to the targets. */
  readonly send: boolean;
  /** Somebody listens now; without it nothing need be told. */
  readonly wanted: boolean;
  tell(line: LoggedLine): void;
}

/** Runs once after a while of the proxy's clock, among all of its deadlines: thousands of them cost little. */
export interface Timer {
  /** From now on; a timer that has been started is moved. */
  start(milliseconds: number): void;
  stop(): void;
  /** Milliseconds until it runs; Infinity while it is stopped. */
  readonly left: number;
}

export interface PluginContext<Options extends PluginOptions = PluginOptions> {
  readonly log: Log;
  /** The words after the plugin's name on its `plugin-load` line. */
  readonly args: readonly string[];
  /** The same read as {@link Plugin.options} says. */
  readonly options: OptionValues<Options>;
  readonly global: GlobalConfig;
  readonly proxies: readonly ProxyConfig[];
  readonly frontends: readonly Frontend[];
  readonly backends: readonly Backend[];
  /** The version of HAProxy whose behaviour this program follows. */
  readonly version: string;
  /** What the configuration declared. */
  readonly names: Names;
  /** The commands of all plugins; complete once every plugin has been set up. */
  readonly commands: CommandTable;
  readonly clock: Clock;
  /** Aborted when the generation is to be torn down. */
  readonly signal: AbortSignal;
  /** State carried from the generation this one replaces, e.g. a cache or a stick table. */
  keep<T extends object>(key: string, create: () => T): T;
  /** Says something about the configuration, as a warning, when it starts. */
  warn(message: string): void;
  /**
   * Listens on what a line of the plugin's own says ({@link Scope.newBind}), from `start` to the end of the generation. The next one's
   * line with the same address takes the socket over. Connections are not read until they are resumed, and are the plugin's.
   */
  listen(bind: BindConfig, accept: (socket: Socket) => void): void;
  /** To be told of each line for `log` targets, by who makes them. */
  readonly logTap: LogTap;
  /** Says something on stderr that an operator should see, at any time, in HAProxy's shape (`[ALERT]    (pid) : …`). */
  say(severity: Severity, text: string): void;
  /** A timer, stopped. What `run` throws is logged under the plugin's name. Stop those that are started in `stop`. */
  timer(run: () => void): Timer;
}

/** Identity: checks the literal against the interface, and gives `setup` the types of the plugin's options. */
export function definePlugin<const Options extends PluginOptions>(plugin: Plugin<Options>): Plugin<Options> {
  return plugin;
}
