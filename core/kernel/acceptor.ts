import type { BindConfig, ConnectionError, Endpoint, Listener, Timer, Transaction } from '../api/index.ts';
import type { Duplex } from 'node:stream';
import { adoptSocket, type PlainSocket, type SocketReader } from '../net/fast-socket.ts';
import { newEvent } from '../net/clock.ts';
import { enableKeepAlive } from '../net/keepalive.ts';
import { loadLibc } from '../net/libc.ts';
import type { Listening } from '../net/unbound-listener.ts';
import { type StreamEnds, StreamSocket } from '../net/stream-socket.ts';
import { enter } from '../state/counters.ts';
import type { Arrival, ClientSession, Door } from './client-session.ts';
import type { FrontendRuntime } from './frontend.ts';
import { HttpSession } from './http-session.ts';
import { type Introduction, IntroductionReader } from './introduction.ts';
import type { ListenSpec } from './listen.ts';
import { tell } from './log-steps.ts';
import type { ProcessState } from './process-state.ts';
import type { ProxyClock } from './proxy-clock.ts';
import { runRules } from './rules.ts';
import { dropSilently } from './silent-drop.ts';
import type { Stream } from './stream.ts';
import { takeStream } from './stream.ts';
import { TcpSession } from './tcp-session.ts';

let connections = 0;

export interface CountedListener extends Listener {
  connections: number;
}

/** Lets connections of one listening socket into one frontend: limits, the PROXY protocol, the rules that need no bytes. */
export class Acceptor implements Door {
  readonly frontend: FrontendRuntime;
  readonly listener: CountedListener;
  readonly bind: BindConfig;
  readonly socket: Listening;
  /** The address as the configuration has it. */
  readonly configured: string;
  readonly #stands: Endpoint | undefined;
  readonly #clock: ProxyClock;
  readonly #process: ProcessState;
  #delayed: Timer | undefined;
  #stopped = false;
  readonly sessions: Set<ClientSession> = new Set();

  constructor(
    frontend: FrontendRuntime,
    listener: CountedListener,
    bind: BindConfig,
    socket: Listening,
    process: ProcessState,
    { configured, stands }: Pick<ListenSpec, 'configured' | 'stands'>,
  ) {
    this.configured = configured;
    this.#stands = stands;
    this.#clock = process.clock;
    this.frontend = frontend;
    this.listener = listener;
    this.bind = bind;
    this.socket = socket;
    this.#process = process;
  }

  /** Connections now. */
  get current(): number {
    return this.listener.connections;
  }

  /** Lets in a connection from within the process, under the same limits and rules as those of the system. */
  give(stream: Duplex, ends: StreamEnds): void {
    this.socket.give(new StreamSocket(stream, ends));
  }

  open(): void {
    this.socket.accept((socket) => this.#accept(socket));
    this.#process.acceptors.add(this);
    this.frontend.doors.push(this);
    this.#regulate();
  }

  /** Lets nobody in any more; those who are in stay. */
  stop(): void {
    this.#stopped = true;
    this.#process.acceptors.delete(this);
    this.#delayed?.stop();
  }

  #accept(socket: PlainSocket): void {
    newEvent();
    const at = this.#clock.now();
    const { frontend } = this;
    const remote = socket.remoteAddress;
    if (remote === undefined && socket.remoteFamily === undefined && this.socket.target.kind === 'inet') {
      // Reset before it was accepted.
      socket.destroy();
      return;
    }
    frontend.countSession(at);
    enter(frontend.counters, at);
    this.listener.connections++;
    this.#process.enter();
    const source: Endpoint =
      remote === undefined
        ? { family: 'unix', address: this.listener.address, port: 0 }
        : { family: socket.remoteFamily === 'IPv6' ? 6 : 4, address: plain(remote), port: socket.remotePort ?? 0 };
    const arrival: Arrival = {
      id: ++connections,
      listener: this.listener,
      frontend,
      socketSource: remote?.startsWith('::ffff:') ? { ...source, family: 4 } : source,
      door: this,
      at,
    };
    const session = frontend.settings.mode === 'http' ? new HttpSession(arrival) : new TcpSession(arrival);
    this.sessions.add(session);
    const introduced = this.bind.acceptProxy || this.bind.acceptNetscalerCip !== undefined;
    // `tcp-request connection` sees the connection as it came, before anything has been read.
    const ruledFirst = introduced && frontend.runtime.tcpConnectionRules !== null;
    const reader: SocketReader = introduced && !ruledFirst ? new IntroductionReader(session, this) : session;
    session.socket = adoptSocket(socket, reader);
    if (frontend.settings.clientKeepAlive !== undefined)
      enableKeepAlive(session.socket, frontend.settings.clientKeepAlive, loadLibc);
    if (frontend.full || frontend.rateDelay(at) > 0) this.#regulateAll();
    else this.#regulate();
    if (reader instanceof IntroductionReader) reader.begin(this.bind);
    else if (ruledFirst) void this.#admitByRules(session, this.bind);
    else this.admit(session);
  }

  /** The connection is about to be closed because of what came in front of it, or did not. */
  fail(session: ClientSession, error: ConnectionError): void {
    session.error = error;
    const { onConnectionError } = this.frontend.runtime;
    if (onConnectionError === null) return;
    const stream = this.#passing(session);
    stream.timing.end = this.#clock.now();
    stream.terminate('P', 'R');
    tell(onConnectionError, stream);
    stream.finish();
  }

