import { nearest } from '../config/nearest.ts';

/** ` (did you mean 'x'?)`, or nothing when no known word is close. */
export function hint(word: string, known: Iterable<string>): string {
  const found = nearest(word, known);
  return found === undefined ? '' : ` (did you mean '${found}'?)`;
}
