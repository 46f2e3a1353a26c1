import type { Action, Endpoint, Eventually, Transaction } from '../api/index.ts';
import { BODY_NONE } from '../http/messages.ts';
import { newEvent } from '../net/clock.ts';
import type { ReadSocket, SocketReader } from '../net/fast-socket.ts';
import { enter } from '../state/counters.ts';
import type { ClientSession, Door } from './client-session.ts';
import { after, attachBackend, attachFrontend } from './filter-stages.ts';
import { BUSY, HttpSession, scannerFor } from './http-session.ts';
import { resumeRules } from './request-stages.ts';
import type { RunningRule } from './rules.ts';
import { type CopiedVariable, type Stream, takeStream } from './stream.ts';
import { schedule } from './timers.ts';

/** A client that takes everything at once and is nobody. */
class Nowhere implements ReadSocket {
  reader: SocketReader;
  readonly connecting = false;
  destroyed = false;
  writableEnded = false;
  readonly writableLength = 0;

  constructor(reader: SocketReader) {
    this.reader = reader;
  }

  get writable(): boolean {
    return !this.destroyed;
  }
  write(): boolean {
    return !this.destroyed;
  }
  end(): this {
    this.writableEnded = true;
    return this;
  }
  destroy(): this {
    this.destroyed = true;
    return this;
  }
  destroySoon(): this {
    return this.destroy();
  }
  resetAndDestroy(): this {
    return this.destroy();
  }
  pause(): this {
    return this;
  }
  resume(): this {
    return this;
  }
  setKeepAlive(): this {
    return this;
  }
}

/** What is left to do for a copy of a request: the rest of a rule set, then the stages behind it. */
interface Rest {
  readonly rules: readonly RunningRule[];
  readonly from: number;
}

/**
 * Goes on with a copy of a request behind the rule whose action this is, as if its client had nothing to do with it: the
 * rest of the rules, a backend, a server. The answer passes its rules and filters and is thrown away. It begins when the
 * event under way is over; `prepare` is called then. False when the request has a body, or is past its rules.
 */
export function runInBackground(stream: Stream, action: Action, prepare: (copy: Transaction) => void): boolean {
  const rest = restOf(stream, action);
  if (rest === undefined || stream.requestView.body.length !== 0) return false;
  // All of this lies in memory that is used again.
  const head = Buffer.from(stream.requestView.head.text('', undefined), 'latin1');
  const { backend, startedAt, step } = stream;
  const variables = stream.copyVariables();
  const session = sessionLike(stream.session);
  setImmediate(() => {
    newEvent();
    if (session.closed) return;
    try {
      begin(session, { head, backend, startedAt, step, variables }, prepare, rest);
      session.pump();
    } catch (error) {
      session.onFault(error);
    }
  });
  return true;
}

function restOf({ frontend, backend }: Stream, action: Action): Rest | undefined {
  for (const rules of [backend?.runtime.requestRules, frontend.runtime.requestRules]) {
    const index = rules?.findIndex((rule) => rule.action === action) ?? -1;
    if (index !== -1) return { rules: rules!, from: index + 1 };
  }
  return undefined;
}

function sessionLike(client: ClientSession): HttpSession {
  const { generation } = client.frontend.runtime;
  const { source, destination, socketDestination, listener, frontend, socketSource, id } = client;
  const door: Door = {
    destinationOf: (): Endpoint => socketDestination,
    release(session) {
      generation.background.delete(session);
      generation.sessionsEnded();
    },
  };
  const session = new HttpSession({ id, listener, frontend, socketSource, door, at: generation.clock.now() });
  session.socket = new Nowhere(session);
  session.clientless = true;
  session.admitted = true;
  session.requests = 1;
  session.source = source;
  session.destination = destination;
  generation.background.add(session);
  return session;
}

interface Copied {
  readonly head: Buffer;
  readonly backend: Stream['backend'];
  readonly startedAt: number;
  readonly step: number;
  readonly variables: readonly CopiedVariable[];
}

function begin(session: HttpSession, copied: Copied, prepare: (copy: Transaction) => void, rest: Rest): void {
  const { head, backend } = copied;
  const { generation } = session.frontend.runtime;
  const scan = scannerFor(generation.settings.maxHeaders * 2);
  const end = scan.request(head, head.length, { maxHeaders: generation.settings.maxHeaders * 2, lenient: true });
  if (end < 0) {
    session.destroy();
    return;
  }
  const stream = takeStream();
  const at = session.clock.now();
  stream.begin(session, session.clock.wall(at));
  session.stream = stream;
  session.phase = BUSY;
  stream.requestView.load(head, scan, end);
  stream.requestView.body.begin(BODY_NONE, 0);
  stream.request = stream.requestView;
  stream.closeClient = true;
  // It is no client's request: no log tells of it.
  stream.logged = true;
  const { timing } = stream;
  timing.start = timing.handshake = timing.firstByte = timing.request = at;
  stream.pasteVariables(copied.variables);
  schedule(session, session.frontend.clientTimeout, at);
  if (backend !== undefined) {
    stream.backend = backend;
    enter(backend.counters, at);
    backend.counters.requests++;
    stream.retriesLeft = backend.settings.retries;
  }
  stream.step = copied.step;
  prepare(stream);
  stream.headRequest = stream.requestView.method === 'HEAD';
  const filters = attachAll(stream);
  if (filters instanceof Promise) {
    stream.wait(
      filters,
      (waited) => resumeRules(waited, rest.rules, rest.from),
      () => undefined,
    );
  } else resumeRules(stream, rest.rules, rest.from);
}

/** The filters that its original had by now. What they say of a client's request is not asked. */
function attachAll(stream: Stream): Eventually<unknown> {
  const { frontend, backend } = stream;
  const front = frontend.runtime.filters;
  const same = backend === undefined || backend.runtime === frontend.runtime;
  const first = front === null || front.lateOnly ? undefined : attachFrontend(stream, front);
  if (same || backend.runtime.filters === null || backend.runtime.filters.lateOnly) return first;
  return after(first, () => attachBackend(stream, backend.runtime.filters, same));
}
