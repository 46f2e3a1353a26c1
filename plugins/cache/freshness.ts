import { deltaSeconds, type Directives } from './cache-control.ts';
import { parseHttpDate } from './dates.ts';
import { type Field, valueOf, valuesOf } from './fields.ts';

/** RFC 9110 15.1: statuses whose responses may be fresh without saying how long. */
export const HEURISTIC_STATUSES: ReadonlySet<number> = new Set([
  200, 203, 204, 206, 300, 301, 308, 404, 405, 410, 414, 501,
]);

export interface Lifetime {
  /** Seconds. */
  readonly seconds: number;
  /** Said by the response, and not guessed. */
  readonly explicit: boolean;
}

export interface Heuristic {
  /** Of the time since the last modification, in percent; 0 for none. */
  readonly percent: number;
  /** Seconds at the most. */
  readonly most: number;
}

/**
 * The freshness lifetime for a shared cache, RFC 9111 4.2.1. `targeted` says that `directives` come from a field for caches like this
 * one, beside which Cache-Control and Expires do not count (RFC 9213 2.2). Times in seconds since 1970.
 */
export function freshnessLifetime(
  status: number,
  fields: readonly Field[],
  directives: Directives,
  targeted: boolean,
  responseTime: number,
  heuristic: Heuristic,
): Lifetime {
  if (directives.sMaxAge !== undefined) return { seconds: directives.sMaxAge, explicit: true };
  if (directives.maxAge !== undefined) return { seconds: directives.maxAge, explicit: true };
  const date = dateOf(fields, responseTime);
  const expires = targeted ? [] : valuesOf(fields, 'expires');
  if (expires.length > 0) {
    // 5.3: an invalid date, `0` among them, is in the past. 4.2.1: two that disagree are not believed.
    const at = expires.every((value) => value === expires[0]) ? parseHttpDate(expires[0]!, responseTime) : undefined;
    return { seconds: at === undefined ? 0 : Math.max(0, at - date), explicit: true };
  }
  return { seconds: guess(status, fields, directives, date, heuristic), explicit: false };
}

/** Heuristic freshness, RFC 9111 4.2.2. */
function guess(
  status: number,
  fields: readonly Field[],
  directives: Directives,
  date: number,
  { percent, most }: Heuristic,
): number {
  if (percent === 0 || !(HEURISTIC_STATUSES.has(status) || directives.public)) return 0;
  const modified = valueOf(fields, 'last-modified');
  const since = modified === undefined ? undefined : parseHttpDate(modified, date);
  if (since === undefined || since >= date) return 0;
  return Math.min(most, Math.floor(((date - since) * percent) / 100));
}

/** The Date field; the time of arrival for what has none that can be read (RFC 9110 6.6.1). */
export function dateOf(fields: readonly Field[], responseTime: number): number {
  const date = valueOf(fields, 'date');
  return (date === undefined ? undefined : parseHttpDate(date, responseTime)) ?? responseTime;
}

/** RFC 9111 5.1: the first member counts; what is no number of seconds is ignored. */
export function ageValue(fields: readonly Field[]): number {
  const value = valueOf(fields, 'age');
  return value === undefined ? 0 : (deltaSeconds(value.split(',', 1)[0]!.trim()) ?? 0);
}

/** How old the response was when it arrived, RFC 9111 4.2.3 (corrected_initial_age), in seconds. */
export function initialAge(fields: readonly Field[], requestTime: number, responseTime: number): number {
  const apparent = Math.max(0, responseTime - dateOf(fields, responseTime));
  const delay = Math.max(0, responseTime - requestTime);
  return Math.max(apparent, ageValue(fields) + delay);
}
