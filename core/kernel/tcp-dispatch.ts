import type { Verdict } from '../api/index.ts';
import { connectTo } from '../upstream/connect.ts';
import type { UpstreamBackend } from '../upstream/backend.ts';
import { WaitQueue } from '../upstream/queue.ts';
import type { UpstreamServer } from '../upstream/server.ts';
import { enter } from '../state/counters.ts';
import { ClientSession, type Arrival, type ServerLoss } from './client-session.ts';
import { attachBackend, attachFrontend } from './filter-stages.ts';
import { tell } from './log-steps.ts';
import { runRules } from './rules.ts';
import type { ProxyRuntime } from './proxy-runtime.ts';
import { countRetry, namedServer, takeServer } from './server-choice.ts';
import { dropSilently } from './silent-drop.ts';
import { type Stream, takeStream } from './stream.ts';
import { RequestInspection, type RequestWatcher } from './tcp-inspection.ts';
import { schedule } from './timers.ts';

/** The rules that need no bytes have not let it in yet: it is nobody's to log. */
export const ARRIVED = 0;
export const RULES = 1;
export const CONNECTING = 2;
export const FLOWING = 3;

/** A connection of a client in TCP mode until there is one to a server: its rules, its backend, its server. */
export abstract class TcpDispatch extends ClientSession implements RequestWatcher {
  readonly stream: Stream;
  clientEnded = false;
  protected phase: number = ARRIVED;
  protected over = false;
  /** The rules that wait for bytes, and what comes after them. */
  protected inspection: RequestInspection | null = null;
  #afterInspection: () => void = () => undefined;

  constructor(arrival: Arrival) {
    super(arrival);
    this.stream = takeStream();
    this.stream.begin(this, this.clock.wall(arrival.at));
  }

  /** The connection is over, on both sides. */
  protected abstract finish(reset: boolean, polite?: boolean): void;

  start(): void {
    const { stream, frontend } = this;
    const at = this.clock.now();
    this.phase = RULES;
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
    this.inspection = new RequestInspection(rules, delay, this);
    this.inspection.run();
  }

  waitForMore(milliseconds: number): void {
    schedule(this, milliseconds, this.clock.now());
    this.resume();
  }

  decided(verdict: Verdict): void {
    this.inspection = null;
    schedule(this, this.frontend.clientTimeout, this.clock.now());
    this.#then(verdict, this.#afterInspection);
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
    this.finish(false);
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
    this.finish(false, true);
  }

  #route(): void {
    const { stream, frontend } = this;
    if (frontend.runtime.steps.request !== null) tell(frontend.runtime.steps.request, stream);
    const backend = frontend.chooseBackend(stream);
    if (backend === undefined) {
      stream.terminate('S', 'C');
      this.finish(false);
      return;
    }
    stream.backend = backend;
    enter(backend.counters, this.clock.now());
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
      this.finish(false);
    } else if (place instanceof WaitQueue) {
      place.add(stream);
      const { timeouts } = backend.settings;
      schedule(this, timeouts.queue ?? timeouts.connect, this.clock.now());
      // It is read meanwhile: who leaves gives up his place.
      this.resume();
    } else this.onServerFree(stream, place);
  }

  onServerFree(stream: Stream, server: UpstreamServer): void {
    const at = this.clock.now();
    stream.server = server;
    stream.taken = true;
    stream.timing.queue = at;
    this.phase = CONNECTING;
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

  protected retry(cause: 'S' | 's'): void {
    const { stream } = this;
    const backend = stream.backend!;
    const server = stream.server!;
    server.observer?.('connect-failed');
    this.leaveServer();
    this.phase = RULES;
    if (stream.retriesLeft <= 0) {
      stream.requestOver = true;
      server.counters.connectionErrors++;
      backend.counters.connectionErrors++;
      stream.terminate(cause, 'C');
      this.finish(false);
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

  protected leaveServer(): void {
    const { stream } = this;
    stream.connection$?.destroy();
    stream.connection$ = null;
    if (!stream.taken) return;
    stream.taken = false;
    stream.backend!.drop(stream.server!);
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

  endIfIdle(): void {
    // A connection in TCP mode is never idle.
  }
}
