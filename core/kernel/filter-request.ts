import type { Verdict } from '../api/index.ts';
import { reframeRequest } from '../http/framing.ts';
import { BODY_CHUNKED, BODY_LENGTH, BODY_NONE } from '../http/messages.ts';
import { writeLatin1 } from '../net/direct-write.ts';
import type { ReadSocket } from '../net/fast-socket.ts';
import type { ChainEnd, FilterChain } from './filter-chain.ts';
import { FilterOutput, LengthError } from './filter-output.ts';
import { awaitResponse, awaitServer, dispatch, requestHead } from './http-dispatch.ts';
import { abortStream, finishRequestBody } from './http-finish.ts';
import { BODY, type HttpSession } from './http-session.ts';
import { conclude, continueExpected } from './request-stages.ts';
import type { Stream } from './stream.ts';
import type { StreamFilters } from './stream-filters.ts';
import { schedule } from './timers.ts';

/**
 * The server's end of a chain of filters. Filters begin before there is a connection; what comes out waits for it, and the head
 * with it. A connection that fails costs the next one nothing: no byte has been lost.
 */
class RequestEnd implements ChainEnd {
  readonly #session: HttpSession;
  readonly #stream: Stream;
  readonly #output = new FilterOutput();
  /** A server has been asked for. */
  #dispatched = false;
  /** The connection to it stands. */
  #open = false;
  #headSent = false;
  #headKept = false;

  constructor(session: HttpSession, stream: Stream) {
    this.#session = session;
    this.#stream = stream;
  }

