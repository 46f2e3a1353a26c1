import type { Eventually, Verdict } from '../api/index.ts';
import { cleanConnection, cleanTransferCodings } from '../http/connection-header.ts';
import { CONNECTION_CLOSE, CONNECTION_KEEP_ALIVE, CONNECTION_UPGRADE, type HeadScanner } from '../http/head-scanner.ts';
import { BODY_CHUNKED, BODY_LENGTH, BODY_NONE } from '../http/messages.ts';
import { wantsUpgrade, withoutDefaultPort } from '../http/request-checks.ts';
import { unsentBytes } from '../net/fast-socket.ts';
import type { UpstreamBackend } from '../upstream/backend.ts';
import { enter } from '../state/counters.ts';
import { dispatch, forwardBody, leaveQueue, releaseServer, retry } from './http-dispatch.ts';
import { abortStream } from './http-finish.ts';
import { sendReply } from './http-reply.ts';
import { BODY, BUSY, type HttpSession, TUNNEL } from './http-session.ts';
import { serverTimeout, tunnelTimeout } from './http-response.ts';
import type { ProxyRuntime } from './proxy-runtime.ts';
import { MessageBytes } from './message-bytes.ts';
import { decideRules, runHooks, runRules } from './rules.ts';
import { dropSilently } from './silent-drop.ts';
import type { Stream } from './stream.ts';
import { now, schedule } from './timers.ts';

/**
 * A request's head has been read and checked: bytes[scan.start, end) is the head, bytes[end, n) what came with it. The stream takes
 * its part, the session keeps the rest, and the stages run until something has to be waited for.
 */
export function beginRequest(
  session: HttpSession,
  stream: Stream,
  bytes: Buffer,
  end: number,
  n: number,
  scan: HeadScanner,
): void {
  const { frontend } = session;
  const view = stream.requestView;
  view.load(bytes, scan, end);
  stream.request = view;
  stream.bytesFromClient = n;
  const { body } = view;
  if (scan.chunked) body.begin(BODY_CHUNKED, 0);
  else if (scan.contentLength > 0) body.begin(BODY_LENGTH, scan.contentLength);
  else body.begin(BODY_NONE, 0);
  const stop = body.follow(bytes, end, n);
  if (stop < 0) {
    session.refuseStream(stream, 'invalid chunk');
    return;
  }
  body.hold(bytes, end, stop);
  if (stop < n) {
    session.holdRest(bytes, stop, n);
    stream.bytesFromClient = stop;
  }
  session.phase = body.complete ? BUSY : BODY;
  frontend.counters.bytesIn += stream.bytesFromClient;

  const { connection } = scan;
  const keepAlive =
    scan.minor === 1
      ? (connection & CONNECTION_CLOSE) === 0
      : (connection & (CONNECTION_CLOSE | CONNECTION_KEEP_ALIVE)) === CONNECTION_KEEP_ALIVE;
  stream.closeAsked = !keepAlive;
  stream.closeClient =
    !keepAlive || frontend.settings.connectionMode === 'close' || session.frontend.runtime.generation.ending;
  if (scan.irregular) view.head.normalize();
  if (connection !== 0 || scan.connectionFields > 0) cleanConnection(view.head, scan);
  const method = view.method;
  stream.headRequest = method === 'HEAD';
  stream.connectMethod = method === 'CONNECT';
  stream.upgrade = stream.connectMethod || (wantsUpgrade(scan) && body.kind === BODY_NONE);
  if (scan.upgradeField !== -1 && (connection & CONNECTION_UPGRADE) !== 0 && body.kind !== BODY_NONE) {
    // HAProxy: a request with a body does not switch protocols.
    view.head.delete('upgrade');
  }
  if (bytes[scan.methodEnd + 1] !== 47) normalizeTarget(stream);
  if (frontend.runtime.measures) stream.measureIn = view.measure;
  if (scan.teField !== -1) cleanTransferCodings(view.head);
  stream.expects = scan.expectContinue && scan.minor === 1;
  schedule(session, frontend.clientTimeout, stream.timing.firstByte);
  stream.timing.request = stream.timing.firstByte;
  advance(stream);
}

function normalizeTarget(stream: Stream): void {
  const view = stream.requestView;
  if (stream.connectMethod) {
    const host = view.head.get('host');
    const name = host === undefined ? undefined : /^(.*):(?:80|443)$/.exec(host)?.[1];
    if (name === undefined) return;
    for (let i = 0; i < view.head.size; i++) if (view.head.nameAt(i) === 'host') view.head.setAt(i, name);
    return;
  }
  const plain = withoutDefaultPort(view.uri);
  if (plain !== undefined) view.normalizeUri(plain);
}

