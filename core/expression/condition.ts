import type { Comparison, Condition, Place, Source } from '../api/expression.ts';
import type { Transaction } from '../api/traffic.ts';
import type { Words } from '../api/words.ts';
import type { AclTest } from './acl.ts';
import { ExpressionError } from './errors.ts';
import { hint } from './nearest.ts';
import { PLACE_NAMES, isReadable } from './sources.ts';

export type Test = (transaction: Transaction) => boolean;
/** A test with a third answer, undefined: bytes still to come could change it. */
export type Decision = (transaction: Transaction) => boolean | undefined;

/** A test that looks at bytes which may not all have come. */
export function deciding(test: Test, source: Source): Decision {
  const ofResponse = RESPONSE.has(source);
  return (transaction) => {
    const { received } = transaction;
    if (received === undefined || received.final) return test(transaction);
    received.mayChange = ofResponse && transaction.request !== undefined && transaction.response === undefined;
    return test(transaction) || (received.mayChange ? undefined : false);
  };
}

/** What reads the response's head gives nothing before that has come. */
const RESPONSE: ReadonlySet<Source> = new Set<Source>(['response-head', 'response-kept', 'either-head']);

/** All `acl` lines of one name. Lines may be added after a condition has used the name: it sees them too. */
export class NamedAcl {
  readonly name: string;
  readonly tests: AclTest[] = [];
  /** True when one of the lines matches; set anew with each line. */
  evaluate: Test = () => false;
  decide: Decision = () => false;

  constructor(name: string) {
    this.name = name;
  }

  add(test: AclTest): void {
    this.tests.push(test);
    const tests = this.tests.map((one) => one.test);
    this.evaluate = tests.length === 1 ? tests[0]! : anyTerm(tests);
    this.decide = decideAny(this.tests.map(({ test: one, source }) => deciding(one, source)));
  }
}

export interface ConditionContext {
  readonly places: readonly Place[];
  /** A declared or predefined ACL. */
  find(name: string): NamedAcl | undefined;
  known(): Iterable<string>;
  anonymous(words: readonly string[]): AclTest;
}

/**
 * Reads `if …` or `unless …` to the end of the line; configuration.txt 7.2: terms joined by `or`, each of ACLs that
 * must all match. Empty terms, which HAProxy lets pass, count for nothing.
 * @throws ExpressionError
 */
export function readCondition(words: Words, context: ConditionContext): Condition | undefined {
  const polarity = words.optional('if', 'unless');
  if (polarity === undefined) return undefined;
  const text: string[] = [polarity];
  const terms: Term[][] = [];
  let term: Term[] | undefined;
  let negated = false;
  while (words.remaining > 0) {
    let word = words.next('a condition');
    text.push(word);
    if (word === 'or' || word === '||') {
      term = undefined;
      negated = false;
      continue;
    }
    while (word.startsWith('!')) {
      negated = !negated;
      word = word.slice(1);
    }
    if (word === '') continue;
    const test = word === '{' ? readAnonymous(words, context, text) : useNamed(word, words, context);
    if (!term) terms.push((term = []));
    term.push(negated ? opposite(test) : test);
    negated = false;
  }
  const whole: Term = {
    test: anyTerm(terms.map((one) => allOf(one.map(({ test }) => test)))),
    decide: decideAny(terms.map((one) => decideAll(one.map(({ decide }) => decide)))),
    comparison: terms.length === 1 && terms[0]!.length === 1 ? terms[0]![0]!.comparison : () => undefined,
  };
  const { test, decide, comparison } = polarity === 'if' ? whole : opposite(whole);
  return { text: text.join(' '), evaluate: test, decide, comparison };
}

interface Term {
  readonly test: Test;
  readonly decide: Decision;
  readonly comparison: () => Comparison | undefined;
}

function opposite({ test, decide, comparison }: Term): Term {
  return {
    comparison: () => {
      const one = comparison();
      return one && { ...one, negated: !one.negated };
    },
    test: (transaction) => !test(transaction),
    decide: (transaction) => {
      const answer = decide(transaction);
      return answer === undefined ? undefined : !answer;
    },
  };
}

function readAnonymous(words: Words, context: ConditionContext, text: string[]): Term {
  const inner: string[] = [];
  for (;;) {
    if (words.remaining === 0) throw new ExpressionError("missing closing '}' in condition");
    const word = words.next("'}'");
    text.push(word);
    if (word === '}') break;
    inner.push(word);
  }
  const acl = context.anonymous(inner);
  if (!isReadable(acl.source, context.places))
    words.warn(
      `anonymous acl will never match because it uses keyword '${acl.word}' which is incompatible with '${placeNames(context)}'`,
    );
  return { test: acl.test, decide: deciding(acl.test, acl.source), comparison: () => acl.comparison };
}

function useNamed(name: string, words: Words, context: ConditionContext): Term {
  const acl = context.find(name);
  if (!acl) throw new ExpressionError(`no such ACL : '${name}'${hint(name, context.known())}`);
  const unreadable = acl.tests.filter((test) => !isReadable(test.source, context.places));
  if (unreadable.length > 0 && unreadable.length === acl.tests.length)
    words.warn(
      `acl '${name}' will never match because it only involves keywords that are incompatible with '${placeNames(context)}'`,
    );
  // One line is called directly unless more may follow; the object is asked because they may.
  return {
    test: (transaction) => acl.evaluate(transaction),
    decide: (transaction) => acl.decide(transaction),
    comparison: () => (acl.tests.length === 1 ? acl.tests[0]!.comparison : undefined),
  };
}

function placeNames(context: ConditionContext): string {
  return context.places.map((place) => PLACE_NAMES[place]).join("' or '");
}

function allOf(tests: readonly Test[]): Test {
  const [first, second] = tests;
  if (tests.length === 1) return first!;
  if (tests.length === 2) return (transaction) => first!(transaction) && second!(transaction);
  return (transaction) => {
    for (let i = 0; i < tests.length; i++) if (!tests[i]!(transaction)) return false;
    return true;
  };
}

/** As the first that is not true: HAProxy waits for that one even if a later one is false already. */
function decideAll(parts: readonly Decision[]): Decision {
  return (transaction) => {
    for (const part of parts) {
      const answer = part(transaction);
      if (answer !== true) return answer;
    }
    return true;
  };
}

/** True as soon as one is; otherwise as undecided as any of them. */
function decideAny(parts: readonly Decision[]): Decision {
  return (transaction) => {
    let answer: boolean | undefined = false;
    for (const part of parts) {
      const one = part(transaction);
      if (one === true) return true;
      if (one === undefined) answer = undefined;
    }
    return answer;
  };
}

function anyTerm(terms: readonly Test[]): Test {
  const [first, second] = terms;
  if (terms.length === 0) return () => false;
  if (terms.length === 1) return first!;
  if (terms.length === 2) return (transaction) => first!(transaction) || second!(transaction);
  return (transaction) => {
    for (let i = 0; i < terms.length; i++) if (terms[i]!(transaction)) return true;
    return false;
  };
}
