/**
 * 64-bit integers (manual 3.4.1: they wrap around). Kept as numbers while they are safe; only beyond do they cost a bigint, so the
 * common case is one addition and one comparison, which the machine has inline.
 */
import { fromBig } from './numbers.ts';
import type { Int } from './values.ts';

const MAX = Number.MAX_SAFE_INTEGER;
const WORD = 2 ** 32;

export function add(left: Int, right: Int): Int {
  if (typeof left === 'number' && typeof right === 'number') {
    const sum = left + right;
    if (sum <= MAX && sum >= -MAX) return sum;
  }
  return fromBig(BigInt(left) + BigInt(right));
}

export function subtract(left: Int, right: Int): Int {
  if (typeof left === 'number' && typeof right === 'number') {
    const difference = left - right;
    if (difference <= MAX && difference >= -MAX) return difference;
  }
  return fromBig(BigInt(left) - BigInt(right));
}

export function multiply(left: Int, right: Int): Int {
  if (typeof left === 'number' && typeof right === 'number') {
    const product = left * right;
    // Adding 0 makes 0 of -0, which is no integer of Lua.
    if (product <= MAX && product >= -MAX) return product + 0;
  }
  return fromBig(BigInt(left) * BigInt(right));
}

/** Rounds down; the divisor is not 0. */
export function divide(left: Int, right: Int): Int {
  if (typeof left === 'number' && typeof right === 'number') {
    // The quotient of two safe integers can be rounded up to an integer by the division itself; the remainder is exact.
    const remainder = left % right;
    const quotient = (left - remainder) / right;
    return (remainder !== 0 && remainder < 0 !== right < 0 ? quotient - 1 : quotient) + 0;
  }
  const a = BigInt(left);
  const b = BigInt(right);
  const quotient = a / b;
  return fromBig(a % b !== 0n && a < 0n !== b < 0n ? quotient - 1n : quotient);
}

/** The remainder has the divisor's sign; the divisor is not 0. */
export function modulo(left: Int, right: Int): Int {
  if (typeof left === 'number' && typeof right === 'number') {
    const remainder = left % right;
    return (remainder !== 0 && remainder < 0 !== right < 0 ? remainder + right : remainder) + 0;
  }
  const b = BigInt(right);
  const remainder = BigInt(left) % b;
  return fromBig(remainder !== 0n && remainder < 0n !== b < 0n ? remainder + b : remainder);
}

export function negate(value: Int): Int {
  return typeof value === 'number' ? 0 - value : fromBig(-value);
}

/** Two halves of 22 and 32 bits back together. */
function join(high: number, low: number): Int {
  const value = high * WORD + low;
  return value >= -MAX ? value : BigInt(value);
}

export function and(left: Int, right: Int): Int {
  if (typeof left !== 'number' || typeof right !== 'number') return fromBig(BigInt(left) & BigInt(right));
  if ((left | 0) === left && (right | 0) === right) return left & right;
  const leftHigh = Math.floor(left / WORD);
  const rightHigh = Math.floor(right / WORD);
  return join(leftHigh & rightHigh, ((left - leftHigh * WORD) & (right - rightHigh * WORD)) >>> 0);
}

export function or(left: Int, right: Int): Int {
  if (typeof left !== 'number' || typeof right !== 'number') return fromBig(BigInt(left) | BigInt(right));
  if ((left | 0) === left && (right | 0) === right) return left | right;
  const leftHigh = Math.floor(left / WORD);
  const rightHigh = Math.floor(right / WORD);
  return join(leftHigh | rightHigh, ((left - leftHigh * WORD) | (right - rightHigh * WORD)) >>> 0);
}

export function xor(left: Int, right: Int): Int {
  if (typeof left !== 'number' || typeof right !== 'number') return fromBig(BigInt(left) ^ BigInt(right));
  if ((left | 0) === left && (right | 0) === right) return left ^ right;
  const leftHigh = Math.floor(left / WORD);
  const rightHigh = Math.floor(right / WORD);
  return join(leftHigh ^ rightHigh, ((left - leftHigh * WORD) ^ (right - rightHigh * WORD)) >>> 0);
}

export function not(value: Int): Int {
  return typeof value === 'number' && value < MAX ? -1 - value : fromBig(~BigInt(value));
}

/** Logical shifts: a negative count shifts the other way, 64 and more leave nothing. */
export function shiftLeft(value: Int, count: Int): Int {
  if (count <= -64 || count >= 64) return 0;
  const places = Number(count);
  if (places < 0) return right64(value, -places);
  if (typeof value === 'number') {
    const shifted = value * 2 ** places;
    if (shifted <= MAX && shifted >= -MAX) return shifted;
  }
  return fromBig(BigInt(value) << BigInt(places));
}

export function shiftRight(value: Int, count: Int): Int {
  if (count <= -64 || count >= 64) return 0;
  const places = Number(count);
  return places < 0 ? shiftLeft(value, -places) : right64(value, places);
}

function right64(value: Int, places: number): Int {
  if (typeof value === 'number' && value >= 0) return Math.floor(value / 2 ** places);
  return fromBig(BigInt.asUintN(64, BigInt(value)) >> BigInt(places));
}

/** C's `a - floor(a/b)*b` as Lua 5.3 computes it for floats. */
export function floatModulo(left: number, right: number): number {
  const remainder = left % right;
  return remainder * right < 0 ? remainder + right : remainder;
}
