import type { Eventually, Verdict } from '../api/index.ts';
import { CLOSE_LINE, cleanConnection, KEEP_ALIVE_LINE } from '../http/connection-header.ts';
import {
  CONNECTION_CLOSE,
  CONNECTION_KEEP_ALIVE,
  CONNECTION_LENGTH,
  CONNECTION_UPGRADE,
  type HeadScanner,
  INCOMPLETE,
} from '../http/head-scanner.ts';
import { reframe } from '../http/framing.ts';
import { BODY_CHUNKED, BODY_CLOSE, BODY_LENGTH, BODY_NONE, BODY_TUNNEL } from '../http/messages.ts';
import { newEvent } from '../net/clock.ts';
import { unsentBytes } from '../net/fast-socket.ts';
import type { ServerConnection } from '../upstream/server-connection.ts';
import { countStatus } from '../state/counters.ts';
import { writeLatin1 } from '../net/direct-write.ts';
import { copyOf } from './buffers.ts';
import { again, releaseServer } from './http-dispatch.ts';
import { abortStream, finishResponse, logStream } from './http-finish.ts';
import { sendReply } from './http-reply.ts';
import { BODY, type HttpSession, scannerFor, TUNNEL } from './http-session.ts';
import { MessageBytes } from './message-bytes.ts';
import { decideRules, runHooks, runRules } from './rules.ts';
import { dropSilently } from './silent-drop.ts';
import type { Stream } from './stream.ts';
import { now, schedule } from './timers.ts';

const STRING_LIMIT = 12_288;

/** Bytes from the server. */
export function serverData(
  session: HttpSession,
  stream: Stream,
  connection: ServerConnection,
  n: number,
  buffer: Buffer,
): void {
  stream.bytesFromServer += n;
  if (stream.responsePhase === 1) {
    responseBody(session, stream, connection, buffer, 0, n);
    return;
  }
  if (stream.waiting || stream.response !== undefined) {
    // A rule is waiting; what comes meanwhile belongs to the body.
    moreWhileWaiting(stream, connection, buffer, n);
    return;
  }
  const { body } = stream.responseView;
  let bytes = buffer;
  let length = n;
  if (body.heldSize > 0) {
    body.append(buffer, 0, n);
    bytes = body.held;
    length = body.heldEnd;
    body.release();
  }
  responseHead(session, stream, connection, bytes, length);
}

function moreWhileWaiting(stream: Stream, connection: ServerConnection, buffer: Buffer, n: number): void {
  const { body } = stream.responseView;
  const stop = body.follow(buffer, 0, n);
  if (stop < 0) {
    connection.destroy();
    return;
  }
  body.append(buffer, 0, stop);
  if (stream.bodyWaiter !== null && stream.bodyReady(stream.bodyWanted)) stream.wakeBody('ready');
  if (body.heldSize >= stream.frontend.runtime.generation.bodyLimit) connection.pause();
}

/** bytes[0, n) begin with a response head, or part of one. */
function responseHead(
  session: HttpSession,
  stream: Stream,
  connection: ServerConnection,
  bytes: Buffer,
  n: number,
): void {
  const { generation, responseScan } = stream.backend!.runtime;
  const scan = scannerFor(generation.settings.maxHeaders);
  const end = scan.response(bytes, n, responseScan);
  if (end < 0) {
    if (end === INCOMPLETE && n <= generation.headLimit) stream.responseView.body.hold(copyOf(bytes, 0, n), 0, n);
    else junkResponse(session, stream, 'junk');
    return;
  }
  const { status } = scan;
  if (status < 200 && status !== 101) {
    interim(session, stream, connection, bytes, n, scan, end);
    return;
  }
  if (
    end > generation.headLimit ||
    (scan.chunked && scan.contentLength !== -1) ||
    (scan.chunked && scan.minor === 0) ||
    (scan.connection & CONNECTION_LENGTH) !== 0 ||
    (status === 101 && !switchesProtocol(stream, scan, bytes, end))
  ) {
    junkResponse(session, stream, 'junk');
    return;
  }
  if (retriesStatus(stream, status)) {
    const server = stream.server!;
    releaseServer(session, stream, true);
    again(session, stream, server);
    return;
  }
  const view = stream.responseView;
  view.load(bytes, scan, end);
  stream.response = view;
  stream.timing.response = now();
  frameBody(stream, scan, status);
  const { body } = view;
  const stop = body.follow(bytes, end, n);
  if (stop < 0) {
    stream.response = undefined;
    junkResponse(session, stream, 'junk');
    return;
  }
  body.hold(bytes, end, stop);
  // Bytes after the response answer nothing: the connection is not used again (RFC 9112 9.2).
  if (stop < n) stream.closeServer = true;
  if (scan.irregular) view.head.normalize();
  if (scan.connectionFields > 0) cleanConnection(view.head, scan);
  if (status === 204) {
    view.head.delete('content-length');
    view.head.delete('transfer-encoding');
  }
  if (stream.frontend.runtime.measures) stream.measureOut += view.measure;
  const { connection: members } = scan;
  if (scan.minor === 0 ? (members & CONNECTION_KEEP_ALIVE) === 0 : (members & CONNECTION_CLOSE) !== 0) {
    stream.closeServer = true;
  }
  if (body.kind === BODY_CLOSE) {
    stream.closeServer = true;
    stream.closeClient = true;
  }
  stream.requestView.head.clear();
  stream.step = 0;
  advanceResponse(stream);
  if (stream.response === view && stream.responsePhase === 0) session.keep(stream);
}

