import type { Format, Place } from '../api/expression.ts';
import type { Transaction } from '../api/traffic.ts';
import type { Value } from '../api/values.ts';
import { ALIASES, type Alias } from './aliases.ts';
import type { ArgumentContext } from './arguments.ts';
import { asBoolean, asInteger, asString } from './casts.ts';
import { cborValue, encodeForHttp, escapeStructured, jsonString, jsonValue } from './encode.ts';
import { ExpressionError } from './errors.ts';
import { type FormatFlags, type FormatPart, parseFormat } from './format-parser.ts';
import { hint } from './nearest.ts';
import { type SampleTables, readSample } from './sample.ts';
import { isReadable, sourceNeeds } from './sources.ts';

/**
 * What a format is for: `log` writes `-` for what is missing and merges blanks, `message` makes headers and bodies, `check` what
 * health checks send and say.
 */
export type FormatStyle = 'log' | 'message' | 'unique-id' | 'check';

export interface FormatContext extends ArgumentContext {
  readonly places: readonly Place[];
  readonly style: FormatStyle;
}

type Piece = string | ((transaction: Transaction) => string);
type Evaluate = (transaction: Transaction) => Value | undefined;

/**
 * Compiles a log-format string; configuration.txt 8.2.6.
 * @throws ExpressionError
 */
export function compileFormat(text: string, tables: SampleTables, context: FormatContext): Format {
  const read = (at: number): { readonly evaluate: Evaluate; readonly fixed: boolean; readonly end: number } => {
    const rest = text.slice(at);
    let found;
    try {
      found = readSample(text, at, tables, context);
    } catch (error) {
      if (!(error instanceof ExpressionError)) throw error;
      throw new ExpressionError(`failed to parse sample expression <${rest}> : ${error.message}`);
    }
    const { sample, end } = found;
    if (!isReadable(sample.source, context.places))
      throw new ExpressionError(
        `sample fetch <${rest}> may not be reliably used here because it needs '${sourceNeeds(sample.source)}' which is not available here`,
      );
    return { evaluate: sample.evaluate, fixed: sample.constant !== undefined, end };
  };
  const { parts, global } = parseFormat(text, read, context.style !== 'message');
  const encoding = global.cbor ? 'cbor' : global.json ? 'json' : undefined;
  const aliases = parts.flatMap((part) => (part.kind === 'alias' ? [part.name] : []));
  const httpAlias = aliases.find((name) => aliasOf(name).http);
  if (encoding) return makeFormat({ text, aliases, httpAlias }, [encodedObject(parts, encoding, global.bin)]);
  return makeFormat(
    { text, aliases, httpAlias },
    parts.map((part) => (part.kind === 'text' ? part.text : compileItem(part, context.style, global.bin))),
    context.style === 'log' && parts.some((part) => part.kind === 'alias' && aliasOf(part.name).optional === true),
  );
}

function aliasOf(name: string): Alias {
  const alias = Object.hasOwn(ALIASES, name) ? ALIASES[name] : undefined;
  if (alias) return alias;
  throw new ExpressionError(
    `no such format variable '${name}'${hint(name, Object.keys(ALIASES))}. ` +
      "If you wanted to emit the '%' character verbatim, you need to use '%%'",
  );
}

type Item = Exclude<FormatPart, { kind: 'text' }>;

function compileItem(item: Item, style: FormatStyle, binary: boolean): Piece {
  const { flags } = item;
  if (flags.json || flags.cbor) return encodedItem(item, flags);
  if (item.kind === 'alias') return aliasPiece(aliasOf(item.name), flags, style);
  const { evaluate } = item;
  if (item.fixed) return expressionText(evaluate(undefined as never), flags, style, binary);
  return (transaction) => expressionText(evaluate(transaction), flags, style, binary);
}

/** An expression's text: quoted in logs and checks only, made safe in messages only. */
function expressionText(value: Value | undefined, flags: FormatFlags, style: FormatStyle, binary: boolean): string {
  if (binary && value instanceof Uint8Array) return value.toString('latin1');
  let text = value === undefined ? '' : asString(value);
  if (flags.escape) text = escapeStructured(text);
  // In checks bytes are what they are, up to the first NUL (measured).
  if (style === 'check') text = text.split('\0', 1)[0]!;
  else if (style !== 'log') return encodeForHttp(text);
  if (flags.quote) return `"${text}"`;
  return text === '' && style === 'log' ? '-' : text;
}

function aliasPiece(alias: Alias, flags: FormatFlags, style: FormatStyle): Piece {
  if (alias.words) return wordsPiece(alias.words, flags);
  const missing = alias.optional ? '' : flags.quote ? '""' : style === 'log' ? '-' : '';
  const { kind } = alias;
  const verbatim = alias.verbatim || (flags.hex && alias.hex !== undefined);
  const get: Evaluate = flags.hex && alias.hex ? alias.hex : (transaction) => alias.value(transaction);
  if (kind === 'number' || verbatim)
    return (transaction) => {
      const value = get(transaction);
      return value === undefined ? missing : asString(value);
    };
  return (transaction) => {
    const value = get(transaction);
    if (value === undefined || (value === '' && !alias.blank)) return missing;
    const text = flags.escape ? escapeStructured(asString(value)) : asString(value);
    return flags.quote ? `"${text}"` : text;
  };
}

