import { RE2JS } from 're2js';
import { ExpressionError } from './errors.ts';
import { guard } from './regex-guard.ts';
import { type Translation, translate } from './regex-syntax.ts';

/** A compiled regular expression over byte strings. */
export interface Regex {
  readonly text: string;
  test(subject: string): boolean;
  /** Offsets of the match and its groups (`start, end, …`, -1 where a group took no part), searching from `from`. */
  find(subject: string, from: number): readonly number[] | undefined;
}

/**
 * Compiles a pattern written for PCRE. A hostile subject must not stall the proxy, so: plain texts become string
 * comparisons; patterns on which backtracking stays linear run in V8; the rest runs in RE2's automata, whose time is
 * linear in the subject; and what RE2 has not (look-around, back-references, counted repetitions above 1000) runs in V8
 * with its time bounded, see `regex-guard.ts`.
 * @throws ExpressionError in HAProxy's words.
 */
export function compileRegex(pattern: string, ignoreCase: boolean): Regex {
  const translation = translate(pattern);
  const insensitive = ignoreCase || translation.ignoreCase;
  if (translation.literal !== undefined && !insensitive) return literalRegex(pattern, translation, translation.literal);
  const native = nativeRegExp(translation, insensitive);
  const { repetitions, anchored } = translation;
  if (native instanceof RegExp && !/\\[1-9]|\(\?[=!<]/.test(pattern) && repetitions <= (anchored ? 1 : 0))
    return backtrackingRegex(pattern, native);
  const linear = linearRegex(pattern, ignoreCase);
  if (linear) return linear;
  if (native instanceof RegExp) return guardedRegex(pattern, native, repetitions);
  throw invalid(pattern, native);
}

function nativeRegExp({ source }: Translation, ignoreCase: boolean): RegExp | string {
  if (source === undefined) return 'unsupported construct';
  try {
    return new RegExp(source, ignoreCase ? 'dgi' : 'dg');
  } catch (error) {
    return error instanceof Error ? error.message.replace(/^Invalid regular expression: \/.*\/[a-z]*: /s, '') : '';
  }
}

/** PCRE's names for the faults that people make. */
const FAULTS: Readonly<Record<string, string>> = {
  'Unterminated group': 'missing closing parenthesis',
  "Unmatched ')'": 'unmatched closing parenthesis',
  'Unterminated character class': 'missing terminating ] for character class',
  'Nothing to repeat': 'quantifier does not follow a repeatable item',
  'Range out of order in character class': 'range out of order in character class',
  'numbers out of order in {} quantifier': 'numbers out of order in {} quantifier',
  '\\ at end of pattern': '\\ at end of pattern',
};

/** The error for a pattern, with what is wrong and where. */
export function regexError(pattern: string, fault: string, offset: number): ExpressionError {
  return new ExpressionError(`regex '${pattern}' is invalid (error=${fault}, erroffset=${offset})`);
}

function invalid(pattern: string, fault: string): ExpressionError {
  const repeat = fault === 'Nothing to repeat' ? /(?:^|[|(])[*+?]/.exec(pattern) : undefined;
  const offset = repeat ? repeat.index + repeat[0].length - 1 : pattern.length;
  return regexError(pattern, FAULTS[fault] ?? fault, offset);
}

function literalRegex(text: string, { startsAtStart, endsAtEnd }: Translation, literal: string): Regex {
  const test = !startsAtStart
    ? endsAtEnd
      ? (subject: string): boolean => subject.endsWith(literal)
      : (subject: string): boolean => subject.includes(literal)
    : endsAtEnd
      ? (subject: string): boolean => subject === literal
      : (subject: string): boolean => subject.startsWith(literal);
  const find = (subject: string, from: number): readonly number[] | undefined => {
    const at = endsAtEnd ? subject.length - literal.length : startsAtStart ? 0 : subject.indexOf(literal, from);
    if (at < from || (startsAtStart && at !== 0) || !subject.startsWith(literal, at)) return undefined;
    return [at, at + literal.length];
  };
  return { text, test, find };
}

function backtrackingRegex(text: string, regex: RegExp): Regex {
  // Without `g` and `d`, V8 tests faster.
  const tester = new RegExp(regex.source, regex.flags.replace(/[dg]/g, ''));
  return {
    text,
    test: (subject) => tester.test(subject),
    find: (subject, from) => {
      regex.lastIndex = from;
      return offsetsOf(regex.exec(subject));
    },
  };
}

function guardedRegex(text: string, regex: RegExp, repetitions: number): Regex {
  const exec = guard(regex, repetitions);
  return {
    text,
    test: (subject) => exec(subject, 0) !== null,
    find: (subject, from) => offsetsOf(exec(subject, from)),
  };
}

const offsetsOf = (found: RegExpExecArray | null): readonly number[] | undefined =>
  found?.indices?.flatMap((pair) => pair ?? [-1, -1]);

function linearRegex(text: string, ignoreCase: boolean): Regex | undefined {
  let regex: RE2JS;
  try {
    regex = RE2JS.compile(text, ignoreCase ? RE2JS.CASE_INSENSITIVE : 0);
  } catch {
    return undefined;
  }
  return {
    text,
    test: (subject) => regex.test(subject),
    find: (subject, from) => {
      const matcher = regex.matcher(subject);
      if (!matcher.find(from)) return undefined;
      const offsets: number[] = [];
      for (let group = 0; group <= matcher.groupCount(); group++)
        offsets.push(matcher.start(group), matcher.end(group));
      return offsets;
    },
  };
}
