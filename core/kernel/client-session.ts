import { PluginFault } from '../plugin/fault.ts';
import type {
  Connection,
  ConnectionError,
  Endpoint,
  Listener,
  PacketMarks,
  ProxyHeaderValue,
  Received,
  TcpInfo,
  Value,
} from '../api/index.ts';
import { descriptorOf, pauseReading, resumeReading } from '../net/fast-socket.ts';
import type { ReadSocket, SocketReader } from '../net/fast-socket.ts';
import { markPackets } from '../net/packet-marks.ts';
import { readTcpInfo } from '../net/tcp-info.ts';
import type { UpstreamServer } from '../upstream/server.ts';
import type { ConnectionUser, ServerConnection } from '../upstream/server-connection.ts';
import { giveBuffer, sharedBuffer, takeBuffer } from './buffers.ts';
import type { FrontendRuntime } from './frontend.ts';
import type { ProxyClock } from './proxy-clock.ts';
import type { Stream } from './stream.ts';
import type { Budget } from './variables.ts';
import { type Timed, unschedule } from './timers.ts';

/** What the acceptor found out about a connection. */
export interface Arrival {
  readonly id: number;
  readonly listener: Listener;
  readonly frontend: FrontendRuntime;
  readonly socketSource: Endpoint;
  readonly door: Door;
  /** Monotonic milliseconds. */
  readonly at: number;
}

/** Where connections come in: one per listening socket and frontend. */
export interface Door {
  /** Asks the system for the socket's own end; seldom needed. */
  destinationOf(session: ClientSession): Endpoint;
  /** Takes the connection out of the counts; called once. */
  release(session: ClientSession): void;
}

/** Why an exchange ends with its server: that is down (`D`), or another is up (`U`). configuration.txt 8.5. */
export type ServerLoss = 'D' | 'U' | 'K';

/** A client's connection: what HTTP and TCP sessions have in common. */
export abstract class ClientSession implements Connection, SocketReader, Timed, ConnectionUser {
  readonly clock: ProxyClock;
  readonly id: number;
  readonly listener: Listener;
  readonly frontend: FrontendRuntime;
  readonly socketSource: Endpoint;
  source: Endpoint;
  readonly acceptedTime: number;
  variables: Map<string, Value> | null = null;
  /** What they take, where the configuration limits that. */
  variableBudget: Budget | undefined = undefined;
  receivedProxyHeader = false;
  error: ConnectionError | undefined = undefined;
  /** What reads the header that has to come first, while it is waited for. */
  introduction: { expire(): void } | null = null;
  proxyHeaderValues: readonly ProxyHeaderValue[] = [];
  resetTtl: number | undefined = undefined;
  /** Requests so far, in HTTP mode. */
  requests = 0;
  expectHeader: 'proxy' | 'netscaler-cip' | undefined = undefined;
  socket!: ReadSocket;
  closed = false;
  paused = true;
  /** The rules that need no bytes have let it in. */
  admitted = false;
  /** What came behind the PROXY header. */
  early: Buffer | null = null;
  /** When the PROXY header, if any, had been read. */
  handshakeEnd: number;
  bulk: Buffer | null = null;
  /** What the client had still to take when the server was stopped for it. */
  queued = 0;
  deadline: number = Infinity;
  wakeAt: number = Infinity;
  heapIndex = -1;
  readonly #door: Door;
  #destination: Endpoint | undefined = undefined;
  #socketDestination: Endpoint | undefined = undefined;
  #keptSource: Endpoint | undefined = undefined;
  #keptDestination: Endpoint | undefined = undefined;

  constructor(arrival: Arrival) {
    this.clock = arrival.frontend.runtime.generation.clock;
    this.id = arrival.id;
    this.listener = arrival.listener;
    this.frontend = arrival.frontend;
    this.socketSource = arrival.socketSource;
    this.source = arrival.socketSource;
    this.acceptedTime = arrival.at;
    this.handshakeEnd = arrival.at;
    this.#door = arrival.door;
  }

  /** Keeps both ends as the connection's own rules left them: what `set-src` says in one request is not for the next. */
  keepEnds(): void {
    this.#keptSource = this.source;
    this.#keptDestination = this.#destination;
  }

  restoreEnds(): void {
    this.source = this.#keptSource ?? this.source;
    this.#destination = this.#keptDestination;
  }

  get acceptedAt(): number {
    return this.clock.wall(this.acceptedTime);
  }

  tcpInfo(): TcpInfo | undefined {
    return readTcpInfo(this.socket);
  }

