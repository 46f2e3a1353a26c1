import type { Eventually, Received, Verdict } from '../api/index.ts';
import { resetSocket, unsentBytes } from '../net/fast-socket.ts';
import { connectTo } from '../upstream/connect.ts';
import { encodeProxyHeader } from '../upstream/proxy-header.ts';
import type { UpstreamBackend } from '../upstream/backend.ts';
import { WaitQueue } from '../upstream/queue.ts';
import type { UpstreamServer } from '../upstream/server.ts';
import type { ServerConnection } from '../upstream/server-connection.ts';
import { enter } from '../state/counters.ts';
import { copyOf } from './buffers.ts';
import { ClientSession, type Arrival, type KillCause } from './client-session.ts';
import { logStream } from './http-finish.ts';
import { decideRules, type RunningRule, runRules } from './rules.ts';
import type { ProxyRuntime } from './proxy-runtime.ts';
import { countRetry, namedServer, pickServer, takeServer } from './server-choice.ts';
import { dropSilently } from './silent-drop.ts';
import { giveStream, type Stream, takeStream } from './stream.ts';
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

/** Rules that look at a connection's first bytes. */
interface Inspection {
  readonly rules: readonly RunningRule[];
  readonly next: () => void;
  /** Monotonic milliseconds. */
  readonly until: number;
  expired: boolean;
  /** They wait for more bytes, or the end of the delay. */
  waiting: boolean;
}

const NOTHING = Buffer.alloc(0);

class HeldBytes implements Received {
  request: Buffer = NOTHING;
  response: Buffer = NOTHING;
  final = true;
  mayChange = false;
}

/** A connection of a client in TCP mode: bytes both ways, each side ending by itself. */
export class TcpSession extends ClientSession {
  readonly stream: Stream;
  #phase = ARRIVED;
  #clientEnded = false;
  #serverEnded = false;
  #over = false;
  /** The rules that wait for bytes, and what comes after them. */
  #inspection: Inspection | null = null;
  #received: HeldBytes | null = null;
  /** Until when the rules may wait for what the server sends, and whether they still do. */
  #responseUntil = 0;
  #responseExpected = false;
  /** How long each side may be silent, in milliseconds. */
  #clientLimit = Infinity;
  #serverLimit = Infinity;
  /** When something moved last, and what was unsent then. */
  #activeAt = 0;
  /** The same of the server; with `option independent-streams` it need not be the same time. */
  #serverActiveAt = 0;
  #unsent = 0;

  constructor(arrival: Arrival) {
    super(arrival);
    this.stream = takeStream();
    this.stream.begin(this, wallClock(arrival.at));
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
    this.#inspect(frontend.runtime, () => this.#route());
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
    this.#inspection = { rules, next, until: now() + delay, expired: false, waiting: false };
    this.#evaluate(this.#inspection);
  }

