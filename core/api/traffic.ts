import type { StoredResponse } from '../http/stored-response.ts';
import type { FilterFactory } from './filters.ts';
import type { Verdict } from './hooks.ts';
import type { Action } from './keywords.ts';
import type { Clock } from './plugin.ts';
import type { ProxySettings, Rule, ServerConfig } from './settings.ts';
import type { OutgoingOptions, OutgoingReader, OutgoingSocket, ServerState } from './health.ts';
import type { Endpoint, Value } from './values.ts';

/** A client's connection. */
export interface Connection {
  /** Counts up from 1 in this process. */
  readonly id: number;
  /** Who speaks, as far as the proxy knows: the socket's peer, or what the PROXY protocol or `set-src` said. */
  source: Endpoint;
  /** What was addressed: the socket's own end, or what the PROXY protocol or `set-dst` said. */
  destination: Endpoint;
  /** The socket's own two ends, whatever was said about them. */
  readonly socketSource: Endpoint;
  readonly socketDestination: Endpoint;
  readonly listener: Listener;
  readonly frontend: Frontend;
  /** Milliseconds since 1970 when it was accepted. */
  readonly acceptedAt: number;
  /** A PROXY protocol header came first. */
  readonly receivedProxyHeader: boolean;
  /** Why it ended before it could be used; undefined while all is well. */
  readonly error: ConnectionError | undefined;
  /** What it said beside the addresses: the values of its TLVs in order, those inside an SSL one, too. */
  readonly proxyHeaderValues: readonly ProxyHeaderValue[];
  /** Requests that have come, the one under way among them; 0 in TCP mode. */
  readonly requests: number;
  /** Asks the system for what it measured; undefined where it cannot say. */
  tcpInfo(): TcpInfo | undefined;
  /** Marks what is sent to the client from here on; where the system does not let us, it is told once in the process's log. */
  setPacketMarks(marks: PacketMarks): void;
  /** Time to live of the reset by which `drop` ends the connection; without it, no reset is sent if that can be helped. */
  resetTtl: number | undefined;
}

/** What became of a connection's handshakes (PROXY protocol, NetScaler's header); configuration.txt 7.3.3, `fc_err`. */
export interface ConnectionError {
  readonly code: number;
  /** As `fc_err_name` has it. */
  readonly name: string;
  /** As `fc_err_str` and the log have it. */
  readonly text: string;
}

/** Marks on packets; configuration.txt 4.4, `set-fc-mark` and `set-fc-tos`. */
export interface PacketMarks {
  /** For netfilter and routing, 32 bits. */
  readonly mark?: number | undefined;
  /** The byte of IPv4's type of service, of IPv6's traffic class. */
  readonly typeOfService?: number | undefined;
}

/** A TLV of a PROXY protocol header, version 2; proxy-protocol.txt 2.2. */
export interface ProxyHeaderValue {
  readonly type: number;
  readonly value: Uint8Array;
}

/** Measures of TCP on a connection: Linux's TCP_INFO. Times are microseconds, the rest segments. */
export interface TcpInfo {
  readonly roundTrip: number;
  readonly roundTripVariance: number;
  readonly unacknowledged: number;
  readonly sacked: number;
  readonly lost: number;
  readonly retransmitted: number;
  readonly fackets: number;
  readonly reordering: number;
}

/** A connection to a server. */
export interface ServerLink {
  /** This side's end; undefined where the system does not say. Once asked for, it is remembered. */
  readonly source: Endpoint | undefined;
  tcpInfo(): TcpInfo | undefined;
}

export interface Listener {
  /** From `bind … name`, else undefined. */
  readonly name: string | undefined;
  readonly id: number;
  /** The address as HAProxy prints it, e.g. `127.0.0.1:8080`. */
  readonly address: string;
  /** Connections that came in here and are still there. */
  readonly connections: number;
}

/** What a transaction can see of the process as a whole. */
export interface Process {
  /** The time that everything of this proxy goes by. */
  readonly clock: Clock;
  /** Clients' connections, to any frontend. */
  readonly connections: number;
  /** It takes no new connections, and ends with the last of those there are. */
  readonly stopping: boolean;
}

