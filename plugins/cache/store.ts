import type { Entry } from './entry.ts';
import { Hints } from './early-hints.ts';
import { Flights } from './flights.ts';

/** All that is stored under one key. */
export class Primary {
  readonly key: string;
  /** The newest first. */
  entries: Entry[] = [];

  constructor(key: string) {
    this.key = key;
  }
}

/**
 * The memory of one cache: entries by key, in the order of their use. What is held, and what is being filled, counts; the least
 * recently used goes first. It outlives configurations.
 */
export class Store {
  readonly name: string;
  readonly flights: Flights = new Flights();
  readonly hints: Hints = new Hints(this);
  readonly #primaries = new Map<string, Primary>();
  readonly #byTag = new Map<string, Set<Entry>>();
  #newest: Entry | null = null;
  #oldest: Entry | null = null;
  #limit = 0;
  #used = 0;
  #count = 0;

  constructor(name: string) {
    this.name = name;
  }

  /** Bytes it may hold; what is too much goes at once. */
  get limit(): number {
    return this.#limit;
  }
  set limit(bytes: number) {
    this.#limit = bytes;
    this.#makeRoom(0);
  }

  get used(): number {
    return this.#used;
  }

  /** How many responses are stored. */
  get count(): number {
    return this.#count;
  }

  /** What is stored under a key, the newest first. */
  find(key: string): readonly Entry[] | undefined {
    return this.#primaries.get(key)?.entries;
  }

  *entries(): Iterable<Entry> {
    for (const { entries } of this.#primaries.values()) yield* entries;
  }

  /** Makes it the most recently used. */
  touch(entry: Entry): void {
    if (entry === this.#newest || !entry.alive) return;
    this.#unlink(entry);
    this.#link(entry);
  }

  /** Counts bytes for something that is being filled; false when there is no room even without all the rest. */
  reserve(bytes: number): boolean {
    if (!this.#makeRoom(bytes)) return false;
    this.#used += bytes;
    return true;
  }

  release(bytes: number): void {
    this.#used -= bytes;
  }

  /**
   * Stores a response in the place of those that `replaces` names, and at most `most` under its key: the oldest go. False when it
   * does not fit.
   */
  add(entry: Entry, replaces: (other: Entry) => boolean, most: number): boolean {
    for (const other of this.find(entry.key)?.filter(replaces) ?? []) this.remove(other);
    const { size } = entry;
    if (!this.#makeRoom(size)) return false;
    this.#used += size;
    let primary = this.#primaries.get(entry.key);
    if (primary === undefined) this.#primaries.set(entry.key, (primary = new Primary(entry.key)));
    primary.entries.unshift(entry);
    entry.alive = true;
    this.#count++;
    this.#link(entry);
    for (const tag of entry.tags) {
      const tagged = this.#byTag.get(tag);
      if (tagged === undefined) this.#byTag.set(tag, new Set([entry]));
      else tagged.add(entry);
    }
    while (primary.entries.length > most) this.remove(primary.entries.at(-1)!);
    return true;
  }

  remove(entry: Entry): void {
    if (!entry.alive) return;
    entry.alive = false;
    this.#count--;
    this.#used -= entry.size;
    this.#unlink(entry);
    const primary = this.#primaries.get(entry.key)!;
    const index = primary.entries.indexOf(entry);
    // Who looks through the list at this moment has the old one.
    primary.entries = primary.entries.toSpliced(index, 1);
    if (primary.entries.length === 0) this.#primaries.delete(entry.key);
    for (const tag of entry.tags) {
      const tagged = this.#byTag.get(tag)!;
      tagged.delete(entry);
      if (tagged.size === 0) this.#byTag.delete(tag);
    }
  }

  /** Removes all under a key; says how many. */
  removeKey(key: string): number {
    return this.#removeAll(this.find(key) ?? []);
  }

  /** All whose key begins so. */
  removePrefix(prefix: string): number {
    const found: Entry[] = [];
    for (const [key, { entries }] of this.#primaries) if (key.startsWith(prefix)) found.push(...entries);
    return this.#removeAll(found);
  }

  removeTag(tag: string): number {
    return this.#removeAll([...(this.#byTag.get(tag) ?? [])]);
  }

  clear(): number {
    this.hints.clear();
    return this.#removeAll([...this.entries()]);
  }

  #removeAll(entries: readonly Entry[]): number {
    for (const entry of entries) this.remove(entry);
    return entries.length;
  }

  #makeRoom(bytes: number): boolean {
    // Nothing goes for what cannot come.
    if (bytes > this.#limit) return false;
    while (this.#used + bytes > this.#limit) {
      if (this.#oldest === null) return false;
      this.remove(this.#oldest);
    }
    return true;
  }

  #link(entry: Entry): void {
    entry.older = this.#newest;
    entry.newer = null;
    if (this.#newest !== null) this.#newest.newer = entry;
    this.#newest = entry;
    this.#oldest ??= entry;
  }

  #unlink(entry: Entry): void {
    if (entry.newer === null) this.#newest = entry.older;
    else entry.newer.older = entry.older;
    if (entry.older === null) this.#oldest = entry.newer;
    else entry.older.newer = entry.newer;
    entry.newer = null;
    entry.older = null;
  }
}
