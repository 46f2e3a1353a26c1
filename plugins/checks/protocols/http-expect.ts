import type { CheckResult, Format, Regex } from 'sluice/plugin';
import { type Expectation, met, unmet } from './expectation.ts';
import { commented, result } from './outcome.ts';
import type { HttpResponse } from './http-response.ts';
import { readResponse } from './http-response.ts';
import { rulesOf } from './rules.ts';
import type { ExpectStep, Scene } from './steps.ts';

/** A test of a text: of itself, of a part of it, or by a regular expression. */
export interface TextMatch {
  readonly method: 'str' | 'beg' | 'end' | 'sub' | 'reg';
  readonly pattern: string | Format | Pick<Regex, 'test'>;
}

export type HttpPattern =
  | { readonly kind: 'status'; readonly ranges: readonly (readonly [low: number, high: number])[] }
  | { readonly kind: 'rstatus'; readonly regex: Pick<Regex, 'test'> }
  | { readonly kind: 'string'; readonly value: string | Format }
  | { readonly kind: 'rstring'; readonly regex: Pick<Regex, 'test'> }
  /** `whole` values (`fhdr`), or the parts between their commas. */
  | {
      readonly kind: 'header';
      readonly whole: boolean;
      readonly name: TextMatch;
      readonly value: TextMatch | undefined;
    }
  | { readonly kind: 'custom' };

const EMPTY = 'log-format string evaluated to an empty string';

const tests: Record<Exclude<TextMatch['method'], 'reg'>, (text: string, pattern: string) => boolean> = {
  str: (text, pattern) => text === pattern,
  beg: (text, pattern) => text.startsWith(pattern),
  end: (text, pattern) => text.endsWith(pattern),
  sub: (text, pattern) => text.includes(pattern),
};

/** A pattern that may have to be evaluated, as a text; undefined when that is empty. */
function textOf(pattern: string | Format, scene: Scene): string | undefined {
  return typeof pattern === 'string' ? pattern : pattern.evaluate(scene.transaction) || undefined;
}

/** The test of a match as a function; undefined when its pattern comes to nothing. */
function compile(match: TextMatch, scene: Scene, ignoreCase: boolean): ((text: string) => boolean) | undefined {
  const { method, pattern } = match;
  if (typeof pattern !== 'string' && 'test' in pattern) return (text) => pattern.test(text);
  const wanted = textOf(pattern, scene);
  if (wanted === undefined || method === 'reg') return undefined;
  const [test, folded] = [tests[method], ignoreCase ? wanted.toLowerCase() : wanted];
  return (text) => test(text, folded);
}

/** The parts of a list field, RFC 9110 5.6.1; commas in quoted strings are none. */
function partsOf(value: string): string[] {
  return (value.match(/(?:"(?:\\.|[^"\\])*"|[^,"]|"(?=[^"]*$))+/g) ?? []).map((part) => part.trim()).filter(Boolean);
}

/** Undefined when a log-format string came to nothing. */
function hasHeader(
  pattern: HttpPattern & { kind: 'header' },
  { headers }: HttpResponse,
  scene: Scene,
): boolean | undefined {
  const nameFits = compile(pattern.name, scene, true);
  const valueFits = pattern.value && compile(pattern.value, scene, false);
  if (nameFits === undefined || (pattern.value !== undefined && valueFits === undefined)) return undefined;
  for (let index = 0; index < headers.size; index++) {
    if (!nameFits(headers.nameAt(index))) continue;
    if (valueFits === undefined) return true;
    const value = headers.valueAt(index);
    if ((pattern.whole ? [value] : partsOf(value)).some(valueFits)) return true;
  }
  return false;
}

/** Of the body: `wait` while more of it could change the answer. */
function inBody(
  pattern: HttpPattern & { kind: 'string' | 'rstring' },
  { minReceived }: Expectation,
  { body }: HttpResponse,
  scene: Scene,
): boolean | 'wait' | 'empty pattern' | 'no body' {
  const bytes = body.available();
  const last = body.complete || scene.last;
  if (bytes.length === 0) return last ? 'no body' : 'wait';
  if (bytes.length < minReceived && !last) return 'wait';
  let matched: boolean;
  if (pattern.kind === 'rstring') matched = pattern.regex.test(bytes.toString('latin1'));
  else {
    const wanted = textOf(pattern.value, scene);
    if (wanted === undefined) return 'empty pattern';
    if (bytes.length < wanted.length && !last) return 'wait';
    matched = bytes.includes(wanted, 0, 'latin1');
  }
  return !matched && minReceived < 0 && !last ? 'wait' : matched;
}

/** An `http-check expect` rule. */
export function expectHttp(pattern: HttpPattern, inverse: boolean, expectation: Expectation): ExpectStep {
  const judge = (response: HttpResponse, scene: Scene): 'wait' | 'passed' | CheckResult => {
    const { status, reason } = response;
    // A running server tells so that it wants no new traffic.
    if (status === 404 && rulesOf(scene).disableOn404 && scene.server.state.operational !== 'stopped')
      return result('L7OKC', undefined, status);
    const wrong = (words: string): CheckResult => unmet(expectation, scene, words, 'L7STS', status);
    const bad = (words: string): CheckResult => unmet(expectation, scene, words, 'L7RSP', status);
    const nothing = (): CheckResult =>
      result(expectation.errorStatus ?? 'L7RSP', commented(EMPTY, scene.comment), status);
    switch (pattern.kind) {
      case 'custom':
        return 'passed';
      case 'status':
        return pattern.ranges.some(([low, high]) => status >= low && status <= high) === inverse
          ? wrong(reason)
          : 'passed';
      case 'rstatus':
        return pattern.regex.test(String(status)) === inverse ? wrong(reason) : 'passed';
      case 'header': {
        const found = hasHeader(pattern, response, scene);
        if (found === undefined) return nothing();
        return found === inverse ? wrong(reason) : 'passed';
      }
      default: {
        const found = inBody(pattern, expectation, response, scene);
        if (found === 'wait') return 'wait';
        if (found === 'empty pattern') return nothing();
        if (found === 'no body') return bad('HTTP content check could not find a response body');
        if (found !== inverse) return 'passed';
        return bad(found ? 'HTTP check matched unwanted content' : 'HTTP content check did not match');
      }
    }
  };
  return {
    kind: 'expect',
    comment: expectation.comment,
    label: 'expect',
    timeoutStatus: expectation.timeoutStatus ?? 'L7TOUT',
    succeed: (scene) => met(expectation, scene, undefined, scene.response?.status),
    evaluate(scene) {
      if (scene.bytes.length === 0 && !scene.last) return 'wait';
      const found = readResponse(scene.bytes, scene.last && !scene.reset, scene.headRequest);
      if (found === 'incomplete') return 'wait';
      if (found === 'broken')
        return result('L7RSP', scene.comment === undefined ? undefined : commented('', scene.comment));
      scene.response = found;
      return judge(found, scene);
    },
  };
}
