import type { Transaction, Verdict } from 'sluice/plugin';
import { NO_DIRECTIVES, parseCacheControl } from './cache-control.ts';
import { notModified } from './conditions.ts';
import { serveOther, serveWhole } from './answer.ts';
import { CachedResponse, Entry } from './entry.ts';
import { type Field, fieldsOf, Snapshot, valueOf, valuesOf } from './fields.ts';
import { ageValue } from './freshness.ts';
import { accepts, variantOf } from './haproxy-vary.ts';
import { keyOf } from './key.ts';
import { type Lookup, lookupOf, remember } from './lookup.ts';
import { parseHttpDate, secondsOf } from './dates.ts';
import { Recorder, type Trailers } from './recorder.ts';
import { type CacheSection, objectLimit } from './settings.ts';
import { sameSelectors, selects, varyNames } from './vary.ts';

/** Seconds that an object is served where neither it nor the section says; configuration.txt 6.2.1, max-age. */
const DEFAULT_AGE = 60;
const SAFE: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE']);

/** `http-request cache-use` as HAProxy's cache has it; configuration.txt 6.1. */
export function useHaproxy(transaction: Transaction, section: CacheSection): Verdict {
  const { request } = transaction;
  if (request === undefined) return undefined;
  const { method, headers } = request;
  const key = keyOf(transaction);
  if (key === undefined || request.version === '1.0' || headers.has('authorization')) return undefined;
  if (method !== 'GET' && method !== 'HEAD') {
    if (!SAFE.has(method)) note(transaction, section, key, 'unsafe');
    return undefined;
  }
  const asked = headers.has('cache-control') ? parseCacheControl(headers.all('cache-control')) : NO_DIRECTIVES;
  const pragma = headers.get('pragma');
  const bypass = asked.noCache || asked.maxAge === 0 || (pragma !== undefined && /no-cache/i.test(pragma));
  const proxy = transaction.backend ?? transaction.frontend;
  if (!bypass) {
    const { store } = section;
    proxy.counters.cacheLookups++;
    const now = secondsOf(transaction);
    const entry = store
      .find(key)
      ?.find((one) => selects(one.selectors, headers) && (one.coding === undefined || accepts(headers, one.coding)));
    if (entry !== undefined && entry.until > now) {
      proxy.counters.cacheHits++;
      store.touch(entry);
      return answer(transaction, section, entry, now);
    }
    if (entry !== undefined) store.remove(entry);
  }
  if (method === 'GET') note(transaction, section, key, 'get', asked.noStore);
  return undefined;
}

function answer(transaction: Transaction, section: CacheSection, entry: Entry, now: number): 'done' {
  const { headers } = transaction.request!;
  if (headers.has('if-none-match') || headers.has('if-modified-since')) {
    const { fields } = entry.response;
    if (notModified(headers, fields, entry.responseTime))
      return serveOther(transaction, section, entry, 304, unframed(fields), [], now, 'hit');
  }
  return serveWhole(transaction, section, entry, now);
}

/** HAProxy sends all fields with a 304, those of the body, too; but for what frames it. */
const unframed = (fields: readonly Field[]): readonly Field[] =>
  fields.filter(([name]) => name !== 'transfer-encoding');

function note(
  transaction: Transaction,
  section: CacheSection,
  key: string,
  purpose: 'get' | 'unsafe',
  noStore = false,
): void {
  remember(transaction, {
    section,
    key,
    purpose,
    fields: new Snapshot(transaction.request!.headers),
    asked: NO_DIRECTIVES,
    authorized: false,
    noStore,
    requestTime: secondsOf(transaction),
    stale: undefined,
    validating: false,
    flight: undefined,
    recorder: undefined,
    forwarded: purpose === 'unsafe' ? 'method' : 'uri-miss',
    collapsed: false,
  });
}

/** What a successful POST or PUT changed is not served any more. */
export function onHaproxyResponse(transaction: Transaction): Verdict {
  const lookup = lookupOf(transaction);
  if (lookup === undefined || lookup.section.settings.rfc9111 || lookup.purpose !== 'unsafe') return undefined;
  const { status } = transaction.response!;
  if (status >= 200 && status < 400) lookup.section.store.removeKey(lookup.key);
  return undefined;
}

