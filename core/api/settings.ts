import type { Condition, Format } from './expression.ts';
import type { FilterLine } from './filters.ts';
import type { CheckFunction } from './health.ts';
import type { Action, BalanceFactory, Ruleset } from './keywords.ts';
import type { Backend, Extension, Frontend, LogLevel, Proxy, Reply, Server, Transaction } from './traffic.ts';
import type { SectionKind } from './words.ts';
import type { Eventually, Value } from './values.ts';
import type { Verdict } from './hooks.ts';

/** Milliseconds; 0 means none, undefined means never set. configuration.txt 4.2, `timeout …`. */
export type TimeoutName =
  | 'check'
  | 'client'
  | 'client-fin'
  | 'client-hs'
  | 'connect'
  | 'http-keep-alive'
  | 'http-request'
  | 'queue'
  | 'server'
  | 'server-fin'
  | 'tarpit'
  | 'tunnel';

export type HttpReuse = 'never' | 'safe' | 'aggressive' | 'always';

/** A client side or server side connection mode: what `option http-keep-alive|http-server-close|httpclose` chose. */
export type ConnectionMode = 'keep-alive' | 'server-close' | 'close';

/** One line of a rule set. */
export interface Rule {
  readonly action: Action;
  readonly condition: Condition | undefined;
  readonly file: string;
  readonly line: number;
  /** The line's own words, for `show` commands and logs. */
  readonly text: string;
  /** The plugin whose action it is; blamed for what it throws. */
  readonly plugin: string;
  /** No later rule of the set is evaluated when this one applied. */
  readonly final: boolean;
}

export interface UseBackendRule {
  readonly name: Format;
  readonly condition: Condition | undefined;
  readonly file: string;
  readonly line: number;
}

/**
 * What the kernel acts on in a proxy. A `defaults` section fills one, proxies start from a copy of it, directives change it.
 * Arrays and maps are copied on inheritance, their elements are shared.
 */
export interface ProxySettings {
  /** `spop`: a backend whose servers are agents of a SPOE; no traffic is sent there. */
  mode: 'http' | 'tcp' | 'spop';
  description: string | undefined;
  /** `disabled` proxies are parsed and checked, never run. */
  disabled: boolean;
  timeouts: Partial<Record<TimeoutName, number>>;
  /** Plain options (`option NAME`, `no option NAME`) by name, true or false; absent means the default. */
  options: Map<string, boolean>;
  /** 0: no limit of its own. */
  maxconn: number;
  fullconn: number;
  backlog: number;
  /** New sessions a second; 0: no limit. */
  rateLimitSessions: number;
  defaultBackend: string | undefined;
  useBackend: UseBackendRule[];
  retries: number;
  /** The events that are retried; `conn-failure` alone by default. */
  retryOn: Set<string>;
  /** undefined: off; n ≥ 1: every nth retry; negative: counted from the last (-1: the last only). */
  redispatch: number | undefined;
  connectionMode: ConnectionMode;
  reuse: HttpReuse;
  /** How server keep-alive announces itself to HTTP/1.0 style proxies, etc.: raw answers by status. */
  errorReplies: Map<number, ErrorReply>;
  /** In the order of their lines. */
  filters: FilterLine[];
  /** `filter-sequence`: the names of filters in another order, by direction; undefined leaves that of the lines. */
  filterSequence: { request: readonly string[] | undefined; response: readonly string[] | undefined };
  balance: BalanceFactory | undefined;
  /** The body of a POST, or as much of it as fits the buffer, is waited for before a server is chosen. */
  bufferPosts: boolean;
  /** How servers are checked; undefined: by connecting. */
  check: CheckFunction | undefined;
  /** Whose option that is (`redis-check`). */
  checkOption: string | undefined;
  /** `source` for outgoing connections. */
  source: SourceAddress | undefined;
  /** `unique-id-format` and `unique-id-header`. */
  uniqueIdFormat: Format | undefined;
  uniqueIdHeader: string | undefined;
  /** `option http-send-name-header`. */
  sendNameHeader: string | undefined;
  /** TCP keep-alive: count, idle and interval in seconds, on the client's and the server's side; undefined: off. */
  clientKeepAlive: KeepAlive | undefined;
  serverKeepAlive: KeepAlive | undefined;
  /** What `clitcpka-*` and `srvtcpka-*` said, whether or not keep-alive is on. Replaced as a whole, never changed. */
  keepAliveParameters: { readonly client: KeepAlive; readonly server: KeepAlive };
  /** Global `h1-case-adjust` applies: to the server (bogus-server) or to the client (bogus-client). */
  adjustCaseForClient: boolean;
  adjustCaseForServer: boolean;
  /** Seconds the `tcp-request inspect-delay` rules may wait for bytes, in milliseconds. */
  inspectDelay: number;
  responseInspectDelay: number;
  /** Applied per proxy after its `http-request` rules; `reject` answers 403. undefined: never set, as `preserve`. */
  headerNames: HeaderNamePolicy | undefined;
  /** Slots of a frontend's captures; not inherited. */
  requestCaptures: CaptureSlot[];
  responseCaptures: CaptureSlot[];
  /** `guid`; not inherited. */
  guid: string | undefined;
}