/**
 * The fields of a message's head. Names are lower case. Values are byte strings without the white space around them.
 * Two stores stand behind it: byte ranges over an HTTP/1 head as it arrived, and decoded fields for later versions.
 */
export interface HeaderList {
  /** The number of fields. */
  readonly size: number;
  has(name: string): boolean;
  /** The value of the last field of that name. */
  get(name: string): string | undefined;
  /** Every value of that name in order; an empty array when there is none. */
  all(name: string): string[];
  /** Calls `visit` with each value of that name in order until it answers true; says whether it did. */
  some(name: string, visit: (value: string) => boolean): boolean;
  add(name: string, value: string): void;
  /** Removes all fields of that name, then adds one at the end. */
  set(name: string, value: string): void;
  /** Removes all fields of that name; says whether there were any. */
  delete(name: string): boolean;
  /** The name of field `index`, 0 ≤ index < size. */
  nameAt(index: number): string;
  valueAt(index: number): string;
  /** Changes a field where it stands. */
  setAt(index: number, value: string): void;
  deleteAt(index: number): void;
}

/** The body bytes that are in memory, and whether they are all of it. */
export interface Body {
  /** The payload (chunk framing taken off) that has been received so far, limited by the buffer size. */
  available(): Buffer;
  /** True once the whole body has been received. */
  readonly complete: boolean;
  /** The size from Content-Length; undefined when unknown (chunked, until close). */
  readonly length: number | undefined;
}

export interface Request {
  method: string;
  /** The request target as it stands on the request line. */
  uri: string;
  /** Both as they came, whatever rules have made of them since: what logs and captures show. */
  readonly receivedMethod: string;
  readonly receivedUri: string;
  /** `1.0` or `1.1`, as received. */
  readonly version: string;
  readonly headers: HeaderList;
  readonly body: Body;
}

export interface Response {
  status: number;
  /** As the server sent it, whatever rules have made of it since; undefined in an answer that no server gave. */
  readonly receivedStatus: number | undefined;
  reason: string;
  readonly version: string;
  readonly headers: HeaderList;
  readonly body: Body;
}

/** What {@link Transaction.reply} sends. Content-Length is added. */
export interface Reply {
  readonly status: number;
  /** HAProxy's for that status if left out. */
  readonly reason?: string;
  /** Sent in this order, names in lower case. A `content-length` among them keeps its place; its value is the body's. */
  readonly headers?: readonly (readonly [name: string, value: string])[];
  /** A string is a byte string. */
  readonly body?: string | Uint8Array;
  /**
   * Why: `local` (the default) is an answer like any other (`L` in the termination state), `denied` counts as a denied
   * request or response (`P`), `tarpit` too (`PT`), `internal` is an error of our own (`I`).
   */
  readonly cause?: ReplyCause;
  /** Close the client's connection afterwards. */
  readonly close?: boolean;
  /** It passes the filters of responses, as if a server had sent it. What services answer does so anyway. */
  readonly filtered?: boolean;
}

/** The head of an answer that is given bit by bit. */
export interface ReplyHead {
  readonly status: number;
  readonly reason?: string;
  /** Names in lower case; framing (Content-Length, Transfer-Encoding, Connection) is added. */
  readonly headers?: readonly (readonly [name: string, value: string])[];
  /** Bytes of the body; undefined: not known. Then it is chunked, or ends with the connection (HTTP/1.0). */
  readonly length?: number;
}

/**
 * A service that reads what the client sends and answers as it goes, instead of in one {@link Reply}: {@link Transaction.converse}. Its
 * verdict is to be returned from the service at once, or when it pleases.
 */
