/** Lua's numbers as text and back: the manual's 3.4.3, and what C's `strtod` and `%.14g` do. */
import { FLOAT, INTEGER, STRING } from './values.ts';
import type { Int, TString, TValue } from './values.ts';

const MAX = Number.MAX_SAFE_INTEGER;

/** A bigint as the machine keeps it: wrapped to 64 bits, and a number if that is exact. */
export function fromBig(value: bigint): Int {
  const wrapped = BigInt.asIntN(64, value);
  return wrapped <= 9007199254740991n && wrapped >= -9007199254740991n ? Number(wrapped) : wrapped;
}

/** The integer that a float equals; undefined if there is none. */
export function floatToInteger(value: number): Int | undefined {
  if (value >= -MAX && value <= MAX) return Math.floor(value) === value ? value + 0 : undefined;
  return value >= -(2 ** 63) && value < 2 ** 63 ? fromBig(BigInt(value)) : undefined;
}

const DECIMAL = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
const HEXADECIMAL = /^([+-]?)0[xX]([0-9a-fA-F]*)(?:\.([0-9a-fA-F]*))?(?:[pP]([+-]?\d+))?$/;
const INTEGER_TEXT = /^([+-]?)(?:(\d+)|0[xX]([0-9a-fA-F]+))$/;
/** What C's `isspace` has. */
export function trimSpace(text: string): string {
  return text.replace(/^[ \t\n\v\f\r]+|[ \t\n\v\f\r]+$/g, '');
}

/** A float with this many digits of 4 bits; more than 2^1023 comes out as an infinity. */
function scale(mantissa: number, exponent: number): number {
  for (; exponent > 1000; exponent -= 1000) mantissa *= 2 ** 1000;
  for (; exponent < -1000; exponent += 1000) mantissa *= 2 ** -1000;
  return mantissa * 2 ** exponent;
}

function hexFloat(whole: string, fraction: string, exponent: number): number | undefined {
  if (whole.length + fraction.length === 0) return undefined;
  const digits = (whole + fraction).replace(/^0+/, '');
  if (digits === '') return 0;
  // 15 digits and a sticky one are more than a float's 53 bits.
  const kept = digits.slice(0, 30);
  return scale(Number(BigInt(`0x${kept}`)), exponent + (digits.length - kept.length) * 4 - fraction.length * 4);
}

export interface Numeral {
  readonly integer: boolean;
  readonly value: Int;
}

/** A numeral as the language reads it: decimal or hexadecimal, integer if it is one and fits. */
export function parseNumeral(source: string): Numeral | undefined {
  const text = trimSpace(source);
  const match = INTEGER_TEXT.exec(text);
  if (match !== null) {
    const negative = match[1] === '-';
    if (match[3] !== undefined) {
      const value = match[3].length <= 13 ? Number.parseInt(match[3], 16) : BigInt(`0x${match[3]}`);
      if (typeof value === 'number') return { integer: true, value: negative ? 0 - value : value };
      return { integer: true, value: fromBig(negative ? -value : value) };
    }
    const digits = match[2]!;
    if (digits.length <= 15) return { integer: true, value: negative ? 0 - Number(digits) : Number(digits) };
    const value = negative ? -BigInt(digits) : BigInt(digits);
    if (BigInt.asIntN(64, value) === value) return { integer: true, value: fromBig(value) };
    return { integer: false, value: Number(text) };
  }
  if (DECIMAL.test(text)) return { integer: false, value: Number(text) };
  const hex = HEXADECIMAL.exec(text);
  if (hex === null) return undefined;
  const value = hexFloat(hex[2]!, hex[3] ?? '', Number(hex[4] ?? 0));
  if (value === undefined) return undefined;
  return { integer: false, value: hex[1] === '-' ? -value : value };
}

/** `%.14g`: C's, with a trailing `.0` where the text would read as an integer. */
export function floatText(value: number): string {
  if (Number.isInteger(value) && value > -1e14 && value < 1e14) return Object.is(value, -0) ? '-0.0' : `${value}.0`;
  if (!Number.isFinite(value)) return Number.isNaN(value) ? nanText(value) : value > 0 ? 'inf' : '-inf';
  const shortest = String(value);
  // Up to 14 digits the shortest text that reads back is the one.
  if (
    shortest.length <= 15 &&
    value < 1e14 &&
    value > -1e14 &&
    !shortest.includes('e') &&
    (value >= 1e-4 || value <= -1e-4)
  )
    return shortest;
  const text = generalFormat(value, 14, false);
  return /^-?\d+$/.test(text) ? `${text}.0` : text;
}

