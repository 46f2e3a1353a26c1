import type { Range, Words } from '../api/words.ts';
import type { Diagnostics, Severity } from './diagnostics.ts';
import type { Token } from './lexer.ts';
import { didYouMean } from './nearest.ts';
import { parseInteger, parseSize, parseTime } from './numbers.ts';

/** A line, or what is left of it, is refused. Caught where lines are dispatched, told as an alert. */
export class LineRefused extends Error {
  readonly place: LineWords['place'];
  constructor(message: string, place: LineWords['place']) {
    super(message);
    this.place = place;
  }
}

/** How many known words an error message lists before it only names the nearest. */
const LISTED = 8;

/** The words of one line, on their way through a parser. */
export class LineWords implements Words {
  readonly file: string;
  readonly form: 'plain' | 'no' | 'default';
  readonly #tokens: readonly Token[];
  readonly #diagnostics: Diagnostics;
  #keyword: string;
  /** Stands before every message: what of the line is being read. */
  #context = '';
  #at: number;

  /** `at` is the index of the first word behind the keyword. */
  constructor(
    file: string,
    tokens: readonly Token[],
    at: number,
    keyword: string,
    form: 'plain' | 'no' | 'default',
    diagnostics: Diagnostics,
  ) {
    this.file = file;
    this.#tokens = tokens;
    this.#at = at;
    this.#keyword = keyword;
    this.form = form;
    this.#diagnostics = diagnostics;
  }

  get keyword(): string {
    return this.#keyword;
  }

  /** The line that the directive begins on. */
  get line(): number {
    return this.#tokens[0]?.line ?? 0;
  }

  /** Where the word last taken stands. */
  get place(): { readonly file: string; readonly line: number; readonly column: number } {
    const token = this.#tokens[this.#at - 1] ?? this.#tokens[0];
    return { file: this.file, line: token?.line ?? 0, column: token?.column ?? 1 };
  }

  /** The whole line, its words joined by blanks. */
  get text(): string {
    return this.#tokens.map((token) => token.text).join(' ');
  }

  get remaining(): number {
    return this.#tokens.length - this.#at;
  }

  /** Reads a part of the line as the words of another keyword; `context` goes before its messages. */
  within<T>(keyword: string, context: string, read: () => T): T {
    const [before, prefix] = [this.#keyword, this.#context];
    this.#keyword = keyword;
    this.#context = prefix + context;
    try {
      return read();
    } finally {
      this.#keyword = before;
      this.#context = prefix;
    }
  }

  /** Remembers how far reading has come: the function given back runs something as if it were there still. */
  mark(): (run: () => void) => void {
    const [keyword, context, at] = [this.#keyword, this.#context, this.#at];
    return (run) => {
      this.#at = at;
      this.#context = '';
      this.within(keyword, context, run);
    };
  }

  peek(ahead = 0): string | undefined {
    return this.#tokens[this.#at + ahead]?.text;
  }

  next(what: string): string {
    const token = this.#tokens[this.#at];
    if (!token) this.fail(`'${this.#keyword}' expects ${what}`);
    this.#at++;
    return token.text;
  }

  optional<T extends string>(...words: readonly T[]): T | undefined {
    const found = words.find((word) => word === this.peek());
    if (found !== undefined) this.#at++;
    return found;
  }

  oneOf<T extends string>(what: string, words: readonly T[]): T {
    const word = this.next(`${what} (${alternatives(words)})`);
    return words.find((known) => known === word) ?? this.unknown(what, words);
  }

  integer(what: string, range: Range = {}): number {
    const text = this.next(what);
    const parsed = parseInteger(text);
    if ('problem' in parsed)
      this.fail(
        parsed.problem.kind === 'overflow'
          ? `'${this.#keyword}' : '${text}' is too great a number`
          : `'${this.#keyword}' expects ${what}, got '${text}'`,
      );
    return this.#within(parsed.value, range, text);
  }

  time(what: string, unit: 'us' | 'ms' | 's' = 'ms', range: Range = {}): number {
    const text = this.next(what);
    const parsed = parseTime(text, unit);
    if (!('problem' in parsed)) return this.#within(parsed.value, range, text, ' ms');
    if (parsed.problem.kind === 'overflow')
      this.fail(
        `timer overflow in argument '${text}' to '${this.#keyword}' (maximum value is 2147483647 ms or ~24.8 days)`,
      );
    if (parsed.problem.kind === 'empty') this.fail(`'${this.#keyword}' expects ${what}`);
    return this.fail(
      `unexpected character '${parsed.problem.character}' in '${this.#keyword}', expected ${what}: a number and us, ms, s, m, h or d`,
    );
  }

  size(what: string, range: Range = {}): number {
    const text = this.next(what);
    const parsed = parseSize(text);
    if (!('problem' in parsed)) return this.#within(parsed.value, range, text);
    if (parsed.problem.kind === 'overflow') this.fail(`size overflow in argument '${text}' to '${this.#keyword}'`);
    if (parsed.problem.kind === 'empty') this.fail(`'${this.#keyword}' expects ${what}`);
    return this.fail(
      `unexpected character '${parsed.problem.character}' in '${this.#keyword}', expected ${what}: a number and k, m or g`,
    );
  }

  rest(): string[] {
    const rest = this.#tokens.slice(this.#at).map((token) => token.text);
    this.#at = this.#tokens.length;
    return rest;
  }

  end(): void {
    const extra = this.#tokens[this.#at];
    if (!extra) return;
    this.#at++;
    this.fail(`'${this.#keyword}' cannot handle unexpected argument '${extra.text}'.`);
  }

  fail(message: string): never {
    throw new LineRefused(this.#context + message, this.place);
  }

  unknown(what: string, known: Iterable<string>): never {
    const word = this.#tokens[this.#at - 1]?.text ?? '';
    const words = [...known];
    const listed = words.length > 0 && words.length <= LISTED ? `, expected ${alternatives(words)}` : '';
    this.fail(`unknown ${what.replace(/^(?:an?|the|one of) /, '')} '${word}'${listed}${didYouMean(word, words)}`);
  }

  warn(message: string): void {
    this.#tell('warning', message);
  }

  notice(message: string): void {
    this.#tell('notice', message);
  }

  diag(message: string): void {
    this.#tell('diag', message);
  }

  #tell(severity: Severity, message: string): void {
    this.#diagnostics.add({
      severity,
      message: this.#context + message,
      ...this.place,
    });
  }

  #within(value: number, range: Range, text: string, unit = ''): number {
    const { min = -Infinity, max = Infinity } = range;
    if (value >= min && value <= max) return value;
    const bounds =
      max === Infinity ? `at least ${min}` : min === -Infinity ? `at most ${max}` : `between ${min} and ${max}`;
    return this.fail(`'${this.#keyword}' value must be ${bounds}${unit} (was ${text})`);
  }
}

/** `'a', 'b' or 'c'` */
export function alternatives(words: readonly string[]): string {
  const quoted = words.map((word) => `'${word}'`);
  const last = quoted.pop() ?? '';
  return quoted.length === 0 ? last : `${quoted.join(', ')} or ${last}`;
}
