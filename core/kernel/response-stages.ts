import type { Eventually, Verdict } from '../api/index.ts';
import { newEvent } from '../net/clock.ts';
import type { ServerConnection } from '../upstream/server-connection.ts';
import { releaseServer } from './http-dispatch.ts';
import { abortStream } from './http-finish.ts';
import { sendReply } from './http-reply.ts';
import { TCP_CONTENT } from './http-response.ts';
import type { HttpSession } from './http-session.ts';
import { MessageBytes } from './message-bytes.ts';
import { junkResponse } from './response-end.ts';
import { sendResponse } from './response-send.ts';
import { decideRules, runHooks, runRules } from './rules.ts';
import { dropSilently } from './silent-drop.ts';
import { sendConversation } from './conversation-send.ts';
import { sendStored } from './stored-send.ts';
import type { Stream } from './stream.ts';

const ON_RESPONSE = 1;

const HOOKS_PRE = 2;

const FILTERS_HTTP = 3;

const BACKEND_RULES = 4;

const FRONTEND_RULES = 5;

const AFTER_RULES = 6;

const HOOKS_POST = 7;

const SEND = 8;

/**
 * `tcp-response content`: HAProxy runs these rules as soon as the request is on its way to the server, so without an
 * inspect-delay they never see the response.
 */
export function inspectResponse(session: HttpSession, stream: Stream, connection: ServerConnection): void {
  const delay = stream.backend!.settings.responseInspectDelay;
  stream.responseInspected = false;
  stream.inspectUntil = delay > 0 ? stream.session.clock.now() + delay : 0;
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
  if (stream.inspectUntil <= stream.session.clock.now()) {
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
    void stream.sleep(stream.inspectUntil - stream.session.clock.now()).then((alive) => {
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
    return stream.waitForBody(0, Math.max(1, stream.inspectUntil - stream.session.clock.now())).then(async () => {
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
export function advanceResponse(stream: Stream): void {
  const { life } = stream;
  for (;;) {
    const step = stream.step++;
    if (step === SEND) {
      const { conversation } = stream;
      if (conversation !== null) sendConversation(stream.session as HttpSession, stream, conversation);
      else if (stream.stored === null) sendResponse(stream.session as HttpSession, stream);
      else sendStored(stream.session as HttpSession, stream, stream.stored);
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
  // A stored response may be served before a backend was chosen.
  const back = backend?.runtime ?? front;
  switch (step) {
    case TCP_CONTENT:
      return stream.responseInspected ? undefined : inspectHead(stream);
    case ON_RESPONSE: {
      const first =
        back.onResponse === null ? undefined : runHooks(back.onResponse, stream, backend ?? frontend, stream.blame);
      if (first !== undefined || front === back || front.onResponse === null) return first;
      return runHooks(front.onResponse, stream, frontend, stream.blame);
    }
    case HOOKS_PRE: {
      const { pre } = front.generation.pipeline.response;
      return pre === null ? undefined : pre(stream);
    }
    case FILTERS_HTTP:
      return stream.filters === null ? undefined : stream.filters.stage('http-response');
    case BACKEND_RULES:
      stream.strictRewriting = true;
      return back.responseRules === null ? undefined : runRules(back.responseRules, stream, stream.blame);
    case FRONTEND_RULES:
      if (front === back || front.responseRules === null) return undefined;
      stream.strictRewriting = true;
      return runRules(front.responseRules, stream, stream.blame);
    case AFTER_RULES: {
      if (stream.stored !== null || stream.conversation !== null) return undefined;
      const { onResponsePassed: own } = back;
      const first = own === null ? undefined : runHooks(own, stream, backend!, stream.blame);
      if (first !== undefined || front === back || front.onResponsePassed === null) return first;
      return runHooks(front.onResponsePassed, stream, frontend, stream.blame);
    }
    case HOOKS_POST: {
      const { post } = front.generation.pipeline.response;
      return post === null ? undefined : post(stream);
    }
    default:
      return undefined;
  }
}

export function conclude(stream: Stream, verdict: Exclude<Verdict, undefined | void>): void {
  const session = stream.session as HttpSession;
  if (verdict === 'stop') {
    advanceResponse(stream);
    return;
  }
  releaseServer(session, stream, stream.closeServer || !stream.responseView.body.complete);
  if (verdict === 'deny') {
    stream.terminate('P', 'H');
    if (stream.backend !== undefined) stream.backend.counters.deniedResponses++;
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
