import { BODY_CLOSE, BODY_TUNNEL } from '../http/messages.ts';
import type { ServerConnection } from '../upstream/server-connection.ts';
import { filteredEnd } from './filter-response.ts';
import { again, releaseServer } from './http-dispatch.ts';
import { abortStream, finishResponse } from './http-finish.ts';
import { answersFailure, sendFailure, sendReply } from './http-reply.ts';
import type { ServerLoss } from './client-session.ts';
import type { HttpSession } from './http-session.ts';
import type { Stream } from './stream.ts';

/** The server ended its side. */
export function serverEnded(session: HttpSession, stream: Stream, connection: ServerConnection): void {
  if (stream.connection$ !== connection) {
    connection.destroy();
    return;
  }
  if (stream.responsePhase === 1 || stream.waiting) {
    if (stream.waiting) {
      stream.closeServer = true;
      // All of the answer is here already: it goes on when nobody is waited for any more.
      if (stream.responseView.body.complete && stream.response !== undefined) return;
      stream.serverEnded = true;
      if (stream.responseView.body.kind === BODY_CLOSE) stream.responseView.body.complete = true;
      stream.wakeBody('closed');
      return;
    }
    responseEnded(session, stream);
  } else junkResponse(session, stream, 'closed');
}

/** The server's bytes are over while a response passes. */
export function responseEnded(session: HttpSession, stream: Stream): void {
  const { body } = stream.responseView;
  const chain = stream.responseChain;
  if (chain !== null) {
    if (!filteredEnd(stream, chain)) responseCut(session, stream);
    return;
  }
  if (body.kind === BODY_CLOSE || body.kind === BODY_TUNNEL) {
    body.complete = true;
    stream.responsePhase = 2;
    finishResponse(session, stream);
    return;
  }
  responseCut(session, stream);
}

function responseCut(session: HttpSession, stream: Stream): void {
  stream.terminate('S', 'D');
  stream.server!.counters.srvAborts++;
  stream.backend!.counters.srvAborts++;
  stream.frontend.counters.srvAborts++;
  abortStream(session, stream);
}

/** The server is to be left at once, as it is down or another is up; who waits for an answer is told that there is none (measured). */
export function serverLost(session: HttpSession, stream: Stream, cause: ServerLoss): void {
  const answering = stream.responsePhase > 0 || stream.response !== undefined;
  if (answering || stream.waiting || !stream.requestSent) {
    stream.terminate(cause, answering ? 'D' : '-');
    abortStream(session, stream);
    return;
  }
  stream.terminate(cause, 'H');
  releaseServer(session, stream, true);
  stream.responseView.body.release();
  stream.closeClient = true;
  stream.error(502);
  sendReply(session, stream);
}

/** No answer in time. */
export function serverTimeout(session: HttpSession, stream: Stream): void {
  junkResponse(session, stream, 'timeout');
}

const OBSERVED = { closed: 'closed', error: 'read-error', junk: 'bad-response', timeout: 'read-timeout' } as const;

const RETRY_EVENTS = {
  closed: 'empty-response',
  error: 'empty-response',
  junk: 'junk-response',
  timeout: 'response-timeout',
} as const;

/** What came, or did not come, is no response: sent again where configured, else answered 502 or 504. */
export function junkResponse(session: HttpSession, stream: Stream, why: keyof typeof RETRY_EVENTS): void {
  if (stream.responsePhase === 2) {
    // The answer was early and is complete: what the client still owes is read and thrown away.
    releaseServer(session, stream, true);
    session.resume();
    return;
  }
  if (stream.responsePhase > 0) {
    // A reset ends no message, not even one that lasts until the close.
    const passing = stream.responseChain !== null && stream.responseView.body.complete;
    if (why === 'error' && !passing) responseCut(session, stream);
    else responseEnded(session, stream);
    return;
  }
  const server = stream.server!;
  const partial = stream.responseView.body.heldSize > 0 && stream.response === undefined;
  if (why === 'error' && stream.response !== undefined) return;
  if (why === 'error' && !stream.requestView.body.complete) {
    // As HAProxy: what resets in the middle of a request gets its client the same.
    responseCut(session, stream);
    return;
  }
  stream.responseView.body.release();
  const event = RETRY_EVENTS[why];
  const { settings } = stream.backend!;
  const wanted = settings.retryOn.has(event);
  const observed = partial && why === 'closed' ? 'bad-response' : OBSERVED[why];
  // Who closes or resets has left before it is told of (measured).
  const left = observed === 'closed' || observed === 'read-error';
  if (!left) server.observer?.(observed);
  releaseServer(session, stream, true);
  if (left) server.observer?.(observed);
  if (wanted && mayRetry(stream)) {
    again(session, stream, server);
    return;
  }
  server.counters.responseErrors++;
  stream.backend!.counters.responseErrors++;
  stream.terminate(why === 'timeout' ? 's' : why === 'junk' ? 'P' : 'S', 'H');
  if (stream.reused && session.requests > 1 && (why === 'closed' || why === 'error') && !partial) {
    if (answersFailure(stream)) {
      sendReply(session, stream);
      return;
    }
    // The idle connection ended as we used it. A client that reuses its connection knows how to repeat (RFC 9112 9.3.1).
    // As nothing was answered, HAProxy does not log it either.
    stream.logged = true;
    stream.response = undefined;
    abortStream(session, stream);
    return;
  }
  if (!stream.requestView.body.complete) stream.closeClient = true;
  sendFailure(session, stream, why === 'timeout' ? 504 : 502);
}

function mayRetry(stream: Stream): boolean {
  return !stream.retryDisabled && stream.retriesLeft > 0 && stream.retained !== null;
}

export function retriesStatus(stream: Stream, status: number): boolean {
  const { retryOn } = stream.backend!.settings;
  if (!stream.backend!.runtime.retriesResponses || !mayRetry(stream)) return false;
  return retryOn.has(String(status));
}
