import type { DirectiveKeyword } from '../api/keywords.ts';
import type { Scope, Words } from '../api/words.ts';
import type { LineScope } from './scope.ts';
import type { LineWords } from './words.ts';

/** A parser for a word of the language itself: it needs what the API does not give to plugins. */
export function core(parse: (words: LineWords, scope: LineScope) => void): DirectiveKeyword['parse'] {
  // Every scope and every line of words a directive gets are made by this folder.
  return (words: Words, scope: Scope) => parse(words as LineWords, scope as LineScope);
}
