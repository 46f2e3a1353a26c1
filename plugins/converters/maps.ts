import {
  type Arguments,
  type IpAddress,
  type PatternEntry,
  type TypeName,
  type Value,
  ExpressionError,
  PATTERNS,
  followReference,
  type Regex,
  compileRegex,
  parseAddress,
  parseWholeInteger,
} from 'sluice/plugin';
import { builders } from '../matching/index.ts';
import type { Lookup } from '../matching/lookup.ts';
import { type Convert, type ConverterTable, converter } from './define.ts';
import { expandReferences } from './references.ts';

type Output = 'str' | 'int' | 'ip' | 'key';

const OUTPUTS: Readonly<Record<Output, TypeName>> = { str: 'str', int: 'sint', ip: 'addr', key: 'str' };

/** What an entry gives: its value in the map's type, or its key. */
function valueOf(entry: PatternEntry, output: Output, fail: (message: string) => never): Value {
  if (output === 'key') return entry.pattern;
  if (output === 'int') return parseWholeInteger(entry.value) ?? fail(`unable to parse '${entry.value}'`);
  if (output === 'ip') {
    const address: IpAddress | undefined = parseAddress(entry.value);
    return address ?? fail(`unable to parse '${entry.value}'`);
  }
  return entry.value;
}

function defaultOf(args: Arguments, output: Output): Value | undefined {
  const text = args.optionalText(1);
  if (text === undefined) return undefined;
  return valueOf({ pattern: '', value: text, line: 0 }, output, (message) => args.fail(message));
}

/** A map's index follows the list it is made of: rules and commands may change that. */
function follow<T>(args: Arguments, build: (entries: readonly PatternEntry[]) => T): () => T {
  const { scope } = args;
  if (!scope) return args.fail('maps cannot be used here');
  const guard = <R>(action: () => R): R => {
    try {
      return action();
    } catch (error) {
      if (error instanceof ExpressionError) return args.fail(error.message);
      throw error;
    }
  };
  const reference = guard(() => scope.global.extension(PATTERNS).open(args.text(0), true));
  return guard(() => followReference(reference, build));
}

function lookup(method: string, output: Output): (args: Arguments) => Convert {
  return (args) => {
    const flags = {
      ignoreCase: false,
      fail: (message: string): never => {
        throw new ExpressionError(message);
      },
    };
    const fallback = defaultOf(args, output);
    const index = follow<Lookup<Value>>(args, (entries) =>
      builders[method]!.build(
        entries.map((entry) => ({ pattern: entry.pattern, data: valueOf(entry, output, flags.fail) })),
        flags,
      ),
    );
    return (value) => index()(value) ?? fallback;
  };
}

/** `map_regm`: groups of the match take the place of `\1` and so on in the map's value. */
function regexWithGroups(args: Arguments): Convert {
  const fallback = args.optionalText(1);
  const index = follow<readonly { readonly regex: Regex; readonly value: string }[]>(args, (entries) =>
    entries.map((entry) => ({ regex: compileRegex(entry.pattern, false), value: entry.value })),
  );
  return (value) => {
    for (const { regex, value: template } of index()) {
      const found = regex.find(value as string, 0);
      if (found) return expandReferences(template, value as string, found);
    }
    return fallback;
  };
}

function maps(): ConverterTable {
  const table: Record<string, ConverterTable[string]> = {};
  for (const [method, { input }] of Object.entries(builders)) {
    for (const output of ['str', 'int', 'ip', 'key'] as const) {
      const name = output === 'str' ? `map_${method}` : `map_${method}_${output}`;
      const signature = output === 'key' ? 'map' : output === 'int' ? 'map,[integer]' : 'map,[string]';
      const summary = `What a map gives for the input, by the match method ${method}.`;
      Object.assign(
        table,
        converter(name, signature, `${input} => ${OUTPUTS[output]}`, summary, lookup(method, output)),
      );
    }
  }
  return table;
}

/** Lookups in map files. configuration.txt 7.3.1 and 2.7. */
export const mapConverters: ConverterTable = {
  ...maps(),
  ...converter('map', 'map,[string]', 'str => str', 'What a map gives for the input.', lookup('str', 'str')),
  ...converter(
    'map_regm',
    'map,[string]',
    'str => str',
    'What a map gives, with groups of the match filled in.',
    regexWithGroups,
  ),
};
