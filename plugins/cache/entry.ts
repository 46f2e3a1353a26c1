import { StoredResponse, type StoredParts } from 'sluice/plugin';
import type { Directives } from './cache-control.ts';
import type { StoredRange } from './partial.ts';
import type { Selector } from './vary.ts';

/** What logs show in the place of a server's name; configuration.txt 6. */
export const AGENT = '<CACHE>';

/** A response out of a cache; `res.cache_name` asks for its name. */
export class CachedResponse extends StoredResponse {
  readonly cache: string;

  constructor(cache: string, parts: StoredParts) {
    super(parts);
    this.cache = cache;
  }
}

/** Bytes that an entry takes besides its response and its key: objects, its places in map and list. Measured, rounded up. */
export const OVERHEAD = 2304;
/** The longest tail: `age` with ten digits, and `cache-status`. */
const TAIL = 160;

/** What is known of a stored response's age and use. Times in seconds since 1970. */
export interface Freshness {
  readonly responseTime: number;
  /** RFC 9111 4.2.3, when it arrived. */
  readonly initialAge: number;
  readonly lifetime: number;
  readonly explicit: boolean;
  readonly directives: Directives;
  /** Not served without validation beyond this time: `max-age` of the section. */
  readonly until: number;
}

/** One stored response. Replaced as a whole when it is refreshed: who is sending it keeps what he has. */
export class Entry implements Freshness {
  readonly key: string;
  readonly response: CachedResponse;
  readonly selectors: readonly Selector[];
  /** Of HAProxy's Vary: the content coding it is in, where it varies on what the client accepts. */
  readonly coding: string | undefined;
  readonly responseTime: number;
  readonly initialAge: number;
  readonly lifetime: number;
  readonly explicit: boolean;
  readonly directives: Directives;
  readonly until: number;
  readonly tags: readonly string[];
  /** Of a stored 206: what it has; undefined for all others. */
  readonly range: StoredRange | undefined;
  /** Until then (seconds since 1970) the origin is being asked for it in the background. */
  refreshingUntil = 0;
  /** In the store. */
  alive = false;
  /** Neighbours from the most to the least recently used. */
  newer: Entry | null = null;
  older: Entry | null = null;
  /** For which second the tail was made. */
  tailSecond = -1;
  /** Bytes it counts for. */
  readonly size: number;

  constructor(
    key: string,
    response: CachedResponse,
    freshness: Freshness,
    selectors: readonly Selector[] = [],
    tags: readonly string[] = [],
    coding?: string,
    range?: StoredRange,
  ) {
    this.key = key;
    this.response = response;
    this.responseTime = freshness.responseTime;
    this.initialAge = freshness.initialAge;
    this.lifetime = freshness.lifetime;
    this.explicit = freshness.explicit;
    this.directives = freshness.directives;
    this.until = freshness.until;
    this.selectors = selectors;
    this.tags = tags;
    this.coding = coding;
    this.range = range;
    let size = OVERHEAD + TAIL + key.length + response.size;
    for (const [name, value] of selectors) size += 64 + name.length + (value?.length ?? 0);
    for (const tag of tags) size += 64 + tag.length;
    this.size = size;
  }

  /** Current age in seconds, RFC 9111 4.2.3. */
  age(now: number): number {
    return this.initialAge + Math.max(0, now - this.responseTime);
  }

  /** Seconds of freshness left, negative when stale: by its own lifetime, and by the section's limit. */
  left(now: number): number {
    return Math.min(this.lifetime - this.age(now), this.until - now);
  }
}
