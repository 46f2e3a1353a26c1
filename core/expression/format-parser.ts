import type { Transaction } from '../api/traffic.ts';
import type { Value } from '../api/values.ts';
import { ExpressionError } from './errors.ts';

/** How an item is written; configuration.txt 8.2.6. */
export interface FormatFlags {
  readonly quote: boolean;
  readonly hex: boolean;
  readonly escape: boolean;
  readonly bin: boolean;
  readonly json: boolean;
  readonly cbor: boolean;
}

interface ItemHead {
  /** The name between parentheses, empty when there is none, and the type behind it. */
  readonly label: string;
  readonly type: 'str' | 'sint' | 'bool' | undefined;
  readonly flags: FormatFlags;
}
export type FormatPart =
  | { readonly kind: 'text'; readonly text: string }
  | (ItemHead & { readonly kind: 'alias'; readonly name: string })
  | (ItemHead & {
      readonly kind: 'expression';
      readonly evaluate: (transaction: Transaction) => Value | undefined;
      /** Known when the configuration loads. */
      readonly fixed: boolean;
    });

/** Compiles the expression that begins at `at`; `end` is where it stopped. */
export type ExpressionReader = (at: number) => {
  readonly evaluate: (transaction: Transaction) => Value | undefined;
  readonly fixed: boolean;
  readonly end: number;
};

const NO_FLAGS: FormatFlags = { quote: false, hex: false, escape: false, bin: false, json: false, cbor: false };

const FLAG_NAMES: Readonly<Record<string, keyof FormatFlags>> = {
  Q: 'quote',
  X: 'hex',
  E: 'escape',
  bin: 'bin',
  json: 'json',
  cbor: 'cbor',
};

/**
 * Cuts a log-format string into text, aliases and expressions.
 * @param mergeBlanks whether spaces are delimiters, of which a row counts as one.
 * @throws ExpressionError in HAProxy's words.
 */
export function parseFormat(
  text: string,
  readExpression: ExpressionReader,
  mergeBlanks: boolean,
): { readonly parts: readonly FormatPart[]; readonly global: FormatFlags } {
  const parts: FormatPart[] = [];
  let global = NO_FLAGS;
  let literal = '';
  const flush = (): void => {
    if (literal !== '') parts.push({ kind: 'text', text: literal });
    literal = '';
  };
  let at = 0;
  while (at < text.length) {
    const char = text[at]!;
    if (char !== '%') {
      if (!(mergeBlanks && char === ' ' && text[at - 1] === ' ')) literal += char;
      at++;
      continue;
    }
    if (text[at + 1] === '%') {
      literal += '%';
      at += 2;
      continue;
    }
    // HAProxy drops the mark in front of a sign.
    if (text[at + 1] === '-' || text[at + 1] === '+') {
      at++;
      continue;
    }
    const head = readHead(text, at + 1, global);
    at = head.end;
    const item: ItemHead = { label: head.label, type: head.type, flags: head.flags };
    if (text[at] === '[') {
      flush();
      const { evaluate, fixed, end } = readExpression(at + 1);
      if (end >= text.length) throw new ExpressionError(`missing ']' after '${text.slice(at + 1)}'`);
      if (text[end] !== ']')
        throw new ExpressionError(`expected ']' after '${text.slice(at + 1, end)}', but found '${text[end]}'`);
      parts.push({ ...item, kind: 'expression', evaluate, fixed });
      at = end + 1;
      continue;
    }
    const name = /^[A-Za-z0-9]*/.exec(text.slice(at))![0];
    if (name === '') refuseName(text, at, head.modifier);
    at += name.length;
    if (name === 'o') {
      global = item.flags;
      continue;
    }
    flush();
    parts.push({ ...item, kind: 'alias', name });
  }
  flush();
  return { parts, global };
}

function refuseName(text: string, at: number, modifier: string): never {
  if (modifier !== '') throw new ExpressionError(`parse argument modifier without variable name near '%${modifier}'`);
  if (at >= text.length) throw new ExpressionError("truncated line after '%'");
  throw new ExpressionError(
    `unexpected variable name near '${text[at]}' at position ${at} line : '${text}'. ` +
      "Maybe you want to write a single '%', use the syntax '%%'",
  );
}

/** Reads `(name:type)` and `{flags}`. */
function readHead(
  text: string,
  start: number,
  global: FormatFlags,
): ItemHead & { readonly end: number; readonly modifier: string } {
  let at = start;
  let label = '';
  let type: ItemHead['type'];
  let flags = global;
  let modifier = '';
  if (text[at] === '(') {
    const close = text.indexOf(')', at);
    if (close < 0) throw new ExpressionError(`truncated line after '${text.slice(at + 1)}'`);
    const [name, typeName] = text.slice(at + 1, close).split(':', 2);
    if (typeName !== undefined && typeName !== 'str' && typeName !== 'sint' && typeName !== 'bool')
      throw new ExpressionError(`unexpected output type '${typeName}' at position ${at} line : '${text}'`);
    label = name ?? '';
    type = typeName;
    at = close + 1;
  }
  if (text[at] === '{') {
    const close = text.indexOf('}', at);
    if (close < 0) throw new ExpressionError(`truncated line after '${text.slice(at + 1)}'`);
    modifier = text.slice(at, close + 1);
    flags = applyFlags(text.slice(at + 1, close), flags);
    at = close + 1;
  }
  return { label, type, flags, end: at, modifier };
}

function applyFlags(list: string, base: FormatFlags): FormatFlags {
  const flags: { -readonly [Name in keyof FormatFlags]: boolean } = { ...base };
  for (const word of list.split(',')) {
    const name = FLAG_NAMES[word.slice(1)];
    // HAProxy passes over flags it does not know, and those without a sign.
    if (name !== undefined && /^[+-]/.test(word)) flags[name] = word.startsWith('+');
  }
  return flags;
}