/** RFC 9112 6.3: what follows the head. */
function frameBody(stream: Stream, scan: HeadScanner, status: number): void {
  const { body } = stream.responseView;
  if (status === 101 || (stream.connectMethod && status < 300)) body.begin(BODY_TUNNEL, 0);
  else if (stream.headRequest || status === 204 || status === 304) body.begin(BODY_NONE, 0);
  else if (scan.chunked) body.begin(BODY_CHUNKED, 0);
  else if (scan.contentLength >= 0) {
    if (scan.contentLength === 0) body.begin(BODY_NONE, 0);
    else body.begin(BODY_LENGTH, scan.contentLength);
  } else body.begin(BODY_CLOSE, 0);
}

/** A 101 answers an upgrade that was asked for, and a WebSocket one has its key (RFC 9110 15.2.2, RFC 6455 4.2.2). */
function switchesProtocol(stream: Stream, scan: HeadScanner, bytes: Buffer, end: number): boolean {
  if (!stream.upgrade || stream.connectMethod) return false;
  if ((scan.connection & CONNECTION_UPGRADE) === 0) return false;
  const head = bytes.latin1Slice(scan.startLineEnd, end);
  return !/\r\nupgrade: *websocket\r\n/i.test(head) || /\r\nsec-websocket-accept:/i.test(head);
}

/** 100, 102, 103: passed on with their fields, and the real one follows (RFC 9110 15.2). */
function interim(
  session: HttpSession,
  stream: Stream,
  connection: ServerConnection,
  bytes: Buffer,
  n: number,
  scan: HeadScanner,
  end: number,
): void {
  const view = stream.responseView;
  view.load(bytes, scan, end);
  if (scan.irregular) view.head.normalize();
  if (scan.contentLength !== -1) view.head.delete('content-length');
  if (scan.chunked) view.head.delete('transfer-encoding');
  if (stream.frontend.runtime.measures) stream.measureOut += view.measure;
  // What comes behind it may be no response at all: then the client sees only the 502.
  stream.interim += view.head.text('', caseForClient(stream));
  if (end < n) {
    const rest = copyOf(bytes, end, n);
    responseHead(session, stream, connection, rest, rest.length);
    if (stream.responsePhase > 0 || stream.connection$ !== connection) return;
  }
  if (stream.interim === '') return;
  session.socket.write(stream.interim, 'latin1');
  stream.bytesToClient += stream.interim.length;
  stream.interim = '';
}

function caseForClient(stream: Stream): ReadonlyMap<string, string> | undefined {
  const { settings, runtime } = stream.frontend;
  return settings.adjustCaseForClient ? runtime.generation.settings.caseAdjust : undefined;
}

const TCP_CONTENT = 0;
const ON_RESPONSE = 1;
const HOOKS_PRE = 2;
const BACKEND_RULES = 3;
const FRONTEND_RULES = 4;
const HOOKS_POST = 5;
const SEND = 6;

/**
 * `tcp-response content`: HAProxy runs these rules as soon as the request is on its way to the server, so without an
 * inspect-delay they never see the response.
 */
export function inspectResponse(session: HttpSession, stream: Stream, connection: ServerConnection): void {
  const delay = stream.backend!.settings.responseInspectDelay;
  stream.responseInspected = false;
  stream.inspectUntil = delay > 0 ? now() + delay : 0;
  const verdict = look(stream);
  if (!(verdict instanceof Promise)) {
    inspected(session, stream, verdict);
    return;
  }
  connection.pause();
  stream.wait(
    verdict,
    (waited, late) => {
      if (waited.connection$ !== connection) return;
      connection.resume();
      inspected(session, waited, late);
    },
    (error) => stream.blame('kernel', 'tcp-response content', error),
  );
}

