import { reasonPhrase, type ErrorReply, type Proxy, type ProxyHook, type Reply, type Verdict } from '../api/index.ts';
import { declareLength } from '../http/framing.ts';
import { beginConversation } from './conversation-send.ts';
import { errorPage } from '../http/error-pages.ts';
import { BODY_NONE } from '../http/messages.ts';
import { countStatus } from '../state/counters.ts';
import { filterReply } from './filter-reply.ts';
import { leaveQueue, releaseServer } from './http-dispatch.ts';
import { abortStream, endExchange } from './http-finish.ts';
import { BUSY, type HttpSession } from './http-session.ts';
import { afterResponse, connectionLine } from './response-send.ts';
import { beginStored } from './stored-send.ts';
import type { PendingReply, Stream } from './stream.ts';

/**
 * Sends the answer that a rule or the kernel has chosen (`stream.pending`) in the server's place. It passes the
 * `http-after-response` rules like any other response.
 */
export function sendReply(session: HttpSession, stream: Stream): void {
  const pending = stream.pending;
  stream.pending = null;
  leaveQueue(stream);
  releaseServer(session, stream, true);
  if (pending === null) {
    // A service said `done` without an answer.
    stream.error(500);
    sendReply(session, stream);
    return;
  }
  if (pending.stored !== undefined) {
    beginStored(stream, pending.stored);
    return;
  }
  stream.stored = null;
  stream.agent = undefined;
  count(stream, pending);
  if (pending.conversation !== undefined) {
    beginConversation(stream, pending.conversation);
    return;
  }
  if (pending.raw !== undefined) {
    sendRaw(session, stream, pending.raw);
    return;
  }
  if (pending.reply !== undefined) {
    send(session, stream, pending.reply);
    return;
  }
  const custom =
    stream.backend?.settings.errorReplies.get(pending.status) ??
    stream.frontend.settings.errorReplies.get(pending.status);
  sendError(session, stream, pending.status, custom);
}

/** No server answered: who has a stand-in may answer, else an error page does. */
export function sendFailure(session: HttpSession, stream: Stream, status: number): void {
  if (!answersFailure(stream)) stream.error(status);
  sendReply(session, stream);
}

/** Whether somebody has chosen an answer in the place of a server that gave none. */
export function answersFailure(stream: Stream): boolean {
  const { frontend, backend } = stream;
  const front = frontend.runtime.onFailure;
  const back = backend === undefined || backend.runtime === frontend.runtime ? null : backend.runtime.onFailure;
  return (back !== null && standIn(stream, back, backend!)) || (front !== null && standIn(stream, front, frontend));
}

function standIn(stream: Stream, hooks: readonly ProxyHook<Verdict>[], proxy: Proxy): boolean {
  try {
    for (const run of hooks) if (run(stream, proxy) === 'done') return true;
  } catch (error) {
    stream.blame(proxy.name, 'failure', error);
  }
  return false;
}

function sendError(session: HttpSession, stream: Stream, status: number, custom: ErrorReply | undefined): void {
  if (custom === undefined) {
    const page = errorPage(status);
    if (status === 400 || status === 408) stream.closeClient = true;
    send(session, stream, page);
    return;
  }
  stream.errorStatus = status;
  switch (custom.kind) {
    case 'raw':
      sendRaw(session, stream, custom.bytes);
      break;
    case 'reply':
      send(session, stream, custom.make(stream));
      break;
    default:
      stream.closeClient = true;
      abortStream(session, stream);
  }
}

/** Denials and errors as the statistics and the termination state know them. */
function count(stream: Stream, pending: PendingReply): void {
  const { frontend, backend } = stream;
  if (pending.cause === 'local') {
    stream.terminate('L', stream.requestSent ? 'H' : 'R');
    return;
  }
  if (pending.cause === 'internal') {
    stream.terminate('I', stream.stage);
    frontend.counters.internalErrors++;
    return;
  }
  stream.terminate(
    'P',
    pending.cause === 'tarpit' ? 'T' : stream.response === undefined && stream.requestSent ? 'H' : 'R',
  );
  frontend.counters.deniedRequests++;
  if (backend !== undefined) backend.counters.deniedRequests++;
}

function send(session: HttpSession, stream: Stream, reply: Reply): void {
  const view = stream.responseView;
  const { status } = reply;
  const body = reply.body ?? '';
  const size = typeof body === 'string' ? body.length : body.byteLength;
  view.make(status, reply.reason ?? reasonPhrase(status));
  const { head } = view;
  const headers = reply.headers ?? [];
  const sized = headers.some(([name]) => name === 'content-length');
  if (!sized && status !== 204 && !(status === 304 && size === 0)) head.add('content-length', String(size));
  for (const [name, value] of headers) head.add(name, name === 'content-length' ? String(size) : value);
  challenge(stream);
  stream.response = view;
  if (reply.close === true) stream.closeClient = true;
  answer(session, stream, body, size, reply.filtered ?? stream.served);
}

