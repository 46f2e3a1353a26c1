import { type Integer, INT64_MAX, INT64_MIN, wrap } from 'sluice/plugin';
import type { BuildFlags, Builder, Item, Lookup } from './lookup.ts';

const OPERATORS: ReadonlySet<string> = new Set(['eq', 'gt', 'ge', 'lt', 'le']);

interface Range<T> {
  readonly low: Integer;
  readonly high: Integer;
  readonly data: T;
}

const UNBOUNDED_LOW: Integer = Number.NEGATIVE_INFINITY;
const UNBOUNDED_HIGH: Integer = Number.POSITIVE_INFINITY;

/** An operator holds for all values behind it; configuration.txt 7.1.2. */
function readRanges<T>(items: readonly Item<T>[], flags: BuildFlags): Range<T>[] {
  const ranges: Range<T>[] = [];
  let operator: string | undefined;
  for (const { pattern, data } of items) {
    if (OPERATORS.has(pattern)) {
      operator = pattern;
      continue;
    }
    const [low, high] = operator === undefined ? readRange(pattern, flags) : readComparison(operator, pattern, flags);
    ranges.push({ low, high, data });
  }
  return ranges;
}

function readRange(pattern: string, flags: BuildFlags): [Integer, Integer] {
  const colon = pattern.indexOf(':');
  if (colon < 0) {
    const value = readInteger(pattern, pattern, flags);
    return [value, value];
  }
  if (pattern === ':') flags.fail(`'${pattern}' is not a valid number range`);
  const low = colon === 0 ? UNBOUNDED_LOW : readInteger(pattern.slice(0, colon), pattern, flags);
  const high = colon === pattern.length - 1 ? UNBOUNDED_HIGH : readInteger(pattern.slice(colon + 1), pattern, flags);
  if (low > high) flags.fail(`'${pattern}' is not a valid number range`);
  return [low, high];
}

function readInteger(text: string, pattern: string, flags: BuildFlags): Integer {
  const value = /^-?[0-9]{1,20}$/.test(text) ? BigInt(text) : undefined;
  if (value === undefined || value > INT64_MAX || value < INT64_MIN) flags.fail(`'${pattern}' is not a number`);
  return wrap(value);
}

function readComparison(operator: string, pattern: string, flags: BuildFlags): [Integer, Integer] {
  if (!/^[-0-9:]/.test(pattern)) flags.fail(`'${pattern}' is neither a number nor a supported operator`);
  const [low, high] = readRange(pattern, flags);
  switch (operator) {
    case 'gt':
      return [next(high, 1), UNBOUNDED_HIGH];
    case 'ge':
      return [low, UNBOUNDED_HIGH];
    case 'lt':
      return [UNBOUNDED_LOW, next(low, -1)];
    case 'le':
      return [UNBOUNDED_LOW, high];
    default:
      return [low, high];
  }
}

function next(value: Integer, step: 1 | -1): Integer {
  return typeof value === 'bigint' ? value + BigInt(step) : value + step;
}

function findIn<T>(ranges: readonly Range<T>[]): (value: Integer) => T | undefined {
  const [first] = ranges;
  if (ranges.length === 1) {
    const { low, high, data } = first!;
    return (value) => (value >= low && value <= high ? data : undefined);
  }
  if (ranges.length > 8 && ranges.every(({ low, high }) => low === high)) {
    const table = new Map(ranges.toReversed().map(({ low, data }) => [low, data]));
    return (value) => table.get(value);
  }
  return (value) => {
    for (const { low, high, data } of ranges) if (value >= low && value <= high) return data;
    return undefined;
  };
}

/** `-m int`: a value, a range or a comparison. */
export const integer: Builder = (items, flags) => findIn(readRanges(items, flags)) as Lookup<(typeof items)[0]['data']>;

/** `-m len`: the same of the text's length. */
export const length: Builder = (items, flags) => {
  const find = findIn(readRanges(items, flags));
  return (value) => find((value as string).length);
};
