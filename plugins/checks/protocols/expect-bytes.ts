import type { CheckCode, CheckResult, Format, Regex } from 'sluice/plugin';
import { type Expectation, met, unmet } from './expectation.ts';
import { commented, commentedInQuotes, result } from './outcome.ts';
import type { ExpectStep, Scene } from './steps.ts';

/** What an answer is compared with. */
export type BytePattern =
  /** A byte string somewhere in it. */
  | { readonly kind: 'string' | 'binary'; readonly value: string }
  | { readonly kind: 'regex'; readonly value: Pick<Regex, 'test'> }
  /** Of the answer in upper-case hexadecimal digits. */
  | { readonly kind: 'binary regex'; readonly value: Pick<Regex, 'test'> }
  | { readonly kind: 'log-format string' | 'log-format binary'; readonly value: Format }
  /** Anything at all. */
  | { readonly kind: 'custom' };

/** `expect string 'x'`, as messages have it. */
function labelOf(pattern: BytePattern): string {
  return pattern.kind === 'string' || pattern.kind === 'binary'
    ? `expect ${pattern.kind} '${pattern.value}'`
    : `expect ${pattern.kind}`;
}

/** What messages call the content. */
function contentOf(pattern: BytePattern): string {
  return pattern.kind === 'string' ? `'${pattern.value}'` : `(${pattern.kind})`;
}

export function emptyResponse(scene: Scene, status: CheckCode): CheckResult {
  return result(
    status,
    commentedInQuotes(`TCPCHK got an empty response at step ${scene.stepNumber}`, scene.comment),
    0,
  );
}

/** Hexadecimal digits as the bytes they stand for; undefined where they are none. */
export function fromHex(digits: string): string | undefined {
  if (digits.length % 2 !== 0 || /[^0-9a-f]/i.test(digits)) return undefined;
  return Buffer.from(digits, 'hex').toString('latin1');
}

/** What a log-format string comes to; a failure when that is nothing. */
function evaluated(format: Format, hex: boolean, expectation: Expectation, scene: Scene): string | CheckResult {
  const text = format.evaluate(scene.transaction);
  const fail = (words: string): CheckResult =>
    result(expectation.errorStatus ?? 'L7RSP', commented(words, scene.comment), 0);
  if (text === '') return fail('log-format string evaluated to an empty string');
  if (!hex) return text;
  return fromHex(text) ?? fail('Failed to parse hexastring resulting of eval of a log-format string');
}

/** A `tcp-check expect` rule. `words` is what a check says that ends well with it. */
export function expectBytes(
  pattern: BytePattern,
  inverse: boolean,
  expectation: Expectation,
  words?: string,
): ExpectStep {
  const { minReceived, errorStatus = 'L7RSP' } = expectation;
  return {
    kind: 'expect',
    comment: expectation.comment,
    label: labelOf(pattern),
    timeoutStatus: expectation.timeoutStatus ?? 'L7TOUT',
    succeed: (scene) => met(expectation, scene, words),
    evaluate(scene) {
      const { bytes, last } = scene;
      if (bytes.length === 0) return last ? emptyResponse(scene, errorStatus) : 'wait';
      if (pattern.kind === 'custom') return 'passed';
      if (bytes.length < minReceived && !last) return 'wait';
      let matched: boolean;
      if (pattern.kind === 'regex') matched = pattern.value.test(bytes.toString('latin1'));
      else if (pattern.kind === 'binary regex') matched = pattern.value.test(bytes.toString('hex').toUpperCase());
      else {
        const wanted =
          typeof pattern.value === 'string'
            ? pattern.value
            : evaluated(pattern.value, pattern.kind === 'log-format binary', expectation, scene);
        if (typeof wanted !== 'string') return wanted;
        if (bytes.length < wanted.length && !last) return 'wait';
        matched = bytes.includes(wanted, 0, 'latin1');
      }
      if (!matched && minReceived < 0 && !last) return 'wait';
      if (matched !== inverse) return 'passed';
      const what = matched ? 'matched unwanted content' : 'did not match content';
      return unmet(expectation, scene, `TCPCHK ${what} ${contentOf(pattern)} at step ${scene.stepNumber}`, 'L7RSP');
    },
  };
}