  #evaluate(inspection: Inspection): void {
    const { stream } = this;
    inspection.waiting = false;
    const { rules } = inspection;
    const verdict: Eventually<Verdict | 'wait'> = this.#inspecting
      ? decideRules(rules, stream, stream.blame)
      : runRules(rules, stream, stream.blame);
    if (!(verdict instanceof Promise)) {
      this.#decided(inspection, verdict);
      return;
    }
    const size = stream.requestView.body.heldSize;
    stream.wait(
      verdict,
      (_stream, late) => {
        // What came meanwhile may be what was missing.
        const more = stream.requestView.body.heldSize !== size || !this.#inspecting;
        if (late === 'wait' && more) this.#evaluate(inspection);
        else this.#decided(inspection, late);
      },
      (error) => stream.blame('kernel', 'tcp-request content', error),
    );
  }

  #decided(inspection: Inspection, verdict: Verdict | 'wait'): void {
    if (verdict !== 'wait') {
      this.#inspection = null;
      schedule(this, this.frontend.clientTimeout, now());
      this.#then(verdict, inspection.next);
      return;
    }
    inspection.waiting = true;
    const at = now();
    schedule(this, Math.max(1, inspection.until - at), at);
    this.resume();
  }

  /** More bytes could come to the rules that look at them. */
  get #inspecting(): boolean {
    const inspection = this.#inspection;
    if (inspection === null || inspection.expired || this.#clientEnded) return false;
    return this.stream.requestView.body.heldSize < this.frontend.runtime.generation.bodyLimit;
  }

  override get received(): Received | undefined {
    if (this.#phase === FLOWING) return this.#receivedResponse();
    const { held } = this.stream.requestView.body;
    const received = (this.#received ??= new HeldBytes());
    // Appending makes another buffer of them, so that whoever parsed the old one notices.
    received.request = held;
    received.final = !this.#inspecting;
    return received;
  }

  /** While rules look at the response, there is nothing of the request any more. */
  #receivedResponse(): Received | undefined {
    const { stream } = this;
    if (stream.responseInspected) return undefined;
    const received = (this.#received ??= new HeldBytes());
    received.request = NOTHING;
    received.response = stream.responseView.body.held;
    received.final = !this.#responseExpected;
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
    if (backend.runtime === frontend.runtime) this.#assign(backend);
    else this.#inspect(backend.runtime, () => this.#assign(backend));
  }

  #assign(backend: UpstreamBackend, again?: UpstreamServer): void {
    const { stream } = this;
    const named = stream.retries === 0 ? namedServer(stream) : again;
    const place = takeServer(backend, named ?? pickServer(stream, backend));
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

  onServerConnect(connection: ServerConnection): void {
    const { stream } = this;
    const at = now();
    stream.timing.connect = at;
    stream.requestSent = true;
    stream.responsePhase = 1;
    this.#phase = FLOWING;
    this.#received = null;
    connection.uses++;
    const header = encodeProxyHeader(stream.server!, stream);
    if (header !== undefined) connection.socket.write(header);
    const { body } = stream.requestView;
    if (body.heldSize > 0) {
      connection.socket.write(body.held.subarray(body.heldStart, body.heldEnd));
      stream.bytesToServer += body.heldSize;
      body.release();
    }
    if (this.#clientEnded) connection.socket.end();
    if (this.frontend.runtime.logAsap) logStream(stream, true);
    const tunnel = stream.getTimeout('tunnel');
    this.#clientLimit = tunnel || stream.getTimeout('client') || Infinity;
    this.#serverLimit = tunnel || stream.getTimeout('server') || Infinity;
    this.resume();
    this.#touch(at);
    if (this.#clientEnded) {
      this.#serverFinishes();
      this.#watch();
    }
    if (stream.backend!.runtime.tcpResponseRules !== null) this.#beginResponse(at);
  }

  /** HAProxy begins as soon as the connection stands, though nothing may have come. */
  #beginResponse(at: number): void {
    const delay = this.stream.backend!.settings.responseInspectDelay;
    this.stream.responseInspected = false;
    this.#responseUntil = delay > 0 ? at + delay : 0;
    this.#lookAtResponse(at);
  }

  #lookAtResponse(at: number): void {
    const { stream } = this;
    const rules = stream.backend!.runtime.tcpResponseRules!;
    const full = stream.responseView.body.heldSize >= this.frontend.runtime.generation.bodyLimit;
    this.#responseExpected = this.#responseUntil > at && !full && !this.#serverEnded;
    if (this.#responseExpected) this.#lookedAtResponse(decideRules(rules, stream, stream.blame));
    else this.#lookedAtResponse(runRules(rules, stream, stream.blame));
  }

  #lookedAtResponse(verdict: Eventually<Verdict | 'wait'>): void {
    const { stream } = this;
    if (verdict instanceof Promise) {
      stream.wait(
        verdict,
        (_stream, late) => this.#lookedAtResponse(late),
        (error) => stream.blame('kernel', 'tcp-response content', error),
      );
      return;
    }
    if (verdict === 'wait') {
      this.#watch();
      return;
    }
    this.#responseExpected = false;
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
      const flowing = this.socket.write(body.held.subarray(body.heldStart, body.heldEnd));
      body.release();
      if (flowing) connection?.resume();
      else connection?.pause();
    }
    if (stream.serverUnwanted || connection === null || connection.closed) this.#finish(false);
    else if (this.#serverEnded) this.#endServer();
    else this.#watch();
  }

  /** What the server sends while rules look at it. */
  #holdResponse(connection: ServerConnection, n: number, buffer: Buffer): void {
    const { stream } = this;
    const { body } = stream.responseView;
    body.append(buffer, 0, n);
    if (body.heldSize >= this.frontend.runtime.generation.bodyLimit) connection.pause();
    if (!stream.waiting) this.#lookAtResponse(now());
  }

  /** Something moved: both sides have their time again, whoever it was (configuration.txt 4.2, option independent-streams). */
  #touch(at: number): void {
    this.#activeAt = at;
    this.#serverActiveAt = at;
    this.#watch();
  }

  /** One side sent something, or took something. */
  #moved(at: number, client: boolean): void {
    if (!this.frontend.runtime.independent && !this.stream.backend!.runtime.independent) this.#touch(at);
    else {
      if (client) this.#activeAt = at;
      else this.#serverActiveAt = at;
      this.#watch();
    }
  }

  #watch(): void {
    const lag = this.#serverActiveAt - this.#activeAt;
    let limit = Math.min(this.#clientTime(), this.#serverTime() + lag);
    if (this.#responseExpected) limit = Math.min(limit, this.#responseUntil - this.#activeAt);
    schedule(this, limit, this.#activeAt);
  }

  /** A side's time runs while it may still send, or has bytes to take. */
  #clientTime(): number {
    return this.socket.writableLength > 0 || !(this.#clientEnded || this.paused) ? this.#clientLimit : Infinity;
  }

  #serverTime(): number {
    const connection = this.stream.connection$!;
    const expected = connection.socket.writableLength > 0 || !(this.#serverEnded || connection.paused);
    return expected ? this.#serverLimit : Infinity;
  }

  /** `timeout server-fin`: the client has ended, so the server's time is another, and begins now. */
  #serverFinishes(): void {
    const limit = this.stream.backend!.settings.timeouts['server-fin'];
    if (limit === undefined) return;
    this.#serverLimit = limit;
    this.#activeAt = now();
    this.#serverActiveAt = this.#activeAt;
  }

  onData(n: number, buffer: Buffer): void {
    const { stream, frontend } = this;
    if (this.#clientEnded || this.#over) return;
    stream.bytesFromClient += n;
    frontend.counters.bytesIn += n;
    if (this.#phase !== FLOWING) {
      stream.requestView.body.append(buffer, 0, n);
      if (stream.requestView.body.heldSize >= frontend.runtime.generation.bodyLimit) this.pause();
      if (this.#inspection?.waiting === true) this.#evaluate(this.#inspection);
      return;
    }
    stream.backend!.counters.bytesIn += n;
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
    this.#moved(now(), true);
  }

  onServerData(connection: ServerConnection, n: number, buffer: Buffer): void {
    const { stream, frontend, socket } = this;
    if (this.#serverEnded) return;
    stream.bytesFromServer += n;
    stream.bytesToClient += n;
    frontend.counters.bytesOut += n;
    stream.backend!.counters.bytesOut += n;
    if (!stream.responseInspected) {
      this.#holdResponse(connection, n, buffer);
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
    this.#moved(now(), false);
  }

  onDrain(): void {
    if (this.#over) return;
    this.stream.connection$?.resume();
    if (this.#phase === FLOWING) this.#moved(now(), true);
  }

  onServerDrain(): void {
    if (!this.#clientEnded) this.resume();
    this.#moved(now(), false);
  }

  onEnd(): void {
    const { stream } = this;
    if (this.#over || this.#clientEnded) return;
    if (this.#phase === FLOWING) {
      this.#endClient();
      return;
    }
    this.#clientEnded = true;
    if (this.#inspection !== null) {
      // There is nothing more to wait for.
      if (this.#inspection.waiting) this.#evaluate(this.#inspection);
      return;
    }
    if (stream.backend?.runtime.abortOnClose === true || stream.requestView.body.heldSize === 0) {
      stream.terminate('C', stream.stage);
      this.#finish(false);
    }
  }

  /** The client sends no more; the server is told, and may go on. */
  #endClient(): void {
    this.#clientEnded = true;
    if (this.#serverEnded) {
      this.#finish(false);
      return;
    }
    this.stream.connection$?.socket.end();
    this.#serverFinishes();
    this.#watch();
  }

  onServerEnd(): void {
    if (this.#serverEnded) return;
    this.#serverEnded = true;
    if (this.stream.responseInspected) this.#endServer();
    else if (!this.stream.waiting) this.#lookAtResponse(now());
  }

  #endServer(): void {
    if (this.#clientEnded) {
      this.#finish(false);
      return;
    }
    this.socket.end();
    const limit = this.frontend.settings.timeouts['client-fin'];
    if (limit !== undefined) {
      this.#clientLimit = limit;
      this.#activeAt = now();
      this.#serverActiveAt = this.#activeAt;
    }
    this.#watch();
  }

  onServerError(connection: ServerConnection): void {
    this.onServerClose(connection);
  }

  onServerClose(connection: ServerConnection): void {
    if (this.stream.connection$ !== connection) return;
    if (!connection.connected) this.#retry('S');
    else if (!this.stream.responseInspected && !this.stream.waiting && !this.#serverEnded) {
      this.stream.terminate('S', 'D');
      this.#serverEnded = true;
      this.#lookAtResponse(now());
    } else {
      if (!this.#serverEnded) this.stream.terminate('S', 'D');
      this.#finish(false);
    }
  }

  #retry(cause: 'S' | 's'): void {
    const { stream } = this;
    const backend = stream.backend!;
    const server = stream.server!;
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
    if (this.#over || this.#phase === FLOWING) {
      const inspected = this.#responseExpected && at >= this.#responseUntil && !stream.waiting && !this.#over;
      if (inspected) this.#lookAtResponse(at);
      else this.#silence(at);
      return;
    }
    if (this.#inspection?.waiting === true) {
      this.#inspection.expired = true;
      this.#evaluate(this.#inspection);
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
  #silence(at: number): void {
    const connection = this.stream.connection$;
    const unsent = unsentBytes(this.socket) + (connection === null ? 0 : unsentBytes(connection.socket));
    const moved = unsent !== this.#unsent;
    this.#unsent = unsent;
    if (moved && unsent > 0) {
      // A slow reader takes some of what is written without emptying it.
      if (this.#over) schedule(this, this.#clientLimit, at);
      else this.#touch(at);
      return;
    }
    if (this.#over || connection === null) {
      resetSocket(this.socket);
      this.destroy();
      return;
    }
    const client = this.#activeAt + this.#clientTime() <= at;
    const server = this.#serverActiveAt + this.#serverTime() <= at;
    if (!client && !server) {
      this.#watch();
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
      connection.finish(Math.min(this.#serverLimit, LINGER));
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
      this.#unsent = unsentBytes(this.socket);
      if (this.#clientLimit === Infinity) this.#clientLimit = LINGER;
      schedule(this, this.#clientLimit, now());
    } else this.socket.end();
    if (polite && !half) {
      // What the client has sent is read, so that closing does not destroy the answer on its way.
      this.resume();
      schedule(this, POLITENESS, now());
    } else if (!half) this.destroy();
  }

  protected gone(): void {
    if (this.#over) return;
    if (this.#phase !== ARRIVED && !(this.#clientEnded && this.#serverEnded)) {
      this.stream.terminate('C', this.stream.stage);
      this.frontend.counters.cliAborts++;
    }
    this.#finish(false);
  }

  endIfIdle(): void {
    // A connection in TCP mode is never idle.
  }

  kill(cause: KillCause = 'K'): void {
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
