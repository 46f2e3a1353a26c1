import { Ip } from './ip.ts';
import type { SpopInput } from './values.ts';

/**
 * How many bytes `SpopWriter.value` makes of a value in UTF-8, with the type's own.
 * @throws what writing it would throw.
 */
export function encodedSize(value: SpopInput): number {
  switch (typeof value) {
    case 'string':
      return lengthed(Buffer.byteLength(value));
    case 'number':
      if (!Number.isSafeInteger(value)) throw new RangeError(`${value} is not an integer that a number holds exactly`);
      return 1 + varintSize(value);
    case 'bigint':
      if (value < -(2n ** 63n) || value >= 2n ** 64n) throw new RangeError(`${value} does not fit 64 bits`);
      return 11;
    case 'boolean':
    case 'undefined':
      return 1;
    default:
      if (value === null) return 1;
      if (value instanceof Ip) return 1 + value.bytes.length;
      if (value instanceof Uint8Array) return lengthed(value.length);
      if (value?.type === 'string') return lengthed(value.value.length);
      if (value?.value !== undefined && typeof value.value !== 'object') return encodedSize(value.value);
      throw new TypeError('a value of SPOP is null, boolean, integer, string, Buffer or Ip');
  }
}

function lengthed(length: number): number {
  return 1 + varintSize(length) + length;
}

/** Bytes of a varint, at most: negative numbers and those above 2^32 are taken for the longest. */
export function varintSize(value: number): number {
  if (value < 0 || value >= 4_328_786_160) return 10;
  if (value < 240) return 1;
  if (value < 2288) return 2;
  if (value < 264_432) return 3;
  return value < 33_818_864 ? 4 : 5;
}
