import { type Directives, NO_DIRECTIVES } from './cache-control.ts';

/** What a key of the dictionary may hold. Parameters are read and dropped: no directive has any. */
type Item = number | string | boolean;

/**
 * Targeted cache control, such as CDN-Cache-Control (RFC 9213): a dictionary of structured fields (RFC 8941 3.2), which is strict.
 * One that does not parse, or is empty, counts as absent (RFC 9213 2.1).
 */
export function parseTargeted(lines: readonly string[]): Directives | undefined {
  if (lines.length === 0) return undefined;
  const items = new DictionaryReader(lines.join(', ')).read();
  if (items === undefined || items.size === 0) return undefined;
  const found: Directives = { ...NO_DIRECTIVES };
  const seconds = (name: string): number | undefined => {
    const value = items.get(name);
    // A directive of the wrong type is ignored.
    return typeof value === 'number' && Number.isInteger(value) && value >= 0 ? value : undefined;
  };
  const flag = (name: string): boolean => items.has(name) && items.get(name) !== false;
  found.noStore = flag('no-store');
  found.noCache = flag('no-cache');
  found.private = flag('private');
  found.public = flag('public');
  found.mustRevalidate = flag('must-revalidate');
  found.proxyRevalidate = flag('proxy-revalidate');
  found.mustUnderstand = flag('must-understand');
  found.noTransform = flag('no-transform');
  found.immutable = flag('immutable');
  found.maxAge = seconds('max-age');
  found.sMaxAge = seconds('s-maxage');
  found.staleWhileRevalidate = seconds('stale-while-revalidate');
  found.staleIfError = seconds('stale-if-error');
  return found;
}

/** RFC 8941 4.2.2, for one dictionary. */
class DictionaryReader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  read(): Map<string, Item> | undefined {
    const items = new Map<string, Item>();
    this.#take(/ */y);
    while (this.#at < this.#text.length) {
      const key = this.#take(/[a-z*][a-z0-9_.*-]*/y);
      if (key === undefined) return undefined;
      let value: Item | undefined = true;
      if (this.#take(/=/y) !== undefined) value = this.#value();
      if (value === undefined || !this.#parameters()) return undefined;
      // The last of one name counts.
      items.delete(key);
      items.set(key, value);
      this.#take(/[ \t]*/y);
      if (this.#at >= this.#text.length) break;
      if (this.#take(/,[ \t]*/y) === undefined || this.#at >= this.#text.length) return undefined;
    }
    return items;
  }

  #take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#text);
    if (match === null) return undefined;
    this.#at = pattern.lastIndex;
    return match[0];
  }

  #value(): Item | undefined {
    return this.#text[this.#at] === '(' ? this.#innerList() : this.#bare();
  }

  /** An inner list is read for its end: no directive has one as its value. */
  #innerList(): Item | undefined {
    this.#at++;
    for (;;) {
      this.#take(/ */y);
      if (this.#take(/\)/y) !== undefined) return '';
      if (this.#bare() === undefined || !this.#parameters()) return undefined;
      if (this.#text[this.#at] !== ' ' && this.#text[this.#at] !== ')') return undefined;
    }
  }

  #bare(): Item | undefined {
    const number = this.#take(/-?\d{1,12}\.\d{1,3}(?!\d)|-?\d{1,15}(?![\d.])/y);
    if (number !== undefined) return number.includes('.') ? number : Number(number);
    const token = this.#take(/[A-Za-z*][!#$%&'*+.^_`|~0-9A-Za-z:/-]*/y);
    if (token !== undefined) return token;
    const text = this.#take(/"(?:[ !#-[\]-~]|\\["\\])*"/y);
    if (text !== undefined) return text.slice(1, -1);
    const truth = this.#take(/\?[01]/y);
    if (truth !== undefined) return truth === '?1';
    return this.#take(/:[A-Za-z0-9+/=]*:/y);
  }

  #parameters(): boolean {
    while (this.#take(/; */y) !== undefined) {
      if (this.#take(/[a-z*][a-z0-9_.*-]*/y) === undefined) return false;
      if (this.#take(/=/y) !== undefined && this.#bare() === undefined) return false;
    }
    return true;
  }
}