  get idle(): boolean {
    return (this.#stream.connection$?.socket.writableLength ?? 0) === 0;
  }

  flush(chain: FilterChain): void {
    if (!this.#open) return;
    const stream = this.#stream;
    const connection = stream.connection$;
    if (connection === null || connection.closed) {
      // It has left, perhaps after an early answer: what is left of the body goes nowhere.
      chain.take();
      chain.blocked = false;
      if (chain.ended) this.#finish(chain);
      return;
    }
    const idle = chain.outSize === 0 && !chain.ended;
    if (!this.#headSent && (chain.held || (idle && chain.busy))) {
      this.#keepHead();
      return;
    }
    if (idle && this.#headSent) return;
    const flowing = this.#send(chain, connection.socket);
    if (flowing === undefined) return;
    if (chain.ended) this.#finish(chain);
    else chain.blocked = !flowing && connection.socket.writableLength > 0;
  }

  /** It leaves later, when what it was read into holds something else. */
  #keepHead(): void {
    if (this.#headKept) return;
    this.#headKept = true;
    this.#stream.requestView.own();
  }

  #send(chain: FilterChain, socket: ReadSocket): boolean | undefined {
    const stream = this.#stream;
    const output = this.#output;
    const head = this.#headSent ? '' : this.#head(chain);
    const first = !this.#headSent;
    this.#headSent = true;
    const size = chain.outSize;
    const { retriesResponses, generation } = stream.backend!.runtime;
    const parts = chain.take();
    try {
      // What may have to be sent again is kept as it leaves, if all of it is there.
      if (first && chain.ended && retriesResponses && !stream.retryDisabled && size <= generation.settings.bufsize) {
        const text = output.text(head, parts, size, chain.trailers);
        if (text.length <= generation.settings.bufsize) stream.retained = text;
        stream.bytesToServer += text.length;
        return writeLatin1(socket, text);
      }
      const before = output.written;
      const flowing = output.write(socket, head, parts, size, chain.ended, chain.trailers);
      stream.bytesToServer += output.written - before;
      return flowing;
    } catch (error) {
      if (!(error instanceof LengthError)) throw error;
      this.#wrongLength(error);
      return undefined;
    }
  }

  #head(chain: FilterChain): string {
    const stream = this.#stream;
    const { head, body } = stream.requestView;
    let { kind, length } = body;
    if (chain.places.some(({ resized }) => resized)) {
      length = chain.lengthBefore(null) ?? (chain.ended && mustCollect(stream, chain) ? chain.outSize : undefined);
      kind = length === undefined ? BODY_CHUNKED : length === 0 && body.kind === BODY_NONE ? BODY_NONE : BODY_LENGTH;
    }
    if (head.framingEdited || kind !== body.kind || length !== body.length) reframeRequest(head, { kind, length });
    this.#output.begin(kind, length);
    return requestHead(stream);
  }

  #finish(chain: FilterChain): void {
    chain.close();
    this.#stream.requestChain = null;
    if (this.#dispatched) finishRequestBody(this.#session, this.#stream);
  }

  #wrongLength(error: LengthError): void {
    const { frontend } = this.#stream;
    frontend.counters.internalErrors++;
    frontend.runtime.generation.log.error(
      { err: error, frontend: frontend.name },
      `a filter did not say the body's size: ${error.message}`,
    );
    this.#stream.terminate('I', 'D');
    abortStream(this.#session, this.#stream);
  }

  /** The connection to the server stands. */
  open(chain: FilterChain): void {
    this.#open = true;
    chain.blocked = false;
    chain.run();
  }

  balance(chain: FilterChain): void {
    const stream = this.#stream;
    const session = this.#session;
    if (!this.#dispatched) {
      if (chain.held || (mustCollect(stream, chain) && !chain.ended)) {
        this.#collect(chain);
        return;
      }
      this.#dispatched = true;
      dispatch(stream);
      return;
    }
    if (chain.backlogged) session.pause();
    else if (session.phase === BODY) session.resume();
    if (!this.#open || stream.connection$ === null) return;
    if (chain.blocked) awaitServer(session, stream, stream.connection$);
    else if (stream.responsePhase === 0) schedule(session, stream.getTimeout('client'), session.clock.now());
  }

  /** A filter wants to see more of the body before anything leaves. */
  #collect(chain: FilterChain): void {
    const stream = this.#stream;
    const session = this.#session;
    if (stream.expects) continueExpected(stream);
    if (mustCollect(stream, chain) && chain.outSize > stream.frontend.runtime.generation.settings.bufsize) {
      stream.error(413);
      stream.closeClient = true;
      this.concluded(chain, 'done');
      return;
    }
    if (chain.backlogged) session.pause();
    else if (session.phase === BODY) session.resume();
    schedule(session, stream.getTimeout('client'), session.clock.now());
  }

  concluded(chain: FilterChain, verdict: Exclude<Verdict, undefined | void>): void {
    const stream = this.#stream;
    chain.close();
    stream.requestChain = null;
    if (stream.responsePhase > 0) {
      stream.terminate('P', 'D');
      abortStream(this.#session, stream);
    } else conclude(stream, verdict);
  }
}

/** A request of HTTP/1.0 has to say its length; one that filters change must be known before its head leaves. */
function mustCollect(stream: Stream, chain: FilterChain): boolean {
  if (stream.requestView.version === '1.1' || chain.lengthBefore(null) !== undefined) return false;
  return chain.places.some(({ resized }) => resized);
}

const ends = new WeakMap<FilterChain, RequestEnd>();

/** All rules have passed: shows the request to its filters, then looks for a server. */
export function filterRequest(session: HttpSession, stream: Stream, filters: StreamFilters): void {
  const end = new RequestEnd(session, stream);
  const chain = filters.chain('request', false, end);
  if (chain === null) {
    dispatch(stream);
    return;
  }
  ends.set(chain, end);
  filters.requestShown = true;
  const { body } = stream.requestView;
  chain.length = body.length;
  chain.complete = body.complete;
  chain.resized = () => resize(stream, chain);
  stream.requestChain = chain;
  const verdict = chain.heads();
  if (!(verdict instanceof Promise)) {
    begin(stream, chain, verdict);
    return;
  }
  stream.wait(
    verdict,
    (waited, late) => begin(waited, chain, late),
    (error) => stream.blame('kernel', 'filters', error),
  );
}

function resize(stream: Stream, chain: FilterChain): void {
  const { head, version } = stream.requestView;
  const length = chain.lengthBefore(null);
  head.delete('content-length');
  if (length !== undefined || version !== '1.1') head.delete('transfer-encoding');
  if (length !== undefined) head.add('content-length', String(length));
  else if (version === '1.1' && head.get('transfer-encoding') !== 'chunked') head.set('transfer-encoding', 'chunked');
}

function begin(stream: Stream, chain: FilterChain, verdict: Verdict): void {
  if (verdict !== undefined && verdict !== 'stop') {
    chain.close();
    stream.requestChain = null;
    conclude(stream, verdict);
    return;
  }
  if (!chain.active) {
    chain.close();
    stream.requestChain = null;
    dispatch(stream);
    return;
  }
  const { body } = stream.requestView;
  chain.feed(body.held, body.heldStart, body.heldEnd);
  body.release();
  chain.started = true;
  if (body.complete) chain.end();
  chain.run();
}

/** The connection to the server stands: the head leaves with what has come out of the filters. */
export function sendFiltered(session: HttpSession, stream: Stream, chain: FilterChain): void {
  const view = stream.requestView;
  view.keepLine();
  stream.requestSent = true;
  if (view.body.complete) awaitResponse(session, stream);
  else {
    session.phase = BODY;
    session.useBulk();
  }
  ends.get(chain)!.open(chain);
}
