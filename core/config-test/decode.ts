import { didYouMean } from '../config/nearest.ts';
import { parseTime } from '../config/numbers.ts';
import { FormatError, type Located, type Place } from './located.ts';

/** Reads one part of a test file; throws FormatError. */
export type Decode<T> = (node: Located) => T;

/** Something of which one has to be able to say later where it stood. */
export interface Placed<T> {
  readonly value: T;
  readonly place: Place;
}

export const placed =
  <T>(decode: Decode<T>): Decode<Placed<T>> =>
  (node) => ({ value: decode(node), place: node });

type Shape = Readonly<Record<string, Decode<unknown>>>;
type Fields<S extends Shape> = { -readonly [K in keyof S]?: ReturnType<S[K]> };

/** What a node is, for messages. */
export function kindOf(node: Located): string {
  if (node.kind === 'list') return 'a list';
  if (node.kind === 'map') return 'a mapping';
  return node.value === null ? 'nothing' : `'${String(node.value)}'`;
}

export function expected(what: string, node: Located): never {
  throw new FormatError(node, `expected ${what}, but got ${kindOf(node)}`);
}

/** A mapping with these keys and no others. */
export function fields<S extends Shape>(what: string, shape: S, needed: readonly (keyof S)[] = []): Decode<Fields<S>> {
  return (node) => {
    if (node.kind !== 'map') expected(`${what} (${Object.keys(shape).join(', ')})`, node);
    const found: Record<string, unknown> = {};
    for (const { key, at, value } of node.entries) {
      const decode = Object.hasOwn(shape, key) ? shape[key] : undefined;
      if (decode === undefined) throw new FormatError(at, unknownKey(key, what, Object.keys(shape)));
      found[key] = decode(value);
    }
    for (const key of needed) {
      if (!Object.hasOwn(found, key)) throw new FormatError(node, `${what} needs '${String(key)}'`);
    }
    return found as Fields<S>;
  };
}

function unknownKey(key: string, what: string, known: readonly string[]): string {
  const hint = didYouMean(key, known);
  return `unknown key '${key}' in ${what}${hint === '' ? `; known are ${known.join(', ')}` : hint}`;
}

/** A mapping with keys of the user's own. */
export function table<T>(
  what: string,
  decode: Decode<T>,
): Decode<readonly (readonly [key: Placed<string>, value: T])[]> {
  return (node) => {
    if (node.kind !== 'map') expected(`${what}, a mapping`, node);
    return node.entries.map(({ key, at, value }) => [{ value: key, place: at }, decode(value)] as const);
  };
}

/** One or a list of them. */
export function oneOrMore<T>(decode: Decode<T>): Decode<readonly T[]> {
  return (node) => (node.kind === 'list' ? node.items.map(decode) : [decode(node)]);
}

export function list<T>(what: string, decode: Decode<T>): Decode<readonly T[]> {
  return (node) => (node.kind === 'list' ? node.items.map(decode) : expected(`a list of ${what}`, node));
}

/** Text; numbers and booleans as they are written. */
export function text(what: string): Decode<string> {
  return (node) => {
    if (node.kind !== 'scalar' || node.value === null || node.value instanceof RegExp) expected(what, node);
    return typeof node.value === 'number' ? (node.written ?? String(node.value)) : String(node.value);
  };
}

export function integer(what: string, min: number, max: number): Decode<number> {
  return (node) => {
    if (node.kind !== 'scalar' || typeof node.value !== 'number' || !Number.isInteger(node.value)) expected(what, node);
    if (node.value < min || node.value > max)
      throw new FormatError(node, `expected ${what} from ${min} to ${max}, but got ${node.value}`);
    return node.value;
  };
}

export const yesOrNo: Decode<boolean> = (node) =>
  node.kind === 'scalar' && typeof node.value === 'boolean' ? node.value : expected('true or false', node);

/** A duration as configurations have them (`30s`, `1m`; without a unit: milliseconds), in milliseconds. */
export const time: Decode<number> = (node) => {
  const written = text('a time, like 30s')(node);
  const parsed = parseTime(written);
  if ('problem' in parsed) throw new FormatError(node, `'${written}' is not a time: a number and us, ms, s, m, h or d`);
  return parsed.value;
};

/** A date with its time, in milliseconds since 1970. */
export const date: Decode<number> = (node) => {
  const written = text('a date and time, like 2026-12-24T18:00:00Z')(node);
  const at = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d/.test(written) ? Date.parse(written.replace(' ', 'T')) : NaN;
  return Number.isNaN(at) ? expected('a date and time, like 2026-12-24T18:00:00Z', node) : at;
};

export function oneOf<const W extends readonly string[]>(what: string, words: W): Decode<W[number]> {
  return (node): W[number] => {
    const word = text(what)(node);
    const found = words.find((one) => one === word);
    if (found === undefined)
      throw new FormatError(node, `unknown ${what} '${word}', expected ${words.join(', ')}${didYouMean(word, words)}`);
    return found;
  };
}

/** Bytes as a byte string: text is taken as UTF-8, `{ hex: … }` and `{ base64: … }` for what is no text. */
export const bytes: Decode<string> = (node) => {
  if (node.kind !== 'map') return toBytes(text('text, { hex: … } or { base64: … }')(node));
  const { hex, base64 } = fields('bytes', { hex: placed(text('hexadecimal digits')), base64: text('base64') })(node);
  if (hex !== undefined) {
    const digits = hex.value.replaceAll(/[\s:]/g, '');
    if (!/^(?:[\da-f]{2})*$/i.test(digits)) throw new FormatError(hex.place, 'expected pairs of hexadecimal digits');
    return Buffer.from(digits, 'hex').toString('latin1');
  }
  return base64 === undefined ? expected('hex or base64', node) : Buffer.from(base64, 'base64').toString('latin1');
};

export const toBytes = (words: string): string => Buffer.from(words, 'utf8').toString('latin1');

/** A byte string as text, if it is any; else as it is. */
export function toText(byteString: string): string {
  const buffer = Buffer.from(byteString, 'latin1');
  const words = buffer.toString('utf8');
  return Buffer.from(words, 'utf8').equals(buffer) ? words : byteString;
}
