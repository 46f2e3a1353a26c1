import type { CheckCode, Format, Scope, Words } from 'sluice/plugin';
import { toInteger, toText } from '../../http-rules/values.ts';
import type { Expectation } from './expectation.ts';
import { PLACES, argument, formatOf, refuse } from './rule-words.ts';

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

const STATUSES = {
  'ok-status': ['okStatus', ['L4OK', 'L6OK', 'L7OK', 'L7OKC']],
  'error-status': ['errorStatus', ['L4CON', 'L6RSP', 'L7OKC', 'L7RSP', 'L7STS']],
  'tout-status': ['timeoutStatus', ['L4TOUT', 'L6TOUT', 'L7TOUT']],
} as const;

/** `'A', 'B' or 'C'`. */
function either(names: readonly string[]): string {
  const quoted = names.map((name) => `'${name}'`);
  return `${quoted.slice(0, -1).join(', ')} or ${quoted.at(-1)}`;
}

function readStatus(option: keyof typeof STATUSES, words: Words, rule: string): CheckCode {
  const known: readonly string[] = STATUSES[option][1];
  const status = argument(words, rule, `'${option}' expects a string as argument.`);
  if (!known.includes(status))
    refuse(words, rule, `'${option}' only supports ${either(known)} status (got '${status}').`);
  return status as CheckCode;
}

/**
 * Reads the words of an `expect` rule. `readPattern` is offered each word that is no option, and tells whether it was a pattern;
 * `supported` is the whole of what may stand here, for a message.
 */
export function readExpectation(
  words: Words,
  scope: Scope,
  rule: string,
  supported: string,
  readPattern: (word: string, inverse: boolean) => boolean,
): Expectation {
  const made: Mutable<Expectation> = { minReceived: -1 };
  let patterns = 0;
  if (words.remaining === 0 || words.peek() === '')
    refuse(words, rule, 'expects at least a matching pattern as arguments.');
  let inverse = false;
  while (words.remaining > 0 || inverse) {
    let word = words.remaining > 0 ? words.next('a word') : '';
    // The mark may stand by itself, more than once, and before anything.
    while (word.startsWith('!')) {
      inverse = true;
      word = word.slice(1) || (words.remaining > 0 ? words.next('a pattern') : '');
    }
    if (word === 'min-recv') {
      const text = argument(words, rule, `'min-recv' expects a integer as argument.`);
      const count = Number(text);
      if (!Number.isInteger(count) || count < -1 || count > 2147483647 || text.trim() === '')
        refuse(words, rule, `'min-recv' expects -1 or an integer from 0 to INT_MAX.`);
      made.minReceived = count;
    } else if (word === 'comment') {
      made.comment = argument(words, rule, `'comment' expects a string as argument.`);
    } else if (word === 'ok-status' || word === 'error-status' || word === 'tout-status') {
      made[STATUSES[word][0]] = readStatus(word, words, rule);
    } else if (word === 'on-success' || word === 'on-error') {
      const text = argument(words, rule, `'${word}' expects a string as argument.`);
      const format: Format = formatOf(text, words, scope);
      made[word === 'on-success' ? 'onSuccess' : 'onError'] = (scene) => format.evaluate(scene.transaction);
    } else if (word === 'status-code') {
      if (words.remaining === 0) refuse(words, rule, `'status-code' expects an expression as argument.`);
      const expression = scope.expression(words, PLACES);
      made.statusCode = (scene) => toInteger(toText(expression.evaluate(scene.transaction)));
    } else {
      const before = words.remaining;
      if (!readPattern(word, inverse)) refuse(words, rule, `only supports ${supported} but got '${word}' as argument.`);
      if (++patterns > 1) refuse(words, rule, 'only one pattern expected.');
      if (words.remaining > before) break;
      inverse = false;
    }
  }
  if (patterns === 0) refuse(words, rule, 'pattern not found.');
  return made;
}
