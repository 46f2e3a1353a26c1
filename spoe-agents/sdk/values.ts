import type { DataType } from './protocol.ts';
import type { Ip } from './ip.ts';

/**
 * A value of SPOP in JavaScript. Integers of all widths are numbers while that is exact (|n| < 2^53) and bigints beyond;
 * which width it was, the reader says beside (`SpopReader.type`, `Args.type`). STR is a string, BIN a Buffer.
 */
export type SpopValue = null | boolean | number | bigint | string | Buffer | Ip;

/** An integer that is to leave with a certain width; a plain number or bigint leaves as INT64, as HAProxy itself sends integers. */
export interface SizedInteger {
  readonly type: Extract<DataType, 'int32' | 'uint32' | 'int64' | 'uint64'>;
  readonly value: number | bigint;
}

/** STR given as bytes, for text that is neither UTF-8 nor latin1 or whose coding is not known. */
export interface StringBytes {
  readonly type: 'string';
  readonly value: Uint8Array;
}

/** What can be sent as a value. `undefined` is NULL, as `null` is. */
export type SpopInput =
  | null
  | undefined
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | Ip
  | SizedInteger
  | StringBytes;

const LIMITS = {
  int32: [-(2n ** 31n), 2n ** 31n - 1n],
  uint32: [0n, 2n ** 32n - 1n],
  int64: [-(2n ** 63n), 2n ** 63n - 1n],
  uint64: [0n, 2n ** 64n - 1n],
} as const;

function sized(type: SizedInteger['type'], value: number | bigint): SizedInteger {
  const [least, most] = LIMITS[type];
  if (typeof value === 'number' && !Number.isSafeInteger(value))
    throw new RangeError(`${value} is not an integer that a number holds exactly`);
  if (BigInt(value) < least || BigInt(value) > most) throw new RangeError(`${value} does not fit ${type}`);
  return { type, value };
}

/** @throws RangeError when it does not fit; so do the three below. */
export const int32 = (value: number): SizedInteger => sized('int32', value);
export const uint32 = (value: number): SizedInteger => sized('uint32', value);
export const int64 = (value: number | bigint): SizedInteger => sized('int64', value);
export const uint64 = (value: number | bigint): SizedInteger => sized('uint64', value);
/** Bytes to be sent as STR; a Buffer as such is sent as BIN. */
export const stringBytes = (value: Uint8Array): StringBytes => ({ type: 'string', value });
