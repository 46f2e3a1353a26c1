import type { Eventually, Verdict } from '../api/index.ts';
import { enter } from '../state/counters.ts';
import type { UpstreamBackend } from '../upstream/backend.ts';
import { dispatch } from './http-dispatch.ts';
import { abortStream } from './http-finish.ts';
import { sendReply } from './http-reply.ts';
import type { HttpSession } from './http-session.ts';
import { MessageBytes } from './message-bytes.ts';
import type { ProxyRuntime } from './proxy-runtime.ts';
import { decideRules, runHooks, type RunningRule, runRules } from './rules.ts';
import { dropSilently } from './silent-drop.ts';
import type { Stream } from './stream.ts';
import { filterRequest } from './filter-request.ts';
import { attachBackend, attachFrontend } from './filter-stages.ts';

const FILTERS = 0;

const TCP_CONTENT = 1;

const ON_REQUEST = 2;

const WAIT_BODY = 3;

const HOOKS_PRE = 4;

const FILTERS_HTTP = 5;

const RULES = 6;

const AFTER_RULES = 7;

const HOOKS_POST = 8;

const BACKEND = 9;

const BACKEND_FILTERS = 10;

const BACKEND_TCP_CONTENT = 11;

const BACKEND_ON_REQUEST = 12;

const BACKEND_WAIT_BODY = 13;

const BACKEND_FILTERS_HTTP = 14;

const BACKEND_RULES = 15;

const BACKEND_AFTER_RULES = 16;

const WAIT_POST = 17;

const FORWARD = 18;

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

/** Runs a rule set from a rule on, and then the stages from `stream.step` on. */
export function resumeRules(stream: Stream, rules: readonly RunningRule[], from: number): void {
  const { life } = stream;
  const verdict = runRules(rules, stream, stream.blame, from);
  if (verdict instanceof Promise) {
    stream.wait(verdict, settle, (error) => stream.blame('kernel', 'request', error));
  } else if (stream.life === life) settle(stream, verdict);
}

function settle(stream: Stream, verdict: Verdict): void {
  if (verdict === undefined || verdict === 'stop') advance(stream);
  else conclude(stream, verdict);
}

function stage(stream: Stream, step: number): Eventually<Verdict> {
  const { frontend } = stream;
  const { runtime } = frontend;
  switch (step) {
    case FILTERS:
      return runtime.filters === null || runtime.filters.lateOnly ? undefined : attachFrontend(stream, runtime.filters);
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
    case FILTERS_HTTP:
      return stream.filters === null ? undefined : stream.filters.stage('frontend-http-request');
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
  const begun = stream.session.clock.now();
  const session = stream.session as HttpSession;
  session.contents = new MessageBytes(stream);
  const settled = (verdict: Verdict | 'wait'): Eventually<Verdict> => {
    session.contents = undefined;
    if (verdict !== 'wait') return verdict;
    const left = Math.max(1, begun + delay - stream.session.clock.now());
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
    case BACKEND_FILTERS:
      if ((same || runtime.filters === null || runtime.filters.lateOnly) && stream.filters === null) return undefined;
      return attachBackend(stream, same ? null : runtime.filters, same);
    case BACKEND_TCP_CONTENT:
      if (same || runtime.tcpContentRules === null) return undefined;
      return inspectRequest(stream, runtime);
    case BACKEND_ON_REQUEST:
      if (same || runtime.onRequest === null) return undefined;
      return runHooks(runtime.onRequest, stream, stream.backend!, stream.blame);
    case BACKEND_WAIT_BODY:
      if (!runtime.bufferRequest || stream.frontend.runtime.bufferRequest) return undefined;
      return bufferRequest(stream);
    case BACKEND_FILTERS_HTTP:
      return same || stream.filters === null ? undefined : stream.filters.stage('backend-http-request');
    case BACKEND_RULES:
      if (same || runtime.requestRules === null) return undefined;
      stream.strictRewriting = true;
      return runRules(runtime.requestRules, stream, stream.blame);
    case BACKEND_AFTER_RULES:
      if (same || runtime.afterRequestRules === null) return undefined;
      return runHooks(runtime.afterRequestRules, stream, stream.backend!, stream.blame);
    case WAIT_POST:
      if (!stream.backend!.settings.bufferPosts || stream.requestView.method !== 'POST') return undefined;
      return bufferRequest(stream);
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
export function continueExpected(stream: Stream): void {
  stream.expects = false;
  stream.session.socket.write('HTTP/1.1 100 Continue\r\n\r\n', 'latin1');
  stream.requestView.head.delete('expect');
}

function chooseBackend(stream: Stream): Eventually<Verdict> {
  const { frontend } = stream;
  const { pre, post } = frontend.runtime.generation.pipeline.selectBackend;
  if (pre === null && post === null) return setBackend(stream, frontend.chooseBackend(stream));
  const chosen = pre?.(stream) ?? post?.(stream);
  if (chosen instanceof Promise) return chosen.then((answer) => followChoice(stream, answer as BackendChoice));
  return followChoice(stream, chosen as BackendChoice);
}

/** A word is what `plugin-errors` says of a hook that threw. */
type BackendChoice = UpstreamBackend | Exclude<Verdict, void> | undefined;

function followChoice(stream: Stream, chosen: BackendChoice): Verdict {
  if (typeof chosen === 'string') return chosen;
  return setBackend(stream, chosen ?? stream.frontend.chooseBackend(stream));
}

export function setBackend(stream: Stream, backend: UpstreamBackend | undefined): Verdict {
  if (backend === undefined) {
    stream.terminate('S', 'C');
    return stream.error(503);
  }
  stream.backend = backend;
  enter(backend.counters, stream.session.clock.now());
  backend.counters.requests++;
  backend.counters.bytesIn += stream.bytesFromClient;
  stream.retriesLeft = backend.settings.retries;
  if (backend.runtime.onBackend !== null) for (const run of backend.runtime.onBackend) run(stream, backend);
  return undefined;
}

/** Carries out what a stage decided. */
export function conclude(stream: Stream, verdict: Exclude<Verdict, undefined | void>): void {
  const session = stream.session as HttpSession;
  // Rules of TCP come before there is a request, as far as the log is concerned.
  if (stream.step === TCP_CONTENT + 1 && verdict !== 'done' && verdict !== 'deny') stream.request = undefined;
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
  if (stream.filters === null) dispatch(stream);
  else filterRequest(stream.session as HttpSession, stream, stream.filters);
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
