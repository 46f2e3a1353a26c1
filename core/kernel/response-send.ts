import { CLOSE_LINE, KEEP_ALIVE_LINE, takeClose } from '../http/connection-header.ts';
import { reframe } from '../http/framing.ts';
import { BODY_TUNNEL } from '../http/messages.ts';
import { writeLatin1 } from '../net/direct-write.ts';
import { countStatus } from '../state/counters.ts';
import { copyOf } from './buffers.ts';
import { filterResponse } from './filter-response.ts';
import { releaseServer } from './http-dispatch.ts';
import { abortStream, finishResponse, logStream } from './http-finish.ts';
import { tell } from './log-steps.ts';
import { sendReply } from './http-reply.ts';
import { type HttpSession, TUNNEL } from './http-session.ts';
import { responseEnded } from './response-end.ts';
import { awaitClient, tunnelTimeout } from './response-flow.ts';
import { type RunningRule, runRules } from './rules.ts';
import type { Stream } from './stream.ts';
import { schedule } from './timers.ts';

const STRING_LIMIT = 12_288;

export function caseForClient(stream: Stream): ReadonlyMap<string, string> | undefined {
  const { settings, runtime } = stream.frontend;
  return settings.adjustCaseForClient ? runtime.generation.settings.caseAdjust : undefined;
}

/**
 * Runs what looks at any response on its way out, the server's or ours. False when a rewrite did not fit: then the error that is
 * pending has to be sent in its place, as it is.
 */
export function afterResponse(stream: Stream): boolean {
  if (stream.afterResponseFailed) return true;
  const front = stream.frontend.runtime;
  const back = stream.backend?.runtime;
  if (back !== undefined && back.afterResponseRules !== null && !runAfter(stream, back.afterResponseRules))
    return false;
  if (front !== back && front.afterResponseRules !== null && !runAfter(stream, front.afterResponseRules)) return false;
  try {
    if (back !== undefined && back.beforeRespond !== null) {
      for (const run of back.beforeRespond) run(stream, stream.backend!);
    }
    if (front !== back && front.beforeRespond !== null)
      for (const run of front.beforeRespond) run(stream, stream.frontend);
  } catch (error) {
    stream.blame(stream.frontend.name, 'respond', error);
  }
  const { head } = stream.responseView;
  if (head.connectionEdited && takeClose(head)) stream.closeClient = true;
  return true;
}

function runAfter(stream: Stream, rules: readonly RunningRule[]): boolean {
  stream.strictRewriting = true;
  stream.afterResponseFailed = runRules(rules, stream, stream.blame) === 'done';
  return !stream.afterResponseFailed;
}

/** What came from a server, or was stored, is not sent after all. */
export function withholdResponse(session: HttpSession, stream: Stream): void {
  releaseServer(session, stream, stream.closeServer || !stream.responseView.body.complete);
  stream.response = undefined;
  sendReply(session, stream);
}

/** What the client is told about its connection, as the last line of the head. */
export function connectionLine(stream: Stream): string {
  // The generation may have begun to end since the request came.
  if (stream.frontend.runtime.generation.ending) stream.closeClient = true;
  const { version } = stream.response!;
  if (stream.closeClient) return version === '1.1' ? CLOSE_LINE : '';
  return version === '1.0' || stream.requestView.version === '1.0' ? KEEP_ALIVE_LINE : '';
}

export function sendResponse(session: HttpSession, stream: Stream): void {
  if (!afterResponse(stream)) {
    withholdResponse(session, stream);
    return;
  }
  if (stream.filters === null) transmit(session, stream);
  else filterResponse(session, stream, stream.filters);
}

/** Counts a response that is on its way. */
export function countResponse(stream: Stream): void {
  const { status } = stream.responseView;
  if (stream.backend !== undefined) countStatus(stream.backend.counters, status);
  countStatus(stream.frontend.counters, status);
  if (stream.server !== undefined) countStatus(stream.server.counters, status);
}

/** Sends head and body as they are. */
export function transmit(session: HttpSession, stream: Stream): void {
  const view = stream.responseView;
  const { body } = view;
  const { status } = view;
  countResponse(stream);
  if ((view.head.framingEdited || view.statusSet) && !stream.headRequest && status !== 204 && status !== 304) {
    reframe(view.head, body);
  }
  const tunnel = body.kind === BODY_TUNNEL;
  const line = tunnel ? '' : connectionLine(stream);
  const adjust = caseForClient(stream);
  const held = body.heldSize;
  const apart = held > STRING_LIMIT;
  const { head } = view;
  const { socket } = session;
  const connection = stream.connection$;
  const inOne =
    line === '' &&
    adjust === undefined &&
    stream.interim === '' &&
    head.onlyCut &&
    head.precedes(body.held, body.heldStart);
  // Read into a buffer of its own, head and body can be written from there.
  const owned = apart && connection !== null && body.held === connection.bulk;
  let flowing: boolean;
  let size: number;
  if (inOne && owned) {
    const bytes = body.held.subarray(head.compact(), body.heldEnd);
    flowing = socket.write(bytes);
    size = bytes.length;
  } else {
    let text = inOne && !apart ? head.textWithBody(body.heldEnd) : stream.interim + head.text(line, adjust);
    if (!inOne && !apart && held > 0) text += body.held.latin1Slice(body.heldStart, body.heldEnd);
    stream.interim = '';
    flowing = writeLatin1(socket, text);
    size = text.length;
    if (apart) {
      flowing = socket.write(
        owned ? body.held.subarray(body.heldStart, body.heldEnd) : copyOf(body.held, body.heldStart, body.heldEnd),
      );
      size += held;
    }
  }
  if (owned && socket.writableLength > 0) connection.replaceBulk();
  stream.bytesToClient += size;
  stream.frontend.counters.bytesOut += size;
  stream.backend!.counters.bytesOut += size;
  if (connection !== null) connection.large = apart || !body.complete;
  body.release();
  const { runtime } = stream.frontend;
  if (runtime.steps.response !== null) tell(runtime.steps.response, stream);
  if (runtime.logAsap) logStream(stream, true);
  if (body.complete) {
    stream.responsePhase = 2;
    finishResponse(session, stream);
    return;
  }
  stream.responsePhase = 1;
  if (connection === null) {
    abortStream(session, stream);
    return;
  }
  if (tunnel) {
    session.phase = TUNNEL;
    stream.tunnel = true;
    const early = session.takeStash();
    if (early !== null && stream.requestChain !== null) stream.requestChain.push(early);
    else if (early !== null) connection.socket.write(early);
    session.resume();
    schedule(session, tunnelTimeout(session, stream), session.clock.now());
  } else {
    connection.useBulk();
    schedule(session, stream.getTimeout('server'), session.clock.now());
  }
  if (flowing || socket.writableLength === 0) connection.resume();
  else awaitClient(session, stream, connection);
  if (connection.closed || stream.serverEnded) responseEnded(session, stream);
}
