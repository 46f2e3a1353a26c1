import type { Words } from '../api/words.ts';
import { KNOWN_WORDS, type WordClass } from './known-words.ts';
import { didYouMean } from './nearest.ts';

const cache = new Map<WordClass, ReadonlySet<string>>();

/** HAProxy 3.5's own words of a class, built here or not. */
export function knownWords(kind: WordClass): ReadonlySet<string> {
  let words = cache.get(kind);
  if (!words) cache.set(kind, (words = new Set(KNOWN_WORDS[kind].split('|'))));
  return words;
}

export type { WordClass };

export function isKnown(kind: WordClass, word: string): boolean {
  return knownWords(kind).has(word);
}

/** Refuses a word that no plugin has: it is HAProxy's and not built yet, or nobody's. */
export function refuseWord(words: Words, kind: WordClass, word: string, built: readonly string[]): never {
  if (isKnown(kind, word) || isKnown(kind, word.replace(/\(.*$/s, ''))) words.fail(`'${word}' is not built yet`);
  words.fail(`unknown keyword '${word}'${didYouMean(word, built)}`);
}
