/** The greatest time HAProxy's timers hold, in milliseconds: about 24.8 days. */
export const MAX_TIME = 2_147_483_647;
/** The greatest size that is accepted, in bytes: the safe integers. */
const MAX_SIZE = Number.MAX_SAFE_INTEGER;

const TIME_UNITS: Readonly<Record<string, number>> = {
  us: 0.001,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};
const SIZE_UNITS: Readonly<Record<string, number>> = { k: 1024, m: 1024 ** 2, g: 1024 ** 3 };

/** What a number could not be read for. */
export type NumberProblem =
  | { readonly kind: 'character'; readonly character: string }
  | { readonly kind: 'overflow' }
  | { readonly kind: 'empty' };

type Parsed = { readonly value: number } | { readonly problem: NumberProblem };

/** The leading digits and what is left behind them. */
function split(text: string): { digits: string; rest: string } | { problem: NumberProblem } {
  const digits = /^\d*/.exec(text)![0];
  if (digits !== '') return { digits, rest: text.slice(digits.length) };
  return { problem: text === '' ? { kind: 'empty' } : { kind: 'character', character: text[0]! } };
}

/** A duration of configuration.txt 2.5 in milliseconds; microseconds are rounded up, so that a time is never lost. */
export function parseTime(text: string, unit: 'us' | 'ms' | 's' = 'ms'): Parsed {
  const parts = split(text);
  if ('problem' in parts) return parts;
  const name = parts.rest === '' ? unit : parts.rest;
  const factor = Object.hasOwn(TIME_UNITS, name) ? TIME_UNITS[name]! : undefined;
  if (factor === undefined) return { problem: { kind: 'character', character: culprit(parts.rest, TIME_UNITS) } };
  const value = name === 'us' ? Math.ceil(Number(parts.digits) / 1000) : Number(parts.digits) * factor;
  return value > MAX_TIME ? { problem: { kind: 'overflow' } } : { value };
}

/** A size of configuration.txt 2.6 in bytes. */
export function parseSize(text: string): Parsed {
  const parts = split(text);
  if ('problem' in parts) return parts;
  const name = parts.rest.toLowerCase();
  const factor = name === '' ? 1 : Object.hasOwn(SIZE_UNITS, name) ? SIZE_UNITS[name]! : undefined;
  if (factor === undefined) return { problem: { kind: 'character', character: culprit(name, SIZE_UNITS) } };
  const value = Number(parts.digits) * factor;
  return value > MAX_SIZE ? { problem: { kind: 'overflow' } } : { value };
}

/** A decimal integer with an optional sign. */
export function parseInteger(text: string): Parsed {
  const sign = text.startsWith('-') || text.startsWith('+') ? text[0]! : '';
  const parts = split(text.slice(sign.length));
  if ('problem' in parts) return parts;
  if (parts.rest !== '') return { problem: { kind: 'character', character: parts.rest[0]! } };
  const value = Number(parts.digits) * (sign === '-' ? -1 : 1);
  return Number.isSafeInteger(value) ? { value } : { problem: { kind: 'overflow' } };
}

/** The first character that no unit explains. */
function culprit(rest: string, units: Readonly<Record<string, number>>): string {
  for (const unit of Object.keys(units)) {
    if (rest.startsWith(unit) && rest.length > unit.length && !Object.hasOwn(units, rest.slice(0, unit.length + 1)))
      return rest[unit.length]!;
  }
  return rest[0]!;
}
