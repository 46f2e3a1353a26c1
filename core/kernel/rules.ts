import type { Eventually, ProxyHook, Proxy, Rule, Transaction, Verdict } from '../api/index.ts';

/** Says what a throw of a plugin's code means for the transaction; logs and counts it. */
export type Blame = (plugin: string, stage: string, error: unknown) => Verdict;

/**
 * Evaluates a rule set in order until one rule is final or answers. Synchronous until an action gives a promise.
 * `stop` ends the set and means to go on with the next stage, so it is not passed on.
 */
export function runRules(
  rules: readonly Rule[],
  transaction: Transaction,
  blame: Blame,
  from = 0,
): Eventually<Verdict> {
  return evaluate(rules, transaction, blame, from, undefined) as Eventually<Verdict>;
}

/** What {@link inspect} answers when a condition cannot be decided yet. */
export type Inspection = Verdict | 'wait';

/**
 * As {@link runRules}, for contents that are still coming: a condition that does not hold ends in `wait` when what it reads
 * may yet change. `coming` says what may: the response's head and what follows it, or only that. Afterwards all rules run anew
 * (configuration.txt 4.2, tcp-request content).
 */
export function inspect(
  rules: readonly Rule[],
  transaction: Transaction,
  blame: Blame,
  coming: 'head' | 'content',
): Eventually<Inspection> {
  return evaluate(rules, transaction, blame, 0, coming);
}

function evaluate(
  rules: readonly Rule[],
  transaction: Transaction,
  blame: Blame,
  from: number,
  coming: 'head' | 'content' | undefined,
): Eventually<Inspection> {
  for (let i = from; i < rules.length; i++) {
    const rule = rules[i]!;
    const { condition } = rule;
    if (coming !== undefined) transaction.undecided = false;
    try {
      if (condition !== undefined && !condition.evaluate(transaction)) {
        if (coming === undefined) continue;
        if (transaction.undecided || (coming === 'head' && condition.readsResponse === true)) return 'wait';
        continue;
      }
      const verdict = rule.action.run(transaction);
      if (verdict === undefined) {
        if (rule.final) return undefined;
      } else if (verdict instanceof Promise) return later(verdict, rules, transaction, blame, i, coming);
      else return verdict === 'stop' ? undefined : verdict;
    } catch (error) {
      const verdict = blame(rule.plugin, rule.text, error);
      if (verdict !== undefined) return verdict;
    }
  }
  return undefined;
}

async function later(
  promise: Promise<Verdict>,
  rules: readonly Rule[],
  transaction: Transaction,
  blame: Blame,
  index: number,
  coming: 'head' | 'content' | undefined,
): Promise<Inspection> {
  const rule = rules[index]!;
  let verdict: Verdict;
  try {
    verdict = await promise;
  } catch (error) {
    verdict = blame(rule.plugin, rule.text, error);
  }
  if (verdict === 'stop' || (verdict === undefined && rule.final)) return undefined;
  return verdict ?? evaluate(rules, transaction, blame, index + 1, coming);
}

/** Calls the functions that directives of a proxy registered, until one answers. */
export function runHooks(
  hooks: readonly ProxyHook<Eventually<Verdict>>[],
  transaction: Transaction,
  proxy: Proxy,
  blame: Blame,
  from = 0,
): Eventually<Verdict> {
  for (let i = from; i < hooks.length; i++) {
    try {
      const verdict = hooks[i]!(transaction, proxy);
      if (verdict === undefined) continue;
      if (!(verdict instanceof Promise)) return verdict;
      return verdict.then(
        (answer) => answer ?? runHooks(hooks, transaction, proxy, blame, i + 1),
        (error: unknown) => blame(proxy.name, 'request', error),
      );
    } catch (error) {
      return blame(proxy.name, 'request', error);
    }
  }
  return undefined;
}
