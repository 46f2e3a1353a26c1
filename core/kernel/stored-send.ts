import { declareLength } from '../http/framing.ts';
import type { StoredResponse } from '../http/stored-response.ts';
import { writeLatin1 } from '../net/direct-write.ts';
import { unsentBytes } from '../net/fast-socket.ts';
import { countStatus } from '../state/counters.ts';
import { filterReply } from './filter-reply.ts';
import { endExchange } from './http-finish.ts';
import { BUSY, type HttpSession } from './http-session.ts';
import { afterResponse, caseForClient, connectionLine, withholdResponse } from './response-send.ts';
import { advanceResponse } from './response-stages.ts';
import type { Stream } from './stream.ts';
import { schedule } from './timers.ts';

/** A response that was kept takes the place of a server's: its head passes the response's stages. */
export function beginStored(stream: Stream, stored: StoredResponse): void {
  const view = stream.responseView;
  stream.terminate('L', 'R');
  stream.requestView.keepLine();
  view.loadStored(stored);
  stream.stored = stored;
  stream.response = view;
  stream.responseInspected = true;
  const at = stream.session.clock.now();
  const { timing } = stream;
  if (timing.queue === -1) timing.queue = at;
  if (timing.connect === -1) timing.connect = at;
  timing.response = at;
  if (stream.frontend.runtime.measures) {
    stream.measureOut = view.measure;
    if (stream.headRequest) view.body.beginWhole(view.body.kind, 0);
  }
  stream.step = 0;
  advanceResponse(stream);
}

/** Its head has passed: it is sent from where it lies. */
export function sendStored(session: HttpSession, stream: Stream, stored: StoredResponse): void {
  if (!afterResponse(stream)) {
    withholdResponse(session, stream);
    return;
  }
  if (stored.framing === 'close') stream.closeClient = true;
  // What is left of the request's body would be taken for the next request.
  if (!stream.requestView.body.complete) {
    stream.closeClient = true;
    stream.closeAsked = false;
    stream.requestView.body.complete = true;
  }
  session.phase = BUSY;
  if (stream.filters === null) transmitStored(session, stream, stored);
  else filterReply(session, stream, stream.filters, () => transmitStored(session, stream, stored));
}

/** No filter has anything to do with it. */
function transmitStored(session: HttpSession, stream: Stream, stored: StoredResponse): void {
  const { head, status } = stream.responseView;
  if (stream.backend !== undefined) countStatus(stream.backend.counters, status);
  countStatus(stream.frontend.counters, status);
  const bodiless = stream.headRequest || status === 204 || status === 304;
  if (head.edited && !bodiless && stored.framing === 'length') declareLength(head, stored.bodySize);
  const line = connectionLine(stream);
  const adjust = caseForClient(stream);
  const { socket } = session;
  let flowing: boolean;
  let size: number;
  if (!head.edited && line === '' && adjust === undefined && stored.joined && (!bodiless || stored.bodySize === 0)) {
    size = stored.image.length;
    flowing = socket.write(stored.image);
    if (socket.writableLength > 0) stored.lend();
  } else {
    const text = head.text(line, adjust);
    size = text.length + (bodiless ? 0 : stored.bodySize);
    flowing = sendParts(session, stored, text, bodiless);
  }
  stream.bytesToClient += size;
  stream.frontend.counters.bytesOut += size;
  if (stream.backend !== undefined) stream.backend.counters.bytesOut += size;
  if (!flowing) {
    // The client takes its time: it has that of a client, and the exchange ends when all has gone out.
    stream.responsePhase = 1;
    session.queued = unsentBytes(socket);
    schedule(session, stream.getTimeout('client'), stream.session.clock.now());
    return;
  }
  stream.responsePhase = 2;
  endExchange(session, stream);
}

/** False when the client has not taken all of it, and a drain will follow. */
function sendParts({ socket }: HttpSession, stored: StoredResponse, head: string, bodiless: boolean): boolean {
  if (bodiless || stored.bodySize === 0) return writeLatin1(socket, head);
  if (stored.joined) return writeLatin1(socket, head + stored.image.latin1Slice(stored.headEnd));
  let flowing = writeLatin1(socket, head);
  for (const part of stored.body) flowing = socket.write(part);
  return flowing;
}

/** The client has taken all of it. */
export function storedSent(session: HttpSession, stream: Stream): void {
  stream.responsePhase = 2;
  endExchange(session, stream);
}
