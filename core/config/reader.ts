import { ConditionalBlocks } from './blocks.ts';
import { ConditionError, evaluateJoined } from './conditions.ts';
import type { Diagnostics, Severity } from './diagnostics.ts';
import type { Environment } from './environment.ts';
import { isEnvironmentWord, runEnvironmentWord } from './environment-words.ts';
import { lexLine, MAX_WORDS, type Token } from './lexer.ts';
import type { ConfigLine, PluginSpec } from './line.ts';
import { didYouMean } from './nearest.ts';
import type { Source } from './sources.ts';

const DIRECTIVES = ['.if', '.elif', '.else', '.endif', '.diag', '.notice', '.warning', '.alert'];
const LEVELS: Readonly<Record<string, Severity>> = {
  '.diag': 'diag',
  '.notice': 'notice',
  '.warning': 'warning',
  '.alert': 'alert',
};

/**
 * The first pass: cuts files into words, resolves variables and conditions, runs the lines that change the environment,
 * and finds the plugins to load.
 */
export class Reader {
  /** By file, in order. */
  readonly files: ConfigLine[][] = [];
  readonly plugins: PluginSpec[] = [];
  readonly #environment: Environment;
  readonly #diagnostics: Diagnostics;
  readonly #isSection: (word: string) => boolean;
  /** The section's word, and its name or its word: what `.SECTION` gives. */
  #section = '';
  #sectionName = '';

  constructor(environment: Environment, diagnostics: Diagnostics, isSection: (word: string) => boolean) {
    this.#environment = environment;
    this.#diagnostics = diagnostics;
    this.#isSection = isSection;
  }

