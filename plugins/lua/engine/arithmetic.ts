/** Arithmetic and bitwise operators beyond what the machine has inline, and the preparation of numeric loops. */
import { fengari } from './fengari.ts';
import * as integers from './integers.ts';
import { toInteger, toNumber } from './numbers.ts';
import { toIntegerMode } from './operations.ts';
import { FLOAT, INTEGER, NUMBER } from './values.ts';
import type { Int, Thread, TValue } from './values.ts';

const MAX_INTEGER = 2n ** 63n - 1n;
const MIN_INTEGER = -(2n ** 63n);

/** The slow half of an arithmetic instruction: floats, strings, metamethods. `event` is the metamethod's number. */
export function arithmetic(L: Thread, event: number, left: TValue, right: TValue, to: TValue): void {
  const a = toNumber(left);
  const b = toNumber(right);
  if (a === undefined || b === undefined) {
    fengari.ltm.luaT_trybinTM(L, left, right, to, event);
    return;
  }
  if (left.type === INTEGER && right.type === INTEGER && event !== 10 && event !== 11) {
    to.value = integerArithmetic(L, event, a, b);
    to.type = INTEGER;
    return;
  }
  to.value = floatArithmetic(event, Number(a), Number(b));
  to.type = FLOAT;
}

function integerArithmetic(L: Thread, event: number, a: Int, b: Int): Int {
  switch (event) {
    case 6:
      return integers.add(a, b);
    case 7:
      return integers.subtract(a, b);
    case 8:
      return integers.multiply(a, b);
    case 9:
      if (b === 0) fengari.runtimeError(L, "attempt to perform 'n%0'");
      return integers.modulo(a, b);
    default:
      if (b === 0) fengari.runtimeError(L, 'attempt to divide by zero');
      return integers.divide(a, b);
  }
}

function floatArithmetic(event: number, a: number, b: number): number {
  switch (event) {
    case 6:
      return a + b;
    case 7:
      return a - b;
    case 8:
      return a * b;
    case 9:
      return integers.floatModulo(a, b);
    case 10:
      return power(a, b);
    case 11:
      return a / b;
    default:
      return Math.floor(a / b);
  }
}

/** C's `pow`: 1 to any power and -1 to an infinite one are 1. */
function power(a: number, b: number): number {
  return a === 1 || (a === -1 && (b === Infinity || b === -Infinity)) ? 1 : a ** b;
}

export function bitwise(L: Thread, event: number, left: TValue, right: TValue, to: TValue): void {
  const a = toInteger(left);
  const b = toInteger(right);
  if (a === undefined || b === undefined) {
    fengari.ltm.luaT_trybinTM(L, left, right, to, event);
    return;
  }
  to.value = integerBitwise(event, a, b);
  to.type = INTEGER;
}

function integerBitwise(event: number, a: Int, b: Int): Int {
  switch (event) {
    case 13:
      return integers.and(a, b);
    case 14:
      return integers.or(a, b);
    case 15:
      return integers.xor(a, b);
    case 16:
      return integers.shiftLeft(a, b);
    case 17:
      return integers.shiftRight(a, b);
    default:
      return integers.not(a);
  }
}

/** The language's operators by number, for constant folding and `lua_arith`; `L` is null when folding, which avoids division by zero. */
export function arith(L: Thread, operation: number, left: TValue, right: TValue, result: TValue | number): void {
  const to = typeof result === 'number' ? L.stack[result]! : result;
  const event = operation + 6;
  if (operation === 12) {
    const value = toNumber(left);
    if (value === undefined) fengari.ltm.luaT_trybinTM(L, left, right, to, 18);
    else if (left.type === INTEGER) to.setivalue(integers.negate(value));
    else to.setfltvalue(-Number(value));
  } else if (operation >= 7) bitwise(L, operation === 13 ? 19 : event, left, right, to);
  else arithmetic(L, event, left, right, to);
}

/** The three control values of a numeric `for`: manual 3.3.5. */
export function prepareLoop(L: Thread, at: number): void {
  const init = L.stack[at]!;
  const limit = L.stack[at + 1]!;
  const step = L.stack[at + 2]!;
  if (init.type === INTEGER && step.type === INTEGER) {
    const down = step.value < 0;
    let last = toIntegerMode(limit, down ? 2 : 1);
    let stop = false;
    const beyond = last === false ? toNumber(limit) : undefined;
    if (beyond !== undefined) {
      // A float beyond all integers, or NaN: either nothing stops the loop or it does not start.
      if (beyond > 0) {
        last = MAX_INTEGER;
        stop = down;
      } else {
        last = MIN_INTEGER;
        stop = !down;
      }
    }
    if (last !== false) {
      const first: Int = stop ? 0 : init.value;
      limit.type = INTEGER;
      limit.value = last;
      init.value = integers.subtract(first, step.value);
      return;
    }
  }
  setFloat(L, limit, 'limit');
  setFloat(L, step, 'step');
  setFloat(L, init, 'initial value');
  init.value -= step.value;
}

function setFloat(L: Thread, value: TValue, what: string): void {
  const number = (value.type & 0x0f) === NUMBER ? value.value : toNumber(value);
  if (number === undefined) fengari.runtimeError(L, `'for' ${what} must be a number`);
  value.type = FLOAT;
  value.value = Number(number);
}
