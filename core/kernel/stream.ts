import type {
  Action,
  Conversation,
  FilterFactory,
  PacketMarks,
  ParentScope,
  Process,
  Received,
  Reply,
  ReplyCause,
  Rule,
  Server,
  Timing,
  TimeoutChoice,
  Transaction,
  Value,
  VariableScope,
  Verdict,
} from '../api/index.ts';
import { RequestView, ResponseView } from '../http/messages.ts';
import type { StoredResponse } from '../http/stored-response.ts';
import type { UpstreamBackend } from '../upstream/backend.ts';
import type { Queued, WaitQueue } from '../upstream/queue.ts';
import type { UpstreamServer } from '../upstream/server.ts';
import type { ServerConnection } from '../upstream/server-connection.ts';
import { newEvent } from '../net/clock.ts';
import { runInBackground } from './background.ts';
import type { FrontendRuntime } from './frontend.ts';
import { type Budget, type Budgets, type TransactionBudgets, changeVariable, isParent } from './variables.ts';
import type { ClientSession } from './client-session.ts';
import { StreamConversation } from './conversation.ts';
import type { FilterChain } from './filter-chain.ts';
import { attachLate, type StreamFilters } from './stream-filters.ts';

/** What HAProxy needs in a buffer besides the contents, and for each part of them: start line, fields, end of the head, body. */
const BUFFER_OVERHEAD = 48;
const BLOCK = 8;

let streams = 0;

/** The answer a rule or the kernel has chosen; sent when the stage that chose it returns. */
export interface PendingReply {
  readonly reply: Reply | undefined;
  /** Error page by status, when there is no reply. */
  readonly status: number;
  readonly raw: string | undefined;
  readonly cause: ReplyCause;
  /** An answer that is at hand as bytes, instead of all of the above. */
  readonly stored?: StoredResponse;
  /** One that is given bit by bit. */
  readonly conversation?: StreamConversation;
}

/** A variable on its way to another transaction. */
export interface CopiedVariable {
  readonly scope: VariableScope;
  readonly name: string;
  readonly value: Value;
}

/**
 * One request and its response, or one TCP connection: the state of it, and the transaction that plugins see. Streams are
 * pooled; a stream that somebody may still hold a promise of is not reused.
 */
export class Stream implements Transaction, Queued {
  id = 0;
  session!: ClientSession;
  frontend!: FrontendRuntime;
  backend: UpstreamBackend | undefined = undefined;
  server: UpstreamServer | undefined = undefined;
  request: RequestView | undefined = undefined;
  response: ResponseView | undefined = undefined;
  readonly requestView: RequestView = new RequestView();
  readonly responseView: ResponseView = new ResponseView();
  startedAt = 0;
  readonly timing: Timing = {
    start: -1,
    handshake: -1,
    firstByte: -1,
    request: -1,
    queue: -1,
    connect: -1,
    response: -1,
    end: -1,
  };
  bytesToClient = 0;
  bytesFromClient = 0;
  /** Heads as HAProxy measures them, while the frontend logs; 0 for what could not be read and for its answer. */
  measureIn = 0;
  measureOut = 0;
  bytesFromServer = 0;
  bytesToServer = 0;
  retries = 0;
  redispatched = false;
  serverQueue = 0;
  backendQueue = 0;
  requestCaptures: (string | undefined)[] = [];
  responseCaptures: (string | undefined)[] = [];
  logLevel: string | undefined = undefined;
  logOrigin = 'unspec';
  lastRule: Rule | undefined = undefined;
  strictRewriting = true;
  /** An `http-after-response` rule failed: what is sent is the error. */
  afterResponseFailed = false;
  /** The rules that look at the response's contents still wait for more of it. */
  responseInspected = true;
  inspectUntil = 0;
  /** A rule wants the server's connection closed. */
  serverUnwanted = false;

