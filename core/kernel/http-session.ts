import type { Received } from '../api/index.ts';
import { HeadScanner, INCOMPLETE } from '../http/head-scanner.ts';
import { rawErrorPage } from '../http/error-pages.ts';
import { refuseRequest } from '../http/request-checks.ts';
import { resetSocket } from '../net/fast-socket.ts';
import { dropOwned } from '../upstream/pool.ts';
import type { UpstreamServer } from '../upstream/server.ts';
import type { ServerConnection } from '../upstream/server-connection.ts';
import { copyOf, READ_SIZE } from './buffers.ts';
import { ClientSession, type Arrival, type ServerLoss } from './client-session.ts';
import { dispatch, serverConnected, serverFailed, serverFree } from './http-dispatch.ts';
import { logStream } from './http-finish.ts';
import { beginRequest } from './http-request.ts';
import { clientBody, clientGone, clientHalfClosed, streamTimeout } from './request-flow.ts';
import { clientDrained, serverDrained, tunnelToServer } from './response-flow.ts';
import { serverData } from './http-response.ts';
import { serverEnded, serverLost } from './response-end.ts';
import { giveStream, type Stream, takeStream } from './stream.ts';
import { schedule } from './timers.ts';

/** Between requests, or in the middle of a head. */
export const IDLE = 0;
/** A request is under way and all of it has been read. */
export const BUSY = 1;
/** The request's body is still coming. */
export const BODY = 2;
export const TUNNEL = 3;
/** All is said; what the client still sends is thrown away until it closes. */
export const CLOSING = 4;

/** How long an ended connection is read, so that a reset does not destroy the answer on its way (RFC 9112 9.6). */
const LINGER = 2000;
/** Pipelined bytes held while a request is under way. */
const MAX_STASH = READ_SIZE;

let scanner = new HeadScanner(256);

/** The scanner of this thread, with room for `limit` fields. */
export function scannerFor(limit: number): HeadScanner {
  if (scanner.ranges.length < (limit + 1) * 4) scanner = new HeadScanner(limit + 1);
  return scanner;
}

/** An HTTP/1 connection of a client: cuts it into requests. */
export class HttpSession extends ClientSession {
  phase: number = IDLE;
  stream: Stream | null = null;
  /** Nobody is there: it ends with its request. */
  clientless = false;
  /** The client has ended its side. */
  clientEnded = false;
  /** The one of the request before, where its connection is kept for this client alone. */
  lastServer: UpstreamServer | undefined = undefined;
  /** What rules see that may wait for more. */
  contents: Received | undefined = undefined;
  #stash: Buffer | null = null;
  #firstByte = -1;
  /** When the wait for this request began. */
  #waitStart: number;
  /** The size at which an incomplete head is scanned again even without its end in sight. */
  #rescanAt = 0;
  #pumping = false;
  #owns: Set<UpstreamServer> | null = null;
  #waitsForDrain = false;
  readonly #scanner: HeadScanner;
  readonly #maxHead: number;

  constructor(arrival: Arrival) {
    super(arrival);
    const { generation } = this.frontend.runtime;
    this.#scanner = scannerFor(generation.settings.maxHeaders);
    this.#maxHead = generation.headLimit;
    this.#waitStart = arrival.at;
  }

