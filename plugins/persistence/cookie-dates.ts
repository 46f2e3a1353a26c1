/** The dates in cookies with `maxidle` or `maxlife`: units of four seconds since 1970 as five digits of base64, the greatest first. */
const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const LENGTH = 5;

/** `seconds` since 1970. */
export function encodeDate(seconds: number): string {
  let units = Math.floor(seconds / 4);
  let text = '';
  for (let i = 0; i < LENGTH; i++) {
    text = DIGITS[units % 64]! + text;
    units = Math.floor(units / 64);
  }
  return text;
}

/** Seconds since 1970; undefined for what is no date. */
export function decodeDate(text: string): number | undefined {
  if (text.length < LENGTH) return undefined;
  let units = 0;
  for (let i = 0; i < LENGTH; i++) {
    const digit = DIGITS.indexOf(text[i]!);
    if (digit < 0) return undefined;
    units = units * 64 + digit;
  }
  return units * 4;
}

/** What stands behind the server's name: when the client came last, and first. */
export interface CookieDates {
  readonly last: number | undefined;
  readonly first: number | undefined;
}

/** `value` as `name`, `name|last` or `name|last|first`. */
export function splitValue(value: string): { readonly name: string; readonly dates: CookieDates } {
  const [name, last, first] = value.split('|', 3);
  return {
    name: name!,
    dates: {
      last: last === undefined ? undefined : decodeDate(last),
      first: first === undefined ? undefined : decodeDate(first),
    },
  };
}
