/** The math library (manual 6.7): integers stay integers where the manual says so. */
import type { Call } from '../call.ts';
import type { HostFunction } from '../engine.ts';
import { modulo, negate } from '../integers.ts';
import { floatToInteger, toInteger } from '../numbers.ts';
import type { Int } from '../values.ts';

/** xoshiro256**, as Lua 5.4 has it: Lua 5.3 takes C's `rand`, whose numbers nobody can rely on. */
export class Random {
  #state: [bigint, bigint, bigint, bigint] = [0n, 0n, 0n, 0n];

  constructor() {
    this.seed(BigInt(Date.now()), process.hrtime.bigint());
  }

  seed(first: bigint, second: bigint): void {
    this.#state = [BigInt.asUintN(64, first), 0xffn, BigInt.asUintN(64, second), 0n];
    for (let at = 0; at < 16; at++) this.next();
  }

  next(): bigint {
    let [a, b, c, d] = this.#state;
    const scrambled = BigInt.asUintN(64, b * 5n);
    const result = BigInt.asUintN(64, ((scrambled << 7n) | (scrambled >> 57n)) * 9n);
    c ^= a;
    d ^= b;
    const t = BigInt.asUintN(64, b << 17n);
    b ^= c;
    a ^= d;
    c ^= t;
    d = BigInt.asUintN(64, (d << 45n) | (d >> 19n));
    this.#state = [a, b, c, d];
    return result;
  }

  /** 0 to 1 without 1. */
  float(): number {
    return Number(this.next() >> 11n) * 2 ** -53;
  }

  between(low: Int, high: Int): bigint {
    const range = BigInt(high) - BigInt(low) + 1n;
    if (range === 1n << 64n) return BigInt.asIntN(64, this.next());
    // The remainder of 64 bits is uneven by less than anybody can see while the range is small; beyond, what is too high is thrown again.
    const top = ((1n << 64n) / range) * range;
    let value = this.next();
    while (value >= top) value = this.next();
    return BigInt(low) + (value % range);
  }
}

function pushRounded(call: Call, rounded: number): number {
  const integer = floatToInteger(rounded);
  if (integer === undefined) call.pushFloat(rounded);
  else call.pushInteger(integer);
  return 1;
}

function rounder(round: (value: number) => number): HostFunction {
  return (given) => {
    const call = given as Call;
    if (call.isInteger(1)) {
      call.pushCopy(1);
      return 1;
    }
    return pushRounded(call, round(call.number(1)));
  };
}

function plain(compute: (value: number) => number): HostFunction {
  return (call) => {
    call.pushFloat(compute(call.number(1)));
    return 1;
  };
}

function logarithm(value: number, base: number | undefined): number {
  if (base === undefined) return Math.log(value);
  if (base === 2) return Math.log2(value);
  if (base === 10) return Math.log10(value);
  return Math.log(value) / Math.log(base);
}

/** The largest or smallest argument itself. */
function best(better: (left: Int, right: Int) => boolean): HostFunction {
  return (given) => {
    const call = given as Call;
    let found = 1;
    if (call.count < 1) call.failArgument(1, 'value expected');
    call.number(1);
    for (let index = 2, count = call.count; index <= count; index++) {
      call.number(index);
      if (better(numeric(call, index), numeric(call, found))) found = index;
    }
    const slot = call.slot(found);
    if (slot.ttisnumber()) call.pushCopy(found);
    else call.push(numeric(call, found));
    return 1;
  };
}

function numeric(call: Call, index: number): Int {
  return call.isInteger(index) ? call.integer(index) : call.number(index);
}

