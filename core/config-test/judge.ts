import { toText } from './decode.ts';
import type { Place } from './located.ts';
import type { Matcher } from './matcher.ts';
import { type Answered, headerOf, type Observation, type Outcome } from './outcome.ts';
import type { Count, Expected, LogExpected, OriginExpected } from './read-expect.ts';
import { type Seen, seenBody } from './stand-in.ts';

/** An expectation that did not come true. */
export interface Miss {
  /** `status`, `headers.location`. */
  readonly what: string;
  readonly expected: string;
  readonly received: string;
  /** Both texts, where their difference is worth seeing. */
  readonly texts: { readonly expected: string; readonly received: string } | undefined;
  readonly place: Place;
}

/** What came of the expectations of one step. */
export class Judgement {
  readonly misses: Miss[] = [];
  /** What could not be seen of this program. */
  readonly unchecked: Set<string> = new Set();
  readonly #place: Place;

  constructor(place: Place) {
    this.#place = place;
  }

  miss(what: string, expected: string, received: string, texts?: Miss['texts']): void {
    this.misses.push({ what, expected, received, texts, place: this.#place });
  }

  match(what: string, matcher: Matcher | undefined, value: string | undefined): void {
    if (matcher === undefined || matcher.test(value)) return;
    const texts =
      matcher.exact === undefined || value === undefined ? undefined : { expected: matcher.exact, received: value };
    this.miss(what, matcher.text, value === undefined ? 'absent' : JSON.stringify(value), texts);
  }

  count(what: string, { min, max }: Count, n: number): void {
    if (n < min || n > max) this.miss(what, showCount({ min, max }), String(n));
  }
}

export function showCount({ min, max }: Count): string {
  if (min === max) return String(min);
  if (max === Infinity) return `at least ${min}`;
  return min === 0 ? `at most ${max}` : `${min} to ${max}`;
}

/** Compares what happened with what was expected of each of a step's requests. */
export function judge(expect: Expected, outcome: Outcome, judgement: Judgement): void {
  judgeRoute(expect, outcome.observation, judgement);
  if (outcome.kind === 'http') judgeAnswer(expect, outcome.response, judgement);
  if (outcome.kind === 'tcp') judgement.match('receive', expect.receive, toText(outcome.received));
  if (expect.answeredBy !== undefined && expect.answeredBy !== outcome.answeredBy)
    judgement.miss('answered-by', expect.answeredBy, outcome.answeredBy ?? 'nobody');
  if (expect.origin !== undefined) judgeOrigin(expect.origin, outcome, judgement);
  if (expect.connection !== undefined) {
    const became = outcome.closed === 'end' ? 'closed' : outcome.closed;
    // Whether an end arrives as a reset is often a matter of what was on its way: only who asks for a reset means it.
    const fits = became === expect.connection || (expect.connection === 'closed' && became === 'reset');
    if (!fits) judgement.miss('connection', expect.connection, became);
  }
  if (expect.log !== undefined) judgeLog(expect.log, outcome, judgement);
  judgeVariables(expect, outcome.observation, judgement);
}

function judgeRoute(expect: Expected, { frontend, backend, server }: Observation, judgement: Judgement): void {
  if (expect.frontend !== undefined) {
    if (frontend === undefined) judgement.unchecked.add('frontend');
    else if (frontend !== expect.frontend.value) judgement.miss('frontend', expect.frontend.value, frontend);
  }
  const routed = (what: 'backend' | 'server', wanted: readonly string[], chosen: string | null | undefined): void => {
    if (wanted.length === 0) return;
    if (chosen === undefined) judgement.unchecked.add(what);
    else if (!wanted.some((one) => (one === 'none' ? chosen === null : one === chosen)))
      judgement.miss(what, wanted.join(' or '), chosen ?? 'none');
  };
  const values = (list: Expected['backend']): string[] => list.map(({ value }) => value);
  routed('backend', values(expect.backend), backend);
  const full = typeof backend === 'string' && typeof server === 'string' ? `${backend}/${server}` : server;
  const named = values(expect.server);
  routed('server', named, named.some((one) => one.includes('/')) ? full : server);
}

function judgeAnswer(expect: Expected, response: Answered | undefined, judgement: Judgement): void {
  const { status, reason, headers, body, location } = expect;
  if (status.length > 0) {
    const got = response === undefined ? 'none' : String(response.status);
    const wanted = status.map((one) => (one === 'none' ? 'no answer' : one)).join(' or ');
    if (!status.some((one) => one === got || one === `${got[0]}xx`))
      judgement.miss('status', wanted, got === 'none' ? 'no answer' : got);
  }
  judgement.match('reason', reason, response?.reason);
  for (const { name, matcher } of headers)
    judgement.match(`headers.${name}`, matcher, response && text(headerOf(response.headers, name)));
  judgement.match('location', location, response && text(headerOf(response.headers, 'location')));
  judgement.match('body', body, response && toText(response.body));
}

const text = (value: string | undefined): string | undefined => (value === undefined ? undefined : toText(value));

function judgeOrigin(expect: OriginExpected | 'none', { seen, served, kind }: Outcome, judgement: Judgement): void {
  if (expect === 'none') {
    const [first] = seen;
    if (first !== undefined) judgement.miss('origin', 'none asked', `${first.standIn.name} was: ${showSeen(first)}`);
    return;
  }
  if (expect.requests !== undefined) judgement.count('origin.requests', expect.requests, seen.length);
  if (served === undefined) {
    if (expect.requests?.min !== 0) judgement.miss('origin', 'a request', 'no stand-in was asked');
    return;
  }
  judgement.match('origin.source', expect.source, served.source());
  if (kind === 'tcp') {
    judgement.match('origin.receive', expect.receive, toText(served.bytes()));
    return;
  }
  const { request } = served;
  const url = request?.url;
  judgement.match('origin.method', expect.method, request?.method);
  judgement.match('origin.url', expect.url, text(url));
  judgement.match('origin.path', expect.path, text(url?.split('?', 1)[0]));
  judgement.match(
    'origin.query',
    expect.query,
    url?.includes('?') === true ? text(url.slice(url.indexOf('?') + 1)) : undefined,
  );
  judgement.match('origin.version', expect.version, request?.version);
  for (const { name, matcher } of expect.headers)
    judgement.match(`origin.headers.${name}`, matcher, text(request?.headers.get(name)));
  judgement.match('origin.body', expect.body, request && seenBody(served));
}

function showSeen(seen: Seen): string {
  return seen.request === undefined ? 'a connection' : `${seen.request.method} ${seen.request.url}`;
}

function judgeLog(expect: LogExpected, { logLines, observation }: Outcome, judgement: Judgement): void {
  const { line } = expect;
  if (line !== undefined) {
    // No line at all is what `false` expects; otherwise one of them has to be so.
    const lines: (string | undefined)[] = logLines.length === 0 ? [undefined] : logLines.map(toText);
    if (!lines.some((one) => line.test(one))) {
      const received = lines.map((one) => (one === undefined ? 'no line' : JSON.stringify(one))).join('\n');
      judgement.miss('log', line.text, received);
    }
  }
  for (const { field, matcher } of expect.fields) {
    const value = observation.log?.[field];
    if (value === undefined) judgement.unchecked.add(`log.${field}`);
    else judgement.match(`log.${field}`, matcher, toText(value));
  }
}

function judgeVariables(expect: Expected, { variables }: Observation, judgement: Judgement): void {
  for (const { name, matcher } of expect.variables) {
    const value = variables.get(name);
    if (value === undefined) judgement.unchecked.add(`variables.${name}`);
    else judgement.match(`variables.${name}`, matcher, value === null ? undefined : toText(value));
  }
}

/** What is expected of all repetitions together. */
export function judgeAll(expect: Expected, outcomes: readonly Outcome[], judgement: Judgement): void {
  for (const [server, count] of expect.servers) {
    const chosen = outcomes.map(({ observation: { backend, server: name } }) => [name, `${backend}/${name}`] as const);
    if (chosen.some(([name]) => name === undefined)) {
      judgement.unchecked.add('servers');
      break;
    }
    const n = chosen.filter((names) => names.some((name) => name === server.value)).length;
    judgement.count(`servers.${server.value}`, count, n);
  }
  for (const [status, count] of expect.statuses) {
    const n = outcomes.filter(({ response }) => {
      if (response === undefined) return status === 'none';
      const got = String(response.status);
      return got === status || `${got[0]}xx` === status;
    }).length;
    judgement.count(`statuses.${status}`, count, n);
  }
}
