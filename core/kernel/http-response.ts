import { cleanConnection } from '../http/connection-header.ts';
import {
  CONNECTION_CLOSE,
  CONNECTION_KEEP_ALIVE,
  CONNECTION_LENGTH,
  CONNECTION_UPGRADE,
  type HeadScanner,
  INCOMPLETE,
} from '../http/head-scanner.ts';
import { BODY_CHUNKED, BODY_CLOSE, BODY_LENGTH, BODY_NONE, BODY_TUNNEL } from '../http/messages.ts';
import type { ServerConnection } from '../upstream/server-connection.ts';
import { copyOf } from './buffers.ts';
import { again, releaseServer } from './http-dispatch.ts';
import { type HttpSession, scannerFor } from './http-session.ts';
import { junkResponse, retriesStatus } from './response-end.ts';
import { responseBody } from './response-flow.ts';
import { caseForClient } from './response-send.ts';
import { advanceResponse } from './response-stages.ts';
import type { Stream } from './stream.ts';

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
  const { observer } = stream.server!;
  if (observer !== null) observer(isHealthy(status) ? 'response' : 'bad-status');
  if (retriesStatus(stream, status)) {
    const server = stream.server!;
    releaseServer(session, stream, true);
    again(session, stream, server);
    return;
  }
  const view = stream.responseView;
  view.load(bytes, scan, end);
  stream.response = view;
  stream.timing.response = session.clock.now();
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

/** What a server that is well may answer; configuration.txt 5.2, `observe`. */
function isHealthy(status: number): boolean {
  return status < 500 || status === 501 || status === 505;
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

export const TCP_CONTENT = 0;
