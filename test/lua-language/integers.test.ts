/** Integer arithmetic is that of 64 bits with wrap-around, whichever of numbers and bigints carries it. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as integers from '../../plugins/lua/engine/integers.ts';
import { floatToInteger, fromBig, parseNumeral } from '../../plugins/lua/engine/numbers.ts';

type Int = number | bigint;

const edges = [
  0n,
  1n,
  -1n,
  2n ** 31n,
  -(2n ** 31n),
  2n ** 32n,
  2n ** 53n - 1n,
  2n ** 53n,
  1n - 2n ** 53n,
  -(2n ** 53n),
  2n ** 63n - 1n,
  -(2n ** 63n),
];
const integer = fc
  .oneof(
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
    fc.bigInt({ min: -1000n, max: 1000n }),
    fc.maxSafeInteger().map(BigInt),
    fc.constantFrom(...edges),
  )
  .map((value) => ({ big: value, int: fromBig(value) }));

/** The one form each integer has: a number if it is safe, a bigint if not, and never -0. */
function expectCanonical(actual: Int, expected: bigint): void {
  expect(BigInt(actual)).toBe(BigInt.asIntN(64, expected));
  expect(typeof actual).toBe(Number.isSafeInteger(Number(actual)) ? 'number' : 'bigint');
  expect(Object.is(actual, -0)).toBe(false);
}

function floorDivide(a: bigint, b: bigint): bigint {
  const quotient = a / b;
  return a % b !== 0n && a < 0n !== b < 0n ? quotient - 1n : quotient;
}

function shift(value: bigint, places: bigint): bigint {
  const bits = BigInt.asUintN(64, value);
  if (places <= -64n || places >= 64n) return 0n;
  return places >= 0n ? bits << places : bits >> -places;
}

const operations: Record<string, [(a: Int, b: Int) => Int, (a: bigint, b: bigint) => bigint]> = {
  add: [integers.add, (a, b) => a + b],
  subtract: [integers.subtract, (a, b) => a - b],
  multiply: [integers.multiply, (a, b) => a * b],
  and: [integers.and, (a, b) => a & b],
  or: [integers.or, (a, b) => a | b],
  xor: [integers.xor, (a, b) => a ^ b],
  negate: [(a) => integers.negate(a), (a) => -a],
  not: [(a) => integers.not(a), (a) => ~a],
};

describe('integers', () => {
  it.each(Object.entries(operations))('%s as BigInt.asIntN(64, …) has it', (_name, [own, reference]) => {
    fc.assert(
      fc.property(integer, integer, (a, b) => expectCanonical(own(a.int, b.int), reference(a.big, b.big))),
      { numRuns: 2000 },
    );
  });

  it('divides rounding down, with the remainder that goes with it', () => {
    fc.assert(
      fc.property(integer, integer, (a, b) => {
        fc.pre(b.big !== 0n);
        const quotient = floorDivide(a.big, b.big);
        expectCanonical(integers.divide(a.int, b.int), quotient);
        expectCanonical(integers.modulo(a.int, b.int), a.big - quotient * b.big);
      }),
      { numRuns: 3000 },
    );
  });

  it('shifts logically, in both directions', () => {
    fc.assert(
      fc.property(integer, fc.integer({ min: -70, max: 70 }), (a, places) => {
        expectCanonical(integers.shiftLeft(a.int, places), shift(a.big, BigInt(places)));
        expectCanonical(integers.shiftRight(a.int, places), shift(a.big, BigInt(-places)));
      }),
      { numRuns: 3000 },
    );
  });

  it('reads back what it prints, in both bases', () => {
    fc.assert(
      fc.property(integer, ({ big }) => {
        const decimal = parseNumeral(String(big))!;
        expect(decimal.integer).toBe(true);
        expectCanonical(decimal.value, big);
        expectCanonical(parseNumeral(`0x${BigInt.asUintN(64, big).toString(16)}`)!.value, big);
      }),
    );
  });

  it('takes a float for an integer only if it is one and fits', () => {
    fc.assert(
      fc.property(fc.double(), (value) => {
        const found = floatToInteger(value);
        const fits = Number.isInteger(value) && value >= -(2 ** 63) && value < 2 ** 63;
        expect(found !== undefined).toBe(fits);
        if (found !== undefined) expectCanonical(found, BigInt(value));
      }),
    );
  });
});
