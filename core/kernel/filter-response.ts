import type { Verdict } from '../api/index.ts';
import { reframe } from '../http/framing.ts';
import { BODY_CHUNKED, BODY_CLOSE, BODY_LENGTH, BODY_NONE, BODY_TUNNEL } from '../http/messages.ts';
import type { StoredResponse } from '../http/stored-response.ts';
import { unsentBytes } from '../net/fast-socket.ts';
import type { ChainEnd, FilterChain } from './filter-chain.ts';
import { FilterOutput, LengthError } from './filter-output.ts';
import { abortStream, finishResponse, logStream } from './http-finish.ts';
import type { HttpSession } from './http-session.ts';
import { responseEnded } from './response-end.ts';
import { tunnelTimeout } from './response-flow.ts';
import { caseForClient, connectionLine, countResponse, transmit } from './response-send.ts';
import { conclude } from './response-stages.ts';
import type { Stream } from './stream.ts';
import type { StreamFilters } from './stream-filters.ts';
import { beginTunnel } from './filter-tunnel.ts';
import { schedule } from './timers.ts';

/** Of a stored body filters get pieces of this size at the most. */
const SLICE = 65_536;

/** The client's end of a chain of filters: writes the head they agreed on, and frames what comes out of them. */
class ResponseEnd implements ChainEnd {
  readonly #session: HttpSession;
  readonly #stream: Stream;
  readonly #output = new FilterOutput();
  #headSent = false;
  #headKept = false;

  constructor(session: HttpSession, stream: Stream) {
    this.#session = session;
    this.#stream = stream;
  }

  get idle(): boolean {
    return this.#session.socket.writableLength === 0;
  }

  flush(chain: FilterChain): void {
    const { socket } = this.#session;
    const stream = this.#stream;
    if (stream.responseView.body.kind === BODY_TUNNEL) {
      if (!chain.ended) return;
      chain.close();
      stream.responseChain = null;
      beginTunnel(this.#session, stream, stream.filters!);
      return;
    }
    let head = '';
    if (!this.#headSent) {
      const idle = chain.outSize === 0 && !chain.ended;
      if (chain.held || (idle && chain.busy)) {
        this.#keepHead();
        return;
      }
      head = this.#head(chain);
      this.#headSent = true;
    }
    const size = chain.outSize;
    if (head === '' && size === 0 && !chain.ended) return;
    const { ended } = chain;
    const before = this.#output.written;
    let flowing: boolean;
    try {
      flowing = this.#output.write(socket, head, chain.take(), size, ended, chain.trailers);
    } catch (error) {
      if (!(error instanceof LengthError)) throw error;
      this.#wrongLength(error);
      return;
    }
    const written = this.#output.written - before;
    stream.bytesToClient += written;
    stream.frontend.counters.bytesOut += written;
    if (stream.backend !== undefined) stream.backend.counters.bytesOut += written;
    if (head !== '' && stream.frontend.runtime.logAsap) logStream(stream, true);
    if (ended) {
      this.#finish(chain);
      return;
    }
    chain.blocked = !flowing && socket.writableLength > 0;
  }

  /** It leaves later, when what it was read into holds something else. */
  #keepHead(): void {
    if (this.#headKept) return;
    this.#headKept = true;
    this.#stream.responseView.own();
  }

  /** The head as it leaves, framed for what the filters said of the body's size. */
  #head(chain: FilterChain): string {
    const stream = this.#stream;
    const { head, body, version } = stream.responseView;
    if (chain.bodiless) {
      this.#output.begin(BODY_NONE, 0);
    } else {
      let kind = body.kind;
      let { length } = body;
      if (chain.places.some(({ resized }) => resized)) {
        length = chain.lengthBefore(null);
        const chunks = version === '1.1' && stream.requestView.version === '1.1';
        kind = length !== undefined ? BODY_LENGTH : chunks ? BODY_CHUNKED : BODY_CLOSE;
        if (kind === BODY_CLOSE) stream.closeClient = true;
      }
      if (head.edited) reframe(head, { kind, length });
      this.#output.begin(kind, length);
    }
    const text = stream.interim + head.text(connectionLine(stream), caseForClient(stream));
    stream.interim = '';
    return text;
  }

