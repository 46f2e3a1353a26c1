import type { Transaction } from 'sluice/plugin';
import { CachedResponse, Entry, type Freshness } from './entry.ts';
import { type Field, fieldsOf, storable, updated, valueOf } from './fields.ts';
import { freshnessLifetime, initialAge, type Lifetime } from './freshness.ts';
import { httpDate, secondsOf } from './dates.ts';
import { cacheKey } from './key.ts';
import type { Lookup } from './lookup.ts';
import { parseContentRange } from './partial.ts';
import { Recorder } from './recorder.ts';
import { type CacheSection, objectLimit } from './settings.ts';
import { refusal, type ResponseDirectives, responseDirectives, tagsOf } from './storing.ts';
import { sameSelectors, type Selector, selectorsOf, varyNames } from './vary.ts';

/** What the answers made of a stored response say of themselves. */
const MADE_ANEW: ReadonlySet<string> = new Set(['age', 'content-length', 'content-range']);

/** `http-response cache-store` under RFC 9111. Says why not, for Cache-Status; undefined when it is being stored. */
export function storeRfc(transaction: Transaction, lookup: Lookup): string | undefined {
  const { section } = lookup;
  const { settings } = section;
  const response = transaction.response!;
  const fields = fieldsOf(response.headers);
  // Tags are for caches; nobody behind this one is shown them.
  for (const name of settings.tagFields) response.headers.delete(name);
  if (lookup.purpose === 'head') return 'method';
  const now = secondsOf(transaction);
  const said = responseDirectives(fields, settings.targets);
  const lifetime = lifetimeOf(response.status, fields, said, now, section);
  if (lookup.purpose === 'unsafe' && !postStorable(transaction, lookup, fields, lifetime)) return 'method';
  const names = varyNames(fields);
  if (names === '*') return 'vary';
  const range = response.status === 206 ? parseContentRange(valueOf(fields, 'content-range')) : undefined;
  const refused = refusal(lookup, response.status, fields, said, lifetime, settings, range);
  if (refused !== undefined) return refused;
  const { length } = response.body;
  if (length !== undefined && length + headSize(fields) > objectLimit(settings)) return 'size';

  const kept = storable(fields, said.directives.privateFields, said.directives.noCacheFields).filter(
    ([name]) => !MADE_ANEW.has(name) && !settings.tagFields.includes(name),
  );
  // RFC 9110 6.6.1: who stores a response without a date gives it one.
  if (valueOf(kept, 'date') === undefined) kept.push(['date', httpDate(now)]);
  const { status, reason } = response;
  const freshness = freshnessOf(lookup.requestTime, now, fields, said, lifetime, section);
  const selectors = selectorsOf(names, lookup.fields);
  const tags = tagsOf(fields, settings.tagFields);
  const finished = (body: Uint8Array[], size: number): void => {
    lookup.recorder = undefined;
    if (range !== undefined && size !== range.last - range.first + 1) {
      failed();
      return;
    }
    const whole: Field[] = status === 204 || range !== undefined ? kept : [...kept, ['content-length', String(size)]];
    const stored = new CachedResponse(section.name, { status, reason, fields: whole, body });
    keep(section, new Entry(lookup.key, stored, freshness, selectors, tags, undefined, range));
    lookup.flight?.end('stored');
    lookup.flight = undefined;
    section.store.flights.unpass(lookup.key);
  };
  const failed = (): void => {
    lookup.recorder = undefined;
    lookup.flight?.end('refused');
    lookup.flight = undefined;
  };
  const limit = objectLimit(settings) - headSize(kept);
  lookup.recorder = new Recorder(section.store, limit, length, finished, failed);
  return undefined;
}

/** A whole takes the place of all that the same request would be given; a part, of the same part. */
function supersedes(entry: Entry, other: Entry): boolean {
  if (!sameSelectors(other.selectors, entry.selectors)) return false;
  const { range } = entry;
  return range === undefined || (other.range?.first === range.first && other.range.last === range.last);
}

/** Stores it in the place of what was stored for the same request. */
function keep(section: CacheSection, entry: Entry): void {
  const most = Math.max(1, section.settings.maxSecondary);
  section.store.add(entry, (other) => supersedes(entry, other), most);
}

function headSize(fields: readonly Field[]): number {
  let size = 32;
  for (const [name, value] of fields) size += name.length + value.length + 4;
  return size;
}

function lifetimeOf(
  status: number,
  fields: readonly Field[],
  { directives, targeted }: ResponseDirectives,
  now: number,
  { settings }: CacheSection,
): Lifetime {
  const heuristic = { percent: settings.heuristicPercent, most: settings.heuristicMost };
  return freshnessLifetime(status, fields, directives, targeted, now, heuristic);
}

function freshnessOf(
  requestTime: number,
  now: number,
  fields: readonly Field[],
  { directives }: ResponseDirectives,
  lifetime: Lifetime,
  { settings }: CacheSection,
): Freshness {
  return {
    responseTime: now,
    initialAge: initialAge(fields, requestTime, now),
    lifetime: lifetime.seconds,
    explicit: lifetime.explicit,
    directives,
    until: settings.maxAge === undefined ? Infinity : now + settings.maxAge,
  };
}

/** RFC 9110 9.3.3: a POST's response may answer a later GET if it says how long, and that it is that of the target. */
function postStorable(
  { request, response }: Transaction,
  lookup: Lookup,
  fields: readonly Field[],
  lifetime: Lifetime,
): boolean {
  if (request?.method !== 'POST' || response?.status !== 200 || !lifetime.explicit) return false;
  const location = valueOf(fields, 'content-location');
  if (location === undefined) return false;
  const origin = lookup.key.slice(0, lookup.key.indexOf(' '));
  const target = location.startsWith('/') ? origin + location : location;
  return cacheKey(target, '', false) === lookup.key;
}

/**
 * RFC 9111 4.3.4 and 4.3.5: what a 304, or the answer to a HEAD, says anew of a stored response. Undefined when it may not be stored any
 * more.
 */
export function refreshed(entry: Entry, newer: readonly Field[], lookup: Lookup, now: number): Entry | undefined {
  const { section } = lookup;
  const { status, reason } = entry.response;
  const merged = updated(entry.response.fields, newer).filter(
    // A part says where it stands when it is served.
    ([name]) => entry.range === undefined || name !== 'content-range',
  );
  const said = responseDirectives(merged, section.settings.targets);
  const lifetime = lifetimeOf(status, merged, said, now, section);
  const names = varyNames(merged);
  if (names === '*' || refusal(lookup, status, merged, said, lifetime, section.settings, entry.range) !== undefined)
    return undefined;
  // Age and Date are those of the answer that came now; one without a date is as old as its arrival (RFC 9110 6.6.1).
  const dated = merged.filter(([name]) => name !== 'age' && name !== 'date');
  dated.push(['date', valueOf(newer, 'date') ?? httpDate(now)]);
  const aged = valueOf(newer, 'age');
  const forAge: Field[] = aged === undefined ? dated : [...dated, ['age', aged]];
  const kept = storable(dated, said.directives.privateFields, said.directives.noCacheFields);
  const response = new CachedResponse(section.name, { status, reason, fields: kept, body: entry.response.body });
  const freshness = freshnessOf(lookup.requestTime, now, forAge, said, lifetime, section);
  const selectors: readonly Selector[] = selectorsOf(names, lookup.fields);
  const next = new Entry(entry.key, response, freshness, selectors, entry.tags, undefined, entry.range);
  section.store.remove(entry);
  keep(section, next);
  return next;
}