const TCP_CONTENT = 0;
const ON_REQUEST = 1;
const WAIT_BODY = 2;
const HOOKS_PRE = 3;
const RULES = 4;
const AFTER_RULES = 5;
const HOOKS_POST = 6;
const BACKEND = 7;
const BACKEND_TCP_CONTENT = 8;
const BACKEND_ON_REQUEST = 9;
const BACKEND_WAIT_BODY = 10;
const BACKEND_RULES = 11;
const BACKEND_AFTER_RULES = 12;
const FORWARD = 13;

/** Runs the request's stages from `stream.step` on. Synchronous until a stage gives a promise. */
export function advance(stream: Stream): void {
  const { life } = stream;
  for (;;) {
    const step = stream.step++;
    if (step === FORWARD) {
      forward(stream);
      return;
    }
    const verdict = stage(stream, step);
    if (verdict === undefined) continue;
    if (verdict instanceof Promise) {
      stream.wait(verdict, settle, (error) => stream.blame('kernel', 'request', error));
      return;
    }
    if (stream.life !== life) return;
    conclude(stream, verdict);
    return;
  }
}

function settle(stream: Stream, verdict: Verdict): void {
  if (verdict === undefined || verdict === 'stop') advance(stream);
  else conclude(stream, verdict);
}

function stage(stream: Stream, step: number): Eventually<Verdict> {
  const { frontend } = stream;
  const { runtime } = frontend;
  switch (step) {
    case TCP_CONTENT:
      return runtime.tcpContentRules === null ? undefined : inspectRequest(stream, runtime);
    case ON_REQUEST:
      return runtime.onRequest === null ? undefined : runHooks(runtime.onRequest, stream, frontend, stream.blame);
    case WAIT_BODY:
      return runtime.bufferRequest ? bufferRequest(stream) : undefined;
    case HOOKS_PRE: {
      const { pre } = runtime.generation.pipeline.request;
      return pre === null ? undefined : pre(stream);
    }
    case RULES:
      if (runtime.requestRules === null) return undefined;
      stream.strictRewriting = true;
      return runRules(runtime.requestRules, stream, stream.blame);
    case AFTER_RULES:
      if (runtime.afterRequestRules === null) return undefined;
      return runHooks(runtime.afterRequestRules, stream, frontend, stream.blame);
    case HOOKS_POST: {
      const { post } = runtime.generation.pipeline.request;
      return post === null ? undefined : post(stream);
    }
    case BACKEND:
      return chooseBackend(stream);
    default:
      return backendStage(stream, step, stream.backend!.runtime);
  }
}

/** The head is complete before any rule runs; `WAIT_END` waits for the body, as long as the delay allows. */
function inspectRequest(stream: Stream, runtime: ProxyRuntime): Eventually<Verdict> {
  const rules = runtime.tcpContentRules!;
  const delay = runtime.config.settings.inspectDelay;
  if (delay === 0 || stream.requestView.body.complete) return runRules(rules, stream, stream.blame);
  const begun = now();
  const session = stream.session as HttpSession;
  session.contents = new MessageBytes(stream);
  const settled = (verdict: Verdict | 'wait'): Eventually<Verdict> => {
    session.contents = undefined;
    if (verdict !== 'wait') return verdict;
    const left = Math.max(1, begun + delay - now());
    return stream
      .waitForBody(0, left)
      .then((why) => (why === 'closed' ? 'abort' : runRules(rules, stream, stream.blame)));
  };
  const verdict = decideRules(rules, stream, stream.blame);
  return verdict instanceof Promise ? verdict.then(settled) : settled(verdict);
}

function backendStage(stream: Stream, step: number, runtime: ProxyRuntime): Eventually<Verdict> {
  // In a `listen` section the rules have run already, for its front half.
  const same = runtime === stream.frontend.runtime;
  switch (step) {
    case BACKEND_TCP_CONTENT:
      if (same || runtime.tcpContentRules === null) return undefined;
      return inspectRequest(stream, runtime);
    case BACKEND_ON_REQUEST:
      if (same || runtime.onRequest === null) return undefined;
      return runHooks(runtime.onRequest, stream, stream.backend!, stream.blame);
    case BACKEND_WAIT_BODY:
      if (!runtime.bufferRequest || stream.frontend.runtime.bufferRequest) return undefined;
      return bufferRequest(stream);
    case BACKEND_RULES:
      if (same || runtime.requestRules === null) return undefined;
      stream.strictRewriting = true;
      return runRules(runtime.requestRules, stream, stream.blame);
    case BACKEND_AFTER_RULES:
      if (same || runtime.afterRequestRules === null) return undefined;
      return runHooks(runtime.afterRequestRules, stream, stream.backend!, stream.blame);
    default:
      return undefined;
  }
}

/** `option http-buffer-request`: the rules, which may look at the body, go on with the whole body, or as much as fits the buffer. */
async function bufferRequest(stream: Stream): Promise<Verdict> {
  const { body } = stream.requestView;
  // HAProxy does so even when the body has come already.
  if (stream.expects) continueExpected(stream);
  if (body.complete) return undefined;
  const { frontend } = stream;
  const why = await stream.waitForBody(0, frontend.requestTimeout || frontend.clientTimeout);
  if (why === 'ready') return undefined;
  if (why === 'closed') return 'abort';
  stream.terminate('c', 'R');
  stream.closeClient = true;
  return stream.error(408);
}

