import type { LuaCall } from '../engine/engine.ts';
import { utf8 } from './utf8.ts';

/** What a document may not be: where (from 1) and why; each module words it in its own way. */
export class JsonError extends Error {
  readonly position: number;
  readonly expected: string;
  readonly found: string;

  constructor(position: number, expected: string, found: string) {
    super(`Expected ${expected} but found ${found} at character ${position}`);
    this.position = position;
    this.expected = expected;
    this.found = found;
  }
}

export interface DecodeOptions {
  readonly maxDepth: number;
  /** Pushes what stands for JSON's null. */
  readonly null: (call: LuaCall) => void;
  /** What is behind the value is the caller's. */
  readonly partial?: boolean;
}

const NUMBER = /-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?/y;
const SPACE = /[ \t\r\n]*/y;
/** A run of a string that stands for itself. */
const PLAIN = /[^"\\\x00-\x1f]*/y;
const ESCAPES: Readonly<Record<string, string>> = {
  '"': '"',
  '\\': '\\',
  '/': '/',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
};
const TOKENS: Readonly<Record<string, string>> = {
  '{': 'T_OBJ_BEGIN',
  '}': 'T_OBJ_END',
  '[': 'T_ARR_BEGIN',
  ']': 'T_ARR_END',
  ',': 'T_COMMA',
  ':': 'T_COLON',
  '"': 'T_STRING',
};
const INTEGERS_END = 2n ** 63n;

/** Reads one JSON value (RFC 8259) from a byte string and pushes it as a Lua value; gives the offset behind it. */
export function decodeJson(call: LuaCall, text: string, options: DecodeOptions, from = 0): number {
  const reader = new Reader(call, text, options, from);
  reader.value(1);
  if (options.partial === true) return reader.at;
  reader.space();
  if (reader.at < text.length) throw reader.unexpected('the end');
  return reader.at;
}

class Reader {
  readonly #call: LuaCall;
  readonly #text: string;
  readonly #options: DecodeOptions;
  at: number;

  constructor(call: LuaCall, text: string, options: DecodeOptions, from: number) {
    this.#call = call;
    this.#text = text;
    this.#options = options;
    this.at = from;
  }

  space(): void {
    if (this.#text.charCodeAt(this.at) > 32) return;
    SPACE.lastIndex = this.at;
    SPACE.test(this.#text);
    this.at = SPACE.lastIndex;
  }

  unexpected(expected: string): JsonError {
    return new JsonError(this.at + 1, expected, this.#token());
  }

  #token(): string {
    const text = this.#text;
    if (this.at >= text.length) return 'T_END';
    const known = TOKENS[text[this.at]!];
    if (known !== undefined) return known;
    if (/[-0-9]/.test(text[this.at]!)) return 'T_NUMBER';
    if (text.startsWith('true', this.at) || text.startsWith('false', this.at)) return 'T_BOOLEAN';
    return text.startsWith('null', this.at) ? 'T_NULL' : 'invalid token';
  }

  value(depth: number): void {
    this.space();
    switch (this.#text[this.at]) {
      case '{':
        return this.#object(depth);
      case '[':
        return this.#array(depth);
      case '"':
        return this.#call.pushString(this.#string());
      case 't':
        this.#word('true');
        return this.#call.pushBoolean(true);
      case 'f':
        this.#word('false');
        return this.#call.pushBoolean(false);
      case 'n':
        this.#word('null');
        return this.#options.null(this.#call);
      default:
        return this.#number();
    }
  }

  #word(word: string): void {
    if (!this.#text.startsWith(word, this.at)) throw this.unexpected('value');
    this.at += word.length;
  }

  #number(): void {
    NUMBER.lastIndex = this.at;
    const match = NUMBER.exec(this.#text);
    if (match === null) throw this.unexpected('value');
    this.at += match[0].length;
    const float = Number(match[0]);
    if (match[1] !== undefined || match[2] !== undefined) return this.#call.pushFloat(float);
    if (Number.isSafeInteger(float)) return this.#call.pushInteger(float === 0 ? 0 : float);
    const exact = BigInt(match[0]);
    if (exact >= -INTEGERS_END && exact < INTEGERS_END) this.#call.pushInteger(exact);
    else this.#call.pushFloat(float);
  }

  #nest(depth: number): void {
    this.at++;
    if (depth > this.#options.maxDepth) {
      throw new Error(`Found too many nested data structures (${depth}) at character ${this.at}`);
    }
    this.#call.newTable();
    this.space();
  }

  #array(depth: number): void {
    this.#nest(depth);
    if (this.#text[this.at] === ']') {
      this.at++;
      return;
    }
    for (let position = 1; ; position++) {
      this.value(depth + 1);
      this.#call.setIndex(-2, position);
      this.space();
      if (!this.#comma(']', 'comma or array end')) return;
    }
  }

  #object(depth: number): void {
    this.#nest(depth);
    if (this.#text[this.at] === '}') {
      this.at++;
      return;
    }
    for (;;) {
      this.space();
      if (this.#text[this.at] !== '"') throw this.unexpected('object key string');
      const key = this.#string();
      this.space();
      if (this.#text[this.at] !== ':') throw this.unexpected('colon');
      this.at++;
      this.value(depth + 1);
      this.#call.setField(-2, key);
      this.space();
      if (!this.#comma('}', 'comma or object end')) return;
    }
  }

  /** Whether a comma follows, rather than the end. */
  #comma(end: string, expected: string): boolean {
    const next = this.#text[this.at];
    if (next !== ',' && next !== end) throw this.unexpected(expected);
    this.at++;
    return next === ',';
  }

  #string(): string {
    const text = this.#text;
    const start = this.at + 1;
    let at = plainUntil(text, start);
    let out = text.slice(start, at);
    while (text[at] !== '"') {
      if (at >= text.length) throw new JsonError(at + 1, 'value', 'unexpected end of string');
      if (text[at] !== '\\') throw new JsonError(at + 1, 'value', 'invalid token');
      const letter = text[at + 1] ?? '';
      if (letter === 'u') {
        const code = unicodeEscape(text, at);
        out += utf8(code);
        at += code > 0xffff ? 12 : 6;
      } else {
        const plain = ESCAPES[letter];
        if (plain === undefined) throw new JsonError(at + 1, 'value', 'invalid escape code');
        out += plain;
        at += 2;
      }
      const end = plainUntil(text, at);
      out += text.slice(at, end);
      at = end;
    }
    this.at = at + 1;
    return out;
  }
}

function plainUntil(text: string, at: number): number {
  PLAIN.lastIndex = at;
  PLAIN.test(text);
  return PLAIN.lastIndex;
}

/** The code point of an escape at `at`; what lies beyond 16 bits is written as two of them. */
function unicodeEscape(text: string, at: number): number {
  const high = hex(text, at);
  if (high < 0xd800 || high > 0xdfff) return high;
  if (high < 0xdc00 && text.startsWith('\\u', at + 6)) {
    const low = hex(text, at + 6);
    if (low >= 0xdc00 && low <= 0xdfff) return 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
  }
  throw new JsonError(at + 1, 'value', 'invalid unicode escape code');
}

function hex(text: string, at: number): number {
  const digits = text.slice(at + 2, at + 6);
  if (!/^[0-9a-fA-F]{4}$/.test(digits)) throw new JsonError(at + 1, 'value', 'invalid unicode escape code');
  return Number.parseInt(digits, 16);
}
