import { unsentBytes } from '../net/fast-socket.ts';
import { forwardBody, leaveQueue, releaseServer, retry } from './http-dispatch.ts';
import { abortStream } from './http-finish.ts';
import { sendFailure, sendReply } from './http-reply.ts';
import { BODY, BUSY, type HttpSession, TUNNEL } from './http-session.ts';
import { serverTimeout } from './response-end.ts';
import { tunnelTimeout } from './response-flow.ts';
import type { Stream } from './stream.ts';
import { schedule } from './timers.ts';

/** More of a request's body. */
export function clientBody(session: HttpSession, stream: Stream, bytes: Buffer, from: number, to: number): void {
  const { body } = stream.requestView;
  const stop = body.follow(bytes, from, to);
  if (stop < 0) {
    badBody(session, stream);
    return;
  }
  stream.bytesFromClient += stop - from;
  session.frontend.counters.bytesIn += stop - from;
  if (stream.backend !== undefined) stream.backend.counters.bytesIn += stop - from;
  if (body.complete) {
    session.phase = BUSY;
    if (stop < to) session.holdRest(bytes, stop, to);
  }
  const chain = stream.requestChain;
  if (chain !== null && chain.started) {
    chain.feed(bytes, from, stop);
    if (body.complete) chain.end();
    chain.run();
    return;
  }
  if (stream.requestSent) {
    forwardBody(session, stream, bytes, from, stop);
    return;
  }
  body.append(bytes, from, stop);
  if (stream.bodyWaiter !== null) {
    if (stream.bodyReady(stream.bodyWanted)) stream.wakeBody('ready');
  } else if (stream.conversation !== null) {
    if (!body.complete && body.heldSize >= stream.frontend.runtime.generation.bodyLimit) session.pause();
    stream.conversation.changed();
  } else if (!body.complete) session.pause();
}

/** The framing of a request's body is broken; what can still be said depends on how far the answer is. */
function badBody(session: HttpSession, stream: Stream): void {
  stream.terminate('P', stream.responsePhase > 0 ? 'D' : stream.requestSent ? 'H' : 'R');
  session.frontend.counters.requestErrors++;
  stream.closeClient = true;
  releaseServer(session, stream, true);
  leaveQueue(stream);
  if (stream.responsePhase > 0 || stream.waiting) {
    abortStream(session, stream);
    return;
  }
  stream.error(400);
  sendReply(session, stream);
}

/** The client ended its side while a request was under way. */
export function clientHalfClosed(session: HttpSession, stream: Stream): void {
  if (session.phase === TUNNEL) {
    const chain = stream.requestChain;
    if (chain === null) stream.connection$?.socket.end();
    else {
      chain.end();
      chain.run();
    }
    schedule(session, tunnelTimeout(session, stream), session.clock.now());
    return;
  }
  const incomplete = !stream.requestView.body.complete;
  const abort = incomplete || stream.backend?.runtime.abortOnClose === true;
  if (!abort) return;
  stream.terminate('C', stream.stage);
  session.frontend.counters.cliAborts++;
  if (stream.backend !== undefined) stream.backend.counters.cliAborts++;
  if (stream.server !== undefined) stream.server.counters.cliAborts++;
  stream.wakeBody('closed');
  const connecting = stream.connection$ !== null && !stream.connection$.connected;
  const silent = stream.queue !== null || connecting || (incomplete && stream.requestSent);
  if (stream.responsePhase === 0 && !stream.waiting && !silent) {
    stream.error(400);
    leaveQueue(stream);
    releaseServer(session, stream, true);
    sendReply(session, stream);
    return;
  }
  abortStream(session, stream);
}

/** The client's connection is gone. */
export function clientGone(session: HttpSession, stream: Stream): void {
  const { stage } = stream;
  // HAProxy says H only of a client that ends in order.
  stream.terminate('C', stage === 'H' ? 'D' : stage);
  session.frontend.counters.cliAborts++;
  if (stream.backend !== undefined) stream.backend.counters.cliAborts++;
  if (stream.server !== undefined) stream.server.counters.cliAborts++;
  abortStream(session, stream);
}

/** Without `timeout tunnel` the one with the shorter timeout is to blame for a silent tunnel. */
function serverIsShorter(stream: Stream): boolean {
  if (stream.getTimeout('tunnel') > 0) return false;
  const server = stream.getTimeout('server');
  return server > 0 && server < (stream.getTimeout('client') || Infinity);
}

/** Filters are at work on what both sides have sent, and neither of those is to blame. */
function filtersWork(session: HttpSession, stream: Stream): boolean {
  const { requestChain: up, responseChain: down } = stream;
  if (up?.blocked === true || down?.blocked === true || session.phase === TUNNEL) return false;
  return up?.working === true || down?.working === true;
}

/** Nothing happened for as long as the stage allows. */
export function streamTimeout(session: HttpSession, stream: Stream, at: number): void {
  if (stream.queue !== null) {
    leaveQueue(stream);
    stream.terminate('s', 'Q');
    sendFailure(session, stream, 503);
    return;
  }
  const connection = stream.connection$;
  if (connection !== null && !connection.connected) {
    retry(session, stream, 's');
    return;
  }
  if (stream.filters !== null && filtersWork(session, stream)) {
    // They have their own limits.
    schedule(session, session.frontend.clientTimeout, at);
    return;
  }
  if (session.phase === TUNNEL || stream.responsePhase === 2) {
    const server = session.phase === TUNNEL && (session.clientEnded || serverIsShorter(stream));
    stream.terminate(server ? 's' : 'c', 'D');
    abortStream(session, stream);
    return;
  }
  if (session.phase === BODY) {
    // Whoever was to act and did not: a client that owes us its body, or a server that does not take it.
    const server = connection !== null && session.paused && connection.socket.writableLength > 0;
    if (server) {
      const left = unsentBytes(connection.socket);
      if (left !== connection.queued) {
        connection.queued = left;
        schedule(session, stream.getTimeout('server'), at);
        return;
      }
    }
    stream.terminate(server ? 's' : 'c', server || stream.responsePhase > 0 ? 'D' : 'H');
    if (server || stream.responsePhase > 0 || stream.waiting) {
      abortStream(session, stream);
      return;
    }
    releaseServer(session, stream, true);
    stream.closeClient = true;
    stream.error(408);
    sendReply(session, stream);
    return;
  }
  if (stream.responsePhase === 1) {
    const reading = connection === null || connection.paused || stream.responseChain !== null;
    const client = reading && session.socket.writableLength > 0;
    if (client) {
      const left = unsentBytes(session.socket);
      if (left !== session.queued) {
        session.queued = left;
        schedule(session, stream.getTimeout('client'), at);
        return;
      }
    }
    stream.terminate(client ? 'c' : 's', 'D');
    abortStream(session, stream);
    return;
  }
  if (stream.waiting) {
    // A rule is at work; it has its own limits.
    schedule(session, session.frontend.clientTimeout, at);
    return;
  }
  serverTimeout(session, stream);
}