/** A header capture: `declare capture` and `capture request header` make slots in the order of their lines. */
export interface CaptureSlot {
  /** Lower case; undefined where only rules write to it. */
  readonly header: string | undefined;
  /** Bytes kept at the most. */
  readonly length: number;
}

/** What happens to header names with bytes outside `[A-Za-z0-9-]`: `option http-restrict-req-hdr-names`. */
export type HeaderNamePolicy = 'preserve' | 'delete' | 'reject';

export interface KeepAlive {
  readonly count: number | undefined;
  readonly idle: number | undefined;
  readonly interval: number | undefined;
}

export interface SourceAddress {
  readonly address: string;
  readonly family: 4 | 6;
  /** First and last local port; 0, 0 lets the system choose. */
  readonly ports: readonly [low: number, high: number];
  readonly interface: string | undefined;
}

/** What the proxy answers by itself for a status: raw bytes as a file holds them, a redirection, or a made reply. */
export type ErrorReply =
  | { readonly kind: 'raw'; readonly bytes: string }
  | { readonly kind: 'reply'; readonly make: (transaction: Transaction) => Reply }
  /** Closes without a word (`errorfile 400 /dev/null`). */
  | { readonly kind: 'silent' };

/** A function of one proxy's traffic, `proxy` being that proxy. */
export type ProxyHook<T> = (transaction: Transaction, proxy: Proxy) => T;

/**
 * Where a transaction can be logged before it is over; configuration.txt 4.2, `log-steps`. `accept`: the client's connection came in
 * (the transaction knows nothing else); `request`: the request was read, in TCP mode: the rules have passed; `connect`: the
 * connection to the server stands; `response`: the response is about to be passed on.
 */
export type LogStep = 'accept' | 'request' | 'connect' | 'response';

/** Told of an event of one proxy, as {@link Proxy.log} says. */
export type EventHook = (level: LogLevel, text: string, proxy: Proxy) => void;

/** Where in the choice of a server a function stands, see {@link ProxyConfig.chooseServer}. */
export type ChoicePlace = 'rule' | 'cookie' | 'table';

