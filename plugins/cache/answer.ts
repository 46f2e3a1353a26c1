import { reasonPhrase, type Transaction } from 'sluice/plugin';
import { notModified, rangeStands } from './conditions.ts';
import { AGENT, CachedResponse, type Entry } from './entry.ts';
import type { Field, Lookable } from './fields.ts';
import { covers, type StoredRange } from './partial.ts';
import { type ByteRange, cut, readRange } from './ranges.ts';
import type { CacheSection } from './settings.ts';

/** What describes a body that does not come with a 304 (RFC 9110 15.4.5). */
const OF_THE_BODY: ReadonlySet<string> = new Set([
  'content-type',
  'content-length',
  'content-encoding',
  'content-language',
  'content-range',
]);

/** What RFC 9211 2 says of an answer, without the name: `hit`, `fwd=stale; fwd-status=304`. */
export type Status = string;

/** The fields that vary: Age, and this cache's own member of Cache-Status. */
export function tail(entry: Entry, section: CacheSection, now: number, status: Status): string {
  const age = `age: ${Math.floor(entry.age(now))}\r\n`;
  const { cacheStatus } = section.settings;
  if (cacheStatus === undefined) return age;
  return `${age}cache-status: ${cacheStatus}; ${status}; ttl=${Math.floor(entry.left(now))}\r\n`;
}

/** Serves a stored response as it is. */
export function serveWhole(
  transaction: Transaction,
  section: CacheSection,
  entry: Entry,
  now: number,
  status: Status = 'hit',
): 'done' {
  const second = Math.floor(now);
  if (entry.tailSecond !== second || status !== 'hit') {
    entry.response.tail = tail(entry, section, now, status);
    entry.tailSecond = status === 'hit' ? second : -1;
  }
  return transaction.serve(entry.response, AGENT);
}

/**
 * Answers a request from a stored response: its conditions first, then a range, as RFC 9110 13.2.2 orders them; `headers` are the
 * client's.
 */
export function answer(
  transaction: Transaction,
  section: CacheSection,
  entry: Entry,
  headers: Lookable,
  now: number,
  status: Status = 'hit',
): 'done' {
  const { response } = entry;
  if (response.status === 200 || entry.range !== undefined) {
    const conditional = headers.has('if-none-match') || headers.has('if-modified-since');
    if (conditional && notModified(headers, response.fields, entry.responseTime)) {
      const fields = response.fields.filter(([name]) => !OF_THE_BODY.has(name));
      return serveOther(transaction, section, entry, 304, fields, [], now, status);
    }
    if (entry.range !== undefined) return servePart(transaction, section, entry, entry.range, headers, now, status);
    if (section.settings.ranges && headers.has('range') && transaction.request!.method === 'GET') {
      const done = serveRange(transaction, section, entry, headers, now, status);
      if (done !== undefined) return done;
    }
  }
  return serveWhole(transaction, section, entry, now, status);
}

/** RFC 9110 14.2. Undefined: the whole answers. */
function serveRange(
  transaction: Transaction,
  section: CacheSection,
  entry: Entry,
  headers: Lookable,
  now: number,
  status: Status,
): 'done' | undefined {
  const { response } = entry;
  const ranges = headers.all('range');
  if (ranges.length !== 1 || !rangeStands(headers, response.fields)) return undefined;
  const range = readRange(ranges[0]!, response.payload);
  if (range === 'whole') return undefined;
  const fields: Field[] = response.fields.filter(([name]) => name !== 'content-length' && name !== 'content-range');
  if (range === 'unsatisfiable') {
    const kept = fields.filter(([name]) => !OF_THE_BODY.has(name));
    kept.push(['content-range', `bytes */${response.payload}`], ['content-length', '0']);
    return serveOther(transaction, section, entry, 416, kept, [], now, status);
  }
  const size = range.last - range.first + 1;
  fields.push(['content-range', contentRange(range, response.payload)], ['content-length', String(size)]);
  return serveOther(transaction, section, entry, 206, fields, cut(response.body, range), now, status);
}

/** A part of a stored part; the request's range has been found to lie in it. */
function servePart(
  transaction: Transaction,
  section: CacheSection,
  entry: Entry,
  stored: StoredRange,
  headers: Lookable,
  now: number,
  status: Status,
): 'done' {
  const { first, last } = covers(stored, headers) ?? stored;
  const { fields, body } = entry.response;
  const size = String(last - first + 1);
  const own: Field[] = [
    ...fields,
    ['content-range', contentRange({ first, last }, stored.size)],
    ['content-length', size],
  ];
  const bytes = cut(body, { first: first - stored.first, last: last - stored.first });
  return serveOther(transaction, section, entry, 206, own, bytes, now, status);
}

function contentRange({ first, last }: ByteRange, size: number): string {
  return `bytes ${first}-${last}/${size}`;
}

/** An answer made of a stored one; its body, if any, is where it was. */
export function serveOther(
  transaction: Transaction,
  section: CacheSection,
  entry: Entry,
  code: number,
  fields: readonly Field[],
  body: readonly Uint8Array[],
  now: number,
  status: Status,
): 'done' {
  const made = new CachedResponse(section.name, { status: code, reason: reasonPhrase(code), fields, body });
  made.tail = tail(entry, section, now, status);
  return transaction.serve(made, AGENT);
}
