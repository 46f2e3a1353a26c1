import type { DirectiveKeyword, Scope, Words } from 'sluice/plugin';
import { ANYWHERE, lacks } from '../../proxy/place.ts';
import { type BytePattern, expectBytes, fromHex } from './expect-bytes.ts';
import { readExpectation } from './expect-words.ts';
import { result } from './outcome.ts';
import {
  argument,
  formatOf,
  readComment,
  readCommentRule,
  readConnect,
  readHex,
  readVariableAction,
  refuse,
} from './rule-words.ts';
import { CHECK_RULES, warnUnused } from './rules.ts';
import type { ExpectStep, SendStep, Step } from './steps.ts';

const KINDS = "'comment', 'connect', 'send', 'send-binary', 'expect', 'set-var-fmt(*)', 'set-var(*)', 'unset-var(*)'";
const EXPECTS =
  "min-recv, '[!]binary', '[!]string', '[!]rstring', '[!]string-lf', '[!]rbinary', '[!]binary-lf' or comment";

function readSend(word: string, words: Words, scope: Scope, rule: string): SendStep {
  const hex = word.startsWith('send-binary');
  const text = argument(words, rule, `'${hex ? 'binary string' : 'string'}' expects a ${word} as argument.`);
  if (!word.endsWith('-lf')) {
    const bytes = hex ? readHex(text, words, rule) : text;
    return { kind: 'send', comment: readComment(words, rule), make: () => bytes };
  }
  const format = formatOf(text, words, scope);
  return {
    kind: 'send',
    comment: readComment(words, rule),
    make(scene) {
      const made = format.evaluate(scene.transaction);
      const bytes = hex ? fromHex(made) : made;
      return bytes ?? result('L7RSP', `tcp-check send : failed to build log-format string at step ${scene.stepNumber}`);
    },
  };
}

function readExpect(words: Words, scope: Scope, rule: string): ExpectStep {
  let found: [pattern: BytePattern, inverse: boolean] | undefined;
  const expectation = readExpectation(words, scope, rule, EXPECTS, (word, inverse) => {
    const text = (): string => argument(words, rule, `'${word}' expects a <pattern> as argument.`);
    let pattern: BytePattern;
    if (word === 'string') pattern = { kind: 'string', value: text() };
    else if (word === 'binary') pattern = { kind: 'binary', value: readHex(text(), words, rule) };
    else if (word === 'rstring') pattern = { kind: 'regex', value: scope.regex(text(), words) };
    else if (word === 'rbinary') pattern = { kind: 'binary regex', value: scope.regex(text(), words) };
    else if (word === 'string-lf') pattern = { kind: 'log-format string', value: formatOf(text(), words, scope) };
    else if (word === 'binary-lf') pattern = { kind: 'log-format binary', value: formatOf(text(), words, scope) };
    else if (word === 'custom') pattern = { kind: 'custom' };
    else return false;
    found = [pattern, inverse];
    return true;
  });
  return expectBytes(...found!, expectation, '(tcp-check)');
}

function readRule(words: Words, scope: Scope): Step {
  const word = words.remaining > 0 ? words.next('a rule') : '';
  const rule = `tcp-check ${word}`;
  switch (word) {
    case 'comment':
      return readCommentRule(words, rule);
    case 'connect':
      return readConnect(words, scope, rule, ['none']);
    case 'send':
    case 'send-lf':
    case 'send-binary':
    case 'send-binary-lf':
      return readSend(word, words, scope, rule);
    case 'expect':
      return readExpect(words, scope, rule);
    default:
      return (
        readVariableAction(word, words, scope) ?? words.fail(`'tcp-check' only supports ${KINDS}. but got '${word}'`)
      );
  }
}

export const tcpCheck: DirectiveKeyword = {
  usage:
    'tcp-check { comment | connect | send | send-lf | send-binary | send-binary-lf | expect | set-var(…) | set-var-fmt(…) | unset-var(…) } …',
  summary: 'A step of the check that option tcp-check makes.',
  in: ANYWHERE,
  parse(words, scope) {
    const ignored = lacks('backend', words, scope);
    const step = readRule(words, scope);
    if (ignored) return;
    const rules = scope.proxy.extension(CHECK_RULES);
    const steps = rules.tcp.inherited ? [] : rules.tcp.steps;
    if (step.kind === 'connect') requireConnectFirst(steps, words, 'tcp-check connect');
    rules.tcp = { steps: [...steps, step], inherited: false };
    warnUnused(words, scope, 'tcp-check', ({ settings, kind, name }) =>
      settings.checkOption === 'tcp-check'
        ? undefined
        : `${kind} '${name}' uses tcp-check rules without 'option tcp-check', so the rules are ignored.`,
    );
  },
};

/** A script either begins with a connection of its own, or has none but that to the server. */
export function requireConnectFirst(steps: readonly Step[], words: Words, rule: string): void {
  const first = steps.find(({ kind }) => kind !== 'comment' && kind !== 'action');
  if (first !== undefined && first.kind !== 'connect')
    refuse(
      words,
      rule,
      "first step MUST also be a 'connect', optionally preceded by a 'set-var', an 'unset-var' or a 'comment', " +
        "when there is a 'connect' step in the tcp-check ruleset.",
    );
}
