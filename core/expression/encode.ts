import type { Value } from '../api/values.ts';
import { asString } from './casts.ts';

/** Makes a function that replaces what `pattern` matches by its two hex digits behind a mark; clean text is not copied. */
function hexEncoder(unsafe: RegExp, mark: string): (text: string) => string {
  const every = new RegExp(unsafe.source, 'g');
  const encode = (char: string): string => mark + char.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0');
  return (text) => (unsafe.test(text) ? text.replace(every, encode) : text);
}

/** What a log shows of a request line; configuration.txt 8.6. */
export const encodeForLog: (text: string) => string = hexEncoder(/[^\x20-\x7e]|["#]/, '#');

/** The same for captured headers, where braces and bars are delimiters. */
export const encodeCapture: (text: string) => string = hexEncoder(/[^\x20-\x7e]|["#{|}]/, '#');

/** What would break a header field, for formats that make messages. */
export const encodeForHttp: (text: string) => string = hexEncoder(/[\x00-\x08\x0a-\x1f\x7f]/, '%');

/** `"`, `\` and `]` behind a backslash: the flag `E`, for RFC 5424 structured data. */
export function escapeStructured(text: string): string {
  return /["\\\]]/.test(text) ? text.replace(/["\\\]]/g, '\\$&') : text;
}

const JSON_ESCAPES: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
};

/** A JSON string of a byte string; bytes beyond ASCII stay as they are. */
export function jsonString(text: string): string {
  const body = text.replace(
    /["\\\x00-\x1f]/g,
    (char) => JSON_ESCAPES[char] ?? `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  return `"${body}"`;
}

/** A value in JSON; what is missing is null. */
export function jsonValue(value: Value | undefined): string {
  if (value === undefined) return 'null';
  switch (typeof value) {
    case 'boolean':
    case 'number':
    case 'bigint':
      return String(value);
    default:
      return jsonString(asString(value));
  }
}

/** The head of a CBOR item, RFC 8949 section 3: major type and argument. */
function cborHead(major: number, argument: bigint): string {
  const initial = major << 5;
  if (argument < 24n) return String.fromCharCode(initial | Number(argument));
  const size = argument < 0x100n ? 0 : argument < 0x10000n ? 1 : argument < 0x100000000n ? 2 : 3;
  let text = String.fromCharCode(initial | (24 + size));
  for (let byte = (1 << size) - 1; byte >= 0; byte--)
    text += String.fromCharCode(Number((argument >> BigInt(8 * byte)) & 255n));
  return text;
}

/** A value in CBOR, as a byte string: text for strings, bytes for binary; what is missing is null. */
export function cborValue(value: Value | undefined): string {
  if (value === undefined) return '\xf6';
  switch (typeof value) {
    case 'boolean':
      return value ? '\xf5' : '\xf4';
    case 'number':
    case 'bigint': {
      const integer = BigInt(value);
      return integer < 0n ? cborHead(1, -1n - integer) : cborHead(0, integer);
    }
    default: {
      if (value instanceof Uint8Array) return cborHead(2, BigInt(value.length)) + value.toString('latin1');
      const text = asString(value);
      return cborHead(3, BigInt(text.length)) + text;
    }
  }
}
