import type { Entry } from '../plugin/registry.ts';

/** A word of a table, or the longest key that is a prefix of it and takes such words. */
export function findWord<K extends { readonly prefix?: boolean }>(
  table: ReadonlyMap<string, Entry<K>>,
  word: string,
): Entry<K> | undefined {
  const exact = table.get(word);
  if (exact !== undefined) return exact.keyword.prefix ? undefined : exact;
  let longest: Entry<K> | undefined;
  for (const entry of table.values()) {
    if (!entry.keyword.prefix || !word.startsWith(entry.word)) continue;
    if (longest === undefined || entry.word.length > longest.word.length) longest = entry;
  }
  return longest;
}