/** Runs the rules; as the last word once the delay is over. */
function look(stream: Stream): Eventually<Verdict | 'wait'> {
  const rules = stream.backend!.runtime.tcpResponseRules!;
  const session = stream.session as HttpSession;
  if (stream.inspectUntil <= now()) {
    session.contents = undefined;
    return runRules(rules, stream, stream.blame);
  }
  session.contents = new MessageBytes(stream);
  return decideRules(rules, stream, stream.blame);
}

/** No head has come yet. */
function inspected(session: HttpSession, stream: Stream, verdict: Verdict | 'wait'): void {
  if (verdict === 'wait') {
    const { life } = stream;
    stream.shared = true;
    void stream.sleep(stream.inspectUntil - now()).then((alive) => {
      const still = alive && stream.life === life && !stream.responseInspected;
      if (!still || stream.response !== undefined || stream.connection$ === null) return;
      newEvent();
      stream.inspectUntil = 0;
      try {
        inspectAgain(session, stream);
      } catch (error) {
        session.onFault(error);
      }
    });
    return;
  }
  (stream.session as HttpSession).contents = undefined;
  stream.responseInspected = true;
  if (verdict !== undefined && verdict !== 'stop') {
    stream.terminate('P', verdict === 'drop' ? 'R' : 'D');
    conclude(stream, verdict);
  } else if (stream.serverUnwanted) {
    stream.reused = false;
    junkResponse(session, stream, 'closed');
  }
}

function inspectAgain(session: HttpSession, stream: Stream): void {
  const verdict = look(stream);
  if (verdict instanceof Promise) {
    stream.wait(
      verdict,
      (waited, late) => inspected(session, waited, late),
      (error) => stream.blame('kernel', 'tcp-response content', error),
    );
  } else {
    inspected(session, stream, verdict);
    session.pump();
  }
}

/** The head is there; the rules may still wait for the body, as long as the delay allows. */
function inspectHead(stream: Stream): Eventually<Verdict> {
  if (stream.responseView.body.complete) stream.inspectUntil = 0;
  const verdict = look(stream);
  if (verdict instanceof Promise) return verdict.then((late) => inspectedHead(stream, late));
  return inspectedHead(stream, verdict);
}

function inspectedHead(stream: Stream, verdict: Verdict | 'wait'): Eventually<Verdict> {
  if (verdict === 'wait') {
    return stream.waitForBody(0, Math.max(1, stream.inspectUntil - now())).then(async () => {
      stream.inspectUntil = 0;
      return inspectedHead(stream, await look(stream));
    });
  }
  (stream.session as HttpSession).contents = undefined;
  stream.responseInspected = true;
  if (verdict !== undefined && verdict !== 'stop') stream.terminate('P', verdict === 'drop' ? 'R' : 'D');
  else if (stream.serverUnwanted) {
    stream.closeServer = true;
    stream.serverEnded = true;
  }
  return verdict;
}

/** Runs the response's stages from `stream.step` on. */
function advanceResponse(stream: Stream): void {
  const { life } = stream;
  for (;;) {
    const step = stream.step++;
    if (step === SEND) {
      sendResponse(stream.session as HttpSession, stream);
      return;
    }
    const verdict = stage(stream, step);
    if (verdict === undefined) continue;
    if (verdict instanceof Promise) {
      stream.wait(verdict, settle, (error) => stream.blame('kernel', 'response', error));
      return;
    }
    if (stream.life === life) conclude(stream, verdict);
    return;
  }
}

function settle(stream: Stream, verdict: Verdict): void {
  if (verdict === undefined || verdict === 'stop') advanceResponse(stream);
  else conclude(stream, verdict);
}

function stage(stream: Stream, step: number): Eventually<Verdict> {
  const { frontend, backend } = stream;
  const front = frontend.runtime;
  const back = backend!.runtime;
  switch (step) {
    case TCP_CONTENT:
      return stream.responseInspected ? undefined : inspectHead(stream);
    case ON_RESPONSE: {
      const first = back.onResponse === null ? undefined : runHooks(back.onResponse, stream, backend!, stream.blame);
      if (first !== undefined || front === back || front.onResponse === null) return first;
      return runHooks(front.onResponse, stream, frontend, stream.blame);
    }
    case HOOKS_PRE: {
      const { pre } = front.generation.pipeline.response;
      return pre === null ? undefined : pre(stream);
    }
    case BACKEND_RULES:
      stream.strictRewriting = true;
      return back.responseRules === null ? undefined : runRules(back.responseRules, stream, stream.blame);
    case FRONTEND_RULES:
      if (front === back || front.responseRules === null) return undefined;
      stream.strictRewriting = true;
      return runRules(front.responseRules, stream, stream.blame);
    case HOOKS_POST: {
      const { post } = front.generation.pipeline.response;
      return post === null ? undefined : post(stream);
    }
    default:
      return undefined;
  }
}