  read(source: Source): void {
    this.files.push([]);
    const rows = source.text.split('\n');
    const last = rows.pop()!;
    if (last !== '') {
      rows.push(last);
      this.#tell(
        'alert',
        source.name,
        rows.length,
        undefined,
        `Missing LF on last line, file might have been truncated at position ${last.length + 1}.`,
      );
    }
    const blocks = new ConditionalBlocks();
    let pending: Token[] = [];
    for (const [index, row] of rows.entries()) {
      const number = index + 1;
      const lexed = lexLine(row, number, (name) => this.#variable(name, source.name, number));
      if (lexed.problem) {
        // The message names the position, as HAProxy's does.
        this.#tell('alert', source.name, number, undefined, lexed.problem.message);
        const word = (pending[0] ?? lexed.tokens[0])?.text;
        if (word === '.if') blocks.enter(() => undefined);
        else if (word === '.elif') blocks.alternative(() => undefined);
        pending = [];
        continue;
      }
      pending.push(...lexed.tokens);
      if (lexed.continues && index + 1 < rows.length) continue;
      if (lexed.continues)
        this.#tell(
          'alert',
          source.name,
          number,
          row.lastIndexOf('\\') + 1,
          'the last line goes on with nothing behind it.',
        );
      const tokens = pending;
      pending = [];
      if (tokens.length > 0) this.#line(source.name, tokens, blocks);
    }
    if (blocks.open) this.#tell('alert', source.name, rows.length, undefined, "non-terminated '.if' block.");
    // A file begins with a section of its own. configuration.txt 2.1.
    this.#section = this.#sectionName = '';
  }

  #variable(name: string, file: string, line: number): string | undefined {
    if (name === '.FILE') return file;
    if (name === '.LINE') return String(line);
    if (name === '.SECTION') return this.#sectionName;
    return this.#environment.get(name);
  }

  #line(file: string, tokens: Token[], blocks: ConditionalBlocks): void {
    const first = tokens[0]!;
    if (tokens.length > MAX_WORDS) {
      const extra = tokens[MAX_WORDS]!;
      this.#tell(
        'alert',
        file,
        extra.line,
        extra.column,
        `too many words, the limit is ${MAX_WORDS}: <${extra.text}>.`,
      );
      return;
    }
    if (first.text.startsWith('.')) {
      this.#directive(file, tokens, blocks);
      return;
    }
    if (!blocks.active || first.text === '') return;
    const kept = this.#strip(file, tokens);
    if (!kept) return;
    if (this.#isSection(first.text)) {
      this.#section = first.text;
      this.#sectionName = kept[1]?.text ?? first.text;
    } else if (this.#section === 'global') this.#global(file, kept);
    this.files.at(-1)!.push({ file, number: first.line, tokens: kept });
  }

  /** An empty word ends the words of a line: at the end it is none, before others it is an error that hides them. */
  #strip(file: string, tokens: Token[]): Token[] | undefined {
    const empty = tokens.findIndex((token) => token.text === '');
    if (empty === -1) return tokens;
    const hidden = tokens.findIndex((token, index) => index > empty && token.text !== '');
    if (hidden === -1) return tokens.slice(0, empty);
    const { line, column } = tokens[empty]!;
    this.#tell(
      'alert',
      file,
      line,
      column,
      `argument number ${empty} is empty and marks the end of the argument list, which would hide '${tokens[hidden]!.text}' and all behind it. If it comes from an environment variable, see section 2.3 of the manual.`,
    );
    return undefined;
  }

  /** What acts while the lines are still being read. */
  #global(file: string, tokens: readonly Token[]): void {
    const [word, ...args] = tokens;
    if (isEnvironmentWord(word!.text)) {
      const problem = runEnvironmentWord(
        word!.text,
        args.map((token) => token.text),
        this.#environment,
      );
      if (problem !== undefined) this.#tell('alert', file, word!.line, word!.column, problem);
    } else if (word!.text === 'plugin-load' && args.length > 0) {
      this.plugins.push({
        specifier: args[0]!.text,
        args: args.slice(1).map((token) => token.text),
        tokens,
        file,
        line: args[0]!.line,
        column: args[0]!.column,
      });
    }
  }

  #directive(file: string, tokens: readonly Token[], blocks: ConditionalBlocks): void {
    const { text: word, line, column } = tokens[0]!;
    const args = tokens.slice(1);
    const condition = (): boolean | undefined => this.#evaluate(file, word, line, column, args);
    const extra = (allowed: number): boolean => {
      const token = args[allowed];
      if (!token) return false;
      const hint = allowed > 0 ? ' Use quotes if the message should contain spaces.' : '';
      this.#tell('alert', file, token.line, token.column, `Unexpected argument '${token.text}' for '${word}'.${hint}`);
      return true;
    };
    let problem: string | undefined;
    if (word === '.if') problem = blocks.enter(condition);
    else if (word === '.elif') problem = blocks.alternative(condition);
    else if (word === '.else') {
      extra(0);
      problem = blocks.otherwise();
    } else if (word === '.endif') {
      extra(0);
      problem = blocks.leave();
    } else if (blocks.active) {
      const level = LEVELS[word];
      if (level === undefined) problem = `unknown directive '${word}'${didYouMean(word, DIRECTIVES)}`;
      else if (!extra(1)) this.#tell(level, file, line, column, `'${args[0]?.text ?? ''}'.`);
    }
    if (problem !== undefined) this.#tell('alert', file, line, column, problem);
  }

  /** Undefined when it cannot be evaluated, which has been reported then. */
  #evaluate(file: string, word: string, line: number, column: number, args: readonly Token[]): boolean | undefined {
    const text = args.map((token) => token.text).join(' ');
    try {
      return evaluateJoined(text, { defined: (name) => this.#variable(name, file, line) !== undefined });
    } catch (error) {
      if (!(error instanceof ConditionError)) throw error;
      const at = placeOf(error.index, args) ?? { line, column };
      this.#tell(
        'alert',
        file,
        at.line,
        at.column,
        `${error.message} in '${word}':\n  ${word} ${text}\n${' '.repeat(word.length + 3 + error.index)}^`,
      );
      return undefined;
    }
  }

  #tell(severity: Severity, file: string, line: number, column: number | undefined, message: string): void {
    this.#diagnostics.add({ severity, file, line, column, message });
  }
}

/** Where byte `index` of the joined words stands in the file; the beginning of a word with quotes or variables in it. */
function placeOf(index: number, tokens: readonly Token[]): { line: number; column: number } | undefined {
  let start = 0;
  for (const { text, line, column, width } of tokens) {
    if (index <= start + text.length)
      return { line, column: text.length === width ? column + Math.max(0, index - start) : column };
    start += text.length + 1;
  }
  return undefined;
}