  /** Where processing goes on: the next step of the request's or the response's stages. */
  step = 0;
  /** Grows when the stream is reset; a promise of an earlier life is ignored. */
  life = 0;
  /** A promise is being waited for. */
  waiting = false;
  /** Somebody may hold on to this object: do not reuse it. */
  shared = false;
  connection$: ServerConnection | null = null;
  /** The same until the stream's next life. */
  serverLink: ServerConnection | undefined = undefined;
  /** Counted in server.active. */
  taken = false;
  /** The server connection was used before: an end without an answer may be the server's idle timeout. */
  reused = false;
  requestSent = false;
  /** TCP mode: it is certain that there will be no connection to a server. */
  requestOver = false;
  /** 0: awaiting the head; 1: the body passes; 2: complete. */
  responsePhase = 0;
  closeClient = false;
  /** The client said that this is its last request. */
  closeAsked = false;
  closeServer = false;
  /** Client and request asked for Upgrade or CONNECT. */
  upgrade = false;
  connectMethod = false;
  /** Bytes pass both ways, whatever they are. */
  tunnel = false;
  /** The server ended its side while a rule was waiting. */
  serverEnded = false;
  headRequest = false;
  /** The client waits for a 100 before it sends its body. */
  expects = false;
  pending: PendingReply | null = null;
  /** The status that a configured page stands for; 0 for none. */
  errorStatus = 0;
  retriesLeft = 0;
  retryDisabled = false;
  serverMarks: PacketMarks | undefined = undefined;
  /** The server that just failed it, for algorithms that can choose another. */
  avoid: UpstreamServer | undefined = undefined;
  /** The server was named by a rule or by persistence. */
  assigned = false;
  persistence: 'normal' | 'forced' | 'ignored' = 'normal';
  requestCookie = '-';
  responseCookie = '-';
  /** The whole request as sent, while it may have to be sent again. */
  retained: string | null = null;
  logged = false;
  /** The two termination characters, 0 until known. */
  causeCode = 0;
  stageCode = 0;
  /** 1xx responses not written yet. */
  interim = '';
  /** A field that the answer carries whatever page it is. */
  challengeField: readonly [string, string] | null = null;
  timeouts: Partial<Record<TimeoutChoice, number>> | undefined = undefined;
  uniqueIdText: string | undefined = undefined;
  bodyWaiter: ((why: 'ready' | 'timeout' | 'closed') => void) | null = null;
  bodyWanted = 0;
  sleepers: Set<(alive: boolean) => void> | null = null;
  /** The answer comes from there, and not from a server. */
  stored: StoredResponse | null = null;
  agent: string | undefined = undefined;
  /** A service that answers bit by bit; null without. */
  conversation: StreamConversation | null = null;
  #enders: (() => void)[] | null = null;

  /** A service answers, in the server's place. */
  served = false;
  /** Filters of this stream, and the chains its bytes pass through; null without any. */
  filters: StreamFilters | null = null;
  requestChain: FilterChain | null = null;
  responseChain: FilterChain | null = null;

  queue: WaitQueue | null = null;
  heapSlot = -1;
  queueTicket = 0;
  queueDate = 0;
  priorityClass = 0;
  priorityOffset = 0;
  queueBefore = 0;

  /** It sleeps as a punishment. */
  #tarpitted = false;
  #txnVariables: Map<string, Value> | null = null;
  #reqVariables: Map<string, Value> | null = null;
  #resVariables: Map<string, Value> | null = null;
  #budgets: TransactionBudgets | undefined = undefined;
  #data: Map<symbol, object> | null = null;

  /** Begins a new life for a session. */
  begin(session: ClientSession, startedAt: number): void {
    this.id = ++streams;
    this.session = session;
    this.frontend = session.frontend;
    this.startedAt = startedAt;
    this.backend = undefined;
    this.server = undefined;
    this.serverLink = undefined;
    this.request = undefined;
    this.response = undefined;
    const timing = this.timing;
    timing.start = -1;
    timing.handshake = -1;
    timing.firstByte = -1;
    timing.request = -1;
    timing.queue = -1;
    timing.connect = -1;
    timing.response = -1;
    timing.end = -1;
    this.bytesToClient = 0;
    this.bytesFromClient = 0;
    this.measureIn = 0;
    this.measureOut = 0;
    this.bytesFromServer = 0;
    this.bytesToServer = 0;
    this.retries = 0;
    this.redispatched = false;
    this.serverQueue = 0;
    this.backendQueue = 0;
    this.queueTicket = 0;
    this.priorityClass = 0;
    this.priorityOffset = 0;
    this.logLevel = undefined;
    this.logOrigin = 'unspec';
    this.lastRule = undefined;
    this.strictRewriting = true;
    this.afterResponseFailed = false;
    this.responseInspected = true;
    this.serverUnwanted = false;
    this.step = 0;
    this.waiting = false;
    this.taken = false;
    this.reused = false;
    this.requestSent = false;
    this.requestOver = false;
    this.responsePhase = 0;
    this.closeClient = false;
    this.closeAsked = false;
    this.closeServer = false;
    this.upgrade = false;
    this.connectMethod = false;
    this.tunnel = false;
    this.serverEnded = false;
    this.headRequest = false;
    this.expects = false;
    this.pending = null;
    this.errorStatus = 0;
    this.retryDisabled = false;
    this.serverMarks = undefined;
    this.avoid = undefined;
    this.assigned = false;
    this.persistence = 'normal';
    this.requestCookie = '-';
    this.responseCookie = '-';
    this.retained = null;
    this.logged = false;
    this.stored = null;
    this.agent = undefined;
    this.causeCode = 0;
    this.stageCode = 0;
    if (this.requestCaptures.length > 0) this.requestCaptures = [];
    if (this.responseCaptures.length > 0) this.responseCaptures = [];
  }