/** `http-response cache-store` as HAProxy's cache has it. The head is stored as the rules so far have made it. */
export function storeHaproxy(transaction: Transaction, lookup: Lookup): void {
  const { section } = lookup;
  const response = transaction.response!;
  const fields = fieldsOf(response.headers);
  const now = secondsOf(transaction);
  if (lookup.purpose !== 'get' || lookup.noStore || response.status !== 200) return;
  const names = varyNames(fields);
  if (names.length > 0 && !section.settings.vary) return;
  const variant = variantOf(fields, names, lookup.fields);
  const lifetime = haproxyLifetime(fields, section, now);
  const age = ageValue(fields);
  if (variant === undefined || lifetime === undefined || lifetime <= 0 || age >= lifetime) return;
  const { length } = response.body;
  const limit = objectLimit(section.settings) - headSize(fields);
  if ((length ?? 0) > limit) return;

  // A qualified `private` is the reason of HAProxy's to keep nothing back; nobody else's fields are shared here all the same.
  const directives = parseCacheControl(valuesOf(fields, 'cache-control'));
  const kept = fields.filter(([name]) => name !== 'age' && !directives.privateFields.includes(name));
  const chunked = valueOf(fields, 'transfer-encoding') !== undefined;
  const framing = chunked ? 'chunked' : length === undefined ? 'close' : 'length';
  const { status, reason, version } = response;
  const freshness = {
    responseTime: Math.floor(now),
    initialAge: age,
    lifetime,
    explicit: true,
    directives,
    until: now + Math.min(lifetime - age, lifetime),
  };
  const finished = (body: Uint8Array[], size: number, trailers: Trailers): void => {
    const wire = chunked ? asChunk(body, size, trailers) : body;
    const parts = {
      status,
      reason,
      version,
      fields: kept,
      body: wire,
      payload: size + measure(trailers),
      framing,
    } as const;
    const entry = new Entry(
      lookup.key,
      new CachedResponse(section.name, parts),
      freshness,
      variant.selectors,
      [],
      variant.coding,
    );
    section.store.add(
      entry,
      (other) => other.coding === entry.coding && sameSelectors(other.selectors, entry.selectors),
      section.settings.maxSecondary,
    );
    lookup.recorder = undefined;
  };
  lookup.recorder = new Recorder(section.store, limit, length, finished, () => (lookup.recorder = undefined));
}

/** What logs count of trailers. */
const measure = (trailers: Trailers): number =>
  trailers.reduce((sum, [name, value]) => sum + name.length + value.length, 0);

/** One chunk of all (RFC 9112 7.1). */
function asChunk(body: readonly Uint8Array[], size: number, trailers: Trailers): Uint8Array[] {
  const last = trailers.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  const end = Buffer.from(`0\r\n${last}\r\n`, 'latin1');
  if (size === 0) return [end];
  return [Buffer.from(`${size.toString(16)}\r\n`, 'latin1'), ...body, Buffer.from('\r\n', 'latin1'), end];
}

/**
 * Seconds for which HAProxy serves a response: s-maxage or max-age, else Expires, never more than the section's max-age; the latter
 * for what has a validator only. Undefined for what is not to be stored.
 */
function haproxyLifetime(fields: readonly Field[], { settings }: CacheSection, now: number): number | undefined {
  const lines = valuesOf(fields, 'cache-control');
  const said = parseCacheControl(lines);
  if (said.noStore || said.noCache || said.private || said.noCacheFields.includes('set-cookie')) return undefined;
  if (valuesOf(fields, 'pragma').some((value) => /no-cache/i.test(value))) return undefined;
  const most = settings.maxAge ?? DEFAULT_AGE;
  if (said.maxAge === 0) return undefined;
  const explicit = said.sMaxAge ?? said.maxAge;
  if (explicit !== undefined) return Math.min(explicit, most);
  const expires = valueOf(fields, 'expires');
  if (expires !== undefined) {
    const at = parseHttpDate(expires, now);
    return at === undefined ? undefined : Math.min(Math.floor(at - now), most);
  }
  return valueOf(fields, 'etag') === undefined && valueOf(fields, 'last-modified') === undefined ? undefined : most;
}

function headSize(fields: readonly Field[]): number {
  let size = 0;
  for (const [name, value] of fields) size += name.length + value.length + 4;
  return size;
}