  #finish(chain: FilterChain): void {
    const stream = this.#stream;
    chain.close();
    stream.responseChain = null;
    stream.responsePhase = 2;
    if (this.#output.kind === BODY_CLOSE) stream.closeClient = true;
    finishResponse(this.#session, stream);
  }

  #wrongLength(error: LengthError): void {
    const { frontend } = this.#stream;
    const { log } = frontend.runtime.generation;
    frontend.counters.internalErrors++;
    log.error({ err: error, frontend: frontend.name }, `a filter did not say the body's size: ${error.message}`);
    this.#stream.terminate('I', 'D');
    abortStream(this.#session, this.#stream);
  }

  balance(chain: FilterChain): void {
    balanceResponse(this.#session, this.#stream, chain);
  }

  concluded(chain: FilterChain, verdict: Exclude<Verdict, undefined | void>): void {
    const stream = this.#stream;
    chain.close();
    if (this.#headSent) {
      stream.terminate('P', 'D');
      abortStream(this.#session, stream);
      return;
    }
    stream.responsePhase = 0;
    stream.responseChain = null;
    stream.closeServer = true;
    conclude(stream, verdict);
  }
}

/** Reads on from the server if the filters and the client can take more; the client's time runs while it is behind. */
export function balanceResponse(session: HttpSession, stream: Stream, chain: FilterChain): void {
  if (stream.conversation !== null) {
    if (!chain.backlogged) stream.conversation.changed();
  }
  const connection = stream.connection$;
  if (chain.backlogged) connection?.pause();
  else connection?.resume();
  if (chain.blocked) session.queued = unsentBytes(session.socket);
  const side = chain.blocked ? 'client' : 'server';
  schedule(session, stream.tunnel ? tunnelTimeout(session, stream) : stream.getTimeout(side), session.clock.now());
}

/** How a response leaves that no filter has anything to do with. */
type Unfiltered = (session: HttpSession, stream: Stream) => void;

/** Shows a response to its filters and sends it through those that care for its body. */
export function filterResponse(
  session: HttpSession,
  stream: Stream,
  filters: StreamFilters,
  unfiltered: Unfiltered = pass,
): void {
  const chain = filters.chain('response', false, new ResponseEnd(session, stream));
  if (chain === null) {
    unfiltered(session, stream);
    return;
  }
  const { body, status } = stream.responseView;
  chain.bodiless = stream.headRequest || status === 204 || status === 304 || body.kind === BODY_TUNNEL;
  chain.length = body.length;
  chain.complete = body.complete || chain.bodiless;
  chain.resized = () => resize(stream, chain);
  stream.responseChain = chain;
  const verdict = chain.heads();
  if (!(verdict instanceof Promise)) {
    begin(session, stream, chain, unfiltered, verdict);
    return;
  }
  stream.wait(
    verdict,
    (waited, late) => begin(session, waited, chain, unfiltered, late),
    (error) => stream.blame('kernel', 'filters', error),
  );
}

/** What a filter said of the body's size shows in the head at once, so that fields it adds come behind. */
function resize(stream: Stream, chain: FilterChain): void {
  const { head, version } = stream.responseView;
  const length = chain.lengthBefore(null);
  head.delete('content-length');
  if (length !== undefined) {
    head.delete('transfer-encoding');
    head.add('content-length', String(length));
  } else if (version === '1.1' && stream.requestView.version === '1.1') {
    if (head.get('transfer-encoding') !== 'chunked') head.set('transfer-encoding', 'chunked');
  } else head.delete('transfer-encoding');
}

function begin(
  session: HttpSession,
  stream: Stream,
  chain: FilterChain,
  unfiltered: Unfiltered,
  verdict: Verdict,
): void {
  if (verdict !== undefined && verdict !== 'stop') {
    chain.close();
    stream.responseChain = null;
    conclude(stream, verdict);
    return;
  }
  if (!chain.active) {
    chain.close();
    stream.responseChain = null;
    unfiltered(session, stream);
    return;
  }
  const { body } = stream.responseView;
  const tunnel = body.kind === BODY_TUNNEL;
  if (!tunnel) {
    countResponse(stream);
    stream.responsePhase = 1;
    if (stream.stored === null) chain.feed(body.held, body.heldStart, body.heldEnd);
    else if (!chain.bodiless) feedStored(chain, stream.stored);
    body.release();
  }
  chain.started = true;
  if (body.complete || tunnel) chain.end();
  chain.run();
  if (chain.closed) return;
  if (stream.conversation !== null) return;
  const connection = stream.connection$;
  if (!body.complete && (connection === null || connection.closed || stream.serverEnded))
    responseEnded(session, stream);
}

/** A stored body goes in as it lies there; only chunks have to be cut out of their framing. */
function feedStored(chain: FilterChain, stored: StoredResponse): void {
  for (const part of stored.body) {
    const bytes = Buffer.from(part.buffer, part.byteOffset, part.byteLength);
    if (stored.framing === 'chunked') chain.feed(bytes, 0, bytes.length);
    else for (let at = 0; at < bytes.length; at += SLICE) chain.push(bytes.subarray(at, at + SLICE));
  }
}

/** No filter has anything to do with the body. */
function pass(session: HttpSession, stream: Stream): void {
  if (stream.responseView.body.kind === BODY_TUNNEL) beginTunnel(session, stream, stream.filters!);
  else transmit(session, stream);
}

/** More of a body that passes filters. */
export function filteredBody(session: HttpSession, stream: Stream, chain: FilterChain, bytes: Buffer, n: number): void {
  const { body } = stream.responseView;
  const stop = body.follow(bytes, 0, n);
  if (stop < 0) {
    stream.terminate('S', 'D');
    stream.server!.counters.responseErrors++;
    abortStream(session, stream);
    return;
  }
  if (stop < n) stream.closeServer = true;
  chain.feed(bytes, 0, stop);
  if (body.complete && !stream.tunnel) chain.end();
  chain.run();
}

/** The server has ended, or its connection is gone. False where the response is cut by that. */
export function filteredEnd(stream: Stream, chain: FilterChain): boolean {
  const { body } = stream.responseView;
  stream.closeServer = true;
  if (body.kind === BODY_CLOSE || body.kind === BODY_TUNNEL) body.complete = true;
  if (!body.complete) return false;
  chain.end();
  chain.run();
  return true;
}
