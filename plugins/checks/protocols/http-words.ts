import type { DirectiveKeyword, Format, Scope, Words } from 'sluice/plugin';
import { ANYWHERE, lacks } from '../../proxy/place.ts';
import { readExpectation } from './expect-words.ts';
import { type HttpPattern, type TextMatch, expectHttp } from './http-expect.ts';
import { FIRST_REQUEST, type HttpRequest, sendRequest } from './http-request.ts';
import { argument, formatOf, readCommentRule, readConnect, readVariableAction, refuse } from './rule-words.ts';
import { CHECK_RULES, type CheckRules, warnUnused } from './rules.ts';
import type { ExpectStep, Step } from './steps.ts';
import { requireConnectFirst } from './tcp-words.ts';

const KINDS =
  "'disable-on-404', 'send-state', 'comment', 'connect', 'send', 'expect', 'set-var-fmt(*)', 'set-var(*)', 'unset-var(*)'";
const EXPECTS =
  "min-recv, '[!]string', '[!]rstring', '[!]string-lf', '[!]status', '[!]rstatus', '[!]hdr', '[!]fhdr' or comment";
const METHODS = ['str', 'beg', 'end', 'sub', 'reg'] as const;

function readRequest(words: Words, scope: Scope, rule: string): HttpRequest {
  const made: { -readonly [K in keyof HttpRequest]: HttpRequest[K] } = {};
  const headers: [string, Format][] = [];
  while (words.remaining > 0) {
    const word = words.next('a word');
    const value = (): string => argument(words, rule, `'${word}' expects a string as argument.`);
    if (word === 'meth') made.method = value();
    else if (word === 'uri') made.uri = value();
    else if (word === 'uri-lf') made.uri = formatOf(value(), words, scope);
    else if (word === 'ver') made.version = value();
    else if (word === 'body') made.body = value();
    else if (word === 'body-lf') made.body = formatOf(value(), words, scope);
    else if (word === 'comment') value();
    else if (word === 'hdr') {
      const missing = `'hdr' expects <name> and <value> as arguments.`;
      const name = argument(words, rule, missing).toLowerCase();
      headers.push([name, formatOf(argument(words, rule, missing), words, scope)]);
    } else {
      const known = "'comment', 'meth', 'uri', 'uri-lf', 'ver', 'hdr', 'body' or 'body-lf'";
      refuse(words, rule, `expects ${known} but got '${word}' as argument.`);
    }
  }
  if (headers.length > 0) made.headers = headers;
  return made;
}

function readRanges(text: string, words: Words, rule: string): [number, number][] {
  return text
    .split(',')
    .filter((part) => part !== '')
    .map((part) => {
      const wrong = /[^0-9-]/.exec(part)?.[0];
      if (wrong !== undefined) refuse(words, rule, `invalid character '${wrong}' in the list of status codes.`);
      const [, low, high] = /^(\d+)(?:-(\d+))?$/.exec(part) ?? [];
      if (low === undefined || Number(high ?? low) < Number(low))
        refuse(words, rule, `invalid range of status codes '${part}'.`);
      return [Number(low), Number(high ?? low)] as [number, number];
    });
}

/** `[ -m <method> ] <pattern>`, behind `name`, `name-lf`, `value` or `value-lf`. */
function readMatch(
  which: string,
  format: boolean,
  missing: string,
  words: Words,
  scope: Scope,
  rule: string,
): TextMatch {
  let method: TextMatch['method'] = 'str';
  if (words.peek() === '-m') {
    words.next('-m');
    const name = argument(
      words,
      rule,
      `'${which}' : '-m' expects at a matching pattern ('str', 'beg', 'end', 'sub' or 'reg').`,
    );
    method =
      METHODS.find((known) => known === name) ??
      refuse(words, rule, `'${which}' : '-m' only supports 'str', 'beg', 'end', 'sub' or 'reg' (got '${name}').`);
  }
  if (format && method === 'reg')
    refuse(words, rule, `'${which}': log-format string is not supported with a regex matching method.`);
  const text = argument(words, rule, missing);
  if (method === 'reg') return { method, pattern: scope.regex(text, words, missing.includes('name')) };
  return { method, pattern: format ? formatOf(text, words, scope) : text };
}

function readHeader(which: 'hdr' | 'fhdr', words: Words, scope: Scope, rule: string): HttpPattern {
  const missing = `'${which}' expects at the name keyword as first argument followed by a pattern.`;
  const noValue = `'${which}' expect a pattern with the value keyword.`;
  const first = words.remaining > 0 ? words.next('name') : '';
  if (first !== 'name' && first !== 'name-lf') refuse(words, rule, missing);
  const name = readMatch(which, first === 'name-lf', missing, words, scope, rule);
  const second = words.optional('value', 'value-lf');
  const value = second && readMatch(which, second === 'value-lf', noValue, words, scope, rule);
  return { kind: 'header', whole: which === 'fhdr', name, value };
}

