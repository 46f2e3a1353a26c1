import type { FetchFunction } from '../api/keywords.ts';
import type { Value } from '../api/values.ts';

const values = new WeakMap<FetchFunction, { readonly value: Value | undefined }>();
const pureFunctions = new WeakSet<object>();

/** A fetch whose answer is known when the configuration loads; the compiler folds it, and pure converters behind it. */
export function constant(value: Value | undefined): FetchFunction {
  const fetch: FetchFunction = () => value;
  values.set(fetch, { value });
  return fetch;
}

/** What {@link constant} was given; undefined for any other function. */
export function constantOf(fetch: FetchFunction): { readonly value: Value | undefined } | undefined {
  return values.get(fetch);
}

/** Declares that a converter's answer follows from its input alone, so that it may be asked when the configuration loads. */
export function pure<F extends (value: Value) => Value | undefined>(convert: F): F {
  pureFunctions.add(convert);
  return convert;
}

const steadyFetches = new WeakSet<FetchFunction>();

/**
 * Declares that a fetch answers the same for a transaction until an action has run, so that conditions in series that compare it
 * may share one answer.
 */
export function steady<F extends FetchFunction>(fetch: F): F {
  steadyFetches.add(fetch);
  return fetch;
}

export function isSteady(fetch: FetchFunction): boolean {
  return steadyFetches.has(fetch);
}

export function isPure(convert: object): boolean {
  return pureFunctions.has(convert);
}