export interface Conversation {
  /** What the service returns: it is settled when the answer begins, in TCP mode when it ends. */
  readonly verdict: Promise<Verdict>;
  /** HTTP: the answer's head. What is written before waits for it. */
  begin(reply: ReplyHead): void;
  /** Sends bytes (a string is a byte string). False when the client has to catch up first. A body longer than its `length` is cut. */
  write(bytes: string | Uint8Array): boolean;
  readonly writable: boolean;
  /** Nothing more is written. In TCP mode the connection closes. A body shorter than its `length` cuts the connection. */
  end(): void;
  /** Cuts the connection, so that the client does not take what it got for all. */
  abort(): void;
  /** Takes what has come of the request's body (of the connection, in TCP mode), without framing; nothing when there is none yet. */
  read(most: number): Buffer;
  /** Bytes that could be read now. */
  readonly readable: number;
  /** No more will come, and all has been read. */
  readonly readEnded: boolean;
  /** Called when there may be more to read, when more may be written, and when it is over. */
  onChange: (() => void) | undefined;
  /** The transaction is over: reading gives nothing, and what is written goes nowhere. */
  readonly over: boolean;
}

export type ReplyCause = 'local' | 'denied' | 'tarpit' | 'internal';
export type TimeoutChoice = 'client' | 'server' | 'tunnel' | 'queue' | 'connect' | 'tarpit';

/**
 * When things happened, in milliseconds of a monotonic clock; -1 until it happened. configuration.txt 8.4 (timing events).
 * All are of {@link Process.clock}.
 */
export interface Timing {
  /** Connection accepted (first transaction) or previous transaction ended. */
  start: number;
  /** Handshakes (PROXY protocol, TLS) ended. */
  handshake: number;
  /** First byte of the request. */
  firstByte: number;
  /** Head of the request complete. */
  request: number;
  /** Left the queue, or was never in it. */
  queue: number;
  /** Connection to the server established. */
  connect: number;
  /** Head of the response complete. */
  response: number;
  /** All over. */
  end: number;
}

/** The bytes of a connection in TCP mode that have come and have not been passed on. */
export interface Received {
  /** From the client. A new Buffer whenever there are more. */
  readonly request: Buffer;
  /** From the server. */
  readonly response: Buffer;
  /** No more are waited for: rules have to do with these. False while `tcp-request inspect-delay` lets them wait. */
  readonly final: boolean;
  /** To be set by a fetch whose answer more bytes could change. */
  mayChange: boolean;
  /** For actions that change what passes; undefined where nothing can be changed. */
  readonly editor?: ReceivedEditor | undefined;
}

/** What an action in TCP mode may do to the bytes that rules look at: the client's, or in rules of the response the server's. */
export interface ReceivedEditor {
  /** More may still come from that side. */
  readonly open: boolean;
  /** Puts these bytes in the place of those that have come. */
  replace(bytes: Buffer): void;
  /** Sends bytes ahead of all that has come, at once or as soon as there is a connection. */
  send(to: 'client' | 'server', bytes: Buffer): void;
  /** Calls `run` once, when more has come or nothing will come. */
  onMore(run: () => void): void;
}