/** x86 makes a negative NaN of 0/0, and C prints its sign. JavaScript's NaN has none that could be relied on: Lua's usual one is shown. */
export function nanText(_value: number): string {
  return '-nan';
}

/** What `%.99f` may ask for. */
const MOST_DIGITS = 100;

/** `%.nf` of a number that is not negative: exact, and ties go to the even digit as in C. */
export function fixedText(value: number, precision: number): string {
  if (value >= 1e21) {
    const whole = BigInt(value).toString();
    return precision === 0 ? whole : `${whole}.${'0'.repeat(precision)}`;
  }
  const text = value.toFixed(precision);
  return isTie(value, precision) ? roundToEven(text) : text;
}

/** Whether the value lies exactly between two texts of that precision; only then does JavaScript round otherwise than C. */
function isTie(value: number, precision: number): boolean {
  if (precision > 50) return false;
  const exact = value.toFixed(Math.min(precision + 50, MOST_DIGITS));
  const rest = exact.slice(exact.length - 50);
  return rest.startsWith('5') && /^50*$/.test(rest);
}

/** JavaScript took the larger of two equally near ones: if its last digit is odd, the smaller is even. */
function roundToEven(text: string): string {
  const last = text.charCodeAt(text.length - 1) - 48;
  if (last % 2 === 0) return text;
  return text.slice(0, -1) + String(last - 1);
}

/** `toExponential` with ties to the even digit. */
export function exponential(value: number, precision: number): string {
  const text = value.toExponential(precision);
  const exact = value.toExponential(Math.min(precision + 40, MOST_DIGITS));
  const [mantissa, power] = text.split('e') as [string, string];
  const digits = exact.slice(0, exact.indexOf('e'));
  const rest = digits.slice((precision === 0 ? 1 : 2 + precision) + (precision === 0 ? 1 : 0));
  if (!/^50*$/.test(rest)) return text;
  const last = mantissa.charCodeAt(mantissa.length - 1) - 48;
  return last % 2 === 0 ? text : `${mantissa.slice(0, -1)}${last - 1}e${power}`;
}

/** C's `%g` with a precision; `alternate` is its `#`. */
export function generalFormat(value: number, precision: number, alternate: boolean): string {
  if (precision === 0) precision = 1;
  if (value === 0) {
    const zero = Object.is(value, -0) ? '-0' : '0';
    return alternate ? `${zero}.${'0'.repeat(precision - 1)}` : zero;
  }
  const [mantissa, exponentText] = exponential(value, precision - 1).split('e') as [string, string];
  const exponent = Number(exponentText);
  if (exponent < -4 || exponent >= precision) {
    const digits = alternate ? mantissa : stripZeros(mantissa);
    return `${digits}e${exponent < 0 ? '-' : '+'}${Math.abs(exponent) < 10 ? '0' : ''}${Math.abs(exponent)}`;
  }
  const fixed = `${value < 0 ? '-' : ''}${fixedText(Math.abs(value), precision - 1 - exponent)}`;
  return alternate ? fixed : stripZeros(fixed);
}

function stripZeros(text: string): string {
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text;
}

/** A number's text; of an integer its digits. */
export function toText(slot: TValue): string {
  return slot.type === INTEGER ? String(slot.value as Int) : floatText(slot.value);
}

/** The number a value is or, as a string, stands for; undefined if none. */
export function toNumber(slot: TValue): Int | undefined {
  if (slot.type === INTEGER || slot.type === FLOAT) return slot.value;
  if (slot.type !== STRING) return undefined;
  return parseNumeral((slot.value as TString).js)?.value;
}

/** The integer a value is or can be converted to without loss. */
export function toInteger(slot: TValue): Int | undefined {
  if (slot.type === INTEGER) return slot.value;
  if (slot.type === FLOAT) return floatToInteger(slot.value);
  if (slot.type !== STRING) return undefined;
  const numeral = parseNumeral((slot.value as TString).js);
  if (numeral === undefined) return undefined;
  return numeral.integer ? numeral.value : floatToInteger(numeral.value as number);
}