function wordsPiece(get: NonNullable<Alias['words']>, { quote, escape }: FormatFlags): Piece {
  const word = (text: string | undefined): string => {
    if (text === undefined) return quote ? '""' : '-';
    const safe = escape ? escapeStructured(text) : text;
    return quote ? `"${safe}"` : safe;
  };
  return (transaction) => get(transaction)?.map(word).join(' ') ?? '';
}

/** The value of an item, forced to the type its name asks for. */
function itemValue(item: Item): Evaluate {
  const get: Evaluate = item.kind === 'alias' ? aliasValue(aliasOf(item.name)) : item.evaluate;
  switch (item.type) {
    case 'str':
      return (transaction) => {
        const value = get(transaction);
        return value === undefined ? undefined : asString(value);
      };
    case 'sint':
      return (transaction) => {
        const value = get(transaction);
        return value === undefined ? undefined : asInteger(value);
      };
    case 'bool':
      return (transaction) => {
        const value = get(transaction);
        return value === undefined ? undefined : asBoolean(value);
      };
    default:
      return get;
  }
}

/** Numbers that are written with a mark (`+`) when incomplete are encoded without it. */
function aliasValue(alias: Alias): Evaluate {
  if (alias.kind === 'text') return (transaction) => alias.value(transaction);
  return (transaction) => {
    const value = alias.value(transaction);
    return typeof value === 'string' ? asInteger(value) : value;
  };
}

const hexOf = (bytes: string): string => Buffer.from(bytes, 'latin1').toString('hex').toUpperCase();

function encodedItem(item: Item, flags: FormatFlags): Piece {
  const value = itemValue(item);
  if (!flags.cbor) return (transaction) => jsonValue(value(transaction));
  return (transaction) => hexOf(cborValue(value(transaction)));
}

/** With `%{+json}o` or `%{+cbor}o` the named items make one object, and all else is left out. */
function encodedObject(parts: readonly FormatPart[], encoding: 'json' | 'cbor', binary: boolean): Piece {
  const fields = parts
    .filter((part): part is Item => part.kind !== 'text' && part.label !== '')
    .map((item) => ({ key: item.label, value: itemValue(item) }));
  if (encoding === 'json') {
    const keys = fields.map(({ key }, index) => `${index > 0 ? ', ' : ''}${jsonString(key)}: `);
    return (transaction) => {
      let text = '{';
      for (const [index, { value }] of fields.entries()) text += keys[index]! + jsonValue(value(transaction));
      return `${text}}`;
    };
  }
  return (transaction) => {
    // A map of indefinite length: RFC 8949 section 3.2.2.
    let bytes = '\xbf';
    for (const { key, value } of fields) bytes += cborValue(key) + cborValue(value(transaction));
    bytes += '\xff';
    return binary ? bytes : hexOf(bytes);
  };
}

/** Blanks are delimiters in logs: with nothing written between two of them, one is left out, and so are those in front. */
function mergingBlanks(pieces: readonly Piece[]): (transaction: Transaction) => string {
  return (transaction) => {
    let result = '';
    let afterBlank = true;
    for (const piece of pieces) {
      let part = typeof piece === 'string' ? piece : piece(transaction);
      if (part === '') continue;
      if (afterBlank && typeof piece === 'string' && part.charCodeAt(0) === 32) part = part.slice(1);
      if (part === '') continue;
      result += part;
      afterBlank = part.charCodeAt(part.length - 1) === 32;
    }
    return result;
  };
}

/** Joins neighbouring constants; a format of nothing else is constant itself. */
function makeFormat(
  about: Pick<Format, 'text' | 'aliases' | 'httpAlias'>,
  pieces: readonly Piece[],
  merging = false,
): Format {
  const joined: Piece[] = [];
  for (const piece of pieces) {
    const last = joined.at(-1);
    if (typeof piece === 'string' && typeof last === 'string') joined[joined.length - 1] = last + piece;
    else if (piece !== '') joined.push(piece);
  }
  const [first, second] = joined;
  if (joined.length === 0) return { ...about, constant: '', evaluate: () => '' };
  if (joined.length === 1)
    return typeof first === 'string'
      ? { ...about, constant: first, evaluate: () => first }
      : { ...about, constant: undefined, evaluate: first! };
  if (merging) return { ...about, constant: undefined, evaluate: mergingBlanks(joined) };
  if (joined.length === 2 && typeof first === 'string' && typeof second === 'function')
    return { ...about, constant: undefined, evaluate: (transaction) => first + second(transaction) };
  return {
    ...about,
    constant: undefined,
    evaluate: (transaction) => {
      let result = '';
      for (const piece of joined) result += typeof piece === 'string' ? piece : piece(transaction);
      return result;
    },
  };
}