function conclude(stream: Stream, verdict: Exclude<Verdict, undefined | void>): void {
  const session = stream.session as HttpSession;
  const counters = stream.backend!.counters;
  if (verdict === 'stop') {
    advanceResponse(stream);
    return;
  }
  releaseServer(session, stream, stream.closeServer || !stream.responseView.body.complete);
  if (verdict === 'deny') {
    stream.terminate('P', 'H');
    counters.deniedResponses++;
    stream.frontend.counters.deniedResponses++;
    stream.error(502);
  }
  if (verdict === 'abort' || verdict === 'drop') {
    stream.terminate('P', verdict === 'drop' ? 'R' : 'H');
    if (verdict === 'drop') dropSilently(session);
    abortStream(session, stream);
  } else {
    stream.response = undefined;
    sendReply(session, stream);
  }
}

/** Runs what looks at any response on its way out, the server's or ours. */
export function afterResponse(stream: Stream): void {
  const front = stream.frontend.runtime;
  const back = stream.backend?.runtime;
  if (back !== undefined && back.afterResponseRules !== null)
    void runRules(back.afterResponseRules, stream, stream.blame);
  if (front !== back && front.afterResponseRules !== null)
    void runRules(front.afterResponseRules, stream, stream.blame);
  try {
    if (back !== undefined && back.beforeRespond !== null) {
      for (const run of back.beforeRespond) run(stream, stream.backend!);
    }
    if (front !== back && front.beforeRespond !== null)
      for (const run of front.beforeRespond) run(stream, stream.frontend);
  } catch (error) {
    stream.blame(stream.frontend.name, 'respond', error);
  }
}

/** What the client is told about its connection, as the last line of the head. */
export function connectionLine(stream: Stream): string {
  // The generation may have begun to end since the request came.
  if (stream.frontend.runtime.generation.ending) stream.closeClient = true;
  const { version } = stream.response!;
  if (stream.closeClient) return version === '1.1' ? CLOSE_LINE : '';
  return version === '1.0' || stream.requestView.version === '1.0' ? KEEP_ALIVE_LINE : '';
}

function sendResponse(session: HttpSession, stream: Stream): void {
  const view = stream.responseView;
  const { body } = view;
  const { status } = view;
  afterResponse(stream);
  if (stream.backend !== undefined) countStatus(stream.backend.counters, status);
  countStatus(stream.frontend.counters, status);
  countStatus(stream.server!.counters, status);
  if (view.head.edited && stream.headsEdited && !stream.headRequest && status !== 204 && status !== 304) {
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
  if (stream.frontend.runtime.logAsap) logStream(stream, true);
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
    if (early !== null) connection.socket.write(early);
    session.resume();
    schedule(session, tunnelTimeout(session, stream), now());
  } else {
    connection.useBulk();
    schedule(session, stream.getTimeout('server'), now());
  }
  if (flowing || socket.writableLength === 0) connection.resume();
  else awaitClient(session, stream, connection);
  if (connection.closed || stream.serverEnded) responseEnded(session, stream);
}

/** `timeout tunnel` for both sides, else the shorter of theirs; `timeout server-fin` once the client has ended (configuration.txt 4.2). */
export function tunnelTimeout(session: HttpSession, stream: Stream): number {
  const fin = session.clientEnded ? stream.backend!.settings.timeouts['server-fin'] : undefined;
  if (fin !== undefined) return fin;
  const client = stream.getTimeout('client') || Infinity;
  const server = stream.getTimeout('server') || Infinity;
  const side = Math.min(client, server);
  return stream.getTimeout('tunnel') || (side === Infinity ? 0 : side);
}

/** More of a response's body. */
function responseBody(
  session: HttpSession,
  stream: Stream,
  connection: ServerConnection,
  bytes: Buffer,
  from: number,
  to: number,
): void {
  const { body } = stream.responseView;
  const stop = body.follow(bytes, from, to);
  if (stop < 0) {
    // The client must not take what it got for all: its connection ends without the last chunk.
    stream.terminate('S', 'D');
    stream.server!.counters.responseErrors++;
    abortStream(session, stream);
    return;
  }
  const size = stop - from;
  const { socket } = session;
  const owned = bytes === connection.bulk;
  const flowing = socket.write(owned ? bytes.subarray(from, stop) : copyOf(bytes, from, stop));
  stream.bytesToClient += size;
  stream.frontend.counters.bytesOut += size;
  stream.backend!.counters.bytesOut += size;
  if (stop < to) stream.closeServer = true;
  if (body.complete) {
    if (socket.writableLength > 0 && owned) connection.bulk = null;
    stream.responsePhase = 2;
    finishResponse(session, stream);
    return;
  }
  if (socket.writableLength > 0) {
    if (owned) connection.replaceBulk();
    if (!flowing) {
      awaitClient(session, stream, connection);
      return;
    }
  }
  schedule(session, stream.tunnel ? tunnelTimeout(session, stream) : stream.getTimeout('server'), now());
}

