import type { CheckCode, CheckResult } from 'sluice/plugin';
import { commented, result } from './outcome.ts';
import type { Scene } from './steps.ts';

/** What every `expect` rule may say besides its pattern. */
export interface Expectation {
  readonly comment?: string | undefined;
  /** Bytes before it looks at all; then what it sees counts, though more may come. -1: it looks at every byte, and waits. */
  readonly minReceived: number;
  readonly okStatus?: CheckCode | undefined;
  readonly errorStatus?: CheckCode | undefined;
  readonly timeoutStatus?: CheckCode | undefined;
  readonly onSuccess?: ((scene: Scene) => string) | undefined;
  readonly onError?: ((scene: Scene) => string) | undefined;
  /** The code to report, on success and on error; undefined leaves the one that is known. */
  readonly statusCode?: ((scene: Scene) => number | undefined) | undefined;
}

export const PLAIN: Expectation = { minReceived: -1 };

/** The failure of a rule: its own words, or these. */
export function unmet(expectation: Expectation, scene: Scene, words: string, status: CheckCode, code = 0): CheckResult {
  const info = commented(expectation.onError?.(scene) ?? words, scene.comment);
  return result(expectation.errorStatus ?? status, info, expectation.statusCode?.(scene) ?? code);
}

/** The result of a check that ends with this rule. */
export function met(expectation: Expectation, scene: Scene, words: string | undefined, code = 0): CheckResult {
  const info = expectation.onSuccess?.(scene) ?? words;
  return result(expectation.okStatus ?? 'L7OK', info, expectation.statusCode?.(scene) ?? code);
}
