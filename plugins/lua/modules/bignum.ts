import { randomBytes } from 'node:crypto';
import type { HostFunction, LuaCall } from '../engine/engine.ts';
import { classOf, module } from './library.ts';

/** luaossl's integers of any size. */
export interface Bignum {
  readonly value: bigint;
}

export function bigintOf(bytes: Uint8Array): bigint {
  const hex = Buffer.from(bytes).toString('hex');
  return hex === '' ? 0n : BigInt(`0x${hex}`);
}
export function bytesOf(value: bigint): Buffer {
  const hex = (value < 0n ? -value : value).toString(16);
  return value === 0n ? Buffer.alloc(0) : Buffer.from(hex.padStart(hex.length + (hex.length % 2), '0'), 'hex');
}

/** A number, a numeral (decimal, or hexadecimal behind 0x), or a bignum. */
export function bignumAt(call: LuaCall, index: number): bigint {
  if (call.isObject(index, bignumClass(call.state))) return call.object(index, bignumClass(call.state)).value;
  if (call.kind(index) === 'number') return BigInt(call.integer(index));
  const text = call.string(index);
  const match = /^(-?)(0[xX][0-9a-fA-F]+|[0-9]+)$/.exec(text);
  if (match === null) return call.failArgument(index, 'invalid bignum string');
  return match[1] === '-' ? -BigInt(match[2]!) : BigInt(match[2]!);
}

export function pushBignum(call: LuaCall, value: bigint): number {
  call.pushObject(bignumClass(call.state), { value });
  return 1;
}

type Operation = (a: bigint, b: bigint) => bigint;
const binary =
  (operate: Operation): HostFunction =>
  (call) => {
    const right = bignumAt(call, 2);
    return pushBignum(call, operate(bignumAt(call, 1), right));
  };
const divided =
  (operate: Operation): HostFunction =>
  (call) => {
    if (bignumAt(call, 2) === 0n) call.fail('div by zero');
    return binary(operate)(call);
  };
const compared =
  (compare: (a: bigint, b: bigint) => boolean): HostFunction =>
  (call) => {
    call.pushBoolean(compare(bignumAt(call, 1), bignumAt(call, 2)));
    return 1;
  };
const euclidean: Operation = (a, b) => ((a % b) + (b < 0n ? -b : b)) % (b < 0n ? -b : b);

function power(base: bigint, exponent: bigint, modulus: bigint): bigint {
  let result = 1n % modulus;
  for (
    let left = exponent, square = euclidean(base, modulus);
    left > 0n;
    left >>= 1n, square = (square * square) % modulus
  ) {
    if (left & 1n) result = (result * square) % modulus;
  }
  return result;
}

function divisor(a: bigint, b: bigint): bigint {
  let [x, y] = [a < 0n ? -a : a, b < 0n ? -b : b];
  while (y !== 0n) [x, y] = [y, x % y];
  return x;
}

/** Miller and Rabin's test, with as many random witnesses as are usual. */
function isPrime(value: bigint): boolean {
  if (value < 4n) return value > 1n;
  if (value % 2n === 0n) return false;
  let odd = value - 1n;
  let halvings = 0;
  while (odd % 2n === 0n) [odd, halvings] = [odd / 2n, halvings + 1];
  for (let round = 0; round < 20; round++) {
    const witness = 2n + (bigintOf(randomBytes(bytesOf(value).length)) % (value - 3n));
    let x = power(witness, odd, value);
    if (x === 1n || x === value - 1n) continue;
    for (let step = 1; step < halvings && x !== value - 1n; step++) x = (x * x) % value;
    if (x !== value - 1n) return false;
  }
  return true;
}

/** Powers of ours are bounded: a script must not be able to stall the process with one. */
const LARGEST = 16_384n;
const raised: Operation = (a, b) => {
  if (b < 0n || b * BigInt(a.toString(2).length) > LARGEST) throw new RangeError('bignum out of range');
  return a ** b;
};

export const bignumClass: ReturnType<typeof classOf<Bignum>> = classOf({
  name: 'BIGNUM*',
  methods: {
    add: binary((a, b) => a + b),
    sub: binary((a, b) => a - b),
    mul: binary((a, b) => a * b),
    idiv: divided((a, b) => a / b),
    mod: divided((a, b) => a % b),
    nnmod: divided(euclidean),
    sqr: (call) => pushBignum(call, bignumAt(call, 1) ** 2n),
    exp: binary(raised),
    gcd: binary(divisor),
    mod_exp: (call) => {
      const modulus = bignumAt(call, 3);
      if (modulus < 1n || bignumAt(call, 2) < 0n) call.fail('bignum out of range');
      return pushBignum(call, power(bignumAt(call, 1), bignumAt(call, 2), modulus));
    },
    isPrime: (call) => {
      call.pushBoolean(isPrime(bignumAt(call, 1)));
      return 1;
    },
    toBinary: (call) => {
      call.pushBytes(bytesOf(bignumAt(call, 1)));
      return 1;
    },
    toDecimal: (call) => {
      call.pushString(bignumAt(call, 1).toString());
      return 1;
    },
    toHex: (call) => {
      call.pushString(bytesOf(bignumAt(call, 1)).toString('hex').toUpperCase());
      return 1;
    },
  },
  meta: {
    __tostring: (call) => {
      call.pushString(bignumAt(call, 1).toString());
      return 1;
    },
    __add: binary((a, b) => a + b),
    __sub: binary((a, b) => a - b),
    __mul: binary((a, b) => a * b),
    __div: divided((a, b) => a / b),
    __idiv: divided((a, b) => a / b),
    __mod: divided((a, b) => a % b),
    __pow: binary(raised),
    __unm: (call) => pushBignum(call, -bignumAt(call, 1)),
    __eq: compared((a, b) => a === b),
    __lt: compared((a, b) => a < b),
    __le: compared((a, b) => a <= b),
  },
});

/** `openssl.bignum`, of luaossl. */
export const bignum: HostFunction = module({
  new: (call) => pushBignum(call, call.count === 0 ? 0n : bignumAt(call, 1)),
  fromBinary: (call) => pushBignum(call, bigintOf(call.bytes(1))),
});