  start(): void {
    this.#waitStart = this.clock.now();
    schedule(this, this.frontend.requestTimeout || this.frontend.clientTimeout, this.#waitStart);
    this.resume();
  }

  override get received(): Received | undefined {
    return this.contents;
  }

  onData(n: number, buffer: Buffer): void {
    switch (this.phase) {
      case IDLE:
        this.#head(buffer, n, this.clock.now());
        break;
      case BODY:
        clientBody(this, this.stream!, buffer, 0, n);
        break;
      case TUNNEL:
        tunnelToServer(this, this.stream!, buffer, n);
        return;
      case BUSY:
        this.#hold(buffer, 0, n);
        return;
      default:
        return;
    }
    this.#afterEvent();
  }

  /** Whatever of the stream still lies in the shared buffer has to last now; then the next request may go. */
  #afterEvent(): void {
    const { stream } = this;
    if (stream !== null && !stream.requestSent) this.keep(stream);
    if (this.phase === IDLE && (this.#stash !== null || this.clientEnded)) this.pump();
  }

  keep(stream: Stream): void {
    if (stream.request !== undefined && !stream.requestSent) stream.requestView.own();
    stream.requestView.body.own();
    if (stream.response !== undefined && stream.responsePhase === 0) {
      stream.responseView.own();
      stream.responseView.body.own();
    }
  }

  wantBody(stream: Stream): void {
    if (stream.conversation !== null) {
      if (this.phase === BODY) this.resume();
      return;
    }
    if (stream.responsePhase === 0 && stream.response === undefined) {
      if (this.phase === BODY) this.resume();
    } else stream.connection$?.resume();
  }

  /** Handles requests that have been read ahead, one after the other, without recursion. */
  pump(): void {
    if (this.#pumping) return;
    this.#pumping = true;
    while (this.phase === IDLE && this.#stash !== null && !this.closed) {
      // A client that sends and does not read must not make us hold its answers.
      if (this.socket.writableLength > MAX_STASH) {
        this.#waitsForDrain = true;
        break;
      }
      const bytes = this.#stash;
      this.#stash = null;
      const before = bytes.length;
      this.#head(bytes, bytes.length, this.clock.now());
      const { stream } = this;
      if (stream !== null && !stream.requestSent) this.keep(stream);
      // Still incomplete: more has to come first.
      if (this.#stash !== null && (this.#stash as Buffer).length === before) break;
    }
    this.#pumping = false;
    if (this.phase === IDLE && !this.closed && !this.#waitsForDrain) {
      if (this.clientEnded) this.end();
      else this.resume();
    }
  }

  #hold(bytes: Buffer, from: number, to: number): void {
    if (from >= to) return;
    const old = this.#stash;
    if (old === null) this.#stash = copyOf(bytes, from, to);
    else {
      const joined = Buffer.allocUnsafe(old.length + to - from);
      old.copy(joined);
      bytes.copy(joined, old.length, from, to);
      this.#stash = joined;
    }
    if (this.phase === BUSY && this.#stash.length > MAX_STASH) this.pause();
  }

  /** Keeps what follows a complete request. */
  holdRest(bytes: Buffer, from: number, to: number): void {
    this.#hold(bytes, from, to);
  }

  /** Gives up what was read ahead, to whom the tunnel leads. */
  takeStash(): Buffer | null {
    const stash = this.#stash;
    this.#stash = null;
    return stash;
  }

  #head(buffer: Buffer, n: number, at: number): void {
    let bytes = buffer;
    let length = n;
    if (this.#firstByte === -1) {
      this.#firstByte = at;
      if (this.requests > 0 && this.frontend.requestTimeout > 0) schedule(this, this.frontend.requestTimeout, at);
    }
    if (this.#stash !== null) {
      const known = this.#stash.length;
      this.#hold(buffer, 0, n);
      bytes = this.#stash;
      length = bytes.length;
      // A head that trickles in is not scanned anew for each byte.
      if (length < this.#rescanAt && bytes.indexOf('\r\n\r\n', Math.max(0, known - 3), 'latin1') === -1) return;
      this.#stash = null;
    }
    const scan = this.#scanner;
    const { requestScan } = this.frontend.runtime;
    const end = scan.request(bytes, length, requestScan);
    if (end < 0) {
      if (end === INCOMPLETE && length - scan.start <= this.#maxHead) {
        this.#stash = copyOf(bytes, 0, length);
        this.#rescanAt = length < 256 ? length + 1 : length * 2;
        return;
      }
      this.#refuse(end === INCOMPLETE ? 'head too large' : scan.refusal, length, at);
      return;
    }
    this.#rescanAt = 0;
    const refusal =
      end - scan.start > this.#maxHead ? 'head too large' : refuseRequest(bytes, scan, requestScan.lenient);
    if (refusal !== undefined) {
      this.#refuse(refusal, length, at);
      return;
    }
    const stream = this.#newStream(at);
    beginRequest(this, stream, bytes, end, length, scan);
  }

  #newStream(at: number): Stream {
    const stream = takeStream();
    const first = this.requests === 0;
    const start = first ? this.acceptedTime : this.#waitStart;
    if (first) this.keepEnds();
    else this.restoreEnds();
    stream.begin(this, this.clock.wall(start));
    stream.timing.start = start;
    stream.timing.handshake = first ? this.handshakeEnd : start;
    stream.timing.firstByte = this.#firstByte === -1 ? at : this.#firstByte;
    this.#firstByte = -1;
    this.requests++;
    this.stream = stream;
    this.frontend.counters.requests++;
    this.frontend.counters.requestRate.add(at);
    return stream;
  }

  /** A message that could be read in two ways: 400, and nothing more is read from this client (RFC 9112 2.2). */
  #refuse(why: string, size: number, at: number): void {
    const stream = this.#newStream(at);
    stream.bytesFromClient = size;
    this.refuseStream(stream, why);
  }

  /** The same for a message whose head was good. */
  refuseStream(stream: Stream, why: string): void {
    stream.terminate('P', 'R');
    this.frontend.counters.requestErrors++;
    this.frontend.runtime.generation.noteRefusal(this, why);
    this.#answerRaw(stream, 400, this.clock.now());
  }

  #answerRaw(stream: Stream, status: 400 | 408, at: number): void {
    const custom = this.frontend.settings.errorReplies.get(status);
    const text =
      custom === undefined || custom.kind === 'reply'
        ? rawErrorPage(status)
        : custom.kind === 'raw'
          ? custom.bytes
          : '';
    stream.responseView.make(status, '');
    stream.response = stream.responseView;
    stream.bytesToClient = text.length;
    if (text !== '') this.socket.write(text, 'latin1');
    stream.timing.end = at;
    logStream(stream);
    this.endStream(stream);
    this.end();
  }

  /** The stream is over and logged; the session is free for the next request. */
  endStream(stream: Stream): void {
    this.stream = null;
    stream.finish();
    giveStream(stream);
    this.phase = IDLE;
    this.#waitStart = this.clock.now();
  }

  /** Waits for the next request. */
  awaitRequest(at: number): void {
    if (this.#stash === null) schedule(this, this.frontend.idleTimeout, at);
    else schedule(this, this.frontend.requestTimeout || this.frontend.clientTimeout, at);
  }

  /** Ends our side once everything is written, and reads on for a while. */
  end(): void {
    if (this.closed) return;
    if (this.clientless) {
      this.destroy();
      return;
    }
    this.phase = CLOSING;
    this.#stash = null;
    this.endBulk();
    this.socket.end();
    if (this.clientEnded) {
      if (this.socket.writableLength === 0) {
        this.destroy();
        return;
      }
    } else this.resume();
    const { timeouts } = this.frontend.settings;
    // Unsent bytes have the client's own time; otherwise it is only a matter of politeness.
    const time = this.socket.writableLength > 0 ? (timeouts['client-fin'] ?? this.frontend.clientTimeout) : LINGER;
    schedule(this, time || LINGER, this.clock.now());
  }

  /**
   * Closes at once what the client asked to have closed: with all of its bytes read and all of ours taken by the system, there is
   * nothing to wait for.
   */
  leave(): void {
    if (this.#stash === null && this.socket.writableLength === 0) this.destroy();
    else this.end();
  }

  /** Closes with a reset: the client cannot take what it got for complete. */
  reset(): void {
    if (this.closed) return;
    resetSocket(this.socket);
    this.destroy();
  }

  onEnd(): void {
    this.clientEnded = true;
    switch (this.phase) {
      case IDLE:
        if (this.#stash !== null || this.#firstByte !== -1) this.#aborted();
        else if (this.requests > 0 || this.frontend.runtime.ignoreProbes) this.end();
        else this.#unused();
        break;
      case CLOSING:
        if (this.socket.writableLength === 0) this.destroy();
        break;
      default:
        clientHalfClosed(this, this.stream!);
        this.pump();
    }
  }

  /** A connection on which no request ever came: a probe, or a browser that thought better of it. */
  #unused(): void {
    const at = this.clock.now();
    const stream = this.#newStream(at);
    stream.terminate('C', 'R');
    if (this.frontend.runtime.option('dontlognull')) stream.logged = true;
    this.#answerRaw(stream, 400, at);
  }

  /** The client left in the middle of a head. */
  #aborted(): void {
    const at = this.clock.now();
    const stream = this.#newStream(at);
    stream.terminate('C', 'R');
    this.frontend.counters.cliAborts++;
    this.frontend.counters.requestErrors++;
    stream.bytesFromClient = this.#stash?.length ?? 0;
    this.#stash = null;
    this.#answerRaw(stream, 400, at);
  }

  onDrain(): void {
    if (this.#waitsForDrain) {
      this.#waitsForDrain = false;
      this.pump();
    }
    if (this.stream !== null) {
      clientDrained(this, this.stream);
      if (this.phase === IDLE) this.pump();
    } else if (this.phase === CLOSING && this.clientEnded) this.destroy();
  }

  onTimeout(at: number): void {
    switch (this.phase) {
      case IDLE: {
        if (this.introduction !== null) {
          // The PROXY header did not come: nobody knows who this is, so nothing is answered.
          this.introduction.expire();
          return;
        }
        if (!this.admitted) {
          this.destroy();
          return;
        }
        const silent = this.#firstByte === -1 && (this.requests > 0 || this.frontend.runtime.ignoreProbes);
        if (silent) {
          this.end();
          return;
        }
        const stream = this.#newStream(at);
        stream.terminate('c', 'R');
        this.frontend.counters.requestErrors++;
        stream.bytesFromClient = this.#stash?.length ?? 0;
        this.#stash = null;
        this.#answerRaw(stream, 408, at);
        break;
      }
      case CLOSING:
        this.destroy();
        break;
      default:
        streamTimeout(this, this.stream!, at);
        this.pump();
    }
  }

  protected gone(_error: boolean): void {
    const { stream } = this;
    if (stream !== null) clientGone(this, stream);
    if (this.#owns !== null) for (const server of this.#owns) dropOwned(server, this);
  }

  /** Idle connections to this server are ours alone. */
  own(server: UpstreamServer): void {
    this.#owns ??= new Set();
    this.#owns.add(server);
  }

  endIfIdle(): void {
    if (this.phase === IDLE && this.#stash === null && this.#firstByte === -1) this.end();
  }

  kill(cause: 'K' | 'I' = 'K'): void {
    this.stream?.terminate(cause, 'D');
    this.destroy();
  }

  onServerFree(stream: Stream, server: UpstreamServer): void {
    serverFree(this, stream, server);
    this.pump();
  }

  onServerLost(stream: Stream): void {
    dispatch(stream);
    this.pump();
  }

  serves(server: UpstreamServer): boolean {
    return this.stream !== null && this.stream.taken && this.stream.server === server;
  }

  loseServer(cause: ServerLoss): void {
    serverLost(this, this.stream!, cause);
    this.pump();
  }

  onServerConnect(connection: ServerConnection): void {
    serverConnected(this, this.stream!, connection);
  }

  onServerData(connection: ServerConnection, n: number, buffer: Buffer): void {
    serverData(this, this.stream!, connection, n, buffer);
    if (this.phase === IDLE && (this.#stash !== null || this.clientEnded)) this.pump();
  }

  onServerEnd(connection: ServerConnection): void {
    serverEnded(this, this.stream!, connection);
    this.pump();
  }

  onServerError(connection: ServerConnection, error: NodeJS.ErrnoException): void {
    serverFailed(this, this.stream!, connection, error);
    this.pump();
  }

  onServerClose(connection: ServerConnection): void {
    serverFailed(this, this.stream!, connection, undefined);
    this.pump();
  }

  onServerDrain(connection: ServerConnection): void {
    serverDrained(this, this.stream!, connection);
  }
}
