import {
  type MatchKeyword,
  type Plugin,
  type Regex,
  type TypeName,
  type Value,
  compileRegex,
  regexError,
} from 'sluice/plugin';
import type { Builder, Lookup } from './lookup.ts';
import { address, oneNetwork } from './networks.ts';
import { integer, length } from './numbers.ts';
import { SINGLE, directory, domain, exact, part, prefix, suffix } from './strings.ts';

/** Groups of a pattern that is only matched capture nothing in HAProxy, so that nothing can refer to them. */
function compileMatcher(pattern: string, ignoreCase: boolean): Regex {
  const reference = /(?:^|[^\\])(?:\\\\)*\\([1-9])/.exec(pattern);
  if (reference)
    throw regexError(pattern, 'reference to non-existent subpattern', reference.index + reference[0].length - 1);
  return compileRegex(pattern, ignoreCase);
}

/** `-m reg`: a regular expression that matches somewhere. */
const regex: Builder = (items, flags) => {
  const list = items.map(({ pattern, data }) => {
    try {
      return { regex: compileMatcher(pattern, flags.ignoreCase), data };
    } catch (error) {
      return flags.fail(error instanceof Error ? error.message : String(error));
    }
  });
  // The last text and its answer are kept: a regex costs far more than comparing a text with itself.
  let lastText: Value | undefined;
  let lastData: (typeof list)[0]['data'] | undefined;
  return (value) => {
    if (value === lastText) return lastData;
    lastText = value;
    lastData = list.find((one) => one.regex.test(value as string))?.data;
    return lastData;
  };
};

/** `-m bin`: bytes in hex. */
const binary: Builder = (items, flags) => {
  const table = new Map(
    items.toReversed().map(({ pattern, data }) => {
      const wrong = /[^0-9a-fA-F]/.exec(pattern);
      if (wrong) flags.fail(`an hex digit is expected (found '${wrong[0]}')`);
      if (pattern.length % 2 === 1) flags.fail('an even number of hex digit is expected');
      return [Buffer.from(pattern, 'hex').toString('latin1'), data];
    }),
  );
  return (value) => table.get((value as Buffer).toString('latin1'));
};

/** A test of one pattern that need not say which one it was. */
function singleTest(
  name: string,
  pattern: string,
  resolveNames: boolean | undefined,
): ((value: Value) => boolean) | undefined {
  if (name === 'ip') return oneNetwork(pattern, resolveNames);
  return SINGLE[name]?.(pattern) as ((value: Value) => boolean) | undefined;
}

function method(name: string, input: TypeName, build: Builder, summary: string): [string, MatchKeyword] {
  const keyword: MatchKeyword = {
    usage: `-m ${name} <pattern> …`,
    summary,
    input,
    compile(patterns, flags) {
      const single =
        patterns.length === 1 && !flags.ignoreCase ? singleTest(name, patterns[0]!, flags.resolveNames) : undefined;
      if (single) return single;
      const find: Lookup<true> = build(
        patterns.map((pattern) => ({ pattern, data: true })),
        flags,
      );
      return (value) => find(value) === true;
    },
  };
  return [name, keyword];
}

/** By method name: how maps look their keys up. `regm` differs from `reg` in what the map does with the match. */
export const builders: Readonly<Record<string, { readonly input: TypeName; readonly build: Builder }>> = {
  str: { input: 'str', build: exact },
  beg: { input: 'str', build: prefix },
  end: { input: 'str', build: suffix },
  sub: { input: 'str', build: part },
  dir: { input: 'str', build: directory },
  dom: { input: 'str', build: domain },
  reg: { input: 'str', build: regex },
  int: { input: 'sint', build: integer },
  ip: { input: 'addr', build: address },
};

const found: MatchKeyword = {
  usage: '-m found',
  summary: 'Matches whenever there is a sample, whatever it is.',
  input: 'any',
  compile: () => () => true,
};

const bool: MatchKeyword = {
  usage: '-m bool',
  summary: 'Matches a sample that is true, or an integer that is not 0.',
  input: 'bool',
  compile: () => (value: Value) => value === true,
};

/** The methods that compare samples with patterns; configuration.txt 7.1. */
const matching: Plugin = {
  name: 'matching',
  api: 1,
  matches: {
    found,
    bool,
    ...Object.fromEntries([
      method('int', 'sint', integer, 'Compares with integers, ranges, or by eq, gt, ge, lt, le.'),
      method('ip', 'addr', address, 'Matches addresses of one of the networks.'),
      method('bin', 'bin', binary, 'Matches the bytes, given in hex.'),
      method('len', 'str', length, 'Compares the length, as int does the value.'),
      method('str', 'str', exact, 'Matches the whole text.'),
      method('beg', 'str', prefix, 'Matches how the text begins.'),
      method('end', 'str', suffix, 'Matches how the text ends.'),
      method('sub', 'str', part, 'Matches a part of the text.'),
      method('dir', 'str', directory, 'Matches a part between slashes.'),
      method('dom', 'str', domain, 'Matches a part between dots, slashes and colons.'),
      method('reg', 'str', regex, 'Matches a regular expression.'),
    ]),
  },
};
export default matching;