/** One request and its response; in TCP mode, one connection. The object is reused: keep nothing of it past `log`. */
export interface Transaction {
  /** Counts up from 1 in this process. */
  readonly id: number;
  readonly connection: Connection;
  readonly process: Process;
  readonly frontend: Frontend;
  /** The frontend itself (in a `listen` section) or undefined until a backend was chosen. */
  readonly backend: Backend | undefined;
  readonly server: Server | undefined;
  /** The connection to the server the transaction has, or had until its end; undefined before. */
  readonly serverLink: ServerLink | undefined;
  /** That connection had served others before. */
  readonly reused: boolean;
  /** Undefined in TCP mode, and until a request has been parsed. */
  readonly request: Request | undefined;
  /** Undefined until a response head has been parsed or made. */
  readonly response: Response | undefined;
  /** In TCP mode until the connection to a server is there; undefined in HTTP mode. */
  readonly received: Received | undefined;
  /** The status to log: the response's, or the one for which an error page of another status was sent; -1 without an answer. */
  readonly loggedStatus: number;
  /** Milliseconds since 1970 when the transaction began. */
  readonly startedAt: number;
  readonly timing: Timing;
  /** The four characters of configuration.txt 8.5. */
  readonly termination: string;
  /** Bytes written to the client so far. */
  readonly bytesToClient: number;
  /** Bytes read from the client so far. */
  readonly bytesFromClient: number;
  /** The same of the server's side: bytes written to it and read from it so far. */
  readonly bytesToServer: number;
  readonly bytesFromServer: number;
  /** How often a connection may be tried again: `retries`, or what `set-retries` said. */
  readonly maxRetries: number;
  /**
   * Both as `%B` and `%U` have them. HAProxy counts a message before rules change it, and not as it is written: without separators,
   * chunk framing and `Connection`. Where the frontend does not log it is not measured, and these are the bytes themselves.
   */
  readonly loggedToClient: number;
  readonly loggedFromClient: number;
  readonly retries: number;
  /** The first of its connection. */
  readonly isFirst: boolean;
  /** The last rule that ended its rule set (`tcp-request content`, `http-request` and on). */
  lastRule: Rule | undefined;
  /** True when a retry went to another server (the `+` of `%rc`). */
  readonly redispatched: boolean;
  /** The server that just failed it: a redispatch goes elsewhere if it can. An algorithm should not give it again. */
  readonly avoid: Server | undefined;
  /** A rule or persistence named the server, and no retry has gone elsewhere since. */
  readonly assigned: boolean;
  /** What `force-persist` and `ignore-persist` said: whether a server named by persistence is taken though it is down, or not at all. */
  persistence: 'normal' | 'forced' | 'ignored';
  /** The third and fourth character of the termination state: what became of the persistence cookie. configuration.txt 8.5. */
  requestCookie: string;
  responseCookie: string;
  /** Positions in the server's and the backend's queue when it entered them, as `%sq` and `%bq` print. */
  readonly serverQueue: number;
  readonly backendQueue: number;
  /** Of those who wait for a server the smallest class is first, then who came first, at a date that many milliseconds later. */
  priorityClass: number;
  priorityOffset: number;
  /** Variables; configuration.txt 2.8. `name` is without the scope. */
  getVariable(scope: VariableScope, name: string): Value | undefined;
  /** The names and values of a scope. */
  variables(scope: VariableScope): Iterable<readonly [name: string, value: Value]>;
  /** `undefined` unsets it. What exceeds `tune.vars.*` is not kept. */
  setVariable(scope: VariableScope, name: string, value: Value | undefined): void;
  /** Header captures declared by the frontend, by slot; `undefined` where nothing was captured. */
  readonly requestCaptures: (string | undefined)[];
  readonly responseCaptures: (string | undefined)[];
  /** Per-transaction state of a plugin, gone when the transaction ends. */
  data<T extends object>(key: symbol, create: () => T): T;
  /** The same, but it is not made: undefined where nobody has. */
  peek<T extends object>(key: symbol): T | undefined;
  /** What `http-request set-log-level` chose: a syslog level, `silent`, or undefined. */
  logLevel: string | undefined;
  /** Where the log line being made comes from, as `%OG` has it; set by who makes it. configuration.txt 8.2.6. */
  logOrigin: string;
  /** Milliseconds; changed by `set-timeout`. 0 means none. */
  setTimeout(which: TimeoutChoice, milliseconds: number): void;
  /** What counts now: {@link setTimeout}'s, else the proxy's, 0 if none. */
  getTimeout(which: TimeoutChoice): number;
  /** `set-retries`: overrides the backend's `retries` for this transaction. */
  setRetries(count: number): void;
  /** `set-bc-mark`, `set-bc-tos`: the marks of the connection to the server that will carry this. */
  serverMarks: PacketMarks | undefined;
  /** `disable-l7-retry`: only connection failures are retried from here on. */
  disableRetry(): void;
  /**
   * `strict-mode`: whether a rewrite that does not fit (a header beyond the buffer's reserve) ends in an error or is left
   * out. True when a rule set begins.
   */
  strictRewriting: boolean;
  /**
   * Whether `growth` more bytes fit in the head of the request or of the response, as HAProxy reckons: a field costs 8 bytes
   * besides its name and value, and head and what is held of the body have to fit in a buffer (tune.bufsize).
   */
  rewriteFits(response: boolean, growth: number): boolean;
  /** The id made of the frontend's `unique-id-format` when first asked for; undefined without one. */
  readonly uniqueId: string | undefined;
  /** Answers the client in the server's place. To be returned from a handler, as its verdict. */
  reply(reply: Reply): 'done';
  /**
   * Answers with a response that was kept, as it stands. It passes the `http-response` rules and the hooks of responses as a
   * server's would; `agent` is what logs show for the server's name. To be returned as a verdict, also in the place of a
   * server's response.
   */
  serve(stored: StoredResponse, agent: string): 'done';
  /**
   * Attaches the filter of a `late` line of its frontend or backend, at the place of that line, until the response's head has
   * been shown to filters. Nothing happens where neither has the line.
   */
  attachFilter(factory: FilterFactory): void;
  /**
   * Goes on with a copy of this request, behind the rule whose action this is, as if it had no client: further rules, backend, server,
   * and the answer's rules and filters; then the answer is thrown away. `prepare` gets the copy before that. False for a
   * request that has a body.
   */
  inBackground(action: Action, prepare: (copy: Transaction) => void): boolean;
  /** What {@link serve} was given; null when a server answers. */
  readonly stored: StoredResponse | null;
  /** Runs once when the transaction is over, however it ended and whether or not it is logged. */
  onEnd(run: () => void): void;
  /** Who answered in the server's place, as {@link serve} was told. */
  readonly agent: string | undefined;
  /** For services: a way to read the request as it comes, and to answer bit by bit. Once in a transaction. */
  converse(): Conversation;
  /** Answers with the proxy's error page for that status (errorfile, http-error, built-in). */
  error(status: number, cause?: ReplyCause): 'done';
  /** The same, with one header field put in the place of all of its name (`www-authenticate`). */
  challenge(status: 401 | 407, name: string, value: string): 'done';
  /** Answers with an errorfile's bytes (status line, head and body), as {@link error} would if the proxy had that file. */
  replyRaw(bytes: string, cause?: ReplyCause): 'done';
  /** Sends a 103 (Early Hints) with one field, at once. */
  earlyHint(name: string, value: string): void;
  /** In `tcp-response content`: closes the server's connection as if the server had done so. */
  closeServerConnection(): void;
  /** In `tcp-request connection`: a header of that protocol has to come before anything else is read. */
  expectHeader(protocol: 'proxy' | 'netscaler-cip'): void;
  /** Waits; false as soon as the client is gone, whose line says so: `CT` out of a tarpit. */
  sleep(milliseconds: number, tarpit?: 'tarpit'): Promise<boolean>;
  /**
   * Waits until the body of the message now under way is complete, has `atLeast` bytes (0: no such limit) or fills the
   * buffer: `ready`. `timeout` after that many milliseconds, `closed` when the sender is gone.
   */
  waitForBody(atLeast: number, milliseconds: number): Promise<'ready' | 'timeout' | 'closed'>;
}

