import type { ConversationEnds, StreamConversation } from './conversation.ts';
import { filterReply } from './filter-reply.ts';
import { abortStream, endExchange } from './http-finish.ts';
import { BUSY, type HttpSession } from './http-session.ts';
import { afterResponse, caseForClient, connectionLine, withholdResponse } from './response-send.ts';
import { advanceResponse } from './response-stages.ts';
import type { Stream } from './stream.ts';

/** A service has begun to answer: the head passes the stages of responses, as a server's would. */
export function beginConversation(stream: Stream, conversation: StreamConversation): void {
  const { timing, session } = stream;
  conversation.makeHead();
  // What is left of the request's body when the answer ends would be taken for the next request.
  if (!stream.requestView.body.complete) {
    stream.closeClient = true;
    stream.closeAsked = false;
  }
  stream.requestView.keepLine();
  stream.responseInspected = true;
  const at = session.clock.now();
  if (timing.queue === -1) timing.queue = at;
  if (timing.connect === -1) timing.connect = at;
  timing.response = at;
  if (stream.frontend.runtime.measures) stream.measureOut = stream.responseView.measure;
  stream.step = 0;
  advanceResponse(stream);
}

/** Its head has passed: the body may follow. */
export function sendConversation(session: HttpSession, stream: Stream, conversation: StreamConversation): void {
  if (!afterResponse(stream)) {
    withholdResponse(session, stream);
    return;
  }
  const ends: ConversationEnds = {
    finish: (ended) => {
      ended.responsePhase = 2;
      ended.requestView.body.complete = true;
      session.phase = BUSY;
      endExchange(session, ended);
      session.pump();
    },
    cut: (ended) => {
      ended.terminate('I', 'D');
      ended.closeClient = true;
      abortStream(session, ended);
    },
  };
  const send = (): void => {
    const text = stream.responseView.head.text(connectionLine(stream), caseForClient(stream));
    session.socket.write(text, 'latin1');
    stream.bytesToClient += text.length;
    stream.frontend.counters.bytesOut += text.length;
    if (stream.backend !== undefined) stream.backend.counters.bytesOut += text.length;
    conversation.flow(ends);
  };
  if (stream.filters === null) {
    send();
    return;
  }
  filterReply(session, stream, stream.filters, send);
  if (stream.responseChain !== null) conversation.flow(ends);
}