  /** The connection's ends are known: rules and hooks that look at nothing else. */
  admit(session: ClientSession): void {
    const { runtime } = this.frontend;
    this.#tellAccepted(session);
    const { pre, post } = runtime.generation.pipeline.accept;
    if (runtime.tcpConnectionRules === null && runtime.tcpSessionRules === null && pre === null && post === null) {
      session.admit();
      return;
    }
    void this.#admitByRules(session);
  }

  #tellAccepted(session: ClientSession): void {
    const { accept } = this.frontend.runtime.steps;
    if (accept === null) return;
    const stream = this.#passing(session);
    stream.timing.handshake = session.handshakeEnd;
    tell(accept, stream);
    stream.finish();
  }

  /** `introduction`: the header that has to come between the two rule sets. */
  async #admitByRules(session: ClientSession, introduction?: Introduction): Promise<void> {
    const { runtime } = this.frontend;
    const stream = this.#passing(session);
    const { pre, post } = runtime.generation.pipeline.accept;
    try {
      for (const stage of [
        () => pre?.(session),
        () =>
          runtime.tcpConnectionRules === null ? undefined : runRules(runtime.tcpConnectionRules, stream, stream.blame),
        () => this.#introduceLate(session, introduction),
        () => (runtime.tcpSessionRules === null ? undefined : runRules(runtime.tcpSessionRules, stream, stream.blame)),
        () => post?.(session),
      ]) {
        const answer = stage();
        const verdict = answer instanceof Promise ? await answer : answer;
        if (session.closed) return;
        if (verdict === undefined || verdict === 'stop') continue;
        this.frontend.counters.deniedRequests++;
        if (verdict === 'drop') dropSilently(session);
        session.destroy();
        return;
      }
    } finally {
      stream.finish();
    }
    session.admit();
  }

  /** The header that the `bind` line asks for, or a rule (`expect-proxy`). */
  #introduceLate(session: ClientSession, introduction: Introduction | undefined): Promise<undefined> | undefined {
    const { expectHeader } = session;
    session.expectHeader = undefined;
    if (introduction !== undefined)
      return this.#introduce(session, introduction).finally(() => {
        if (!session.closed) this.#tellAccepted(session);
      });
    if (expectHeader === undefined) return undefined;
    return this.#introduce(session, {
      acceptProxy: expectHeader === 'proxy',
      acceptNetscalerCip: expectHeader === 'netscaler-cip' ? 0 : undefined,
    });
  }

  async #introduce(session: ClientSession, introduction: Introduction): Promise<undefined> {
    await new Promise<void>((resolve) => {
      const reader = new IntroductionReader(session, {
        admit: () => resolve(),
        fail: (failed, error) => {
          this.fail(failed, error);
          resolve();
        },
      });
      session.socket.reader = reader;
      reader.begin(introduction);
    });
    return undefined;
  }

  /** A stream for rules that see a connection only; it never carries anything. */
  #passing(session: ClientSession): Stream & Transaction {
    const stream = takeStream();
    stream.shared = true;
    stream.begin(session, this.#clock.wall(session.acceptedTime));
    stream.timing.start = session.acceptedTime;
    return stream;
  }

  destinationOf(session: ClientSession): Endpoint {
    const { localAddress, localPort, localFamily } = session.socket;
    const within = session.socket instanceof StreamSocket;
    if (this.#stands !== undefined && !(within && localAddress !== undefined)) return this.#stands;
    if (within && localAddress === undefined) return { family: 4, address: '127.0.0.1', port: 0 };
    if (localAddress === undefined) return { family: 'unix', address: this.listener.address, port: 0 };
    const mapped = localAddress.startsWith('::ffff:');
    return { family: localFamily === 'IPv6' && !mapped ? 6 : 4, address: plain(localAddress), port: localPort ?? 0 };
  }

  release(session: ClientSession): void {
    this.sessions.delete(session);
    session.variableBudget?.end();
    this.listener.connections--;
    const wasFull = this.frontend.full;
    this.frontend.counters.current--;
    this.#process.leave();
    if (wasFull) this.#regulateAll();
    else if (!this.#stopped) this.#regulate();
    if (this.sessions.size === 0) this.frontend.runtime.generation.sessionsEnded();
  }

  close(): void {
    this.#delayed?.stop();
    this.#delayed = undefined;
    this.socket.pause();
    this.socket.unbind?.();
  }

  async reopen(): Promise<void> {
    await this.socket.rebind?.();
    this.reconsider();
  }

  /** Stops accepting while a limit is reached: those who wait stay in the system's queue (configuration.txt, maxconn). */
  #regulate(): void {
    if (this.frontend.admission !== 'open') return;
    const { bind, frontend } = this;
    const full = this.#process.full || frontend.full || (bind.maxconn > 0 && this.listener.connections >= bind.maxconn);
    if (full) {
      this.socket.pause();
      return;
    }
    const delay = frontend.rateDelay(this.#clock.now());
    if (delay > 0) {
      this.socket.pause();
      if (this.#delayed !== undefined) return;
      this.#delayed = this.#clock.timer(() => {
        this.#delayed = undefined;
        if (!this.#stopped) this.#regulate();
      });
      this.#delayed.start(delay);
      return;
    }
    if (this.socket.paused && !this.#process.held) this.socket.resume();
  }

  #regulateAll(): void {
    for (const door of this.frontend.doors) door.reconsider();
  }

  /** A limit outside this acceptor changed. */
  reconsider(): void {
    if (!this.#stopped) this.#regulate();
  }
}

/** IPv4 addresses in their own form, though the socket is of both families. */
function plain(address: string): string {
  return address.startsWith('::ffff:') && address.includes('.') ? address.slice(7) : address;
}