  /** Ends this life. */
  finish(): void {
    if (this.conversation !== null) {
      this.conversation.close();
      this.conversation = null;
    }
    if (this.filters !== null) this.#endFilters(this.filters);
    this.life++;
    this.request = undefined;
    this.response = undefined;
    this.requestView.body.release();
    this.responseView.body.release();
    this.retained = null;
    this.timeouts = undefined;
    this.uniqueIdText = undefined;
    this.challengeField = null;
    this.interim = '';
    this.#txnVariables = null;
    this.#reqVariables = null;
    this.#resVariables = null;
    this.#budgets?.txn.end();
    this.#budgets = undefined;
    this.#data = null;
    if (this.#enders !== null) this.#runEnders(this.#enders);
    if (this.sleepers !== null) for (const wake of this.sleepers) wake(false);
    this.sleepers = null;
    this.wakeBody('closed');
  }

  #endFilters(filters: StreamFilters): void {
    this.requestChain?.close();
    this.responseChain?.close();
    this.requestChain = null;
    this.responseChain = null;
    this.filters = null;
    const whole = this.request === undefined ? this.causeCode === 0 : this.responsePhase === 2;
    filters.close(whole ? 'complete' : 'abort');
  }

  get connection(): ClientSession {
    return this.session;
  }

  get loggedToClient(): number {
    if (!this.#isMeasured) return this.bytesToClient;
    return this.measureOut === 0 ? 0 : this.measureOut + this.responseView.body.measure;
  }

  get loggedFromClient(): number {
    if (!this.#isMeasured) return this.bytesFromClient;
    return this.measureIn === 0 ? 0 : this.measureIn + this.requestView.body.measure;
  }

  get #isMeasured(): boolean {
    return this.frontend.settings.mode === 'http' && this.frontend.runtime.measures;
  }

  get maxRetries(): number {
    return this.retries + this.retriesLeft;
  }

  get isFirst(): boolean {
    return this.session.requests <= 1;
  }

  get process(): Process {
    return this.frontend.runtime.generation;
  }

  get received(): Received | undefined {
    return this.session.received;
  }

  /** The first cause counts. */
  terminate(cause: string, stage: string): void {
    if (this.causeCode !== 0) return;
    this.causeCode = cause.charCodeAt(0);
    this.stageCode = stage.charCodeAt(0);
  }

  /** The letter of configuration.txt 8.5 for where the stream is. */
  get stage(): string {
    if (this.responsePhase > 0) return 'D';
    if (this.queue !== null) return 'Q';
    if (this.requestSent) return this.requestView.body.complete ? 'H' : 'D';
    if (this.connection$ !== null) return 'C';
    if (this.waiting && this.#tarpitted) return 'T';
    return this.waiting || this.backend === undefined ? 'R' : 'C';
  }

  get termination(): string {
    const end = this.causeCode === 0 ? '--' : String.fromCharCode(this.causeCode, this.stageCode);
    return end + this.requestCookie + this.responseCookie;
  }

  get loggedStatus(): number {
    if (this.errorStatus !== 0) return this.errorStatus;
    if (this.session.error !== undefined) return 0;
    return this.response?.status ?? (this.frontend.settings.mode === 'http' ? -1 : 0);
  }

  get uniqueId(): string | undefined {
    const format = this.frontend.settings.uniqueIdFormat;
    if (format === undefined) return undefined;
    return (this.uniqueIdText ??= format.evaluate(this));
  }

  /** Variables of the request end where an answer begins, whoever gives it, and those of the response begin. configuration.txt 2.8. */
  get #answers(): boolean {
    return this.requestSent || this.response !== undefined || this.requestOver;
  }

  #scope(scope: VariableScope): Map<string, Value> | null {
    switch (scope) {
      case 'proc':
        return this.frontend.runtime.generation.variables;
      case 'sess':
        return this.session.variables;
      case 'txn':
        return this.#txnVariables;
      case 'req':
        return this.#answers ? null : this.#reqVariables;
      case 'res':
        return this.#answers ? this.#resVariables : null;
      default:
        return null;
    }
  }

