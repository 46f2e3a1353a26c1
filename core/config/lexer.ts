/** A word of a line: quotes, escapes and variables are resolved. */
export interface Token {
  readonly text: string;
  /** Where it begins, from 1, in bytes of the line as written. */
  readonly column: number;
  /** Its bytes as written; other than the text's length where quotes, escapes or variables are in it. */
  readonly width: number;
  /** The line it stands on, which differs from the directive's after a line continuation. */
  readonly line: number;
}

export interface LexedLine {
  readonly tokens: Token[];
  /** The line goes on with the next one: its last word is a lone backslash. */
  readonly continues: boolean;
  /** Why the line cannot be read. */
  readonly problem: { readonly message: string; readonly column: number } | undefined;
}

/** HAProxy's limit on the words of a line. */
export const MAX_WORDS = 64;

/** Bytes of a line once its variables are expanded; without it, variables made of variables could grow without end. */
const MAX_LENGTH = 1 << 20;

const ESCAPES: Readonly<Record<string, string>> = {
  ' ': ' ',
  '\t': '\t',
  '\\': '\\',
  '#': '#',
  "'": "'",
  '"': '"',
  $: '$',
  n: '\n',
  r: '\r',
  t: '\t',
};
const PSEUDO = /\.(?:FILE|LINE|SECTION)(?![A-Za-z0-9_])/y;
const NAME = /[A-Za-z_][A-Za-z0-9_]*/y;
const HEX = /[0-9A-Fa-f]{2}/y;

class Unreadable extends Error {
  readonly index: number;
  constructor(message: string, index: number) {
    super(message);
    this.index = index;
  }
}

/**
 * Cuts one line (without its line end) into words as configuration.txt 2.2 and 2.3 say. `variable` answers environment and
 * pseudo variables. Never throws.
 */
export function lexLine(text: string, line: number, variable: (name: string) => string | undefined): LexedLine {
  const lexer = new LineLexer(text, line, variable);
  try {
    lexer.run();
    return { tokens: lexer.tokens, continues: lexer.continues, problem: undefined };
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error;
    return {
      tokens: lexer.tokens,
      continues: false,
      problem: { message: error.message, column: error.index + 1 },
    };
  }
}

class LineLexer {
  readonly tokens: Token[] = [];
  continues = false;
  readonly #text: string;
  readonly #line: number;
  readonly #variable: (name: string) => string | undefined;
  #at = 0;
  #length = 0;
  /** The word being read; undefined between words. */
  #word: string | undefined;
  #start = 0;

  constructor(text: string, line: number, variable: (name: string) => string | undefined) {
    this.#text = text;
    this.#line = line;
    this.#variable = variable;
  }

  run(): void {
    const text = this.#text;
    const nul = text.indexOf('\0');
    if (nul !== -1) throw new Unreadable(`Stray NUL character at position ${nul + 1}.`, nul);
    while (this.#at < text.length) {
      const c = text[this.#at]!;
      // A carriage return ends the line wherever it stands, as in HAProxy.
      if (c === '#' || c === '\r') break;
      if (c === ' ' || c === '\t') {
        this.#finish();
        this.#at++;
      } else if (c === '\\') {
        if (this.#word === undefined && this.#endsAt(this.#at + 1)) {
          this.continues = true;
          break;
        }
        this.#escape();
      } else if (c === "'") this.#strong();
      else if (c === '"') this.#weak();
      else {
        this.#add(c);
        this.#at++;
      }
    }
    this.#finish();
  }

  #endsAt(index: number): boolean {
    return index >= this.#text.length || this.#text[index] === '\r';
  }

  #begin(): void {
    if (this.#word !== undefined) return;
    this.#word = '';
    this.#start = this.#at;
  }

  #add(text: string): void {
    this.#begin();
    this.#length += text.length;
    if (this.#length > MAX_LENGTH) this.#refuse('line too long once its variables are expanded', this.#start);
    this.#word += text;
  }