/** A proxy while its section is read. */
export interface ProxyConfig {
  readonly name: string;
  readonly kind: 'defaults' | 'frontend' | 'backend' | 'listen';
  /** Has a frontend side, a backend side. `defaults` has both. */
  readonly isFrontend: boolean;
  readonly isBackend: boolean;
  id: number;
  /** `id` comes from the configuration. */
  forcedId: boolean;
  /** The `defaults` section it started from. */
  readonly defaults: ProxyConfig | undefined;
  readonly file: string;
  readonly line: number;
  readonly settings: ProxySettings;
  readonly binds: BindConfig[];
  readonly servers: ServerConfig[];
  /** What `default-server` said so far; new servers start from a copy. */
  readonly defaultServer: ServerConfig;
  readonly rules: ReadonlyMap<Ruleset, readonly Rule[]>;
  /** What was made of it to run: one half, both of a `listen`, or none of what is `disabled` or not built yet. */
  readonly running: { readonly frontend: Frontend | undefined; readonly backend: Backend | undefined };
  /** Adds a rule at the end of a set. */
  addRule(set: Ruleset, rule: Rule): void;
  /**
   * Runs when all rules have passed and the request is about to leave for the server, in the order added: the place of
   * `option forwardfor` and its like. The frontend's run first, then the backend's (once in a `listen`). All of these
   * hooks are told in which proxy's name they run, pass on from a `defaults` section, and are added once: the same
   * function a second time changes nothing.
   */
  beforeForward(run: ProxyHook<void>): void;
  /** The same for a response on its way to the client. */
  beforeRespond(run: ProxyHook<void>): void;
  /** Runs when the request's head has been parsed, before any rule: captures, monitors. */
  onRequest(run: ProxyHook<Eventually<Verdict>>): void;
  /** Runs when the `http-request` rules of its proxy have passed: `redirect` lines. */
  afterRequestRules(run: ProxyHook<Eventually<Verdict>>): void;
  /** Runs when this proxy has been chosen as the backend, before its own rules: `force-persist`. In TCP mode, too. */
  onBackend(run: ProxyHook<void>): void;
  /**
   * Names the server for a transaction before the balance algorithm is asked. Rules (`use-server`) come first, and the first answer counts; then all of `cookie` (persistence in the request: they run though a rule has named a server, and do not count then); `table`
   * only if nobody has named one. Not asked again when a retry goes to another server. In TCP mode, too.
   */
  chooseServer(place: ChoicePlace, run: ProxyHook<Server | undefined>): void;
  /** Runs when the server's response head has been parsed, before any rule. */
  onResponse(run: ProxyHook<Eventually<Verdict>>): void;
  /** Runs when the `http-response` rules have passed, for the server's response only. */
  afterResponseRules(run: ProxyHook<Eventually<Verdict>>): void;
  /**
   * Runs in the place of the kernel's error page when no server could be reached, or none answered (502, 503, 504): whoever has a
   * stand-in answers. Not for what rules decide.
   */
  onFailure(run: ProxyHook<Verdict>): void;
  /** Runs when the transaction is over. */
  onLog(run: ProxyHook<void>): void;
  /** Runs at a step of a transaction. It is for watching: rules and hooks come before or after it. */
  onStep(step: LogStep, run: ProxyHook<void>): void;
  /** Runs when a client's connection failed before it could be used: {@link Connection.error} says why. */
  onConnectionError(run: ProxyHook<void>): void;
  /** Runs for what {@link Proxy.log} is told; may be added until plugins have been set up. Not passed on from `defaults`. */
  onEvent(run: EventHook): void;
  extension<T extends object>(key: Extension<T>): T;
  /** As {@link extension}, but does not create it. */
  findExtension<T extends object>(key: Extension<T>): T | undefined;
}

/** One `bind` line; a port range or a list of addresses makes several listeners of it. */
export interface BindConfig {
  readonly addresses: string[];
  readonly file: string;
  readonly line: number;
  name: string | undefined;
  id: number | undefined;
  backlog: number | undefined;
  maxconn: number;
  acceptProxy: boolean;
  acceptNetscalerCip: number | undefined;
  /** IPv6 only, or both families; undefined leaves it to the system. */
  v6only: boolean | undefined;
  mode: number | undefined;
  uid: number | undefined;
  gid: number | undefined;
  interface: string | undefined;
  transparent: boolean;
  deferAccept: boolean;
  tcpUserTimeout: number | undefined;
  maxSegment: number | undefined;
  fastOpen: boolean;
  /** Further words of plugins. */
  extension<T extends object>(key: Extension<T>): T;
}