  get socketDestination(): Endpoint {
    return (this.#socketDestination ??= this.#door.destinationOf(this));
  }

  get destination(): Endpoint {
    return this.#destination ?? this.socketDestination;
  }
  set destination(endpoint: Endpoint) {
    this.#destination = endpoint;
  }

  /** Lets it in. */
  admit(): void {
    this.admitted = true;
    this.start();
    const { early } = this;
    if (early === null || this.closed) return;
    this.early = null;
    this.onData(early.length, early);
  }

  /** The socket is ours from here on; reading begins. */
  /** The client sends no more. */
  abstract clientEnded: boolean;
  abstract start(): void;
  abstract onData(n: number, buffer: Buffer): void;
  abstract onEnd(): void;
  abstract onDrain(): void;
  abstract onTimeout(at: number): void;
  /** The connection is gone. */
  protected abstract gone(error: boolean): void;
  /** Stops what is under way and closes; `shutdown-sessions`, hard stop. */
  abstract kill(cause?: 'K' | 'I'): void;
  /** Something of it is under way on that server. */
  abstract serves(server: UpstreamServer): boolean;
  /** What is under way on its server is to end. */
  abstract loseServer(cause: ServerLoss): void;
  /** Closes if nothing is under way; a soft stop waits for the others. */
  abstract endIfIdle(): void;
  /** Copies what the stream needs out of shared memory. */
  abstract keep(stream: Stream): void;
  /** Goes on after something asynchronous. */
  abstract pump(): void;
  /** Bytes that rules may look at as they are: in TCP mode only. */
  get received(): Received | undefined {
    return undefined;
  }
  /** Reads on until the stream's body is as far as it wants. */
  abstract wantBody(stream: Stream): void;

  /** A server the stream waited for has room, and has counted it already. */
  abstract onServerFree(stream: Stream, server: UpstreamServer): void;
  /** The server it waited for went down: another is looked for. */
  abstract onServerLost(stream: Stream): void;
  abstract onServerConnect(connection: ServerConnection): void;
  abstract onServerData(connection: ServerConnection, n: number, buffer: Buffer): void;
  abstract onServerEnd(connection: ServerConnection): void;
  abstract onServerError(connection: ServerConnection, error: NodeJS.ErrnoException): void;
  abstract onServerClose(connection: ServerConnection): void;
  abstract onServerDrain(connection: ServerConnection): void;

  buffer(): Buffer {
    return this.bulk ?? sharedBuffer;
  }

  useBulk(): void {
    this.bulk ??= takeBuffer();
  }

  replaceBulk(): void {
    this.bulk = takeBuffer();
  }

  endBulk(): void {
    if (this.bulk !== null) giveBuffer(this.bulk);
    this.bulk = null;
  }

  pause(): void {
    if (this.paused || this.closed) return;
    this.paused = true;
    pauseReading(this.socket);
  }

  resume(): void {
    if (!this.paused || this.closed) return;
    this.paused = false;
    resumeReading(this.socket);
  }

  onError(_error: NodeJS.ErrnoException): void {
    this.#close(true);
  }

  onClose(): void {
    this.#close(false);
  }

  /** Our own code threw: this connection ends, and nothing else. */
  onFault(error: unknown): void {
    const { runtime, counters, name } = this.frontend;
    counters.internalErrors++;
    const { generation } = runtime;
    if (error instanceof PluginFault) {
      const { plugin, where } = error;
      if (!error.told) generation.pluginFailed(plugin, where, error.cause);
      generation.log.error(
        { plugin, frontend: name },
        `the connection is closed, for plugin '${plugin}' failed in ${where}`,
      );
    } else {
      generation.log.error({ err: error, frontend: name }, 'internal error; the connection is closed');
      generation.surroundings.failed(error instanceof Error ? error : new Error(String(error)));
    }
    this.kill('I');
  }

  #close(error: boolean): void {
    if (this.closed) return;
    this.closed = true;
    unschedule(this);
    this.endBulk();
    this.gone(error);
    this.#door.release(this);
    this.socket.destroy();
  }

  /** Closes at once; bytes not sent yet are lost. */
  destroy(): void {
    this.#close(false);
  }

  setPacketMarks(marks: PacketMarks): void {
    const { descriptor } = this;
    const { family } = this.socketSource;
    const { generation } = this.frontend.runtime;
    if (descriptor === undefined || family === 'unix') return;
    markPackets(descriptor, family, marks, (problem) => generation.warnOnce(problem));
  }

  get descriptor(): number | undefined {
    return descriptorOf(this.socket);
  }
}
