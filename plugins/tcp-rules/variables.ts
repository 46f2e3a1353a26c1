import type { Action, ActionKeyword, Ruleset, Scope, Transaction, Value, VariableScope, Words } from 'sluice/plugin';

const EVERYWHERE: readonly Ruleset[] = [
  'tcp-request connection',
  'tcp-request session',
  'tcp-request content',
  'tcp-response content',
  'http-request',
  'http-response',
  'http-after-response',
];
const CONDITIONS = ['ifexists', 'ifnotexists', 'ifempty', 'ifnotempty', 'ifset', 'ifnotset', 'ifgt', 'iflt'] as const;
type Condition = (typeof CONDITIONS)[number];

export interface Variable {
  readonly scope: VariableScope;
  readonly name: string;
  readonly conditions: readonly Condition[];
}

/** Reads what stands in the parentheses of `set-var(<scope>.<name>[,<condition>…])`. configuration.txt 2.8. */
function readVariable(words: Words, scope: Scope, action: string): Variable {
  const variable = parseVariable(words.keyword, words, action);
  if (variable.scope === 'check') words.fail(`'check' variables exist in health checks only`);
  scope.global.settings.variableNames.add(`${variable.scope}.${variable.name}`);
  return variable;
}

/** The same of any word; `action` is what messages call it. */
export function parseVariable(word: string, words: Words, action: string): Variable {
  const inside = /\((.*)\)$/s.exec(word)?.[1];
  if (inside === undefined)
    return words.fail(
      `invalid or incomplete action '${action}'. Expects 'set-var(<var-name>)', 'set-var-fmt(<var-name>)' or 'unset-var(<var-name>)'.`,
    );
  if (inside === '') words.fail('Empty variable name cannot be accepted.');
  const [whole = '', ...conditions] = inside.split(',');
  const parts = /^(proc|sess|txn|req|res|check)\.([A-Za-z0-9_.]+)$/.exec(whole);
  if (/^p(?:sess|txn|req|res)\./.test(whole))
    words.fail(`variable '${whole}' belongs to the parent stream and can be read only.`);
  if (!parts)
    return words.fail(
      `invalid variable name '${whole}'. A variable name must be start by its scope. The scope can be 'proc', 'sess', 'txn', 'req', 'res' or 'check'.`,
    );
  for (const condition of conditions)
    if (!(CONDITIONS as readonly string[]).includes(condition)) words.fail(`unknown condition "${condition}".`);
  if (conditions.length > 4) words.fail('at most four conditions are possible');
  return { scope: parts[1] as VariableScope, name: parts[2] as string, conditions: conditions as Condition[] };
}

function isEmpty(value: Value): boolean {
  return (typeof value === 'string' || Buffer.isBuffer(value)) && value.length === 0;
}

function isInteger(value: Value | undefined): value is number | bigint {
  return typeof value === 'number' || typeof value === 'bigint';
}

function holds(condition: Condition, old: Value | undefined, value: Value, scope: VariableScope): boolean {
  switch (condition) {
    case 'ifexists':
      return old !== undefined || scope === 'proc';
    case 'ifnotexists':
      return old === undefined && scope !== 'proc';
    case 'ifset':
      return old !== undefined;
    case 'ifnotset':
      return old === undefined;
    case 'ifempty':
      return isEmpty(value);
    case 'ifnotempty':
      return !isEmpty(value);
    case 'ifgt':
      return !isInteger(old) || !isInteger(value) || old > value;
    default:
      return !isInteger(old) || !isInteger(value) || old < value;
  }
}

/** Sets the variable when its conditions hold, and there is a value. */
export function setting(variable: Variable, value: (transaction: Transaction) => Value | undefined): Action {
  const { scope, name, conditions } = variable;
  return {
    run(transaction) {
      const made = value(transaction);
      // Where there is nothing to be had the variable keeps what it has.
      if (made === undefined) return;
      if (conditions.length > 0) {
        const old = transaction.getVariable(scope, name);
        if (!conditions.every((condition) => holds(condition, old, made, scope))) return;
      }
      transaction.setVariable(scope, name, made);
    },
  };
}

export const variableActions: Record<string, ActionKeyword> = {
  'set-var': {
    usage: 'set-var(<scope>.<name>[,<condition>…]) <expression>',
    summary: 'Sets a variable to the value of an expression.',
    in: EVERYWHERE,
    prefix: true,
    parse(words: Words, scope: Scope) {
      const variable = readVariable(words, scope, 'set-var');
      if (words.remaining === 0) words.fail('missing fetch method.');
      const expression = scope.expression(words);
      return setting(variable, (transaction) => expression.evaluate(transaction));
    },
  },
  'set-var-fmt': {
    usage: 'set-var-fmt(<scope>.<name>[,<condition>…]) <log-format>',
    summary: 'Sets a variable to a text.',
    in: EVERYWHERE,
    prefix: true,
    parse(words: Words, scope: Scope) {
      const variable = readVariable(words, scope, 'set-var-fmt');
      const format = scope.format(words.next('a log-format string'), words);
      return setting(variable, (transaction) => format.constant ?? format.evaluate(transaction));
    },
  },
  'unset-var': {
    usage: 'unset-var(<scope>.<name>)',
    summary: 'Takes a variable away.',
    in: EVERYWHERE,
    prefix: true,
    parse(words: Words, scope: Scope) {
      const { scope: place, name, conditions } = readVariable(words, scope, 'unset-var');
      if (conditions.length > 0) words.fail(`'unset-var' takes no conditions`);
      return { run: (transaction) => transaction.setVariable(place, name, undefined) };
    },
  },
};
