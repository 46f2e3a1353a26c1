import type { Value } from 'sluice/plugin';
import { type Builder, type Item, type Lookup, lowerCase } from './lookup.ts';

/** Above this many patterns, prefixes and suffixes are looked up by length in hashes instead of tried one by one. */
const FEW = 8;

type Finder<T> = (text: string) => T | undefined;

/**
 * Lowers both sides when case does not matter. The last text and its answer are kept: one request is asked several
 * times, and the requests of a client resemble each other.
 */
function caseAware<T>(
  items: readonly Item<T>[],
  ignoreCase: boolean,
  make: (items: readonly Item<T>[]) => Finder<T>,
): Lookup<T> {
  if (!ignoreCase) return make(items) as Lookup<T>;
  const find = make(items.map(({ pattern, data }) => ({ pattern: lowerCase(pattern), data })));
  let lastText = '';
  let lastFound = find('');
  return (value: Value) => {
    if (value === lastText) return lastFound;
    lastText = value as string;
    lastFound = find(lowerCase(lastText));
    return lastFound;
  };
}

/** `-m str`: the same text. */
export const exact: Builder = (items, { ignoreCase }) =>
  caseAware(items, ignoreCase, (list) => {
    const [first] = list;
    if (list.length === 1) {
      const { pattern, data } = first!;
      return (text) => (text === pattern ? data : undefined);
    }
    if (list.length <= FEW) return firstOf(list, (text, pattern) => text === pattern);
    const table = new Map(list.toReversed().map(({ pattern, data }) => [pattern, data]));
    return (text) => table.get(text);
  });

type Matches = (text: string, pattern: string) => boolean;

/** Tries the patterns one by one; index loops, since this runs for every request. */
function firstOf<T>(list: readonly Item<T>[], matches: Matches): Finder<T> {
  const patterns = list.map((item) => item.pattern);
  const data = list.map((item) => item.data);
  if (list.length === 1) {
    const [pattern, only] = [patterns[0]!, data[0]!];
    return (text) => (matches(text, pattern) ? only : undefined);
  }
  return (text) => {
    for (let i = 0; i < patterns.length; i++) if (matches(text, patterns[i]!)) return data[i];
    return undefined;
  };
}

/** Hashes by length, the longest first: as many lookups as there are lengths, however many the patterns. */
function byLength<T>(list: readonly Item<T>[], cut: (text: string, length: number) => string): Finder<T> {
  const lengths = new Map<number, Map<string, T>>();
  for (const { pattern, data } of list) {
    const table = lengths.get(pattern.length) ?? new Map<string, T>();
    if (!table.has(pattern)) table.set(pattern, data);
    lengths.set(pattern.length, table);
  }
  const tables = [...lengths].toSorted(([a], [b]) => b - a);
  return (text) => {
    for (const [length, table] of tables) {
      if (length > text.length) continue;
      const found = table.get(cut(text, length));
      if (found !== undefined) return found;
    }
    return undefined;
  };
}

/** The same, for the one that stands first in the list, of whatever length. */
function earliest<T>(list: readonly Item<T>[], cut: (text: string, length: number) => string): Finder<T> {
  const lengths = new Map<number, Map<string, number>>();
  for (const [index, { pattern }] of list.entries()) {
    const table = lengths.get(pattern.length) ?? new Map<string, number>();
    if (!table.has(pattern)) table.set(pattern, index);
    lengths.set(pattern.length, table);
  }
  const tables = [...lengths];
  return (text) => {
    let first = -1;
    for (const [length, table] of tables) {
      const at = length > text.length ? undefined : table.get(cut(text, length));
      if (at !== undefined && (first < 0 || at < first)) first = at;
    }
    return first < 0 ? undefined : list[first]!.data;
  };
}

/** One byte compared first spares most calls: the last one, as beginnings are alike (`/`). */
const startsWith: Matches = (text, pattern) => {
  const last = pattern.length - 1;
  return last < 0 || (text.charCodeAt(last) === pattern.charCodeAt(last) && text.startsWith(pattern));
};
const endsWith: Matches = (text, pattern) => {
  const last = pattern.length - 1;
  return last < 0 || (text.charCodeAt(text.length - 1) === pattern.charCodeAt(last) && text.endsWith(pattern));
};

/** Tests of one pattern, case counting: rules have no commoner one. */
export const SINGLE: Readonly<Record<string, (pattern: string) => (text: string) => boolean>> = {
  str: (pattern) => (text) => text === pattern,
  beg: (pattern) => (text) => text.startsWith(pattern),
  end: (pattern) => (text) => text.endsWith(pattern),
  sub: (pattern) => (text) => text.includes(pattern),
};

/** `-m beg`: a prefix; the longest one, as HAProxy's tree finds it. */
export const prefix: Builder = (items, { ignoreCase }) =>
  caseAware(items, ignoreCase, (list) => {
    if (list.length > FEW) return byLength(list, (text, length) => text.slice(0, length));
    return firstOf(
      list.toSorted((a, b) => b.pattern.length - a.pattern.length),
      startsWith,
    );
  });

/** `-m end`: a suffix; the first in the list's order. */
export const suffix: Builder = (items, { ignoreCase }) =>
  caseAware(items, ignoreCase, (list) => {
    if (list.length <= FEW) return firstOf(list, endsWith);
    const cut = (text: string, length: number): string => text.slice(text.length - length);
    // Which one matched only matters where they give different things.
    return list.every(({ data }) => data === list[0]!.data) ? byLength(list, cut) : earliest(list, cut);
  });

/** `-m sub`: a part. */
export const part: Builder = (items, { ignoreCase }) =>
  caseAware(items, ignoreCase, (list) => firstOf(list, (text, pattern) => text.includes(pattern)));

/** Words between delimiters: the pattern has to begin and end at one, or at the text's ends. */
function delimited(delimiters: string): Builder {
  const trim = new RegExp(`^[${delimiters}]+|[${delimiters}]+$`, 'g');
  const isDelimiter = (char: string): boolean => delimiters.includes(char);
  const matches = (text: string, pattern: string): boolean => {
    for (let at = text.indexOf(pattern); at >= 0; at = text.indexOf(pattern, at + 1)) {
      const end = at + pattern.length;
      if ((at === 0 || isDelimiter(text[at - 1]!)) && (end === text.length || isDelimiter(text[end]!))) return true;
    }
    return false;
  };
  return (items, { ignoreCase }) =>
    caseAware(items, ignoreCase, (list) =>
      firstOf(
        list
          .map(({ pattern, data }) => ({ pattern: pattern.replace(trim, ''), data }))
          .filter(({ pattern }) => pattern !== ''),
        matches,
      ),
    );
}

/** `-m dir`: a part between slashes. */
export const directory: Builder = delimited('/?');

/** `-m dom`: a part between dots, colons, slashes and question marks. */
export const domain: Builder = delimited('/?.:');
