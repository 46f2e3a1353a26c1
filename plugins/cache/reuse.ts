import type { Directives } from './cache-control.ts';
import type { Entry } from './entry.ts';
import type { CacheSettings } from './settings.ts';

/**
 * What may be done with a stored response that matches a request, RFC 9111 4:
 * - `fresh`: serve it;
 * - `stale`: serve it, as the client accepts that (max-stale);
 * - `refresh`: serve it, and ask the origin in the background (stale-while-revalidate);
 * - `validate`: ask the origin first.
 */
export type Reuse = 'fresh' | 'stale' | 'refresh' | 'validate';

export function reuse(entry: Entry, asked: Directives, settings: CacheSettings, now: number): Reuse {
  const { directives } = entry;
  // 5.2.2.4, 5.2.1.4: not without validation, by the origin's word or the client's.
  if (directives.noCache || asked.noCache) return 'validate';
  const age = entry.age(now);
  // 5.2.1.1. An age below a second is above 0.
  const tooOld = asked.maxAge !== undefined && (asked.maxAge === 0 || age > asked.maxAge);
  const left = entry.left(now);
  if (left > 0) {
    // 5.2.1.3
    const tooShort = asked.minFresh !== undefined && left < asked.minFresh;
    return tooOld || tooShort ? 'validate' : 'fresh';
  }
  if (neverStale(directives)) return 'validate';
  // 5.2.1.2: max-stale also lifts a max-age of the client's.
  if (asked.maxStale !== undefined && -left <= asked.maxStale && !shared(directives)) return 'stale';
  if (tooOld || asked.minFresh !== undefined) return 'validate';
  return -left < whileRevalidating(directives, settings) ? 'refresh' : 'validate';
}

/** RFC 9111 4.2.4: some responses are never served stale. */
function neverStale(directives: Directives): boolean {
  return directives.mustRevalidate || directives.proxyRevalidate || directives.noCache;
}

/**
 * 5.2.2.10: s-maxage means proxy-revalidate, too. An origin that allows stale answers by name in the same breath
 * (`s-maxage=1, stale-while-revalidate=30`) is taken at its word.
 */
function shared(directives: Directives): boolean {
  return directives.sMaxAge !== undefined;
}

function whileRevalidating(directives: Directives, settings: CacheSettings): number {
  return directives.staleWhileRevalidate ?? (shared(directives) ? 0 : settings.staleWhileRevalidate);
}

/** Whether it may stand in for an error (RFC 5861 4): one that a server sent, or none at all (`unreachable`). */
export function mayStandIn(
  entry: Entry,
  asked: Directives,
  settings: CacheSettings,
  unreachable: boolean,
  now: number,
): boolean {
  const { directives } = entry;
  if (neverStale(directives)) return false;
  const own = directives.staleIfError ?? asked.staleIfError;
  const granted = shared(directives) ? 0 : Math.max(settings.staleIfError, unreachable ? settings.grace : 0);
  return -entry.left(now) < Math.max(own ?? 0, granted);
}
