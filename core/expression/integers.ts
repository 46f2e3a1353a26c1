/**
 * 64-bit signed integers as samples hold them: a number while it is a safe integer, a bigint beyond.
 * Every operation wraps or saturates as HAProxy's do; configuration.txt 7.3.1 (`add`, `mul` …).
 */
export type Integer = number | bigint;

export const INT64_MAX = 9223372036854775807n;
export const INT64_MIN: bigint = -INT64_MAX - 1n;

/** The shortest form of a 64-bit value; what exceeds 64 bits wraps. */
export function wrap(value: bigint): Integer {
  const wrapped = BigInt.asIntN(64, value);
  return wrapped >= -9007199254740991n && wrapped <= 9007199254740991n ? Number(wrapped) : wrapped;
}

/** The same, but what exceeds 64 bits sticks to the nearest end. */
export function saturate(value: bigint): Integer {
  if (value > INT64_MAX) return INT64_MAX;
  if (value < INT64_MIN) return INT64_MIN;
  return wrap(value);
}

/**
 * Reads a decimal integer as HAProxy's casts do: an optional sign and digits, the rest ignored; no digit gives 0.
 * Undefined for the empty string, which has no value at all.
 */
export function parseLeadingInteger(text: string): Integer | undefined {
  const length = text.length;
  if (length === 0) return undefined;
  let at = 0;
  const negative = text.charCodeAt(0) === 45;
  if (negative || text.charCodeAt(0) === 43) at = 1;
  const start = at;
  let value = 0;
  for (; at < length; at++) {
    const digit = text.charCodeAt(at) - 48;
    if (digit < 0 || digit > 9) break;
    value = value * 10 + digit;
  }
  if (at === start) return 0;
  if (value <= Number.MAX_SAFE_INTEGER) return negative && value !== 0 ? -value : value;
  const exact = BigInt(text.slice(start, at));
  return saturate(negative ? -exact : exact);
}

/** Reads a whole decimal integer, with an optional sign; undefined when anything else is in the text. */
export function parseWholeInteger(text: string): Integer | undefined {
  return /^[+-]?[0-9]+$/.test(text) ? parseLeadingInteger(text) : undefined;
}

/** The eight bytes of the value, most significant first: what a `sint` is when cast to `bin`. */
export function integerBytes(value: Integer): Buffer {
  const bytes = Buffer.allocUnsafe(8);
  bytes.writeBigInt64BE(BigInt.asIntN(64, BigInt(value)));
  return bytes;
}
