import { releaseServer, leaveQueue } from './http-dispatch.ts';
import { BODY, type HttpSession } from './http-session.ts';
import { schedule } from './timers.ts';
import { tell } from './log-steps.ts';
import type { Stream } from './stream.ts';

/** Tells the log what happened, once; with `option logasap` before the end, which stays unknown then. */
export function logStream(stream: Stream, early = false): void {
  if (stream.logged) return;
  stream.logged = true;
  const { runtime } = stream.frontend;
  if (!early && stream.timing.end === -1) stream.timing.end = stream.session.clock.now();
  if (runtime.onLog !== null) tell(runtime.onLog, stream);
  try {
    const { pre, post } = runtime.generation.pipeline.log;
    if (pre !== null) pre(stream);
    if (post !== null) post(stream);
  } catch (error) {
    stream.blame(stream.frontend.name, 'log', error);
  }
}

/** The whole response has been written. The exchange is over unless the client still owes its body. */
export function finishResponse(session: HttpSession, stream: Stream): void {
  if (stream.tunnel) {
    stream.closeClient = true;
    stream.closeServer = true;
  }
  if (!stream.requestView.body.complete && !stream.tunnel) {
    // An early answer: the rest of the body is still the server's, or is dropped if that has left (docs/haproxy-h1-notes.md).
    session.phase = BODY;
    session.resume();
    schedule(session, session.frontend.clientTimeout, session.clock.now());
    return;
  }
  if (stream.requestChain !== null && !stream.tunnel) stream.closeServer = true;
  endExchange(session, stream);
}

/** The client's body is complete and passed on. */
export function finishRequestBody(session: HttpSession, stream: Stream): void {
  if (stream.responsePhase === 2) endExchange(session, stream);
  else if (stream.responsePhase === 0 && stream.backend !== undefined) {
    schedule(session, stream.getTimeout('server'), session.clock.now());
    session.resume();
  }
}

/** Both halves are done: the connections go on without this stream. */
export function endExchange(session: HttpSession, stream: Stream): void {
  const at = session.clock.now();
  stream.timing.end = at;
  // An upgrade that was declined leaves an ordinary connection behind.
  releaseServer(session, stream, stream.closeServer);
  if (stream.backend !== undefined) stream.backend.counters.current--;
  logStream(stream);
  const close = stream.closeClient;
  const asked = stream.closeAsked;
  session.endBulk();
  session.endStream(stream);
  const { runtime } = session.frontend;
  const { generation } = runtime;
  if (asked) session.leave();
  else if (close || (generation.closesIdle && generation.ending && !runtime.option('idle-close-on-response')))
    session.end();
  else session.awaitRequest(at);
}

/** The exchange cannot be ended properly: both connections close, so that nobody takes a part for the whole. */
export function abortStream(session: HttpSession, stream: Stream): void {
  leaveQueue(stream);
  releaseServer(session, stream, true);
  stream.timing.end = session.clock.now();
  if (stream.backend !== undefined) stream.backend.counters.current--;
  logStream(stream);
  const cut = stream.responsePhase === 1;
  session.endStream(stream);
  if (session.closed) return;
  if (cut && session.socket.writableLength > 0 && stream.causeCode === 99) session.reset();
  else session.end();
}