/**
 * Where a variable lives: the process, the client's connection, the transaction, its request or its response part; `check` is one
 * run of a health check, and empty elsewhere.
 */
export type VariableScope = 'proc' | 'sess' | 'txn' | 'req' | 'res' | 'check' | ParentScope;
/**
 * The scopes of the transaction for whose sake another one is done: an event of a SPOE has one. They can be read only, and are empty
 * where there is no parent. `preq` is as long as the parent processes its request, `pres` when it processes its response.
 */
export type ParentScope = 'psess' | 'ptxn' | 'preq' | 'pres';

/** A transaction that no client has: samples of health checks are evaluated with it. It has variables of `proc`, `sess` and `check`. */
export interface DetachedTransaction extends Transaction {
  /** What fetches of a response are to read. */
  received: Received | undefined;
  response: Response | undefined;
}

/** Events a second. */
export interface Rate {
  /** The most in one second so far. */
  readonly highest: number;
  /** Counts one; `at` is in milliseconds of {@link Process.clock}. */
  add(at: number): void;
  /** In the second up to `at`. */
  perSecond(at: number): number;
}

/** Counters as the statistics name them. Plain numbers: each thread counts for itself. */
export interface Counters {
  /** Current, highest, and total sessions. */
  current: number;
  highest: number;
  total: number;
  bytesIn: number;
  bytesOut: number;
  deniedRequests: number;
  deniedResponses: number;
  requestErrors: number;
  connectionErrors: number;
  responseErrors: number;
  retries: number;
  redispatches: number;
  requests: number;
  /** Indexed by status class 1 to 5; 0 counts the rest. */
  readonly responses: number[];
  /** Sessions of a frontend are connections, those of backends and servers transactions. */
  readonly sessionRate: Rate;
  /** HTTP requests of a frontend. */
  readonly requestRate: Rate;
  internalErrors: number;
  cliAborts: number;
  srvAborts: number;
  /** Requests for which a cache was asked, and those it answered. */
  cacheLookups: number;
  cacheHits: number;
  /** Requests for which a cache knew early hints to send. */
  cacheHintHits: number;
  /** Bytes given to compression, what became of them, and what passed by because of `maxcomprate` and its like. */
  compressedIn: number;
  compressedOut: number;
  compressionBypassed: number;
  compressedResponses: number;
}

