import type { Received, Verdict } from '../api/index.ts';
import { resetSocket, unsentBytes } from '../net/fast-socket.ts';
import { connectTo } from '../upstream/connect.ts';
import { encodeProxyHeader } from '../upstream/proxy-header.ts';
import type { UpstreamBackend } from '../upstream/backend.ts';
import { WaitQueue } from '../upstream/queue.ts';
import type { UpstreamServer } from '../upstream/server.ts';
import type { ServerConnection } from '../upstream/server-connection.ts';
import { enter } from '../state/counters.ts';
import { copyOf } from './buffers.ts';
import { ClientSession, type Arrival, type ServerLoss } from './client-session.ts';
import { logStream } from './http-finish.ts';
import type { FilterChain } from './filter-chain.ts';
import { after, attachBackend, attachFrontend } from './filter-stages.ts';
import { tell } from './log-steps.ts';
import { runRules } from './rules.ts';
import type { ProxyRuntime } from './proxy-runtime.ts';
import { countRetry, namedServer, takeServer } from './server-choice.ts';
import { dropSilently } from './silent-drop.ts';
import { giveStream, type Stream, takeStream } from './stream.ts';
import type { StreamFilters } from './stream-filters.ts';
import { joinChains, startChains } from './tcp-filters.ts';
import {
  HeldBytes,
  RequestInspection,
  type RequestWatcher,
  ResponseInspection,
  type ResponseWatcher,
} from './tcp-inspection.ts';
import { type Sides, Silence } from './tcp-silence.ts';
import { now, schedule, wallClock } from './timers.ts';

/** Reads below this size are copied and the shared buffer is kept; larger ones make the side read into its own. */
const BULK = 16_384;

/** Who does not take what is left to be sent, though no timeout says so, has this long (ms). */
const LINGER = 60_000;

/** How long what a client sends is read after it has been answered (ms). */
const POLITENESS = 2000;

/** The rules that need no bytes have not let it in yet: it is nobody's to log. */
const ARRIVED = 0;
const RULES = 1;
const CONNECTING = 2;
const FLOWING = 3;

/** A connection of a client in TCP mode: bytes both ways, each side ending by itself. */
export class TcpSession extends ClientSession implements Sides, RequestWatcher, ResponseWatcher {
  readonly stream: Stream;
  clientEnded = false;
  serverEnded = false;
  #phase = ARRIVED;
  #over = false;
  /** The rules that wait for bytes, and what comes after them. */
  #inspection: RequestInspection | null = null;
  #afterInspection: () => void = () => undefined;
  #received: HeldBytes | null = null;
  /** The rules that look at what the server sends. */
  #response: ResponseInspection | null = null;
  readonly #silence: Silence;

  constructor(arrival: Arrival) {
    super(arrival);
    this.stream = takeStream();
    this.stream.begin(this, wallClock(arrival.at));
    this.#silence = new Silence(this);
  }

  start(): void {
    const { stream, frontend } = this;
    const at = now();
    this.#phase = RULES;
    stream.timing.start = this.acceptedTime;
    stream.timing.handshake = this.handshakeEnd;
    stream.timing.firstByte = at;
    stream.timing.request = at;
    schedule(this, frontend.clientTimeout, at);
    const { filters } = frontend.runtime;
    if (filters === null) this.#inspect(frontend.runtime, () => this.#route());
    else this.#then(attachFrontend(stream, filters), () => this.#inspect(frontend.runtime, () => this.#route()));
  }

