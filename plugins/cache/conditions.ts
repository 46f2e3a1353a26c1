import { parseHttpDate } from './dates.ts';
import { dateOf } from './freshness.ts';
import { type Field, type Lookable, valueOf } from './fields.ts';

const ENTITY_TAG = /(?:W\/)?"[!#-~\u0080-\u00ff]*"/y;

/** The entity tags of an If-None-Match list, RFC 9110 8.8.3; tags that are no such thing are left as they stand, one per member. */
export function entityTags(value: string): string[] {
  const tags: string[] = [];
  let at = 0;
  while (at < value.length) {
    if (value[at] === ',' || value[at] === ' ' || value[at] === '\t') {
      at++;
      continue;
    }
    ENTITY_TAG.lastIndex = at;
    const tag = ENTITY_TAG.exec(value);
    if (tag === null) {
      const comma = value.indexOf(',', at);
      const end = comma === -1 ? value.length : comma;
      tags.push(value.slice(at, end).trim());
      at = end;
    } else {
      tags.push(tag[0]);
      at = ENTITY_TAG.lastIndex;
    }
  }
  return tags;
}

const opaque = (tag: string): string => (tag.startsWith('W/') ? tag.slice(2) : tag);

/** Weak comparison, RFC 9110 8.8.3.2. */
export function weaklyEqual(a: string, b: string): boolean {
  return opaque(a) === opaque(b);
}

function isStrong(tag: string | undefined): boolean {
  return tag !== undefined && tag.startsWith('"');
}

/** The conditions that an origin alone can judge (RFC 9111 4.3.2): a cache passes such requests on. */
export function forOriginOnly(headers: Lookable): boolean {
  return headers.has('if-match') || headers.has('if-unmodified-since');
}

/**
 * Whether a stored response is answered with 304 (RFC 9111 4.3.2): If-None-Match counts, else If-Modified-Since, which is compared with
 * Last-Modified, or Date, or the time it was received.
 */
export function notModified(headers: Lookable, stored: readonly Field[], receivedAt: number): boolean {
  if (headers.has('if-none-match')) {
    const tags = entityTags(headers.all('if-none-match').join(','));
    if (tags.includes('*')) return true;
    const own = valueOf(stored, 'etag');
    return own !== undefined && tags.some((tag) => weaklyEqual(tag, own));
  }
  const since = headers.get('if-modified-since');
  if (since === undefined) return false;
  const at = parseHttpDate(since, receivedAt);
  if (at === undefined) return false;
  const modified = valueOf(stored, 'last-modified');
  const own = (modified === undefined ? undefined : parseHttpDate(modified, receivedAt)) ?? dateOf(stored, receivedAt);
  return own <= at;
}

/** Whether an If-Range lets the range stand (RFC 9110 13.1.5): a strong tag, or the exact date of the last modification. */
export function rangeStands(headers: Lookable, stored: readonly Field[]): boolean {
  const condition = headers.get('if-range');
  if (condition === undefined) return true;
  if (condition.startsWith('"') || condition.startsWith('W/')) {
    return isStrong(condition) && condition === valueOf(stored, 'etag');
  }
  const modified = valueOf(stored, 'last-modified');
  if (modified === undefined || modified !== condition) return false;
  // 8.8.2.2: such a date is strong only if it lies well before the response's own.
  const date = valueOf(stored, 'date');
  const [changed, made] = [parseHttpDate(modified, 0), date === undefined ? undefined : parseHttpDate(date, 0)];
  return changed !== undefined && made !== undefined && made - changed >= 1;
}