/** Puts the field of a 401 or 407 in the place of what the page has of it. */
function challenge(stream: Stream): void {
  const field = stream.challengeField;
  if (field === null) return;
  stream.challengeField = null;
  stream.responseView.head.set(field[0], field[1]);
}

function answer(session: HttpSession, stream: Stream, body: string | Uint8Array, size: number, filtered = false): void {
  const view = stream.responseView;
  // What is left of the request's body would be taken for the next request.
  if (!stream.requestView.body.complete) {
    stream.closeClient = true;
    stream.closeAsked = false;
  }
  if (stream.request !== undefined) stream.requestView.keepLine();
  if (!afterResponse(stream)) {
    // Whatever the answer was, it now is an error.
    stream.causeCode = 0;
    sendReply(session, stream);
    return;
  }
  if (stream.frontend.runtime.measures) {
    view.body.begin(BODY_NONE, 0);
    stream.measureOut = view.measure + (stream.headRequest ? 0 : size);
  }
  const silent = view.status === 204 || view.status === 304 || stream.closeClient;
  if (!silent || view.head.has('content-length')) declareLength(view.head, size);
  if (stream.filters !== null) {
    stream.filters.replied = true;
    if (filtered) {
      const bytes = typeof body === 'string' ? Buffer.from(body, 'latin1') : Buffer.from(body);
      view.body.make(stream.headRequest ? bytes.subarray(0, 0) : bytes);
      stream.requestView.body.complete = true;
      session.phase = BUSY;
      filterReply(session, stream, stream.filters, () => write(session, stream, body, size));
      return;
    }
  }
  write(session, stream, body, size);
}

function write(session: HttpSession, stream: Stream, body: string | Uint8Array, size: number): void {
  const view = stream.responseView;
  const adjust = stream.frontend.settings.adjustCaseForClient
    ? stream.frontend.runtime.generation.settings.caseAdjust
    : undefined;
  let text = view.head.text(connectionLine(stream), adjust);
  const { socket } = session;
  if (stream.headRequest || size === 0) socket.write(text, 'latin1');
  else if (typeof body === 'string') {
    text += body;
    socket.write(text, 'latin1');
  } else {
    socket.write(text, 'latin1');
    socket.write(body);
    stream.bytesToClient += size;
  }
  stream.bytesToClient += text.length;
  stream.frontend.counters.bytesOut += stream.bytesToClient;
  if (stream.backend !== undefined) {
    stream.backend.counters.bytesOut += stream.bytesToClient;
    countStatus(stream.backend.counters, view.status);
  }
  countStatus(stream.frontend.counters, view.status);
  stream.responsePhase = 2;
  stream.requestView.body.complete = true;
  session.phase = BUSY;
  endExchange(session, stream);
}

/**
 * An errorfile: a whole message as bytes. Its head is read so that rules may change it and the connection's fate can be said;
 * one that is no message is sent as it stands, and the connection closes.
 */
function sendRaw(session: HttpSession, stream: Stream, bytes: string): void {
  const split = /\r?\n\r?\n/.exec(bytes);
  const lines = bytes.slice(0, split?.index ?? 0).split(/\r?\n/);
  const line = /^HTTP\/1\.[01] ([1-9]\d\d)(?: (.*))?$/.exec(lines[0]!);
  if (split === null || line === null) {
    stream.responseView.make(0, '');
    session.socket.write(bytes, 'latin1');
    stream.bytesToClient += bytes.length;
    stream.closeClient = true;
    stream.responsePhase = 2;
    abortStream(session, stream);
    return;
  }
  const body = bytes.slice(split.index + split[0].length);
  const view = stream.responseView;
  view.make(Number(line[1]), line[2] ?? '', lines[0]!.slice(5, 8));
  stream.response = view;
  let sized = false;
  for (const text of lines.slice(1)) {
    const colon = text.indexOf(':');
    const name = text.slice(0, colon).trim().toLowerCase();
    if (colon < 1 || name === 'transfer-encoding') continue;
    const value = text.slice(colon + 1).trim();
    if (name === 'connection') {
      if (/(?:^|,)\s*close\s*(?:,|$)/i.test(value)) stream.closeClient = true;
    } else if (name === 'content-length') {
      sized = true;
      view.head.add(name, String(body.length));
    } else view.head.add(name, value);
  }
  // Without a length the body ends with the connection.
  if (!sized) stream.closeClient = true;
  if (view.status === 400 || view.status === 408) stream.closeClient = true;
  challenge(stream);
  answer(session, stream, body, body.length);
}
