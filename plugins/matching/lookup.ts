import type { Value } from 'sluice/plugin';

/** A pattern and what finding it gives: a map's value, or just true. */
export interface Item<T> {
  readonly pattern: string;
  readonly data: T;
}

export interface BuildFlags {
  readonly ignoreCase: boolean;
  readonly resolveNames?: boolean;
  fail(message: string): never;
}

/** What a value finds; undefined when no pattern matches. The value arrives cast to the method's input type. */
export type Lookup<T> = (value: Value) => T | undefined;

/** Builds an index over patterns once, so that looking up costs little. */
export type Builder = <T>(items: readonly Item<T>[], flags: BuildFlags) => Lookup<T>;

/** Lower case of ASCII letters only, as C's tolower in its plain locale. */
export function lowerCase(text: string): string {
  return /[A-Z]/.test(text) ? text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase()) : text;
}