function readExpect(words: Words, scope: Scope, rule: string): ExpectStep {
  let found: [pattern: HttpPattern, inverse: boolean] | undefined;
  const expectation = readExpectation(words, scope, rule, EXPECTS, (word, inverse) => {
    const text = (): string => argument(words, rule, `'${word}' expects a <pattern> as argument.`);
    let pattern: HttpPattern;
    if (word === 'status') pattern = { kind: 'status', ranges: readRanges(text(), words, rule) };
    else if (word === 'rstatus') pattern = { kind: 'rstatus', regex: scope.regex(text(), words) };
    else if (word === 'string') pattern = { kind: 'string', value: text() };
    else if (word === 'string-lf') pattern = { kind: 'string', value: formatOf(text(), words, scope) };
    else if (word === 'rstring') pattern = { kind: 'rstring', regex: scope.regex(text(), words) };
    else if (word === 'hdr' || word === 'fhdr') pattern = readHeader(word, words, scope, rule);
    else if (word === 'custom') pattern = { kind: 'custom' };
    else return false;
    found = [pattern, inverse];
    return true;
  });
  return expectHttp(...found!, expectation);
}

/** Where a rule stands that needs another before it. */
function requireOrder(steps: readonly Step[], kind: 'connect' | 'send' | 'expect', words: Words, rule: string): void {
  const before = steps.findLast((step) => step.kind !== 'comment' && step.kind !== 'action')?.kind;
  const missing = (what: string): never =>
    refuse(words, rule, `unable to add http-check ${kind} rule at step ${steps.length + 1} (missing ${what} rule).`);
  if (kind === 'connect') {
    requireConnectFirst(steps, words, rule);
    if (before !== undefined && before !== 'expect') missing('expect');
  } else if (kind === 'send') {
    if (before !== undefined && before !== 'connect') missing('connect');
  } else if (before === 'connect') missing('send');
}

function readRule(word: string, words: Words, scope: Scope, steps: readonly Step[], rules: CheckRules): Step {
  const rule = `http-check ${word}`;
  switch (word) {
    case 'comment':
      return readCommentRule(words, rule);
    case 'connect': {
      const step = readConnect(words, scope, rule, ['h1']);
      requireOrder(steps, 'connect', words, rule);
      return step;
    }
    case 'send': {
      const request = readRequest(words, scope, rule);
      requireOrder(steps, 'send', words, rule);
      if (steps.some(({ kind }) => kind === 'send')) return sendRequest(request);
      // The first describes the request of `option httpchk` further, but not that of the `defaults` section.
      rules.request = rules.requestInherited ? request : { ...rules.request, ...request };
      rules.requestInherited = false;
      rules.requestByRule = true;
      return FIRST_REQUEST;
    }
    case 'expect': {
      const step = readExpect(words, scope, rule);
      requireOrder(steps, 'expect', words, rule);
      return step;
    }
    default:
      return (
        readVariableAction(word, words, scope) ?? words.fail(`'http-check' only supports ${KINDS}. but got '${word}'`)
      );
  }
}

export const httpCheck: DirectiveKeyword = {
  usage:
    'http-check { disable-on-404 | send-state | comment | connect | send | expect | set-var(…) | set-var-fmt(…) | unset-var(…) } …',
  summary: 'A step of the check that option httpchk makes, or how it is made.',
  in: ANYWHERE,
  parse(words, scope) {
    const ignored = lacks('backend', words, scope);
    const rules = scope.proxy.extension(CHECK_RULES);
    const word = words.remaining > 0 ? words.next('a rule') : '';
    if (word === 'disable-on-404' || word === 'send-state') {
      if (words.remaining > 0) words.fail(`'http-check' cannot handle unexpected argument '${words.next('nothing')}'.`);
      if (ignored) return;
      rules[word === 'send-state' ? 'sendState' : 'disableOn404'] = true;
      warnUnused(words, scope, word, ({ settings: { checkOption }, kind, name }) =>
        checkOption === undefined || checkOption === 'httpchk'
          ? undefined
          : `'${word}' will be ignored for ${kind} '${name}' (requires 'option httpchk').`,
      );
      return;
    }
    // What the `defaults` section had gives way to the first rule of the proxy's own.
    const steps = rules.http.inherited ? [] : rules.http.steps;
    const step = readRule(word, words, scope, steps, rules);
    if (ignored) return;
    rules.http = { steps: [...steps, step], inherited: false };
    warnUnused(words, scope, 'http-check', ({ settings, kind, name }) =>
      settings.checkOption === 'httpchk'
        ? undefined
        : `${kind} '${name}' uses http-check rules without 'option httpchk', so the rules are ignored.`,
    );
  },
};
