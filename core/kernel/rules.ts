import type {
  Comparison,
  Eventually,
  FetchFunction,
  ProxyHook,
  Proxy,
  Rule,
  Transaction,
  Value,
  Verdict,
} from '../api/index.ts';

/** Says what a throw of a plugin's code means for the transaction; logs and counts it. */
export type Blame = (plugin: string, stage: string, error: unknown) => Verdict;

/** A rule made ready: its condition in the form that is evaluated. */
export interface RunningRule extends Rule {
  readonly comparison: Comparison | undefined;
}

export function makeReady(rules: readonly Rule[]): readonly RunningRule[] {
  return rules.map((rule) => ({ ...rule, comparison: rule.condition?.comparison?.() }));
}

/**
 * Evaluates a rule set in order until one rule is final or answers. Synchronous until an action gives a promise.
 * `stop` ends the set and means to go on with the next stage, so it is not passed on.
 */
export function runRules(
  rules: readonly RunningRule[],
  transaction: Transaction,
  blame: Blame,
  from = 0,
): Eventually<Verdict> {
  // The last steady sample and what it gave: rules in series often look at the same one.
  let fetched: FetchFunction | undefined;
  let value: Value | undefined;
  for (let i = from; i < rules.length; i++) {
    const rule = rules[i]!;
    try {
      const { comparison } = rule;
      if (comparison !== undefined) {
        if (comparison.fetch !== fetched) {
          value = comparison.fetch(transaction);
          fetched = comparison.fetch;
        }
        if ((value !== undefined && comparison.matches(value)) === comparison.negated) continue;
      } else if (rule.condition !== undefined && !rule.condition.evaluate(transaction)) continue;
      fetched = undefined;
      const verdict = rule.action.run(transaction);
      if (verdict === undefined) {
        if (!rule.final) continue;
        transaction.lastRule = rule;
        return undefined;
      }
      if (verdict instanceof Promise) return later(verdict, rules, transaction, blame, i, runRules);
      transaction.lastRule = rule;
      return verdict === 'stop' ? undefined : verdict;
    } catch (error) {
      const verdict = blame(rule.plugin, rule.text, error);
      if (verdict !== undefined) return verdict;
    }
  }
  return undefined;
}

/**
 * The same while bytes may still come: `wait` at the first rule whose condition they could change. It is run again from the
 * beginning when there are more, as HAProxy does, so rules before that one act again.
 */
export function decideRules(
  rules: readonly RunningRule[],
  transaction: Transaction,
  blame: Blame,
  from = 0,
): Eventually<Verdict | 'wait'> {
  for (let i = from; i < rules.length; i++) {
    const rule = rules[i]!;
    try {
      const applies = rule.condition === undefined || rule.condition.decide(transaction);
      if (applies === undefined) return 'wait';
      if (!applies) continue;
      const verdict = rule.action.run(transaction);
      if (verdict === undefined) {
        if (!rule.final) continue;
        transaction.lastRule = rule;
        return undefined;
      }
      if (verdict instanceof Promise) return later(verdict, rules, transaction, blame, i, decideRules);
      transaction.lastRule = rule;
      return verdict === 'stop' ? undefined : verdict;
    } catch (error) {
      const verdict = blame(rule.plugin, rule.text, error);
      if (verdict !== undefined) return verdict;
    }
  }
  return undefined;
}

async function later<V>(
  promise: Promise<Verdict>,
  rules: readonly RunningRule[],
  transaction: Transaction,
  blame: Blame,
  index: number,
  goOn: (
    rules: readonly RunningRule[],
    transaction: Transaction,
    blame: Blame,
    from: number,
  ) => Eventually<V | Verdict>,
): Promise<V | Verdict> {
  const rule = rules[index]!;
  let verdict: Verdict;
  try {
    verdict = await promise;
  } catch (error) {
    verdict = blame(rule.plugin, rule.text, error);
  }
  if (verdict !== undefined || rule.final) transaction.lastRule = rule;
  if (verdict === 'stop' || (verdict === undefined && rule.final)) return undefined;
  return verdict ?? goOn(rules, transaction, blame, index + 1);
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
        (error: unknown) => blame(proxy.name, 'request', error) ?? runHooks(hooks, transaction, proxy, blame, i + 1),
      );
    } catch (error) {
      const verdict = blame(proxy.name, 'request', error);
      if (verdict !== undefined) return verdict;
    }
  }
  return undefined;
}
