import type { Source } from '../api/expression.ts';
import type { FetchFunction, MultiFetch } from '../api/keywords.ts';
import type { Transaction } from '../api/traffic.ts';
import type { TypeName, Value } from '../api/values.ts';
import type { Keywords } from '../plugin/registry.ts';
import {
  type ArgumentContext,
  type ArgumentOwner,
  type RawArguments,
  bindArguments,
  splitArguments,
} from './arguments.ts';
import { canCast, castBetween } from './casts.ts';
import { constantOf, isPure, isSteady } from './constants.ts';
import { ArgumentError, ExpressionError } from './errors.ts';
import { findWord } from './find-word.ts';
import { isKnownConverter, isKnownFetch } from './known.ts';
import { hint } from './nearest.ts';

/** A fetch and its converters, compiled. */
export interface Sample {
  readonly text: string;
  /** The fetch's name. */
  readonly word: string;
  readonly source: Source;
  readonly type: TypeName;
  /** What it is taken for where a type has to be known beforehand. */
  readonly nominal: TypeName;
  readonly hasConverters: boolean;
  /** The name of the fetch or converter that came last. */
  readonly lastWord: string;
  readonly evaluate: FetchFunction;
  /** It answers the same until an action runs. */
  readonly steady: boolean;
  readonly some: MultiFetch['some'] | undefined;
  readonly expect: MultiFetch['expect'];
  /** Set when the answer is known already. */
  readonly constant: { readonly value: Value | undefined } | undefined;
}

export type SampleTables = Pick<Keywords, 'fetches' | 'converters'>;

/** Where the text goes on when a word of the line ends: converters may stand in words of their own. */
export interface Continuation {
  peek(): string | undefined;
  take(): void;
}

type Step = (value: Value, transaction: Transaction) => Value | undefined;

const NAME = /[A-Za-z0-9_.+-]*/y;

function nameAt(text: string, at: number): string {
  NAME.lastIndex = at;
  return NAME.exec(text)?.[0] ?? '';
}

/**
 * Reads `fetch(args),converter(args),…` beginning at `start`.
 * @throws ExpressionError with HAProxy's words for what is wrong.
 */
export function readSample(
  text: string,
  start: number,
  tables: SampleTables,
  context: ArgumentContext,
  continuation?: Continuation,
): { readonly sample: Sample; readonly end: number } {
  const word = nameAt(text, start);
  if (word === '') throw new ExpressionError('missing fetch method');
  const keyword = findWord(tables.fetches, word)?.keyword;
  if (!keyword) throw new ExpressionError(unknownFetch(word, tables));
  const owner: ArgumentOwner = { word, kind: 'fetch method' };
  const fetchArguments = readArguments(text, start + word.length, keyword.arguments?.length ?? 0, owner);
  const bound = bindArguments(fetchArguments, keyword.arguments ?? [], owner, context);
  const fetch = keyword.compile(bound);
  let evaluate = typeof fetch === 'function' ? fetch : fetch.evaluate;
  let some = typeof fetch === 'function' ? undefined : fetch.some;
  let known = constantOf(evaluate);
  let { type, nominal } = keyword;
  let whole = text.slice(start, fetchArguments.end);
  let lastWord = word;

  const steps: Step[] = [];
  let line = text;
  let at = fetchArguments.end;
  for (;;) {
    const comma = line[at] === ',';
    while (line[at] === ',') at++;
    if (at >= line.length) {
      const next = continuation?.peek();
      if (next === undefined || findWord(tables.converters, nameAt(next, 0)) === undefined) break;
      continuation!.take();
      line = next;
      at = 0;
    } else if (!comma) break;
    const name = nameAt(line, at);
    const converter = findWord(tables.converters, name)?.keyword;
    if (!converter) throw new ExpressionError(unknownConverter(name, tables));
    const converterOwner: ArgumentOwner = { word: name, kind: 'converter' };
    const given = readArguments(line, at + name.length, converter.arguments?.length ?? 0, converterOwner);
    if (!canCast(type, converter.input)) throw new ExpressionError(`converter '${name}' cannot be applied`);
    const convert = converter.compile(bindArguments(given, converter.arguments ?? [], converterOwner, context));
    const cast = castBetween(type, converter.input);
    if (known && isPure(convert)) {
      const input = known.value === undefined || !cast ? known.value : cast(known.value);
      const value = input === undefined ? undefined : (convert as (value: Value) => Value | undefined)(input);
      known = { value };
      evaluate = () => value;
    } else {
      known = undefined;
      if (cast) steps.push(cast);
      steps.push(convert);
    }
    if (converter.output !== 'same') {
      type = converter.output;
      nominal = converter.nominal;
    }
    whole += `,${line.slice(at, given.end)}`;
    lastWord = name;
    at = given.end;
  }
  if (steps.length > 0) {
    const convert = compose(steps);
    const fetched = evaluate;
    evaluate = (transaction) => {
      const value = fetched(transaction);
      return value === undefined ? undefined : convert(value, transaction);
    };
    some &&= convertEach(some, convert);
  }
  const hasConverters = whole.length > fetchArguments.end - start;
  const sample: Sample = {
    text: whole,
    word,
    source: keyword.from,
    type,
    nominal: nominal ?? type,
    hasConverters,
    lastWord,
    evaluate,
    steady: some === undefined && isSteady(evaluate),
    some,
    expect: typeof fetch === 'function' ? undefined : fetch.expect,
    constant: known,
  };
  return { sample, end: at };
}

function readArguments(text: string, at: number, limit: number, owner: ArgumentOwner): RawArguments {
  if (text[at] !== '(') return { texts: [], end: at, open: false };
  return splitArguments(text, at, limit, (detail) => {
    throw new ArgumentError(
      owner.kind === 'converter'
        ? `invalid arg ${limit + 1} in converter '${owner.word}'`
        : `fetch method '${owner.word}'`,
      detail,
    );
  });
}

function compose(steps: readonly Step[]): Step {
  const [first, second] = steps;
  if (steps.length === 1) return first!;
  if (steps.length === 2)
    return (value, transaction) => {
      const between = first!(value, transaction);
      return between === undefined ? undefined : second!(between, transaction);
    };
  const rest = compose(steps.slice(1));
  return (value, transaction) => {
    const between = first!(value, transaction);
    return between === undefined ? undefined : rest(between, transaction);
  };
}

/** Converts each value of a fetch with several, without a closure per evaluation. */
function convertEach(some: MultiFetch['some'], convert: Step): MultiFetch['some'] {
  let currentVisit: (value: Value) => boolean;
  let currentTransaction: Transaction;
  const each = (value: Value): boolean => {
    const converted = convert(value, currentTransaction);
    return converted !== undefined && currentVisit(converted);
  };
  return (transaction, visit) => {
    const [outerTransaction, outerVisit] = [currentTransaction, currentVisit];
    currentTransaction = transaction;
    currentVisit = visit;
    try {
      return some(transaction, each);
    } finally {
      currentTransaction = outerTransaction;
      currentVisit = outerVisit;
    }
  };
}

/** What to say of a name that is no fetch here. */
export function unknownFetch(word: string, tables: SampleTables): string {
  if (isKnownFetch(word)) return `fetch method '${word}' is not built yet`;
  return `unknown fetch method '${word}'${hint(word, tables.fetches.keys())}`;
}

/** The same of a converter. */
export function unknownConverter(word: string, tables: SampleTables): string {
  if (isKnownConverter(word)) return `converter '${word}' is not built yet`;
  return `unknown converter '${word}'${word === '' ? '' : hint(word, tables.converters.keys())}`;
}
