import type { Transaction, Verdict } from 'sluice/plugin';
import { secondsOf } from './dates.ts';
import { answer } from './answer.ts';
import { weaklyEqual } from './conditions.ts';
import type { Entry } from './entry.ts';
import { type Field, fieldsOf, valueOf } from './fields.ts';
import { sameOriginKey } from './key.ts';
import { type Lookup, lookupOf } from './lookup.ts';
import { mayStandIn } from './reuse.ts';
import { refreshed } from './rfc-store.ts';

/** RFC 5861 4: the errors in whose place a stale response may be served. */
const ERRORS: ReadonlySet<number> = new Set([500, 502, 503, 504]);

/** The answers to a HEAD that say that there is nothing to GET any more. */
const GONE: ReadonlySet<number> = new Set([404, 410]);

/** Runs when a server's response head is there, before any rule. */
export function onResponse(transaction: Transaction): Verdict {
  if (transaction.stored !== null) return undefined;
  const lookup = lookupOf(transaction);
  if (lookup === undefined || !lookup.section.settings.rfc9111) return undefined;
  const { status } = transaction.response!;
  switch (lookup.purpose) {
    case 'unsafe':
      if (status >= 200 && status < 400) invalidate(transaction, lookup);
      return undefined;
    case 'head':
      if (lookup.stale?.alive !== true) return undefined;
      if (status === 200) headAnswered(transaction, lookup, lookup.stale);
      else if (GONE.has(status)) lookup.section.store.remove(lookup.stale);
      return undefined;
    default:
  }
  if (status === 304 && lookup.validating && lookup.stale !== undefined)
    return validated(transaction, lookup, lookup.stale);
  if (ERRORS.has(status)) return standIn(transaction, lookup, false);
  return undefined;
}

/** Runs when there is no answer. */
export function onFailure(transaction: Transaction): Verdict {
  const lookup = lookupOf(transaction);
  if (lookup === undefined || !lookup.section.settings.rfc9111) return undefined;
  return standIn(transaction, lookup, true);
}

/** A stale response in the place of an error. */
function standIn(transaction: Transaction, lookup: Lookup, unreachable: boolean): Verdict {
  const { section, stale, purpose } = lookup;
  if (stale === undefined || purpose === 'unsafe') return undefined;
  const now = secondsOf(transaction);
  if (!mayStandIn(stale, lookup.asked, section.settings, unreachable, now)) return undefined;
  const status = unreachable ? 'fwd=stale' : `fwd=stale; fwd-status=${transaction.response!.status}`;
  (transaction.backend ?? transaction.frontend).counters.cacheHits++;
  return answer(transaction, section, stale, lookup.fields, now, status);
}

/** RFC 9111 4.3.4: the stored response is fresh again, and answers. */
function validated(transaction: Transaction, lookup: Lookup, stale: Entry): 'done' {
  const { section } = lookup;
  const newer = fieldsOf(transaction.response!.headers);
  const now = secondsOf(transaction);
  // 4.3.4: a 304 with another's tag updates nothing; what it was to validate is served for the last time.
  const entry = isAnothers(stale, newer) ? undefined : refreshed(stale, newer, lookup, now);
  if (entry === undefined) section.store.remove(stale);
  lookup.flight?.end(entry === undefined ? 'refused' : 'stored');
  lookup.flight = undefined;
  (transaction.backend ?? transaction.frontend).counters.cacheHits++;
  const status = `fwd=${lookup.forwarded}; fwd-status=304`;
  return answer(transaction, section, entry ?? stale, lookup.fields, now, status);
}

function isAnothers({ response }: Entry, newer: readonly Field[]): boolean {
  const tag = valueOf(newer, 'etag');
  const own = valueOf(response.fields, 'etag');
  return tag !== undefined && own !== undefined && !weaklyEqual(tag, own);
}

/** RFC 9111 4.3.5: what a HEAD tells of the stored response to GET: still that one, then it is refreshed, or another. */
function headAnswered(transaction: Transaction, lookup: Lookup, stale: Entry): void {
  const newer = fieldsOf(transaction.response!.headers);
  const stored = stale.response.fields;
  const same = ['etag', 'last-modified', 'content-length'].every((name) => {
    const value = valueOf(newer, name);
    return value === undefined || value === valueOf(stored, name);
  });
  if (!same || refreshed(stale, newer, lookup, secondsOf(transaction)) === undefined)
    lookup.section.store.remove(stale);
}

/** RFC 9111 4.4: a method that may have changed things has succeeded. */
function invalidate(transaction: Transaction, { section, key }: Lookup): void {
  const { store } = section;
  store.removeKey(key);
  for (const name of ['location', 'content-location']) {
    const reference = transaction.response!.headers.get(name);
    const other = reference === undefined ? undefined : sameOriginKey(key, reference);
    if (other !== undefined) store.removeKey(other);
  }
}