  #finish(): void {
    if (this.#word === undefined) return;
    const width = this.#at - this.#start;
    this.tokens.push({ text: this.#word, column: this.#start + 1, width, line: this.#line });
    this.#word = undefined;
  }

  #strong(): void {
    const end = this.#text.indexOf("'", this.#at + 1);
    if (end === -1) this.#refuse('unmatched quote', this.#at);
    this.#add(this.#text.slice(this.#at + 1, end));
    this.#at = end + 1;
  }

  #weak(): void {
    const text = this.#text;
    const open = this.#at;
    let expanded = false;
    const tokens = this.tokens.length;
    const fresh = this.#word === undefined;
    this.#begin();
    this.#at++;
    for (;;) {
      const c = text[this.#at];
      if (c === undefined) this.#refuse('unmatched quote', open);
      if (c === '"') break;
      if (c === '\\') this.#escape();
      else if (c === '$') expanded = this.#expand() || expanded;
      else {
        this.#add(c);
        this.#at++;
      }
    }
    this.#at++;
    // `"${LIST[*]}"` with an empty list is no word at all, where `""` is an empty one.
    if (expanded && fresh && this.#word === '' && this.tokens.length === tokens) this.#word = undefined;
  }

  #escape(): void {
    const next = this.#text[this.#at + 1];
    if (next === 'x') {
      HEX.lastIndex = this.#at + 2;
      const digits = HEX.exec(this.#text)?.[0];
      if (digits === undefined) this.#refuse('truncated or invalid hexadecimal sequence', this.#at);
      const code = parseInt(digits, 16);
      // HAProxy cuts the word here without a message.
      if (code === 0) this.#refuse('NUL character in a word', this.#at);
      this.#add(String.fromCharCode(code));
      this.#at += 4;
      return;
    }
    const plain = next === undefined ? undefined : ESCAPES[next];
    if (plain === undefined) {
      this.#add('\\');
      this.#at++;
    } else {
      this.#add(plain);
      this.#at += 2;
    }
  }

  /** Expands the variable at `$`; true when it was asked for as a list of words. */
  #expand(): boolean {
    const text = this.#text;
    const brace = text[this.#at + 1] === '{' ? this.#at + 1 : -1;
    const start = this.#at + (brace === -1 ? 1 : 2);
    PSEUDO.lastIndex = NAME.lastIndex = start;
    const name = (PSEUDO.exec(text) ?? NAME.exec(text))?.[0];
    if (name === undefined) this.#refuse('forbidden first char in environment variable name', start);
    this.#at = start + name.length;
    let list = false;
    let fallback = '';
    if (brace !== -1) {
      if (text[this.#at] === '[') {
        if (!text.startsWith('[*]', this.#at)) this.#refuse('truncated or invalid word expansion sequence', this.#at);
        list = true;
        this.#at += 3;
      }
      const end = text[this.#at] === '-' ? text.indexOf('}', this.#at) : this.#at;
      if (end === -1 || text[end] !== '}') this.#refuse('unmatched brace in environment variable name', brace);
      fallback = text.slice(this.#at + 1, end);
      this.#at = end + 1;
    }
    const value = this.#variable(name) ?? fallback;
    if (list) this.#spread(value);
    else this.#add(value);
    return list;
  }

  /** `a b c` inside a word: the word ends with `a`, `b` stands alone, and the word after it begins with `c`. */
  #spread(value: string): void {
    const pieces = value.split(/([ \t]+)/);
    for (const [index, piece] of pieces.entries()) {
      if (index % 2 === 0) {
        if (piece !== '') this.#add(piece);
      } else if (this.#word !== '') this.#finish();
    }
    // The quote is still open, so that what follows it belongs to a word even if the list ended with a blank.
    this.#begin();
    if (this.#word === '' && this.tokens.length > 0 && this.#text[this.#at] === '"') this.#word = undefined;
  }

  #refuse(what: string, index: number): never {
    const column = index + 1;
    const indent = /^[ \t]*/.exec(this.#text)![0].length;
    // The line as HAProxy shows it: without its indentation, behind two spaces, and a caret below the culprit.
    const shown = this.#text.slice(indent).replace(/\r$/, '');
    throw new Unreadable(
      `${what} at position ${column}:\n  ${shown}\n${' '.repeat(Math.max(0, index - indent) + 2)}^`,
      index,
    );
  }
}
