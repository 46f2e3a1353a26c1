import type { Action, HeaderList, Transaction, Verdict } from 'sluice/plugin';
import { secondsOf } from './dates.ts';
import { answer } from './answer.ts';
import { type Directives, NO_DIRECTIVES, parseCacheControl } from './cache-control.ts';
import { forOriginOnly } from './conditions.ts';
import type { Entry } from './entry.ts';
import { Snapshot, valueOf } from './fields.ts';
import type { Flight } from './flights.ts';
import { keyOf } from './key.ts';
import { lookupOf, type Purpose, remember } from './lookup.ts';
import { partWanted } from './partial.ts';
import { reuse } from './reuse.ts';
import type { CacheSection } from './settings.ts';
import { allowsAuthorized } from './storing.ts';
import { selecting, selects } from './vary.ts';

/** RFC 9110 9.2.1. Whatever is not known to be safe invalidates (RFC 9111 4.4). */
const SAFE: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE']);

/** What was found out about a request, on its way to a decision. */
interface Question {
  readonly transaction: Transaction;
  /** That of the rule which asks. */
  readonly action: Action;
  readonly section: CacheSection;
  readonly key: string;
  readonly headers: HeaderList;
  readonly asked: Directives;
  readonly authorized: boolean;
  readonly head: boolean;
  readonly now: number;
  readonly collapsed: boolean;
}

/** `http-request cache-use` under RFC 9111: answers from the store, or prepares the way to the origin. */
export function useRfc(
  transaction: Transaction,
  section: CacheSection,
  action: Action,
  collapsed = false,
): Verdict | Promise<Verdict> {
  const { request } = transaction;
  // It may have ended while it waited for another.
  if (request === undefined) return undefined;
  // Asked twice, the fields of the request are not all the client's any more.
  const before = lookupOf(transaction);
  if (before !== undefined && (before.section === section || before.validating)) return undefined;
  const { method, headers } = request;
  const key = keyOf(transaction);
  if (key === undefined) return undefined;
  const now = secondsOf(transaction);
  const authorized = headers.has('authorization');
  const head = method === 'HEAD';
  const known = head || method === 'GET';
  const asked = known ? requestDirectives(headers, section) : NO_DIRECTIVES;
  const question = { transaction, action, section, key, headers, asked, authorized, now, collapsed, head };
  if (!known) {
    if (!SAFE.has(method)) forward(question, 'unsafe', undefined, 'method');
    return undefined;
  }
  // Content of a GET means nothing that a key could tell (RFC 9110 9.3.1), and these conditions are not for caches.
  if (request.body.length !== 0 || forOriginOnly(headers)) return undefined;
  if (section.settings.cookies === 'pass' && headers.has('cookie')) return undefined;
  return decide(question);
}

/** RFC 9111 5.2.1; 5.4: Pragma: no-cache counts where there is no Cache-Control. */
function requestDirectives(headers: HeaderList, { settings }: CacheSection): Directives {
  if (!settings.clientDirectives) return NO_DIRECTIVES;
  if (headers.has('cache-control')) return parseCacheControl(headers.all('cache-control'));
  const pragma = headers.get('pragma');
  return pragma !== undefined && /(?:^|,)\s*no-cache\s*(?:,|$)/i.test(pragma) ? NO_CACHE : NO_DIRECTIVES;
}

const NO_CACHE: Directives = { ...NO_DIRECTIVES, noCache: true };

function decide(question: Question): Verdict | Promise<Verdict> {
  const { transaction, section, headers, asked, now } = question;
  const { store, settings } = section;
  const counters = (transaction.backend ?? transaction.frontend).counters;
  if (!question.collapsed) counters.cacheLookups++;
  const entries = store.find(question.key);
  const entry = entries === undefined ? undefined : match(entries, question);
  const use = entry === undefined ? 'validate' : reuse(entry, asked, settings, now);
  if (entry !== undefined && use !== 'validate') {
    counters.cacheHits++;
    store.touch(entry);
    if (use === 'refresh') refresh(question, entry);
    return answer(transaction, section, entry, headers, now, question.collapsed ? 'hit; collapsed' : 'hit');
  }
  if (asked.onlyIfCached) return notCached(transaction, section);
  const forwarded = entries === undefined ? 'uri-miss' : entry === undefined ? 'vary-miss' : reason(entry, asked, now);
  if (question.head) {
    forward(question, 'head', entry, forwarded);
    return undefined;
  }
  return fetch(question, entry, forwarded);
}

const reason = (entry: Entry, asked: Directives, now: number): string =>
  entry.left(now) > 0 && asked !== NO_DIRECTIVES && !entry.directives.noCache ? 'request' : 'stale';

