import { type Arguments, pure } from 'sluice/plugin';
import { type Convert, type ConverterTable, converter } from './define.ts';
import { jsonQuery } from './json-query.ts';
import { type Decoding, decodeUtf8 } from './utf8.ts';

const ESCAPES: Readonly<Record<number, string>> = {
  8: '\\b',
  9: '\\t',
  10: '\\n',
  12: '\\f',
  13: '\\r',
  34: '\\"',
  47: '\\/',
  92: '\\\\',
};

function escapeCode(code: number): string {
  if (code >= 32 && code < 127 && ESCAPES[code] === undefined) return String.fromCharCode(code);
  return ESCAPES[code] ?? `\\u${code.toString(16).padStart(4, '0')}`;
}

const CODES: Readonly<Record<string, Decoding | undefined>> = {
  ascii: undefined,
  utf8: { permissive: false, silent: false },
  utf8s: { permissive: false, silent: true },
  utf8p: { permissive: true, silent: false },
  utf8ps: { permissive: true, silent: true },
};

/** Escapes for a JSON string, in ASCII; nothing when the input is not in the code it is said to be in. */
function escape(args: Arguments): Convert {
  const name = args.text(0) || 'ascii';
  if (!Object.hasOwn(CODES, name))
    args.fail("Unexpected input code type. Allowed value are 'ascii', 'utf8', 'utf8s', 'utf8p' and 'utf8ps'");
  const decoding = CODES[name];
  return pure((value) => {
    const bytes = Buffer.from(value as string, 'latin1');
    const codes = decoding ? decodeUtf8(bytes, decoding) : [...bytes];
    return codes?.map(escapeCode).join('');
  });
}

function query(args: Arguments): Convert {
  const type = args.optionalText(1);
  if (type !== undefined && type !== 'int') args.fail('output_type only supports "int" as argument');
  const path = args.text(0);
  return pure((value) => jsonQuery(value as string, path, type === 'int'));
}

/** Converters to and from JSON. configuration.txt 7.3.1. */
export const jsonConverters: ConverterTable = {
  ...converter('json', 'string', 'str => str', 'Escaped for a JSON string.', escape),
  ...converter('json_query', 'string,[string]', 'str => any', 'The value at a path in a JSON text.', query),
};
