import {
  type Arguments,
  type Integer,
  type Value,
  INT64_MAX,
  INT64_MIN,
  asInteger,
  parseWholeInteger,
  pure,
  saturate,
  wrap,
} from 'sluice/plugin';
import { type Convert, type ConverterTable, converter, simple } from './define.ts';
import { variableName } from './variables.ts';

type Operation = (a: Integer, b: Integer) => Integer;

/** Numbers as long as the answer is exact, 64 bits else. */
const exact =
  (fast: (a: number, b: number) => number, slow: (a: bigint, b: bigint) => Integer): Operation =>
  (a, b) => {
    if (typeof a === 'number' && typeof b === 'number') {
      const result = fast(a, b);
      if (Number.isSafeInteger(result)) return result === 0 ? 0 : result;
    }
    return slow(BigInt(a), BigInt(b));
  };

const add = exact(
  (a, b) => a + b,
  (a, b) => saturate(a + b),
);
const subtract = exact(
  (a, b) => a - b,
  (a, b) => saturate(a - b),
);
const multiply = exact(
  (a, b) => a * b,
  (a, b) => saturate(a * b),
);
/** What cannot be divided by gives the largest integer. */
const divide = exact(
  (a, b) => (b === 0 ? Number.NaN : Math.trunc(a / b)),
  (a, b) => (b === 0n ? INT64_MAX : saturate(a / b)),
);
const remainder = exact(
  (a, b) => (b === 0 ? 0 : a % b),
  (a, b) => (b === 0n ? 0 : wrap(a % b)),
);

const small = (value: Integer): value is number =>
  typeof value === 'number' && value >= -0x80000000 && value <= 0x7fffffff;

const bits =
  (fast: (a: number, b: number) => number, slow: (a: bigint, b: bigint) => bigint): Operation =>
  (a, b) =>
    small(a) && small(b) ? fast(a, b) : wrap(slow(BigInt(a), BigInt(b)));

const and = bits(
  (a, b) => a & b,
  (a, b) => a & b,
);
const or = bits(
  (a, b) => a | b,
  (a, b) => a | b,
);
const xor = bits(
  (a, b) => a ^ b,
  (a, b) => a ^ b,
);

/** The second operand is an integer or a variable that holds one. */
function withOperand(operation: Operation): (args: Arguments) => Convert {
  return (args) => {
    const text = args.text(0);
    const variable = variableName(text, args);
    if (variable) {
      const { scope, name } = variable;
      return (value, transaction) => {
        const held = transaction.getVariable(scope, name);
        const operand = held === undefined ? undefined : asInteger(held);
        return operand === undefined ? undefined : operation(value as Integer, operand);
      };
    }
    const operand = text === '' ? 0 : (parseWholeInteger(text) ?? args.fail('expects an integer or a variable name'));
    return pure((value) => operation(value as Integer, operand));
  };
}

function operator(name: string, summary: string, operation: Operation): ConverterTable {
  return converter(name, 'string', 'sint => sint', summary, withOperand(operation));
}

const isOdd = (value: Integer): boolean => (typeof value === 'bigint' ? (value & 1n) === 1n : value % 2 !== 0);

/** Arithmetic and logic on 64-bit integers. configuration.txt 7.3.1. */
export const arithmeticConverters: ConverterTable = {
  ...operator('add', 'Adds; what exceeds 64 bits stays at the limit.', add),
  ...operator('sub', 'Subtracts; what exceeds 64 bits stays at the limit.', subtract),
  ...operator('mul', 'Multiplies; what exceeds 64 bits stays at the limit.', multiply),
  ...operator('div', 'Divides, rounding towards 0; dividing by 0 gives the largest integer.', divide),
  ...operator('mod', 'The remainder of the division; 0 if it is by 0.', remainder),
  ...operator('and', 'The bits that both have.', and),
  ...operator('or', 'The bits that one of both has.', or),
  ...operator('xor', 'The bits that only one of both has.', xor),
  ...simple('cpl', 'sint => sint', 'All bits turned.', (value: Integer) =>
    typeof value === 'number' ? -1 - value : wrap(~value),
  ),
  ...simple('neg', 'sint => sint', 'The opposite.', (value: Integer): Value =>
    typeof value === 'number' ? (value === 0 ? 0 : -value) : value === INT64_MIN ? INT64_MAX : wrap(-value),
  ),
  ...simple('not', 'sint => bool', 'True for 0.', (value: Integer) => Number(value) === 0),
  ...simple('bool', 'sint => bool', 'True for all but 0.', (value: Integer) => Number(value) !== 0),
  ...simple('odd', 'sint => bool', 'True for odd integers.', isOdd),
  ...simple('even', 'sint => bool', 'True for even integers.', (value: Integer) => !isOdd(value)),
  ...simple('htonl', 'sint => bin', 'Four bytes, the most significant first.', (value: Integer) => {
    const bytes = Buffer.allocUnsafe(4);
    bytes.writeUInt32BE(Number(BigInt.asUintN(32, BigInt(value))));
    return bytes;
  }),
};