/** What frontends and backends share. */
export interface Proxy {
  readonly name: string;
  readonly id: number;
  readonly settings: ProxySettings;
  readonly counters: Counters;
  readonly clock: Clock;
  /** The per-proxy state of a plugin, as its directives left it. */
  extension<T extends object>(key: Extension<T>): T | undefined;
  /**
   * Tells the proxy's loggers of an event: a server that is down, a check that failed. With `print` it is also said on stderr, as
   * HAProxy says what an operator should see (`[WARNING]  (pid) : …`).
   */
  log(level: LogLevel, text: string, print?: Severity): void;
}

/** The levels of syslog, RFC 5424 6.2.1, by HAProxy's names. */
export type LogLevel = 'emerg' | 'alert' | 'crit' | 'err' | 'warning' | 'notice' | 'info' | 'debug';
/** How a message on stderr is labelled. */
export type Severity = 'alert' | 'warning' | 'notice';

export interface Frontend extends Proxy {
  readonly listeners: readonly Listener[];
  /** Whether its addresses are listened on; see {@link pause} and {@link stop}. */
  readonly admission: 'open' | 'paused' | 'stopped';
  /** `disable frontend`: lets go of its addresses until {@link resume}; connections that are there stay. False: it was not open. */
  pause(): boolean;
  /** `enable frontend`. An address that cannot be had again is told, and the frontend stays paused. False: it was not paused. */
  resume(): boolean;
  /** `shutdown frontend`: lets go of its addresses for good. False: it was stopped already. */
  stop(): boolean;
  /** Lines of traffic written so far, whatever became of them: `%lc`. Counted by who writes them. */
  logLines: number;
}

