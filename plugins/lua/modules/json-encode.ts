import type { LuaCall } from '../engine/engine.ts';

export interface EncodeOptions {
  readonly maxDepth: number;
  /** `/` becomes `\/`, as lua-cjson has it. */
  readonly escapeSlash: boolean;
  /** What an empty table is. */
  readonly empty: '{}' | '[]';
  /** Whether the value on the top stands for JSON's null. */
  readonly isNull: (call: LuaCall) => boolean;
  /**
   * `cjson`: numbers as keys become strings, arrays with holes are filled up with null unless they are excessively sparse.
   * `strict`: only pure arrays and tables with strings as keys.
   */
  readonly tables: 'cjson' | 'strict';
}

const NEEDS_ESCAPE: Readonly<Record<'true' | 'false', RegExp>> = {
  // oxlint-disable-next-line no-control-regex
  true: /["\\/\x00-\x1f\x7f]/g,
  // oxlint-disable-next-line no-control-regex
  false: /["\\\x00-\x1f]/g,
};
const SHORT: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '/': '\\/',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
};

/** The JSON text (a byte string) of the value on the top of the stack, which stays there. Throws an Error that says why not. */
export function encodeJson(call: LuaCall, options: EncodeOptions, depth = 0): string {
  switch (call.kind(-1)) {
    case 'nil':
      return 'null';
    case 'boolean':
      return call.boolean(-1) ? 'true' : 'false';
    case 'string':
      return quote(call.string(-1), options);
    case 'number':
      return numeral(call);
    case 'table':
      return options.isNull(call) ? 'null' : table(call, options, depth + 1);
    default:
      if (options.isNull(call)) return 'null';
      throw new Error(
        options.tables === 'cjson'
          ? `Cannot serialise ${call.kind(-1)}: type not supported`
          : `unexpected type '${call.kind(-1)}'`,
      );
  }
}

function quote(text: string, { escapeSlash }: EncodeOptions): string {
  const special = NEEDS_ESCAPE[`${escapeSlash}`];
  special.lastIndex = 0;
  if (!special.test(text)) return `"${text}"`;
  special.lastIndex = 0;
  return `"${text.replace(special, (character) => SHORT[character] ?? `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)}"`;
}

/** 14 significant digits, as `%.14g` has them; integers whole. */
function numeral(call: LuaCall): string {
  if (call.isInteger(-1)) return String(call.integer(-1));
  const value = call.number(-1);
  if (!Number.isFinite(value)) throw new Error('Cannot serialise number: must not be NaN or Inf');
  return general(value);
}

export function general(value: number): string {
  if (value === 0) return Object.is(value, -0) ? '-0' : '0';
  const exponent = Number(value.toExponential(13).split('e')[1]);
  if (exponent < -5 || exponent >= 14) {
    const [mantissa, power] = value.toExponential(13).split('e') as [string, string];
    const sign = power[0] === '-' ? '-' : '+';
    return `${trimmed(mantissa)}e${sign}${power.slice(1).padStart(2, '0')}`;
  }
  return trimmed(value.toFixed(13 - exponent));
}

function trimmed(digits: string): string {
  return digits.includes('.') ? digits.replace(/\.?0+$/, '') : digits;
}

interface Shape {
  pairs: number;
  highest: number;
  /** All keys are positive integers. */
  array: boolean;
  strings: boolean;
}

function shapeOf(call: LuaCall): Shape {
  const shape: Shape = { pairs: 0, highest: 0, array: true, strings: true };
  call.each(-1, () => {
    shape.pairs++;
    const kind = call.kind(-2);
    const position = kind === 'number' && call.isInteger(-2) ? call.integer(-2) : 0;
    if (typeof position === 'number' && position > 0) shape.highest = Math.max(shape.highest, position);
    else shape.array = false;
    if (kind !== 'string') shape.strings = false;
  });
  return shape;
}

function table(call: LuaCall, options: EncodeOptions, depth: number): string {
  if (depth > options.maxDepth) {
    throw new Error(
      options.tables === 'cjson' ? `Cannot serialise, excessive nesting (${depth})` : 'circular reference',
    );
  }
  const shape = shapeOf(call);
  if (shape.pairs === 0) return options.empty;
  if (shape.array) {
    if (options.tables === 'strict' && shape.highest !== shape.pairs) throw new Error('invalid table: sparse array');
    if (shape.highest > 10 && shape.highest > shape.pairs * 2) {
      throw new Error('Cannot serialise table: excessively sparse array');
    }
    const items: string[] = [];
    for (let position = 1; position <= shape.highest; position++) {
      call.getIndex(-1, position);
      items.push(encodeJson(call, options, depth));
      call.pop();
    }
    return `[${items.join(',')}]`;
  }
  if (options.tables === 'strict' && !shape.strings) throw new Error('invalid table: mixed or invalid key types');
  const fields: string[] = [];
  call.each(-1, () => {
    fields.push(`${key(call, options)}:${encodeJson(call, options, depth)}`);
  });
  return `{${fields.join(',')}}`;
}

function key(call: LuaCall, options: EncodeOptions): string {
  const kind = call.kind(-2);
  if (kind === 'string') return quote(call.string(-2), options);
  if (kind !== 'number') throw new Error('Cannot serialise table: table key must be a number or string');
  return call.isInteger(-2) ? `"${call.integer(-2)}"` : `"${general(call.number(-2))}"`;
}
