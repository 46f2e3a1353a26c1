import type { MatchKeyword } from '../api/keywords.ts';
import type { Comparison, Source } from '../api/expression.ts';
import type { Transaction } from '../api/traffic.ts';
import type { TypeName, Value } from '../api/values.ts';
import type { Scope } from '../api/words.ts';
import type { Keywords } from '../plugin/registry.ts';
import { type ArgumentContext, resolveList } from './arguments.ts';
import { canCast, castBetween } from './casts.ts';
import { DERIVED } from './derived.ts';
import { takesDotted, undotted } from './dotted.ts';
import { ArgumentError, ExpressionError } from './errors.ts';
import { isKnownFetch } from './known.ts';
import { findWord } from './find-word.ts';
import { hint } from './nearest.ts';
import { PATTERNS, type PatternReference, followReference } from './references.ts';
import { type Sample, readSample } from './sample.ts';

/** One compiled ACL expression: a criterion and what it is compared with. */
export interface AclTest {
  readonly text: string;
  /** The fetch it reads, for messages, and where that can be read. */
  readonly word: string;
  readonly source: Source;
  readonly test: (transaction: Transaction) => boolean;
  /** The test in its two halves, if its sample may be shared with others. */
  readonly comparison: Comparison | undefined;
}

export interface AclContext extends ArgumentContext {
  readonly scope: Scope | undefined;
  warn(message: string): void;
}

export type AclTables = Pick<Keywords, 'fetches' | 'converters' | 'matches'>;

type Matcher = (value: Value) => boolean;

const DEFAULT_METHODS: Readonly<Partial<Record<TypeName, string>>> = {
  bool: 'bool',
  sint: 'int',
  addr: 'ip',
  ipv4: 'ip',
  ipv6: 'ip',
  str: 'str',
};

/** Methods that compare with nothing. */
const PATTERNLESS: ReadonlySet<string> = new Set(['found', 'bool']);

/**
 * Compiles the words of an ACL: `<criterion> [flags] [operator] [<value>] …`; configuration.txt 7.1.
 * @throws ExpressionError
 */
export function compileAcl(words: readonly string[], tables: AclTables, context: AclContext): AclTest {
  const criterion = words[0] ?? '';
  const { word, sample, method: implied } = readCriterion(criterion, tables, context);
  const patterns = readPatterns(words, context);
  const methodName = patterns.method ?? implied ?? DEFAULT_METHODS[sample.nominal];
  if (methodName === undefined)
    throw new ExpressionError(
      `matching method must be specified first (using '-m') when using a sample fetch of this type ('${word}')`,
    );
  const method = tables.matches.get(methodName)?.keyword;
  if (!method)
    throw new ExpressionError(
      `unknown matching method '${methodName}' when parsing ACL expression${hint(methodName, tables.matches.keys())}`,
    );
  if (!canCast(sample.type, method.input))
    throw new ExpressionError(`matching method '${methodName}' cannot be used with fetch keyword '${word}'`);
  if (patterns.groups.length === 0 && !patterns.closed && !PATTERNLESS.has(methodName))
    context.warn(
      `parsing acl keyword '${criterion}' : no pattern to match against were provided, so this ACL will never match. ` +
        "If this is what you intended, please add '--' to get rid of this warning. If you intended to match only for " +
        "existence, please use '-m found'. If you wanted to force an int to match as a bool, please use '-m bool'.",
    );
  if (!sample.hasConverters) sample.expect?.(patterns.groups.flatMap((group) => group.patterns));
  const cast = castBetween(sample.type, method.input);
  const dotted = takesDotted(word) && !sample.hasConverters && patterns.method === undefined;
  const matcher = anyOf(
    patterns.groups.length === 0 && PATTERNLESS.has(methodName)
      ? [compileMatch(method, [], { ignoreCase: false, resolveNames: false })]
      : patterns.groups.map((group) => compileGroup(group, method, dotted)),
  );
  const matches = cast ? castFirst(cast, matcher) : matcher;
  const fixed = patterns.groups.every((group) => group.reference === undefined);
  return {
    text: words.join(' '),
    word: sample.word,
    source: sample.source,
    test: bindTest(sample, matches, fixed),
    comparison: sample.steady ? { fetch: sample.evaluate, matches, negated: false } : undefined,
  };
}

function castFirst(cast: (value: Value) => Value | undefined, matcher: Matcher): Matcher {
  return (value) => {
    const converted = cast(value);
    return converted !== undefined && matcher(converted);
  };
}

function bindTest(sample: Sample, matcher: Matcher, fixed: boolean): AclTest['test'] {
  const { evaluate, some, constant } = sample;
  if (constant && fixed) {
    const result = constant.value !== undefined && matcher(constant.value);
    return () => result;
  }
  if (some) return (transaction) => some(transaction, matcher);
  return (transaction) => {
    const value = evaluate(transaction);
    return value !== undefined && matcher(value);
  };
}