  /**
   * Runs the `tcp-request content` rules of a proxy: at once with what is there, and with `tcp-request inspect-delay` again
   * whenever there is more, as long as what is still to come could change their answer.
   */
  #inspect(runtime: ProxyRuntime, next: () => void): void {
    const { tcpContentRules: rules } = runtime;
    if (rules === null) {
      next();
      return;
    }
    const delay = runtime.config.settings.inspectDelay;
    if (delay === 0) {
      this.#then(runRules(rules, this.stream, this.stream.blame), next);
      return;
    }
    this.#afterInspection = next;
    this.#inspection = new RequestInspection(rules, delay, this);
    this.#inspection.run();
  }

  waitForMore(milliseconds: number): void {
    schedule(this, milliseconds, now());
    this.resume();
  }

  decided(verdict: Verdict): void {
    this.#inspection = null;
    schedule(this, this.frontend.clientTimeout, now());
    this.#then(verdict, this.#afterInspection);
  }

  override get received(): Received | undefined {
    if (this.#phase === FLOWING) return this.#receivedResponse();
    const { held } = this.stream.requestView.body;
    const received = (this.#received ??= new HeldBytes());
    // Appending makes another buffer of them, so that whoever parsed the old one notices.
    received.request = held;
    received.final = this.#inspection?.goesOn !== true;
    return received;
  }

  /** While rules look at the response, there is nothing of the request any more. */
  #receivedResponse(): Received | undefined {
    const { stream } = this;
    if (stream.responseInspected) return undefined;
    const received = (this.#received ??= new HeldBytes());
    received.response = stream.responseView.body.held;
    received.final = this.#response?.expected !== true;
    return received;
  }

  /** Goes on now or later, unless a rule ended the connection. */
  #then(verdict: Verdict | Promise<Verdict>, next: () => void): void {
    if (verdict instanceof Promise) {
      this.stream.wait(
        verdict,
        (_stream, late) => this.#then(late, next),
        (error) => this.stream.blame('kernel', 'tcp-request content', error),
      );
      return;
    }
    if (verdict === undefined || verdict === 'stop') {
      next();
      return;
    }
    if (verdict === 'done') {
      this.#answer();
      return;
    }
    this.stream.terminate('P', 'R');
    this.frontend.counters.deniedRequests++;
    if (verdict === 'drop') dropSilently(this);
    this.#finish(false);
  }

  /** A service has answered in the server's place; the connection ends with it. */
  #answer(): void {
    const { stream } = this;
    const bytes = stream.pending?.raw ?? stream.pending?.reply?.body ?? '';
    stream.pending = null;
    stream.terminate('L', 'R');
    if (bytes.length > 0) {
      if (typeof bytes === 'string') this.socket.write(bytes, 'latin1');
      else this.socket.write(bytes);
      stream.bytesToClient += bytes.length;
      this.frontend.counters.bytesOut += bytes.length;
    }
    this.#finish(false, true);
  }

  #route(): void {
    const { stream, frontend } = this;
    if (frontend.runtime.steps.request !== null) tell(frontend.runtime.steps.request, stream);
    const backend = frontend.chooseBackend(stream);
    if (backend === undefined) {
      stream.terminate('S', 'C');
      this.#finish(false);
      return;
    }
    stream.backend = backend;
    enter(backend.counters, now());
    stream.retriesLeft = backend.settings.retries;
    backend.counters.bytesIn += stream.bytesFromClient;
    if (backend.runtime.onBackend !== null) for (const run of backend.runtime.onBackend) run(stream, backend);
    const same = backend.runtime === frontend.runtime;
    const { filters } = backend.runtime;
    const go = (): void => {
      if (same) this.#assign(backend);
      else this.#inspect(backend.runtime, () => this.#assign(backend));
    };
    if (stream.filters === null && (same || filters === null)) go();
    else this.#then(attachBackend(stream, same ? null : filters, same), go);
  }

  #assign(backend: UpstreamBackend, again?: UpstreamServer): void {
    const { stream } = this;
    const named = stream.retries === 0 ? namedServer(stream) : again;
    const place = takeServer(backend, named ?? backend.pick(stream));
    if (place === undefined) {
      stream.terminate('S', 'C');
      this.#finish(false);
    } else if (place instanceof WaitQueue) {
      place.add(stream);
      const { timeouts } = backend.settings;
      schedule(this, timeouts.queue ?? timeouts.connect, now());
      // It is read meanwhile: who leaves gives up his place.
      this.resume();
    } else this.onServerFree(stream, place);
  }

  onServerFree(stream: Stream, server: UpstreamServer): void {
    const at = now();
    stream.server = server;
    stream.taken = true;
    stream.timing.queue = at;
    this.#phase = CONNECTING;
    stream.connection$ = stream.serverLink = connectTo(server, stream, this);
    schedule(this, stream.backend!.settings.timeouts.connect, at);
    // The client is read meanwhile: its end has to be noticed.
    this.resume();
  }

  onServerLost(stream: Stream): void {
    this.#assign(stream.backend!);
  }

  serves(server: UpstreamServer): boolean {
    return this.stream.taken && this.stream.server === server;
  }

  loseServer(cause: ServerLoss): void {
    this.stream.terminate(cause, '-');
    this.destroy();
  }

  onServerConnect(connection: ServerConnection): void {
    const { stream } = this;
    const at = now();
    stream.timing.connect = at;
    connection.server.observer?.('connected');
    stream.requestSent = true;
    stream.responsePhase = 1;
    this.#phase = FLOWING;
    this.#received = null;
    connection.uses++;
    const header = encodeProxyHeader(stream.server!, stream);
    if (header !== undefined) connection.socket.write(header);
    if (stream.filters !== null) joinChains(this, stream, stream.filters);
    const { body } = stream.requestView;
    if (body.heldSize > 0) {
      if (stream.requestChain === null) {
        connection.socket.write(body.held.subarray(body.heldStart, body.heldEnd));
        stream.bytesToServer += body.heldSize;
      } else stream.requestChain.push(body.held.subarray(body.heldStart, body.heldEnd));
      body.release();
    }
    if (this.clientEnded) this.#endRequest();
    const { steps, logAsap } = this.frontend.runtime;
    if (steps.connect !== null) tell(steps.connect, stream);
    if (logAsap) logStream(stream, true);
    const tunnel = stream.getTimeout('tunnel');
    this.#silence.clientLimit = tunnel || stream.getTimeout('client') || Infinity;
    this.#silence.serverLimit = tunnel || stream.getTimeout('server') || Infinity;
    this.resume();
    this.#silence.touch(at);
    if (this.clientEnded) {
      this.#serverFinishes();
      this.#silence.watch();
    }
    if (stream.filters === null) this.#beginResponse(at);
    else this.#showServer(stream.filters);
  }

  /** Filters see the server's side begin; both sides wait meanwhile. */
  #showServer(filters: StreamFilters): void {
    const { stream } = this;
    const verdict = after(filters.stage('server'), () => filters.stage('tcp-response'));
    const settle = (late: Verdict): void => {
      if (late !== undefined && late !== 'stop') {
        this.cutByFilter(late);
        return;
      }
      this.#beginResponse(now());
      if (!this.#over) startChains(stream);
    };
    if (!(verdict instanceof Promise)) {
      settle(verdict);
      return;
    }
    const { connection$: connection } = stream;
    this.pause();
    connection?.pause();
    stream.wait(
      verdict,
      (_stream, late) => {
        this.resume();
        connection?.resume();
        settle(late);
      },
      (error) => stream.blame('kernel', 'filters', error),
    );
  }

  #beginResponse(at: number): void {
    const { runtime, settings } = this.stream.backend!;
    if (runtime.tcpResponseRules === null) return;
    this.stream.responseInspected = false;
    this.#response = new ResponseInspection(runtime.tcpResponseRules, settings.responseInspectDelay, this, at);
    this.#response.run(at);
  }

  waitUntil(at: number): void {
    this.#silence.until = at;
    this.#silence.watch();
  }

  responseDecided(verdict: Verdict): void {
    const { stream } = this;
    this.#silence.until = Infinity;
    stream.responseInspected = true;
    if (verdict !== undefined && verdict !== 'stop') {
      stream.terminate('P', verdict === 'drop' ? 'R' : 'D');
      this.frontend.counters.deniedResponses++;
      stream.backend!.counters.deniedResponses++;
      if (verdict === 'drop') dropSilently(this);
      this.#finish(false);
      return;
    }
    const { body } = stream.responseView;
    const connection = stream.connection$;
    if (body.heldSize > 0) {
      const held = body.held.subarray(body.heldStart, body.heldEnd);
      body.release();
      if (stream.responseChain !== null) stream.responseChain.push(held);
      else if (this.socket.write(held)) connection?.resume();
      else connection?.pause();
    }
    if (stream.serverUnwanted || connection === null || connection.closed) this.#serverLeft();
    else if (this.serverEnded) this.#endResponse();
    else {
      stream.responseChain?.run();
      if (!this.#over) this.#silence.watch();
    }
  }

  /** What the server sends while rules look at it. */
  #holdResponse(connection: ServerConnection, n: number, buffer: Buffer): void {
    const { stream } = this;
    const { body } = stream.responseView;
    body.append(buffer, 0, n);
    if (body.heldSize >= this.frontend.runtime.generation.bodyLimit) connection.pause();
    if (!stream.waiting) this.#response!.run(now());
  }

  get independent(): boolean {
    return this.frontend.runtime.independent || this.stream.backend!.runtime.independent;
  }

  get clientOwes(): boolean {
    return this.socket.writableLength > 0 || !(this.clientEnded || this.paused);
  }

  get serverOwes(): boolean {
    const connection = this.stream.connection$!;
    return connection.socket.writableLength > 0 || !(this.serverEnded || connection.paused);
  }

  unsent(): number {
    const connection = this.stream.connection$;
    return unsentBytes(this.socket) + (connection === null ? 0 : unsentBytes(connection.socket));
  }

  /** `timeout server-fin`: the client has ended, so the server's time is another. */
  #serverFinishes(): void {
    this.#silence.restart('server', this.stream.backend!.settings.timeouts['server-fin']);
  }

  /** Reads on from a side if filters and the other side can take more. */
  balance(chain: FilterChain, client: boolean): void {
    const reader = client ? this : this.stream.connection$;
    if (chain.backlogged) reader?.pause();
    else if (!client || !this.clientEnded) reader?.resume();
    if (this.stream.connection$ !== null) this.#silence.moved(now(), client);
  }

  countSent(size: number): void {
    const { stream } = this;
    stream.bytesToClient += size;
    this.frontend.counters.bytesOut += size;
    stream.backend!.counters.bytesOut += size;
  }

  onData(n: number, buffer: Buffer): void {
    const { stream, frontend } = this;
    if (this.clientEnded || this.#over) return;
    stream.bytesFromClient += n;
    frontend.counters.bytesIn += n;
    if (this.#phase !== FLOWING) {
      stream.requestView.body.append(buffer, 0, n);
      if (stream.requestView.body.heldSize >= frontend.runtime.generation.bodyLimit) this.pause();
      if (this.#inspection?.waiting === true) this.#inspection.run();
      return;
    }
    stream.backend!.counters.bytesIn += n;
    const chain = stream.requestChain;
    if (chain !== null) {
      chain.feed(buffer, 0, n);
      chain.run();
      return;
    }
    const connection = stream.connection$;
    if (connection === null || connection.closed) return;
    stream.bytesToServer += n;
    const { socket } = connection;
    const owned = buffer === this.bulk;
    const flowing =
      n < 4096
        ? socket.write(buffer.latin1Slice(0, n), 'latin1')
        : socket.write(owned ? buffer.subarray(0, n) : copyOf(buffer, 0, n));
    if (owned) {
      if (socket.writableLength > 0) this.replaceBulk();
    } else if (n >= BULK) this.useBulk();
    if (!flowing && socket.writableLength > 0) this.pause();
    this.#silence.moved(now(), true);
  }

  onServerData(connection: ServerConnection, n: number, buffer: Buffer): void {
    const { stream, socket } = this;
    if (this.serverEnded) return;
    stream.bytesFromServer += n;
    const chain = stream.responseChain;
    if (chain === null) this.countSent(n);
    if (!stream.responseInspected) {
      this.#holdResponse(connection, n, buffer);
      return;
    }
    if (chain !== null) {
      chain.feed(buffer, 0, n);
      chain.run();
      return;
    }
    const owned = buffer === connection.bulk;
    const flowing =
      n < 4096
        ? socket.write(buffer.latin1Slice(0, n), 'latin1')
        : socket.write(owned ? buffer.subarray(0, n) : copyOf(buffer, 0, n));
    if (owned) {
      if (socket.writableLength > 0) connection.replaceBulk();
    } else if (n >= BULK) connection.useBulk();
    if (!flowing && socket.writableLength > 0) connection.pause();
    this.#silence.moved(now(), false);
  }

  onDrain(): void {
    if (this.#over) return;
    const chain = this.stream.responseChain;
    if (chain !== null) {
      chain.blocked = false;
      chain.run();
      return;
    }
    this.stream.connection$?.resume();
    if (this.#phase === FLOWING) this.#silence.moved(now(), true);
  }

  onServerDrain(): void {
    const chain = this.stream.requestChain;
    if (chain !== null) {
      chain.blocked = false;
      chain.run();
      return;
    }
    if (!this.clientEnded) this.resume();
    this.#silence.moved(now(), false);
  }

  onEnd(): void {
    const { stream } = this;
    if (this.#over || this.clientEnded) return;
    if (this.#phase === FLOWING) {
      this.#endClient();
      return;
    }
    this.clientEnded = true;
    if (this.#inspection !== null) {
      // There is nothing more to wait for.
      if (this.#inspection.waiting) this.#inspection.run();
      return;
    }
    if (stream.backend?.runtime.abortOnClose === true || stream.requestView.body.heldSize === 0) {
      stream.terminate('C', stream.stage);
      this.#finish(false);
    }
  }

  /** The client sends no more; the server is told, and may go on. */
  #endClient(): void {
    this.clientEnded = true;
    if (this.serverEnded && this.stream.responseChain === null) {
      this.#finish(false);
      return;
    }
    this.#endRequest();
    if (this.#over) return;
    this.#serverFinishes();
    this.#silence.watch();
  }

  /** The client's end goes on behind its bytes. */
  #endRequest(): void {
    const { requestChain: chain, connection$: connection } = this.stream;
    if (chain === null) connection?.socket.end();
    else {
      chain.end();
      chain.run();
    }
  }

  /** Filters are through with what the client sent. */
  clientPassed(): void {
    const { connection$: connection, responseChain } = this.stream;
    if (this.serverEnded && responseChain === null) this.#finish(false);
    else if (connection?.closed === false) connection.socket.end();
  }

  onServerEnd(): void {
    if (this.serverEnded) return;
    this.serverEnded = true;
    if (this.stream.responseInspected) this.#endResponse();
    else if (!this.stream.waiting) this.#response!.run(now());
  }

  /** The server's end goes on behind its bytes. */
  #endResponse(): void {
    const chain = this.stream.responseChain;
    if (chain === null) this.#endServer();
    else {
      chain.end();
      chain.run();
    }
  }

  /** Filters are through with what the server sent. */
  serverPassed(): void {
    const connection = this.stream.connection$;
    if (connection === null || connection.closed) this.#finish(false);
    else this.#endServer();
  }

  #endServer(): void {
    if (this.clientEnded && this.stream.requestChain === null) {
      this.#finish(false);
      return;
    }
    this.socket.end();
    this.#silence.restart('client', this.frontend.settings.timeouts['client-fin']);
    this.#silence.watch();
  }

  /** The server's connection is gone: what has come of it still passes the filters. */
  #serverLeft(): void {
    if (this.stream.responseChain === null) this.#finish(false);
    else this.#endResponse();
  }

  /** A filter has ended the connection. */
  cutByFilter(verdict: Exclude<Verdict, undefined | void>): void {
    this.stream.terminate('P', 'D');
    this.frontend.counters.deniedResponses++;
    if (verdict === 'drop') dropSilently(this);
    this.#finish(false);
  }

  onServerError(connection: ServerConnection): void {
    this.onServerClose(connection);
  }

  onServerClose(connection: ServerConnection): void {
    if (this.stream.connection$ !== connection) return;
    if (!connection.connected) this.#retry('S');
    else if (!this.stream.responseInspected && !this.stream.waiting && !this.serverEnded) {
      this.stream.terminate('S', 'D');
      this.serverEnded = true;
      this.#response!.run(now());
    } else {
      if (!this.serverEnded) this.stream.terminate('S', 'D');
      else if (this.stream.responseChain !== null) return;
      this.#finish(false);
    }
  }

  #retry(cause: 'S' | 's'): void {
    const { stream } = this;
    const backend = stream.backend!;
    const server = stream.server!;
    server.observer?.('connect-failed');
    this.#leaveServer();
    this.#phase = RULES;
    if (stream.retriesLeft <= 0) {
      server.counters.connectionErrors++;
      backend.counters.connectionErrors++;
      stream.terminate(cause, 'C');
      this.#finish(false);
      return;
    }
    if (countRetry(stream, server) === 'elsewhere') {
      this.#assign(backend);
      return;
    }
    schedule(this, 0, 0);
    stream.wait(
      stream.sleep(Math.min(1000, backend.settings.timeouts.connect || 1000)),
      (_stream, alive) => {
        if (alive) this.#assign(backend, stream.assigned || server.usable ? server : undefined);
      },
      () => false,
    );
  }

  onTimeout(at: number): void {
    const { stream } = this;
    if (this.introduction !== null) {
      this.introduction.expire();
      return;
    }
    if (this.#over || this.#phase === FLOWING) {
      const response = this.#response;
      const inspected = response?.expected === true && at >= response.until && !stream.waiting && !this.#over;
      if (inspected) response.run(at);
      else this.#silent(at);
      return;
    }
    if (this.#inspection?.waiting === true) {
      this.#inspection.expire();
      return;
    }
    if (stream.queue !== null) {
      stream.queue.remove(stream);
      stream.terminate('s', 'Q');
      this.#finish(false);
      return;
    }
    if (this.#phase === CONNECTING) {
      this.#retry('s');
      return;
    }
    stream.terminate('c', 'R');
    this.#finish(false);
  }

  /** One side, or both, had their time. Who only fell silent counts as one that has ended, and the other goes on as HAProxy lets it. */
  #silent(at: number): void {
    const connection = this.stream.connection$;
    const silence = this.#silence;
    if (silence.progressed()) {
      if (this.#over) schedule(this, silence.clientLimit, at);
      else silence.touch(at);
      return;
    }
    if (this.#over || connection === null) {
      resetSocket(this.socket);
      this.destroy();
      return;
    }
    const { client, server } = silence.expired(at);
    if (!client && !server) {
      silence.watch();
      return;
    }
    this.stream.terminate(client ? 'c' : 's', 'D');
    const stuck = client && this.socket.writableLength > 0;
    if (stuck || (client && server) || (server && connection.socket.writableLength > 0)) {
      connection.destroy();
      this.#finish(stuck);
    } else if (client) {
      this.pause();
      this.#endClient();
    } else {
      connection.pause();
      this.onServerEnd();
    }
  }

  #leaveServer(): void {
    const { stream } = this;
    stream.connection$?.destroy();
    stream.connection$ = null;
    if (!stream.taken) return;
    stream.taken = false;
    stream.backend!.drop(stream.server!);
  }

  /** The connection is over, on both sides. */
  #finish(reset: boolean, polite = false): void {
    if (this.#over) return;
    this.#over = true;
    const { stream } = this;
    stream.queue?.remove(stream);
    const half = this.socket.writableLength > 0 && !reset && !this.closed;
    const connection = stream.connection$;
    // What the server is still owed goes out before its connection closes.
    if (connection !== null && connection.connected && !connection.closed && connection.socket.writableLength > 0) {
      stream.connection$ = null;
      connection.finish(Math.min(this.#silence.serverLimit, LINGER));
    }
    this.#leaveServer();
    stream.timing.end = now();
    if (stream.backend !== undefined) stream.backend.counters.current--;
    if (this.#phase !== ARRIVED) logStream(stream);
    stream.finish();
    if (this.closed) {
      giveStream(stream);
      return;
    }
    if (reset) resetSocket(this.socket);
    else if (half) {
      this.socket.destroySoon();
      this.#silence.progressed();
      if (this.#silence.clientLimit === Infinity) this.#silence.clientLimit = LINGER;
      schedule(this, this.#silence.clientLimit, now());
    } else this.socket.end();
    if (polite && !half) {
      // What the client has sent is read, so that closing does not destroy the answer on its way.
      this.resume();
      schedule(this, POLITENESS, now());
    } else if (!half) this.destroy();
  }

  protected gone(): void {
    if (this.#over) return;
    if (this.#phase !== ARRIVED && !(this.clientEnded && this.serverEnded)) {
      // Whatever was under way: it is the data phase that a client breaks off.
      this.stream.terminate('C', 'D');
      this.frontend.counters.cliAborts++;
    }
    this.#finish(false);
  }

  endIfIdle(): void {
    // A connection in TCP mode is never idle.
  }

  kill(cause: 'K' | 'I' = 'K'): void {
    this.stream.terminate(cause, 'D');
    this.destroy();
  }

  keep(stream: Stream): void {
    stream.requestView.body.own();
  }

  pump(): void {
    // Nothing is read ahead: bytes are either held or passed on.
  }

  wantBody(): void {
    this.resume();
  }
}