export function mathFunctions(): Readonly<Record<string, HostFunction>> {
  const random = new Random();
  return {
    abs(given) {
      const call = given as Call;
      if (call.isInteger(1)) {
        const value = call.integer(1);
        call.pushInteger(value < 0 ? negate(value) : value);
      } else call.pushFloat(Math.abs(call.number(1)));
      return 1;
    },
    acos: plain(Math.acos),
    asin: plain(Math.asin),
    atan(call) {
      call.pushFloat(Math.atan2(call.number(1), call.optionalNumber(2, 1)));
      return 1;
    },
    ceil: rounder(Math.ceil),
    cos: plain(Math.cos),
    deg: plain((value) => value * (180 / Math.PI)),
    exp: plain(Math.exp),
    floor: rounder(Math.floor),
    fmod(given) {
      const call = given as Call;
      if (call.isInteger(1) && call.isInteger(2)) {
        const left = call.integer(1);
        const right = call.integer(2);
        if (right === 0) call.failArgument(2, 'zero');
        // C's remainder has the sign of the left one.
        const remainder = modulo(left, right);
        const adjust = remainder !== 0 && left < 0 !== right < 0;
        call.pushInteger(adjust ? BigInt(remainder) - BigInt(right) : remainder);
      } else call.pushFloat(call.number(1) % call.number(2));
      return 1;
    },
    log(call) {
      call.pushFloat(logarithm(call.number(1), call.optionalNumber(2, undefined)));
      return 1;
    },
    max: best((left, right) => left > right),
    min: best((left, right) => left < right),
    modf(given) {
      const call = given as Call;
      if (call.isInteger(1)) {
        call.pushCopy(1);
        call.pushFloat(0);
        return 2;
      }
      const value = call.number(1);
      const whole = Math.trunc(value);
      pushRounded(call, whole);
      call.pushFloat(value === whole ? 0 : value - whole);
      return 2;
    },
    rad: plain((value) => value * (Math.PI / 180)),
    random(given) {
      const call = given as Call;
      const count = call.count;
      if (count === 0) {
        call.pushFloat(random.float());
        return 1;
      }
      if (count > 2) call.fail('wrong number of arguments');
      const low = count === 1 ? 1 : call.integer(1);
      const high = call.integer(count === 1 ? 1 : 2);
      if (low > high) call.failArgument(count === 1 ? 1 : 2, 'interval is empty');
      if (BigInt(high) - BigInt(low) >= 1n << 63n) call.failArgument(1, 'interval too large');
      call.pushInteger(random.between(low, high));
      return 1;
    },
    randomseed(call) {
      const value = call.number(1);
      random.seed(BigInt(floatToInteger(Math.trunc(value)) ?? 0), 0n);
      return 0;
    },
    sin: plain(Math.sin),
    sqrt: plain(Math.sqrt),
    tan: plain(Math.tan),
    tointeger(given) {
      const call = given as Call;
      const value = toInteger(call.slot(1));
      if (value === undefined) {
        if (call.kind(1) === 'none') call.failArgument(1, 'value expected');
        call.pushNil();
      } else call.pushInteger(value);
      return 1;
    },
    type(given) {
      const call = given as Call;
      if (call.kind(1) === 'none') call.failArgument(1, 'value expected');
      if (call.kind(1) === 'number') call.pushString(call.isInteger(1) ? 'integer' : 'float');
      else call.pushNil();
      return 1;
    },
    ult(call) {
      call.pushBoolean(BigInt.asUintN(64, BigInt(call.integer(1))) < BigInt.asUintN(64, BigInt(call.integer(2))));
      return 1;
    },
    // What LUA_COMPAT_5_2 keeps, as Debian's Lua 5.3 is built.
    atan2(call) {
      call.pushFloat(Math.atan2(call.number(1), call.optionalNumber(2, 1)));
      return 1;
    },
    cosh: plain(Math.cosh),
    sinh: plain(Math.sinh),
    tanh: plain(Math.tanh),
    log10: plain(Math.log10),
    pow(call) {
      call.pushFloat(call.number(1) ** call.number(2));
      return 1;
    },
    frexp(call) {
      const value = call.number(1);
      if (value === 0 || !Number.isFinite(value)) {
        call.pushFloat(value);
        call.pushInteger(0);
        return 2;
      }
      let exponent = Math.max(-1023, Math.floor(Math.log2(Math.abs(value))) + 1);
      let mantissa = value * 2 ** -exponent;
      while (Math.abs(mantissa) < 0.5) {
        mantissa *= 2;
        exponent--;
      }
      while (Math.abs(mantissa) >= 1) {
        mantissa /= 2;
        exponent++;
      }
      call.pushFloat(mantissa);
      call.pushInteger(exponent);
      return 2;
    },
    ldexp(call) {
      let value = call.number(1);
      let exponent = call.int(2);
      for (; exponent > 1000 && Number.isFinite(value); exponent -= 1000) value *= 2 ** 1000;
      for (; exponent < -1000 && value !== 0; exponent += 1000) value *= 2 ** -1000;
      call.pushFloat(value * 2 ** Math.max(-1000, Math.min(exponent, 1000)));
      return 1;
    },
  };
}

export const mathConstants: Readonly<Record<string, number | bigint>> = {
  maxinteger: 2n ** 63n - 1n,
  mininteger: -(2n ** 63n),
  huge: Infinity,
  pi: Math.PI,
};