interface Criterion {
  readonly word: string;
  readonly sample: Sample;
  readonly method: string | undefined;
}

/** Reads the fetch, or the ACL's own name for a fetch and a method, with its converters. */
function readCriterion(criterion: string, tables: AclTables, context: AclContext): Criterion {
  const word = /^[A-Za-z0-9_.+-]*/.exec(criterion)![0];
  if (word === '') throw new ExpressionError(`missing fetch method in ACL expression '${criterion}'`);
  const derived = DERIVED.get(word);
  const fetch = derived?.fetch ?? word;
  if (findWord(tables.fetches, fetch) === undefined) {
    if (isKnownFetch(fetch)) throw new ExpressionError(`fetch method '${word}' is not built yet`);
    const known = [...tables.fetches.keys(), ...DERIVED.keys()];
    throw new ExpressionError(`unknown fetch method '${word}' in ACL expression '${criterion}'${hint(word, known)}`);
  }
  const text = fetch + criterion.slice(word.length);
  try {
    const { sample, end } = readSample(text, 0, tables, context);
    if (end < text.length)
      throw new ExpressionError(
        sample.hasConverters
          ? `missing comma after converter '${sample.lastWord}'`
          : 'missing comma after fetch keyword',
      );
    return { word, sample, method: sample.hasConverters ? undefined : derived?.method };
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error;
    throw new ExpressionError(
      `ACL keyword '${word}' : ${error instanceof ArgumentError ? error.detail : error.message}`,
    );
  }
}

interface PatternGroup {
  readonly ignoreCase: boolean;
  readonly resolveNames: boolean;
  readonly patterns: readonly string[];
  readonly reference: PatternReference | undefined;
}

interface Patterns {
  readonly method: string | undefined;
  readonly groups: readonly PatternGroup[];
  /** `--` was given: having no pattern is meant. */
  readonly closed: boolean;
}

/** Reads flags and values. `-i` holds for what follows it only. */
function readPatterns(words: readonly string[], context: AclContext): Patterns {
  const groups: PatternGroup[] = [];
  let method: string | undefined;
  let ignoreCase = false;
  let isMap = false;
  let resolveNames = true;
  let closed = false;
  let at = 1;
  for (; at < words.length && words[at]!.startsWith('-') && !closed; at++) {
    const flag = words[at]!;
    if (flag === '-i') ignoreCase = true;
    else if (flag === '-M') isMap = true;
    else if (flag === '--') closed = true;
    else if (flag === '-u') {
      if (!/^[0-9]+$/.test(words[++at] ?? '')) throw new ExpressionError('the argument of -u must be an integer');
    } else if (flag === '-m') {
      if (groups.length > 0)
        throw new ExpressionError("'-m' must only be specified before patterns and files in parsing ACL expression");
      method = words[++at] ?? '';
    } else if (flag === '-f') {
      const file = resolveList(words[++at] ?? '', context);
      if (!context.scope) throw new ExpressionError('pattern files cannot be used here');
      const reference = context.scope.global.extension(PATTERNS).open(file, isMap);
      groups.push({ ignoreCase, resolveNames, patterns: [], reference });
    } else if (flag === '-n') resolveNames = false;
    else
      throw new ExpressionError(
        `'${flag}' is not a valid ACL option. Please use '--' before any pattern beginning with a '-'`,
      );
  }
  if (at < words.length) groups.push({ ignoreCase, resolveNames, patterns: words.slice(at), reference: undefined });
  return { method, groups, closed };
}

type Flags = Pick<PatternGroup, 'ignoreCase' | 'resolveNames'>;

function compileMatch(method: MatchKeyword, patterns: readonly string[], flags: Flags): Matcher {
  return method.compile(patterns, {
    ignoreCase: flags.ignoreCase,
    resolveNames: flags.resolveNames,
    fail: (message) => {
      throw new ExpressionError(message);
    },
  });
}

function compileGroup(group: PatternGroup, method: MatchKeyword, dotted: boolean): Matcher {
  const { reference } = group;
  if (!reference) return compileMatch(method, dotted ? group.patterns.map(undotted) : group.patterns, group);
  const matcher = followReference(reference, (entries) =>
    compileMatch(
      method,
      entries.map(({ pattern }) => (dotted ? undotted(pattern) : pattern)),
      group,
    ),
  );
  return (value) => matcher()(value);
}

function anyOf(matchers: readonly Matcher[]): Matcher {
  if (matchers.length === 0) return () => false;
  if (matchers.length === 1) return matchers[0]!;
  return (value) => {
    for (const matcher of matchers) if (matcher(value)) return true;
    return false;
  };
}