/** One `server` line, or the `default-server` that others start from. */
export interface ServerConfig {
  name: string;
  /** As written; parsed by the kernel. */
  address: string;
  id: number | undefined;
  readonly file: string;
  readonly line: number;
  weight: number;
  maxconn: number;
  minconn: number;
  maxqueue: number;
  backup: boolean;
  disabled: boolean;
  /** Milliseconds; 0: none. */
  slowstart: number;
  /** `on-marked-down shutdown-sessions`, `on-marked-up shutdown-backup-sessions`. */
  shutdownWhenDown: boolean;
  shutdownBackupsWhenUp: boolean;
  /** 1, 2, or undefined for none. */
  sendProxy: 1 | 2 | undefined;
  proxyV2Options: Set<string>;
  proxyV2Tlvs: { readonly id: number; readonly format: Format }[];
  /** Idle connections kept; -1: no limit. */
  poolMaxConn: number;
  poolLowConn: number;
  /** Milliseconds after which half of the unused idle connections are closed. */
  poolPurgeDelay: number;
  /** Requests per connection; -1: no limit. */
  maxReuse: number;
  source: SourceAddress | undefined;
  tcpUserTimeout: number | undefined;
  fastOpen: boolean;
  /** `redir <prefix>`: GET and HEAD are answered 302 to it. */
  redirectPrefix: string | undefined;
  /** It was added at run time: no line of the configuration has it. */
  dynamic: boolean;
  /** Another line names it, so it cannot be removed at run time. Set in {@link Scope.later} by who resolves such a name. */
  referenced: boolean;
  extension<T extends object>(key: Extension<T>): T;
}

/** The `global` section; repeated sections add to it. */
export interface GlobalConfig {
  readonly settings: GlobalSettings;
  extension<T extends object>(key: Extension<T>): T;
  findExtension<T extends object>(key: Extension<T>): T | undefined;
}

export interface GlobalSettings {
  daemon: boolean;
  /** `set-var` lines: what variables of the process begin with, without `proc.`. */
  variables: [name: string, value: Value][];
  masterWorker: boolean;
  maxconn: number;
  /** Threads asked for; one is used. */
  threads: number;
  pidfile: string | undefined;
  user: string | undefined;
  group: string | undefined;
  uid: number | undefined;
  gid: number | undefined;
  ulimitN: number | undefined;
  /** Milliseconds. */
  hardStopAfter: number | undefined;
  grace: number | undefined;
  /** Milliseconds; Infinity: client connections are not closed for a stop. */
  closeSpreadTime: number | undefined;
  node: string | undefined;
  description: string | undefined;
  zeroWarning: boolean;
  quiet: boolean;
  bufsize: number;
  /** The bytes that variables may take; 0: no limit. A scope's bytes are its own and those of the scopes within it. */
  variableLimits: Record<'global' | 'proc' | 'sess' | 'txn' | 'reqres', number>;
  maxrewrite: number;
  /** `txn.name` of every variable that the configuration names: strangers are let to set no others. */
  readonly variableNames: Set<string>;
  /** Header fields in a message at the most. */
  maxHeaders: number;
  maxAccept: number;
  /** `strict-limits`: a limit of the system that cannot be raised ends the start. */
  strictLimits: boolean;
  /** `localpeer`. */
  localPeer: string | undefined;
  /** Lower-case name to the spelling that `h1-case-adjust` wants. */
  caseAdjust: Map<string, string>;
  /** Percent by which the times of health checks vary. */
  spreadChecks: number;
  /** Milliseconds over which the first checks are spread at the most; undefined: as many as the intervals have. */
  maxSpreadChecks: number | undefined;
  /** What a plugin's throw does: by plugin name. */
  pluginErrors: Map<string, PluginErrorPolicy>;
  /** Prefix for unix sockets in `bind` lines, with their mode and owner (`unix-bind`). */
  unixBind: { prefix: string; mode: number | undefined; uid: number | undefined; gid: number | undefined };
  /** Socket buffers in bytes; 0 leaves them to the system. */
  socketBuffers: { clientReceive: number; clientSend: number; serverReceive: number; serverSend: number };
}

/** `plugin-errors <name> deny|ignore|disable-after <n>`. */
export type PluginErrorPolicy =
  | { readonly kind: 'deny' }
  | { readonly kind: 'ignore' }
  | { readonly kind: 'disable'; readonly after: number };

export type { SectionKind };