/** The client takes less than the server sends: the server waits, and it is the client's time that runs. */
function awaitClient(session: HttpSession, stream: Stream, connection: ServerConnection): void {
  connection.pause();
  session.queued = unsentBytes(session.socket);
  schedule(session, stream.tunnel ? tunnelTimeout(session, stream) : stream.getTimeout('client'), now());
}

/** The client has taken what was written. */
export function clientDrained(session: HttpSession, stream: Stream): void {
  const connection = stream.connection$;
  if (connection === null) return;
  const waited = connection.paused;
  connection.resume();
  if (waited && stream.responsePhase === 1 && !stream.tunnel) schedule(session, stream.getTimeout('server'), now());
}

/** The server has taken what was written. */
export function serverDrained(session: HttpSession, stream: Stream, _connection: ServerConnection): void {
  const waited = session.paused;
  session.resume();
  if (waited && session.phase === BODY) schedule(session, stream.getTimeout('client'), now());
}

/** Bytes of the client in a tunnel. */
export function tunnelToServer(session: HttpSession, stream: Stream, bytes: Buffer, n: number): void {
  const connection = stream.connection$;
  stream.bytesFromClient += n;
  if (stream.measureIn > 0) stream.measureIn += n;
  stream.frontend.counters.bytesIn += n;
  stream.backend!.counters.bytesIn += n;
  if (connection === null || connection.closed) return;
  const owned = bytes === session.bulk;
  const flowing = connection.socket.write(owned ? bytes.subarray(0, n) : copyOf(bytes, 0, n));
  if (connection.socket.writableLength > 0) {
    if (owned) session.replaceBulk();
    if (!flowing) session.pause();
  }
  schedule(session, tunnelTimeout(session, stream), now());
}

/** The server ended its side. */
export function serverEnded(session: HttpSession, stream: Stream, connection: ServerConnection): void {
  if (stream.connection$ !== connection) {
    connection.destroy();
    return;
  }
  if (stream.responsePhase === 1 || stream.waiting) {
    if (stream.waiting && !stream.responseView.body.complete) {
      stream.serverEnded = true;
      stream.closeServer = true;
      if (stream.responseView.body.kind === BODY_CLOSE) stream.responseView.body.complete = true;
      stream.wakeBody('closed');
      return;
    }
    responseEnded(session, stream);
  } else junkResponse(session, stream, 'closed');
}

/** The server's bytes are over while a response passes. */
function responseEnded(session: HttpSession, stream: Stream): void {
  const { body } = stream.responseView;
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

/** No answer in time. */
export function serverTimeout(session: HttpSession, stream: Stream): void {
  junkResponse(session, stream, 'timeout');
}

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
    if (why === 'error') responseCut(session, stream);
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
  releaseServer(session, stream, true);
  if (wanted && mayRetry(stream)) {
    again(session, stream, server);
    return;
  }
  server.counters.responseErrors++;
  stream.backend!.counters.responseErrors++;
  stream.terminate(why === 'timeout' ? 's' : why === 'junk' ? 'P' : 'S', 'H');
  if (stream.reused && session.requests > 1 && (why === 'closed' || why === 'error') && !partial) {
    // The idle connection ended as we used it. A client that reuses its connection knows how to repeat (RFC 9112 9.3.1).
    // As nothing was answered, HAProxy does not log it either.
    stream.logged = true;
    stream.response = undefined;
    abortStream(session, stream);
    return;
  }
  stream.error(why === 'timeout' ? 504 : 502);
  if (!stream.requestView.body.complete) stream.closeClient = true;
  sendReply(session, stream);
}

function mayRetry(stream: Stream): boolean {
  return !stream.retryDisabled && stream.retriesLeft > 0 && stream.retained !== null;
}

function retriesStatus(stream: Stream, status: number): boolean {
  const { retryOn } = stream.backend!.settings;
  if (!stream.backend!.runtime.retriesResponses || !mayRetry(stream)) return false;
  return retryOn.has(String(status));
}