/** Answers `Expect: 100-continue` in the server's place (RFC 9110 10.1.1), as the body is wanted now. */
function continueExpected(stream: Stream): void {
  stream.expects = false;
  stream.session.socket.write('HTTP/1.1 100 Continue\r\n\r\n', 'latin1');
  stream.requestView.head.delete('expect');
}

function chooseBackend(stream: Stream): Eventually<Verdict> {
  const { frontend } = stream;
  const { pre, post } = frontend.runtime.generation.pipeline.selectBackend;
  if (pre === null && post === null) return setBackend(stream, frontend.chooseBackend(stream));
  const chosen = pre?.(stream) ?? post?.(stream);
  if (chosen instanceof Promise) {
    return chosen.then((backend) =>
      setBackend(stream, (backend as UpstreamBackend | undefined) ?? frontend.chooseBackend(stream)),
    );
  }
  return setBackend(stream, (chosen as UpstreamBackend | undefined) ?? frontend.chooseBackend(stream));
}

export function setBackend(stream: Stream, backend: UpstreamBackend | undefined): Verdict {
  if (backend === undefined) {
    stream.terminate('S', 'C');
    return stream.error(503);
  }
  stream.backend = backend;
  enter(backend.counters);
  backend.counters.requests++;
  backend.counters.bytesIn += stream.bytesFromClient;
  stream.retriesLeft = backend.settings.retries;
  return undefined;
}

/** Carries out what a stage decided. */
export function conclude(stream: Stream, verdict: Exclude<Verdict, undefined | void>): void {
  const session = stream.session as HttpSession;
  switch (verdict) {
    case 'done':
      sendReply(session, stream);
      break;
    case 'deny':
      stream.error(403, 'denied');
      sendReply(session, stream);
      break;
    case 'drop':
      stream.terminate('P', 'R');
      countDenied(stream);
      dropSilently(session);
      abortStream(session, stream);
      break;
    case 'abort':
      stream.terminate('P', 'R');
      countDenied(stream);
      abortStream(session, stream);
      break;
    default:
      advance(stream);
  }
}

function countDenied(stream: Stream): void {
  stream.frontend.counters.deniedRequests++;
  if (stream.backend !== undefined) stream.backend.counters.deniedRequests++;
}

/** All rules have passed: the last edits are made and a server is looked for. */
function forward(stream: Stream): void {
  const { frontend, backend } = stream;
  const front = frontend.runtime;
  const back = backend!.runtime;
  if (front.config.settings.headerNames !== undefined && !checkNames(stream, front)) return;
  if (back !== front && back.config.settings.headerNames !== undefined && !checkNames(stream, back)) return;
  try {
    if (front.beforeForward !== null) for (const run of front.beforeForward) run(stream, frontend);
    if (back !== front && back.beforeForward !== null) for (const run of back.beforeForward) run(stream, backend!);
  } catch (error) {
    const verdict = stream.blame(frontend.name, 'forward', error);
    if (verdict !== undefined) {
      conclude(stream, verdict);
      return;
    }
  }
  dispatch(stream);
}

/** `option http-restrict-req-hdr-names`. */
function checkNames(stream: Stream, runtime: ProxyRuntime): boolean {
  const policy = runtime.config.settings.headerNames;
  if (policy === 'preserve') return true;
  const { head } = stream.requestView;
  for (let i = head.size - 1; i >= 0; i--) {
    if (/^[a-z0-9-]+$/.test(head.nameAt(i))) continue;
    if (policy === 'delete') head.deleteAt(i);
    else {
      stream.terminate('P', 'R');
      conclude(stream, 'deny');
      return false;
    }
  }
  return true;
}

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
  if (stream.requestSent) {
    forwardBody(session, stream, bytes, from, stop);
    return;
  }
  body.append(bytes, from, stop);
  if (stream.bodyWaiter !== null) {
    if (stream.bodyReady(stream.bodyWanted)) stream.wakeBody('ready');
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
    stream.connection$?.socket.end();
    schedule(session, tunnelTimeout(session, stream), now());
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
  const silent = stream.queue !== null || (incomplete && stream.requestSent);
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
  stream.terminate('C', stream.stage);
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

/** Nothing happened for as long as the stage allows. */
export function streamTimeout(session: HttpSession, stream: Stream, at: number): void {
  if (stream.queue !== null) {
    leaveQueue(stream);
    stream.terminate('s', 'Q');
    stream.error(503);
    sendReply(session, stream);
    return;
  }
  const connection = stream.connection$;
  if (connection !== null && !connection.connected) {
    retry(session, stream, 's');
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
    const client = connection !== null && connection.paused && session.socket.writableLength > 0;
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
