import type { Transaction } from 'sluice/plugin';
import { type Field, valuesOf } from './fields.ts';
import type { CacheSection } from './settings.ts';
import type { Store } from './store.ts';

/** configuration.txt 6.2.1, early-hints: the relations that are worth an early hint. */
const RELATIONS: ReadonlySet<string> = new Set(['preload', 'preconnect', 'dns-prefetch', 'modulepreload', 'prefetch']);
/** `<target>; parameters`, where neither quoted strings nor targets end at a comma (RFC 8288 3). */
const LINK = /<[^>]*>(?:[^,"]|"(?:[^"\\]|\\.)*")*/g;
const REL = /;\s*rel\s*=\s*(?:"([^"]*)"|([^\s;,"]+))/i;

/** What of a response's Link fields can be sent ahead, as one field's value; undefined if nothing. */
export function hintsOf(fields: readonly Field[]): string | undefined {
  const links: string[] = [];
  for (const value of valuesOf(fields, 'link')) {
    for (const [link] of value.matchAll(LINK)) {
      const rel = REL.exec(link);
      const relations = (rel?.[1] ?? rel?.[2] ?? '').toLowerCase().split(/\s+/);
      if (relations.some((relation) => RELATIONS.has(relation))) links.push(link.trim());
    }
  }
  return links.length === 0 ? undefined : links.join(', ');
}

/** Bytes of an entry besides its key and its value. */
const OVERHEAD = 256;

/** The early hints of one cache by key, the least recently used first. They count in the store's memory, up to a part of it. */
export class Hints {
  readonly #store: Store;
  readonly #links = new Map<string, string>();
  #used = 0;
  limit = 0;

  constructor(store: Store) {
    this.#store = store;
  }

  get count(): number {
    return this.#links.size;
  }

  set(key: string, links: string | undefined): void {
    this.#delete(key);
    if (links === undefined) return;
    const size = OVERHEAD + key.length + links.length;
    if (size > this.limit) return;
    while (this.#used + size > this.limit) this.#deleteOldest();
    if (!this.#store.reserve(size)) return;
    this.#used += size;
    this.#links.set(key, links);
  }

  get(key: string): string | undefined {
    const links = this.#links.get(key);
    if (links === undefined) return undefined;
    this.#links.delete(key);
    this.#links.set(key, links);
    return links;
  }

  clear(): void {
    while (this.#links.size > 0) this.#deleteOldest();
  }

  #deleteOldest(): void {
    for (const key of this.#links.keys()) {
      this.#delete(key);
      return;
    }
  }

  #delete(key: string): void {
    const links = this.#links.get(key);
    if (links === undefined) return;
    this.#links.delete(key);
    const size = OVERHEAD + key.length + links.length;
    this.#used -= size;
    this.#store.release(size);
  }
}

/** Sends what is known of a target whose response has to be fetched. */
export function sendHints(transaction: Transaction, { store }: CacheSection, key: string): void {
  const links = store.hints.get(key);
  if (links === undefined) return;
  transaction.earlyHint('link', links);
  (transaction.backend ?? transaction.frontend).counters.cacheHintHits++;
}
