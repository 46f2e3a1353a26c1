import type { Store } from './store.ts';

/** What a `cache` section says. Sizes in bytes, times in seconds. */
export interface CacheSettings {
  total: number;
  /** 0: the 256th part of `total`, as HAProxy has it. */
  maxObject: number;
  /** How long an object is served without asking the origin; undefined where the section does not say. */
  maxAge: number | undefined;
  vary: boolean;
  maxSecondary: number;
  earlyHints: 'off' | 'on' | 'only';
  /** Percent of `total` for entries of early hints only. */
  hintRatio: number;
  /** RFC 9111 instead of HAProxy's rules. */
  rfc9111: boolean;
  heuristicPercent: number;
  heuristicMost: number;
  /** Served while it is fetched anew, where the response does not say how long that may go on. */
  staleWhileRevalidate: number;
  /** Served in the place of an error (RFC 5861), where the response does not say. */
  staleIfError: number;
  /** Served when no server answers at all. */
  grace: number;
  /** Milliseconds that requests for the same thing wait for one fetch; 0: they do not. */
  coalesce: number;
  /** Seconds for which nobody waits for what turned out not to be stored. */
  passTime: number;
  /** Clients' `Cache-Control` and `Pragma` count. */
  clientDirectives: boolean;
  cookies: 'rfc' | 'pass';
  setCookie: 'explicit' | 'store' | 'pass';
  /** Fields for caches like this one, the most specific first (RFC 9213). */
  targets: readonly string[];
  /** Response fields that hold the tags of an object; not sent to clients. */
  tagFields: readonly string[];
  /** The member of Cache-Status (RFC 9211) that this cache adds. */
  cacheStatus: string | undefined;
  ranges: boolean;
}

export function defaultSettings(): CacheSettings {
  return {
    total: 0,
    maxObject: 0,
    maxAge: undefined,
    vary: false,
    maxSecondary: 10,
    earlyHints: 'off',
    hintRatio: 25,
    rfc9111: false,
    heuristicPercent: 10,
    heuristicMost: 86_400,
    staleWhileRevalidate: 0,
    staleIfError: 0,
    grace: 86_400,
    coalesce: 5000,
    passTime: 60,
    clientDirectives: true,
    cookies: 'rfc',
    setCookie: 'explicit',
    targets: ['cdn-cache-control'],
    tagFields: ['surrogate-key', 'cache-tag', 'xkey'],
    cacheStatus: undefined,
    ranges: true,
  };
}

/** A `cache` section. Its store comes when the configuration is set up, and outlives it. */
export interface CacheSection {
  readonly name: string;
  readonly settings: CacheSettings;
  store: Store;
}

export function objectLimit({ maxObject, total }: CacheSettings): number {
  return maxObject === 0 ? Math.floor(total / 256) : maxObject;
}