  getVariable(scope: VariableScope, name: string): Value | undefined {
    return this.#scope(scope)?.get(name);
  }

  variables(scope: VariableScope): Iterable<readonly [string, Value]> {
    return this.#scope(scope) ?? [];
  }

  setVariable(scope: VariableScope, name: string, value: Value | undefined): void {
    if (scope === 'check' || isParent(scope)) return;
    let map = this.#scope(scope);
    if (map === null) {
      if (value === undefined || (scope === 'req' && this.#answers) || (scope === 'res' && !this.#answers)) return;
      map = new Map<string, Value>();
      if (scope === 'sess') this.session.variables = map;
      else if (scope === 'txn') this.#txnVariables = map;
      else if (scope === 'req') this.#reqVariables = map;
      else this.#resVariables = map;
    }
    const { budgets } = this.frontend.runtime.generation;
    if (budgets === undefined) changeVariable(map, name, value);
    else this.#budgetOf(scope, budgets).set(map, name, value);
  }

  #budgetOf(scope: Exclude<VariableScope, 'check' | ParentScope>, budgets: Budgets): Budget {
    if (scope === 'proc') return budgets.process;
    const session = (this.session.variableBudget ??= budgets.session());
    if (scope === 'sess') return session;
    return (this.#budgets ??= budgets.transaction(session))[scope];
  }

  copyVariables(): readonly CopiedVariable[] {
    const scopes = ['txn', 'req', 'res'] as const;
    return scopes.flatMap((scope) => [...this.variables(scope)].map(([name, value]) => ({ scope, name, value })));
  }

  pasteVariables(variables: readonly CopiedVariable[]): void {
    for (const { scope, name, value } of variables) this.setVariable(scope, name, value);
  }

  attachFilter(factory: FilterFactory): void {
    attachLate(this, factory);
  }

  inBackground(action: Action, prepare: (copy: Transaction) => void): boolean {
    return runInBackground(this, action, prepare);
  }

  data<T extends object>(key: symbol, create: () => T): T {
    this.#data ??= new Map();
    let value = this.#data.get(key) as T | undefined;
    if (value === undefined) this.#data.set(key, (value = create()));
    return value;
  }

  peek<T extends object>(key: symbol): T | undefined {
    return this.#data?.get(key) as T | undefined;
  }

  setTimeout(which: TimeoutChoice, milliseconds: number): void {
    this.timeouts ??= {};
    this.timeouts[which] = milliseconds;
  }

  getTimeout(which: TimeoutChoice): number {
    const own = this.timeouts?.[which];
    if (own !== undefined) return own;
    const side = which === 'client' ? this.frontend.settings : (this.backend ?? this.frontend).settings;
    if (which !== 'tarpit') return side.timeouts[which] ?? 0;
    return this.frontend.settings.timeouts.tarpit ?? this.frontend.settings.timeouts.connect ?? 0;
  }

  setRetries(count: number): void {
    this.retriesLeft = count;
  }

  disableRetry(): void {
    this.retryDisabled = true;
  }

  reply(reply: Reply): 'done' {
    this.pending = { reply, status: reply.status, raw: undefined, cause: reply.cause ?? 'local' };
    return 'done';
  }

  error(status: number, cause: ReplyCause = 'local'): 'done' {
    this.pending = { reply: undefined, status, raw: undefined, cause };
    return 'done';
  }

  replyRaw(bytes: string, cause: ReplyCause = 'local'): 'done' {
    this.pending = { reply: undefined, status: 0, raw: bytes, cause };
    return 'done';
  }

  converse(): Conversation {
    return (this.conversation ??= new StreamConversation(this));
  }

  serve(stored: StoredResponse, agent: string): 'done' {
    this.agent = agent;
    this.pending = { reply: undefined, status: 0, raw: undefined, cause: 'local', stored };
    return 'done';
  }

  onEnd(run: () => void): void {
    this.#enders ??= [];
    this.#enders.push(run);
  }

  #runEnders(enders: (() => void)[]): void {
    this.#enders = null;
    for (const run of enders) {
      try {
        run();
      } catch (error) {
        this.blame(this.frontend.name, 'end', error);
      }
    }
  }

  challenge(status: 401 | 407, name: string, value: string): 'done' {
    this.challengeField = [name.toLowerCase(), value];
    return this.error(status);
  }

  earlyHint(name: string, value: string): void {
    if (this.request?.version !== '1.1') return;
    this.session.socket.write(`HTTP/1.1 103 Early Hints\r\n${name.toLowerCase()}: ${value}\r\n\r\n`, 'latin1');
  }

  closeServerConnection(): void {
    this.serverUnwanted = true;
  }

  expectHeader(protocol: 'proxy' | 'netscaler-cip'): void {
    this.session.expectHeader = protocol;
  }

  rewriteFits(response: boolean, growth: number): boolean {
    const view = response ? this.responseView : this.requestView;
    const { bufsize, maxrewrite } = this.frontend.runtime.generation.settings;
    const { head, body } = view;
    // An upper bound first, which costs nothing.
    if (head.sizeBound + body.heldSize + growth + BUFFER_OVERHEAD <= bufsize) return true;
    // What came with the head has left the reserve for rewriting free.
    const payload = body.heldSize === 0 ? 0 : Math.min(body.heldSize + BLOCK, bufsize - maxrewrite - view.measure);
    const size = BUFFER_OVERHEAD + view.measure + BLOCK * (head.blocks + 2) + Math.max(0, payload);
    return size + growth <= bufsize;
  }

  sleep(milliseconds: number, tarpit?: 'tarpit'): Promise<boolean> {
    this.#tarpitted = tarpit !== undefined;
    return new Promise((resolve) => {
      const wake = (alive: boolean): void => {
        timer.stop();
        this.sleepers?.delete(wake);
        resolve(alive);
      };
      const timer = this.session.clock.timer(() => wake(true));
      timer.start(milliseconds);
      this.sleepers ??= new Set();
      this.sleepers.add(wake);
    });
  }

  async waitForBody(atLeast: number, milliseconds: number): Promise<'ready' | 'timeout' | 'closed'> {
    if (this.bodyReady(atLeast)) return 'ready';
    this.bodyWanted = atLeast;
    return new Promise((resolve) => {
      const timer = this.session.clock.timer(() => this.wakeBody('timeout'));
      if (milliseconds > 0) timer.start(milliseconds);
      this.bodyWaiter = (why) => {
        timer.stop();
        this.bodyWaiter = null;
        resolve(why);
      };
      this.session.wantBody(this);
    });
  }

  /** Enough of the body under way is held. */
  bodyReady(atLeast: number): boolean {
    const { body } = this.responsePhase > 0 || this.response !== undefined ? this.responseView : this.requestView;
    if (body.complete || body.heldSize >= this.frontend.runtime.generation.bodyLimit) return true;
    return atLeast > 0 && body.heldSize >= atLeast;
  }

  wakeBody(why: 'ready' | 'timeout' | 'closed'): void {
    this.bodyWaiter?.(why);
  }

  onQueueLeft(queue: WaitQueue, position: number): void {
    if (queue.ofServer) this.serverQueue = position;
    else this.backendQueue = position;
  }

  onServerFree(server: Server): void {
    this.session.onServerFree(this, server as UpstreamServer);
  }

  onServerLost(): void {
    this.assigned = false;
    this.session.onServerLost(this);
  }

  /**
   * Waits for a promise, then calls `next` with its answer, unless the stream ended meanwhile. What the stream needs of shared
   * memory is copied first.
   */
  wait<T>(promise: Promise<T>, next: (stream: Stream, value: T) => void, failed: (error: unknown) => T): void {
    const { life } = this;
    this.waiting = true;
    this.shared = true;
    this.session.keep(this);
    const settle = (value: T): void => {
      if (this.life !== life) return;
      newEvent();
      this.waiting = false;
      try {
        next(this, value);
        this.session.pump();
      } catch (error) {
        this.session.onFault(error);
      }
    };
    promise.then(settle, (error: unknown) => settle(failed(error)));
  }

  /** Counts what a plugin threw, and says what becomes of the stream. */
  readonly blame = (plugin: string, where: string, error: unknown): Verdict =>
    this.frontend.runtime.generation.blame(plugin, where, error, this);
}

const free: Stream[] = [];

export function takeStream(): Stream {
  return free.pop() ?? new Stream();
}

export function giveStream(stream: Stream): void {
  if (stream.shared || free.length >= 1024) return;
  free.push(stream);
}
