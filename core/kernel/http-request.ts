import { cleanConnection, cleanTransferCodings } from '../http/connection-header.ts';
import { CONNECTION_CLOSE, CONNECTION_KEEP_ALIVE, CONNECTION_UPGRADE, type HeadScanner } from '../http/head-scanner.ts';
import { BODY_CHUNKED, BODY_LENGTH, BODY_NONE } from '../http/messages.ts';
import { wantsUpgrade, withoutDefaultPort } from '../http/request-checks.ts';
import { BODY, BUSY, type HttpSession } from './http-session.ts';
import { tell } from './log-steps.ts';
import { advance } from './request-stages.ts';
import type { Stream } from './stream.ts';
import { schedule } from './timers.ts';

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
  stream.timing.request = session.clock.now();
  const { steps } = frontend.runtime;
  if (steps.request !== null) tell(steps.request, stream);
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