/** The newest stored response that Vary and the request's credentials allow (RFC 9111 4, 4.1, 3.5). */
function match(entries: readonly Entry[], { headers, authorized, head }: Question): Entry | undefined {
  let part: Entry | undefined;
  for (const entry of entries) {
    if (authorized && !allowsAuthorized(entry.directives)) continue;
    if (entry.selectors.length > 0 && !selects(entry.selectors, headers)) continue;
    if (entry.range === undefined) return entry;
    // A part is of use for what lies in it, and where nothing whole is stored.
    if (!head && partWanted(entry.range, entry.response.fields, headers) !== undefined) part ??= entry;
  }
  return part;
}

/** Goes to the origin, or waits for another request that has gone there for the same thing. */
function fetch(question: Question, entry: Entry | undefined, forwarded: string): Verdict | Promise<Verdict> {
  const { transaction, section, headers, asked, now } = question;
  const { store, settings } = section;
  const alone =
    settings.coalesce === 0 ||
    question.authorized ||
    asked.noStore ||
    headers.has('range') ||
    (entry === undefined && (headers.has('if-none-match') || headers.has('if-modified-since')));
  let flight: Flight | undefined;
  if (!alone) {
    const name = flightKey(question);
    if (!store.flights.passes(name, now)) {
      const other = store.flights.find(name);
      if (other !== undefined && !question.collapsed) {
        return other
          .wait(settings.coalesce, transaction.process.clock, (stop) => transaction.onEnd(stop))
          .then((landing) => {
            if (landing === 'stored') return useRfc(transaction, section, question.action, true);
            // It is not stored, or takes too long: each for himself.
            if (transaction.request !== undefined) forward({ ...question, collapsed: true }, 'get', entry, forwarded);
            return undefined;
          });
      }
      if (other === undefined) flight = store.flights.begin(name);
    }
  }
  forward(question, 'get', entry, forwarded, flight);
  return undefined;
}

/** What is fetched once for all who would be given the same: the key, and what selected the responses known so far. */
function flightKey({ section, key, headers }: Question): string {
  let name = key;
  for (const [field] of section.store.find(key)?.[0]?.selectors ?? [])
    name += `\n${field}:${selecting(headers, field) ?? ''}`;
  return name;
}

/** Remembers the request for its response, and makes it conditional where something stored can be validated. */
function forward(
  question: Question,
  purpose: Purpose,
  entry: Entry | undefined,
  forwarded: string,
  flight?: Flight,
): void {
  const { transaction, section, key, headers, asked, authorized, collapsed } = question;
  const fields = new Snapshot(headers);
  const validating = purpose === 'get' && entry !== undefined && makeConditional(headers, entry);
  remember(transaction, {
    section,
    key,
    purpose,
    fields,
    asked,
    authorized,
    noStore: asked.noStore,
    requestTime: secondsOf(transaction),
    stale: entry,
    validating,
    flight,
    recorder: undefined,
    forwarded,
    collapsed,
  });
}

/** RFC 9111 4.3.1: asks with the stored validators, in the place of the client's, which are answered from here afterwards. */
function makeConditional(headers: HeaderList, { response }: Entry): boolean {
  const { fields } = response;
  const etag = valueOf(fields, 'etag');
  const modified = valueOf(fields, 'last-modified');
  if (etag === undefined && modified === undefined) return false;
  headers.delete('if-none-match');
  headers.delete('if-modified-since');
  if (etag !== undefined) headers.add('if-none-match', etag);
  if (modified !== undefined) headers.add('if-modified-since', modified);
  return true;
}

/** RFC 9111 5.2.1.7. */
function notCached(transaction: Transaction, section: CacheSection): 'done' {
  const { cacheStatus } = section.settings;
  const headers = cacheStatus === undefined ? [] : [['cache-status', `${cacheStatus}; detail=only-if-cached`] as const];
  return transaction.reply({ status: 504, reason: 'Gateway Timeout', headers });
}

/** Asks the origin in the background, once at a time (RFC 5861 3). */
function refresh(question: Question, entry: Entry): void {
  const { transaction, action, section, key, now } = question;
  if (now < entry.refreshingUntil) return;
  const begun = transaction.inBackground(action, (copy) => {
    copy.onEnd(() => (entry.refreshingUntil = 0));
    const { headers } = copy.request!;
    // What the client wanted of its own answer is not wanted of this one.
    for (const name of OWN) headers.delete(name);
    if (question.head) copy.request!.method = 'GET';
    const flight = section.store.flights.find(key) === undefined ? section.store.flights.begin(key) : undefined;
    forward(
      { ...question, transaction: copy, headers, asked: NO_DIRECTIVES, head: false },
      'get',
      entry,
      'stale',
      flight,
    );
  });
  if (begun) entry.refreshingUntil = now + PATIENCE;
}

/** Seconds after which a refresh of which nothing was heard counts as lost: its process may have been told to end. */
const PATIENCE = 60;

const OWN = ['range', 'if-range', 'if-none-match', 'if-modified-since', 'cache-control', 'pragma'];
