import type { ActionKeyword, HeaderList, Scope, Transaction, Value, Words } from 'sluice/plugin';
import { ALL, headersOf, ofResponse } from './places.ts';
import { FIELD_COST, misfit } from './rewriting.ts';
import { toText } from './values.ts';

/** Reads strings behind their lengths, as `req.hdrs_bin` writes them; undefined behind the end. SPOE.txt 3.1. */
class BinaryReader {
  readonly #text: string;
  #at = 0;
  constructor(text: string) {
    this.#text = text;
  }

  get done(): boolean {
    return this.#at >= this.#text.length;
  }

  next(): string | undefined {
    const length = this.#length();
    if (length === undefined || this.#at + length > this.#text.length) return undefined;
    return this.#text.slice(this.#at, (this.#at += length));
  }

  #length(): number | undefined {
    if (this.done) return undefined;
    let value = this.#text.charCodeAt(this.#at++);
    if (value < 240) return value;
    for (let scale = 16; scale < 2 ** 40; scale *= 128) {
      if (this.done) return undefined;
      const byte = this.#text.charCodeAt(this.#at++);
      value += byte * scale;
      if (byte < 128) return value;
    }
    return undefined;
  }
}

type Field = readonly [name: string, value: string];
const NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
/** What would end the field, or the head, early. */
const BREAKS = /[\0\r\n]/;

/** The fields of a block, or undefined if it is broken or has what no head may have. */
function decodeFields(block: string): Field[] | undefined {
  const reader = new BinaryReader(block);
  const fields: Field[] = [];
  while (!reader.done) {
    const name = reader.next();
    if (name === '') return fields;
    const value = reader.next();
    if (name === undefined || value === undefined || !NAME.test(name) || BREAKS.test(value)) return undefined;
    fields.push([name.toLowerCase(), value]);
  }
  return fields;
}

function decodeNames(block: string): string[] | undefined {
  const reader = new BinaryReader(block);
  const names: string[] = [];
  while (!reader.done) {
    const name = reader.next();
    if (name === undefined) return undefined;
    if (name !== '') names.push(name.toLowerCase());
  }
  return names;
}

function writing(word: string, summary: string, write: (headers: HeaderList, field: Field) => void): ActionKeyword {
  return {
    usage: `${word} <expression> [ prefix <text> ]`,
    summary,
    in: ALL,
    parse(words, scope) {
      const read = readBlock(words, scope);
      const prefix = words.optional('prefix') ? words.next('the beginning of header names').toLowerCase() : '';
      const response = ofResponse(words.keyword);
      const limit = scope.global.settings.maxHeaders;
      return {
        run(transaction) {
          const headers = headersOf(transaction, response);
          const block = read(transaction);
          if (!headers || block === undefined) return undefined;
          const fields = decodeFields(block)?.filter(([name]) => name.startsWith(prefix));
          if (fields === undefined || headers.size + fields.length > limit) return misfit(transaction);
          const growth = fields.reduce((sum, [name, value]) => sum + name.length + value.length + FIELD_COST, 0);
          if (!transaction.rewriteFits(response, growth)) return misfit(transaction);
          for (const field of fields) write(headers, field);
          return undefined;
        },
      };
    },
  };
}

function readBlock(words: Words, scope: Scope): (transaction: Transaction) => string | undefined {
  const expression = scope.expression(words);
  return (transaction) => toText(expression.evaluate(transaction) satisfies Value | undefined);
}

const METHODS = ['str', 'beg', 'end', 'sub'] as const;
const MATCHES: Record<(typeof METHODS)[number], (name: string, wanted: string) => boolean> = {
  str: (name, wanted) => name === wanted,
  beg: (name, wanted) => name.startsWith(wanted),
  end: (name, wanted) => name.endsWith(wanted),
  sub: (name, wanted) => name.includes(wanted),
};

const deleting: ActionKeyword = {
  usage: 'del-headers-bin <expression> [ -m { str | beg | end | sub } ]',
  summary: 'Removes the fields whose names an expression lists: strings behind their lengths.',
  in: ALL,
  parse(words, scope) {
    const read = readBlock(words, scope);
    const matches = MATCHES[words.optional('-m') ? words.oneOf('str, beg, end or sub', METHODS) : 'str'];
    const response = ofResponse(words.keyword);
    return {
      run(transaction) {
        const headers = headersOf(transaction, response);
        const block = read(transaction);
        if (!headers || block === undefined) return undefined;
        const names = decodeNames(block);
        if (names === undefined) return misfit(transaction);
        for (let index = headers.size - 1; index >= 0; index--) {
          const name = headers.nameAt(index);
          if (names.some((wanted) => matches(name, wanted))) headers.deleteAt(index);
        }
        return undefined;
      },
    };
  },
};

export const binaryHeaderActions: Record<string, ActionKeyword> = {
  'add-headers-bin': writing(
    'add-headers-bin',
    'Adds the fields of a block such as req.hdrs_bin gives.',
    (headers, f) => headers.add(...f),
  ),
  'set-headers-bin': writing(
    'set-headers-bin',
    'Puts the fields of a block such as req.hdrs_bin gives in the place of those of their names.',
    (headers, field) => headers.set(...field),
  ),
  'del-headers-bin': deleting,
};