export interface Backend extends Proxy {
  /** Its id was given by the configuration. */
  readonly forcedId: boolean;
  readonly servers: readonly Server[];
  /** Transactions waiting for any server. */
  readonly queued: number;
  /** Servers that may be given traffic. */
  readonly usable: number;
  /** The sum of the usable servers' effective weights. */
  readonly totalWeight: number;
  /** How many of its servers, and of its backup servers, could be given traffic; backups count though they are not needed. */
  readonly activeServers: number;
  readonly backupServers: number;
  /** How often it ran out of servers, for how many milliseconds in all, and when that changed last (of {@link Process.clock}). */
  readonly timesDown: number;
  readonly downtime: number;
  readonly changedAt: number;
  /**
   * Adds a server while there is traffic, as `add server` of the Runtime API does (management.txt 9.3): `words` are those of a `server` line
   * behind the address, which is no name. `default-server` does not count. It begins in maintenance unless `enabled` is among the words:
   * `state.set('ready')` puts it to work, `state.enable('health', true)` its checks. Gives the reason where it is refused. It is gone with
   * the generation: who adds servers adds them to the next one again.
   */
  addServer(name: string, address: string, words?: readonly string[]): Server | string;
  /**
   * Removes a server, as `del server` does: one in maintenance, that serves nobody any more and that no other line of the configuration
   * names. Gives the reason where it is refused, undefined when it is done. Its idle connections are closed.
   */
  removeServer(server: Server): string | undefined;
  /** Is told of servers that are added and removed at run time, until the generation ends. */
  onServers(told: (server: Server, change: 'added' | 'removed') => void): void;
  /**
   * Takes a place on one of its servers for what a plugin does itself in the name of a transaction, as that would: `use-server`, the
   * balance algorithm, `maxconn`, queues, `retries` and counters apply. The connection is the plugin's own ({@link Server.open}).
   * What `data` has is found by {@link Transaction.peek} of the lease's transaction.
   */
  lease(parent: Transaction, holder: LeaseHolder, data?: readonly [key: symbol, value: object]): Lease;
  /** A transaction for samples that belong to no traffic; `frontend` is the name it shows as its frontend's. */
  detached(server: Server, frontend: string): DetachedTransaction;
}

/** A place on a server, or in a queue. Nothing is to be done with it after {@link release}. */
export interface Lease {
  /** The server on which it counts; undefined while it waits, and when there is none. */
  readonly server: Server | undefined;
  /** It waits for a server, and the holder will be told. */
  readonly waiting: boolean;
  /** What rules and the algorithm saw: it has no request, the addresses of its parent, and reads its variables (`ptxn`). */
  readonly transaction: Transaction;
  /** The parent is over, and what is done for it is not: its variables are gone. */
  orphan(): void;
  /** A connection stands, which the server's observers are told. */
  connected(): void;
  /** The connection could not be made: another server or another try, of which the holder is told, or neither any more. */
  failed(): void;
  /** Gives the place up, or leaves the queue. */
  release(): void;
}
/** Told of what happens to a {@link Lease} later than the call that made it. */
export interface LeaseHolder {
  onServer(server: Server): void;
  /** There is no server, or the wait was too long, or there were too many tries. */
  onNoServer(): void;
  /** The server is to be left at once: `on-marked-down shutdown-sessions`. The lease is still to be released. */
  onShutdown(): void;
}

export interface Server {
  readonly name: string;
  readonly id: number;
  readonly backend: Backend;
  readonly address: Endpoint;
  /** The name the address was found by; undefined where the configuration has the address itself. */
  readonly hostName: string | undefined;
  /** The configured weight, 0 to 256. */
  readonly weight: number;
  /** The weight that counts now (slow start, agent, CLI), at least 1 if the user's is not 0. */
  readonly effectiveWeight: number;
  /** The same in sixteenths: what slow start leaves of small weights. */
  readonly fineWeight: number;
  readonly backup: boolean;
  /** {@link ServerState.usable}, at hand. */
  readonly usable: boolean;
  readonly state: ServerState;
  readonly config: Readonly<ServerConfig>;
  /** Transactions being served, and waiting for this server. */
  readonly active: number;
  readonly queued: number;
  /** The most it may serve at once now (maxconn, minconn, fullconn); 0 means no limit. */
  readonly limit: number;
  /** How many it may serve at once (as configured, or as an agent or the Runtime API said), and how many may wait; 0: no limit. */
  readonly maxconn: number;
  readonly maxqueue: number;
  readonly counters: Counters;
  extension<T extends object>(key: Extension<T>): T | undefined;
  /** Opens a connection of a plugin's own, from the server's `source` and with its socket options. It is in no count. */
  open(reader: OutgoingReader, options?: OutgoingOptions): OutgoingSocket;
}

/** The key of a plugin's own settings on a proxy, server or the global section. Made once, at module level. */
export interface Extension<T extends object> {
  /** For messages; begin it with the plugin's name. */
  readonly name: string;
  create(): T;
  /** A copy for a proxy that takes its defaults from a section; without it the state is not inherited. */
  inherit?(from: T): T;
}
