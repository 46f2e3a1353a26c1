/** `string.format` (manual 6.4), which is C's printf for one argument at a time. */
import type { Call } from '../call.ts';
import { tick } from '../limits.ts';
import { machine } from '../machine.ts';
import { exponential, fixedText, generalFormat } from '../numbers.ts';
import { checkLength } from '../operations.ts';
import { BOOLEAN, FLOAT, INTEGER, NIL, STRING } from '../values.ts';
import type { Int } from '../values.ts';

interface Conversion {
  /** The text before it. */
  readonly before: string;
  /** Empty at the end of the format. */
  readonly letter: string;
  readonly left: boolean;
  readonly plus: boolean;
  readonly space: boolean;
  readonly alternate: boolean;
  readonly zero: boolean;
  readonly width: number;
  /** -1 where there is none. */
  readonly precision: number;
  /** What is wrong with it: raised when its turn comes. */
  readonly error: string;
  readonly plain: boolean;
}

const CONVERSION = /%([-+ #0]*)(\d*)(?:(\.)(\d*))?([^]?)/y;
const LETTERS = 'cdiouaAeEfgGpqsxX';

function conversion(before: string, match: RegExpExecArray): Conversion {
  const [, flags = '', width = '', dot, precision = '', letter = ''] = match;
  let error = '';
  if (flags.length > 5) error = 'invalid format (repeated flags)';
  else if (width.length > 2 || precision.length > 2) error = 'invalid format (width or precision too long)';
  else if (letter === '' || !LETTERS.includes(letter) || letter === 'p' || letter === 'u')
    error = `invalid option '%${letter}' to 'format'`;
  return {
    before,
    letter,
    left: flags.includes('-'),
    plus: flags.includes('+'),
    space: flags.includes(' '),
    alternate: flags.includes('#'),
    zero: flags.includes('0'),
    width: Number(width),
    precision: dot === undefined ? -1 : Number(precision),
    error,
    plain: flags === '' && width === '' && dot === undefined,
  };
}

const known = new Map<string, Conversion[]>();

function parse(text: string): Conversion[] {
  let parsed = known.get(text);
  if (parsed !== undefined) return parsed;
  parsed = [];
  let before = '';
  for (let at = 0; ;) {
    const percent = text.indexOf('%', at);
    if (percent < 0) {
      const rest = conversion(before + text.slice(at), ['', '', '', undefined, '', ''] as never);
      parsed.push({ ...rest, letter: '', error: '' });
      break;
    }
    before += text.slice(at, percent);
    if (text[percent + 1] === '%') {
      before += '%';
      at = percent + 2;
      continue;
    }
    CONVERSION.lastIndex = percent;
    const match = CONVERSION.exec(text)!;
    parsed.push(conversion(before, match));
    before = '';
    at = percent + match[0].length;
  }
  if (known.size >= 500) known.clear();
  known.set(text, parsed);
  return parsed;
}

/** Sign, zeros up to the precision or width, blanks up to the width. */
function padNumber(spec: Conversion, negative: boolean, prefix: string, digits: string, zeros: boolean): string {
  const sign = negative ? '-' : spec.plus ? '+' : spec.space ? ' ' : '';
  const head = sign + prefix;
  if (zeros && spec.zero && !spec.left) digits = digits.padStart(spec.width - head.length, '0');
  const text = head + digits;
  return spec.left ? text.padEnd(spec.width) : text.padStart(spec.width);
}

function integerText(spec: Conversion, value: Int): string {
  const letter = spec.letter;
  const signed = letter === 'd' || letter === 'i';
  const negative = signed && value < 0;
  const radix = letter === 'o' ? 8 : letter === 'x' || letter === 'X' ? 16 : 10;
  let digits: string;
  if (signed) digits = String(value).replace('-', '');
  else digits = (value < 0 ? BigInt.asUintN(64, BigInt(value)) : value).toString(radix);
  if (letter === 'X') digits = digits.toUpperCase();
  if (spec.precision >= 0) digits = spec.precision === 0 && value === 0 ? '' : digits.padStart(spec.precision, '0');
  let prefix = '';
  if (spec.alternate) {
    if (radix === 16 && value !== 0) prefix = `0${letter}`;
    else if (radix === 8 && !digits.startsWith('0')) digits = `0${digits}`;
  }
  return padNumber(
    { ...spec, plus: spec.plus && signed, space: spec.space && signed },
    negative,
    prefix,
    digits,
    spec.precision < 0,
  );
}

function exponentText(value: number, precision: number, upper: boolean, alternate: boolean): string {
  const [mantissa, exponent] = exponential(value, precision).split('e') as [string, string];
  const power = Number(exponent);
  const text = `${mantissa}${alternate && precision === 0 ? '.' : ''}e${power < 0 ? '-' : '+'}${String(Math.abs(power)).padStart(2, '0')}`;
  return upper ? text.toUpperCase() : text;
}

const scratch = new DataView(new ArrayBuffer(8));

/** `%a`: the bits of the number. */
function hexFloatText(value: number, precision: number, upper: boolean): string {
  scratch.setFloat64(0, value);
  const bits = scratch.getBigUint64(0) & 0x7fff_ffff_ffff_ffffn;
  let exponent = Number(bits >> 52n) - 1023;
  let fraction = bits & 0xf_ffff_ffff_ffffn;
  let lead = 1n;
  if (exponent === -1023) {
    if (fraction === 0n) exponent = 0;
    else exponent = -1022;
    lead = 0n;
  }
  let digits: string;
  if (precision >= 0 && precision < 13) {
    const drop = BigInt((13 - precision) * 4);
    const half = 1n << (drop - 1n);
    let kept = ((lead << 52n) | fraction) >> drop;
    const rest = ((lead << 52n) | fraction) & ((1n << drop) - 1n);
    if (rest > half || (rest === half && (kept & 1n) === 1n)) kept++;
    lead = kept >> BigInt(precision * 4);
    fraction = kept & ((1n << BigInt(precision * 4)) - 1n);
    digits = precision === 0 ? '' : fraction.toString(16).padStart(precision, '0');
  } else {
    digits = fraction.toString(16).padStart(13, '0');
    digits = precision < 0 ? digits.replace(/0+$/, '') : digits.padEnd(precision, '0');
  }
  const text = `0x${lead}${digits === '' ? '' : '.'}${digits}p${exponent < 0 ? '-' : '+'}${Math.abs(exponent)}`;
  return upper ? text.toUpperCase() : text;
}

function floatText(spec: Conversion, value: number): string {
  const upper = spec.letter === spec.letter.toUpperCase();
  const negative = value < 0 || Object.is(value, -0) || Number.isNaN(value);
  if (!Number.isFinite(value)) {
    const text = Number.isNaN(value) ? 'nan' : 'inf';
    return padNumber(spec, negative, '', upper ? text.toUpperCase() : text, false);
  }
  const magnitude = Math.abs(value);
  const precision = spec.precision < 0 ? 6 : spec.precision;
  let digits: string;
  switch (spec.letter) {
    case 'f':
      digits = fixedText(magnitude, precision) + (spec.alternate && precision === 0 ? '.' : '');
      break;
    case 'e':
    case 'E':
      digits = exponentText(magnitude, precision, upper, spec.alternate);
      break;
    case 'a':
    case 'A':
      digits = hexFloatText(magnitude, spec.precision, upper);
      return padNumber(spec, negative, digits.slice(0, 2), digits.slice(2), true);
    default:
      digits = generalFormat(magnitude, precision, spec.alternate);
      if (upper) digits = digits.toUpperCase();
  }
  return padNumber(spec, negative, '', digits, true);
}

/** `%q`: a literal that reads back as the value. */
function quoted(call: Call, index: number): string {
  const slot = call.slot(index);
  switch (slot.type) {
    case STRING:
      return `"${(slot.value.js as string).replace(/["\\\0-\x1f\x7f]/g, quoteCharacter)}"`;
    case INTEGER:
      return slot.value === -(2n ** 63n) ? '0x8000000000000000' : String(slot.value);
    case FLOAT: {
      const value: number = slot.value;
      if (value === Infinity) return '1e9999';
      if (value === -Infinity) return '-1e9999';
      if (Number.isNaN(value)) return '(0/0)';
      return hexFloatSign(value);
    }
    case NIL:
      return 'nil';
    case BOOLEAN:
      return String(slot.value);
    default:
      return call.failArgument(index, 'value has no literal form');
  }
}

function hexFloatSign(value: number): string {
  return (value < 0 || Object.is(value, -0) ? '-' : '') + hexFloatText(Math.abs(value), -1, false);
}

function quoteCharacter(char: string, at: number, whole: string): string {
  if (char === '"' || char === '\\') return `\\${char}`;
  if (char === '\n') return '\\\n';
  const next = whole[at + 1] ?? '';
  const code = String(char.charCodeAt(0));
  return `\\${next >= '0' && next <= '9' ? code.padStart(3, '0') : code}`;
}

function convert(call: Call, spec: Conversion, index: number): string {
  switch (spec.letter) {
    case 'd':
    case 'i': {
      const value = call.integer(index);
      return spec.plain ? String(value) : integerText(spec, value);
    }
    case 'o':
    case 'x':
    case 'X':
      return integerText(spec, call.integer(index));
    case 'c':
      return pad(spec, String.fromCharCode(Number(BigInt.asUintN(8, BigInt(call.integer(index))))));
    case 'q':
      return quoted(call, index);
    case 's': {
      const text = call.text(index);
      if (spec.plain) return text;
      if (text.includes('\0')) call.failArgument(index, 'string contains zeros');
      return pad(spec, spec.precision >= 0 ? text.slice(0, spec.precision) : text);
    }
    default:
      return floatText(spec, call.number(index));
  }
}

function pad(spec: Conversion, text: string): string {
  return spec.left ? text.padEnd(spec.width) : text.padStart(spec.width);
}

export function format(call: Call): number {
  const specs = parse(call.string(1));
  const given = call.count;
  let text = '';
  let index = 1;
  for (const spec of specs) {
    text += spec.before;
    if (spec.letter === '' && spec.error === '') break;
    if (++index > given) call.failArgument(index, 'no value');
    if (spec.error !== '') call.fail(spec.error);
    text += convert(call, spec, index);
    if (text.length > machine.maxString) checkLength(call.L, text.length);
  }
  if (specs.length > 16) tick(call.L, specs.length);
  call.pushString(text);
  return 1;
}
