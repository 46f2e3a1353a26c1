import { didYouMean } from './nearest.ts';
import { PREDICATES, type ConditionContext } from './predicates.ts';

/** Why a condition cannot be evaluated, and at which of its bytes, from 0. */
export class ConditionError extends Error {
  readonly index: number;
  constructor(message: string, index: number) {
    super(message);
    this.index = index;
  }
}

/** Beyond this many open parentheses and `!` a condition is refused: nobody means it. */
const MAX_DEPTH = 256;

/**
 * Evaluates the condition of `.if` and `-cc`, its words joined by single spaces. configuration.txt 2.4. All of it is parsed,
 * whether it matters or not. Throws {@link ConditionError}.
 */
export function evaluateJoined(text: string, context: ConditionContext): boolean {
  if (text === '') return false;
  const parser = new ConditionParser(text, context);
  const value = parser.or();
  parser.end();
  return value;
}

class ConditionParser {
  readonly #text: string;
  readonly #context: ConditionContext;
  #at = 0;
  #depth = 0;

  constructor(text: string, context: ConditionContext) {
    this.#text = text;
    this.#context = context;
  }

  or(): boolean {
    let value = this.#and();
    while (this.#take('||')) {
      const right = this.#and();
      value ||= right;
    }
    return value;
  }

  end(): void {
    this.#blanks();
    if (this.#at < this.#text.length)
      this.#refuse(
        `unexpected character '${this.#text[this.#at]}' at the end of conditional expression '${this.#text}'`,
      );
  }

  #and(): boolean {
    let value = this.#term();
    while (this.#take('&&')) {
      const right = this.#term();
      value &&= right;
    }
    return value;
  }

  #term(): boolean {
    let negated = false;
    while (this.#take('!')) negated = !negated;
    const start = this.#at;
    const rest = this.#text.slice(this.#at);
    if (this.#take('(')) {
      if (++this.#depth > MAX_DEPTH) this.#refuse('too many nested parentheses in conditional expression');
      const value = this.or();
      this.#depth--;
      if (!this.#take(')')) this.#refuse(`expected ')' after conditional expression '${this.#text.slice(start)}'`);
      return value !== negated;
    }
    const number = /^[+-]?(?:0[xX][0-9A-Fa-f]+|\d+)/.exec(rest)?.[0];
    if (number !== undefined) {
      this.#at += number.length;
      return /[1-9A-Fa-f]/.test(number.replace(/0[xX]/, '')) !== negated;
    }
    return this.#predicate() !== negated;
  }

  #predicate(): boolean {
    const start = this.#at;
    const rest = this.#text.slice(start);
    const name = /^[A-Za-z_]\w*/.exec(rest)?.[0] ?? '';
    const predicate = Object.hasOwn(PREDICATES, name) ? PREDICATES[name]! : undefined;
    if (!predicate)
      this.#refuse(
        `unparsable conditional expression '${rest}'${name === '' ? '' : didYouMean(name, Object.keys(PREDICATES))}`,
      );
    this.#at += name.length;
    const args = this.#text[this.#at] === '(' ? this.#arguments(name, predicate.needs) : [];
    if (args.length < predicate.needs && predicate.needs > 1)
      this.#refuse(
        `missing arguments (got ${Math.max(1, args.length)}/${predicate.needs}) for predicate '${name}' used in conditional expression`,
        start,
      );
    const answer = predicate.answer(args, this.#context);
    if (typeof answer === 'string')
      this.#refuse(`${answer} in predicate '${name}' used in conditional expression`, start);
    return answer;
  }

  /** The keyword argument parser of configuration.txt 2.2: quotes and backslashes once more, commas between. */
  #arguments(name: string, needs: number): string[] {
    const text = this.#text;
    const args = [''];
    let quote = '';
    for (let at = this.#at + 1; at < text.length; at++) {
      const c = text[at]!;
      if (quote === '' && (c === ')' || (c === ',' && args.length >= Math.max(1, needs)))) {
        if (c === ',')
          this.#refuse(
            `expected ')' before '${text.slice(at)}' in argument ${args.length} of predicate '${name}' used in conditional expression`,
            at,
          );
        this.#at = at + 1;
        return args;
      }
      if (quote === '' && c === ',') args.push('');
      else if (c === quote) quote = '';
      else if (quote === '' && (c === '"' || c === "'")) quote = c;
      else if (c === '\\' && quote !== "'" && Object.hasOwn(ESCAPES, text[at + 1] ?? ''))
        args[args.length - 1] += ESCAPES[text[++at]!]!;
      else args[args.length - 1] += c;
    }
    return this.#refuse(
      `expected ')' in argument ${args.length} of predicate '${name}' used in conditional expression`,
      text.length,
    );
  }

  #blanks(): void {
    while (this.#text[this.#at] === ' ' || this.#text[this.#at] === '\t') this.#at++;
  }

  #take(sign: string): boolean {
    this.#blanks();
    if (!this.#text.startsWith(sign, this.#at)) return false;
    this.#at += sign.length;
    this.#blanks();
    return true;
  }

  #refuse(message: string, index: number = this.#at): never {
    throw new ConditionError(message, index);
  }
}

/** A backslash before anything else is a backslash; a comma cannot be escaped, only quoted. */
const ESCAPES: Readonly<Record<string, string>> = {
  ' ': ' ',
  '\\': '\\',
  "'": "'",
  '"': '"',
  n: '\n',
  r: '\r',
  t: '\t',
};
