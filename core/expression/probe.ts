import type { Condition, Ruleset } from '../api/index.ts';
import type { Rule } from '../api/settings.ts';
import type { AclTest } from './acl.ts';

/** A line of the configuration that a probe is told of. */
export interface ProbedLine {
  readonly file: string;
  readonly line: number;
  /** The line's words, as far as they are known where it is told. */
  readonly text: string;
}

/** Called with each outcome. */
export type Outcome = (holds: boolean) => void;

/**
 * Watches what a configuration decides: it is told of every line that does so when it is compiled, and of the outcomes at run
 * time. Conditions, ACLs and rules are wrapped for that when they are made; without a probe nothing of it exists.
 */
export interface Probe {
  /** A line of an ACL: a name may have several. */
  acl(line: ProbedLine & { readonly name: string }): Outcome;
  /** `if` or `unless` of whatever line: a rule, `use_backend`, `redirect` … */
  condition(line: ProbedLine): Outcome;
  /** A rule, in the order of its set. It has come to its turn: gives what is to be told when it is applied without a condition. */
  rule(line: ProbedLine & { readonly set: Ruleset; readonly proxy: string; readonly conditional: boolean }): () => void;
}

export function probedAcl(test: AclTest, outcome: Outcome): AclTest {
  return {
    ...test,
    // A shared sample would be compared behind the probe's back.
    comparison: undefined,
    test: (transaction) => {
      const holds = test.test(transaction);
      outcome(holds);
      return holds;
    },
  };
}

export function probedCondition(condition: Condition, outcome: Outcome): Condition {
  return {
    text: condition.text,
    evaluate: (transaction) => {
      const holds = condition.evaluate(transaction);
      outcome(holds);
      return holds;
    },
    decide: (transaction) => {
      const holds = condition.decide(transaction);
      if (holds !== undefined) outcome(holds);
      return holds;
    },
  };
}

/** Rules without a condition get one that always holds. */
export function probeRules(
  proxies: readonly { readonly name: string; readonly rules: ReadonlyMap<Ruleset, readonly Rule[]> }[],
  probe: Probe,
): void {
  for (const { name, rules } of proxies) {
    for (const [set, list] of rules) {
      for (const [index, rule] of list.entries()) {
        const { file, line, text, condition } = rule;
        const reached = probe.rule({ file, line, text, set, proxy: name, conditional: condition !== undefined });
        if (condition !== undefined) continue;
        const always = (): boolean => {
          reached();
          return true;
        };
        (list as Rule[])[index] = { ...rule, condition: { text: '', evaluate: always, decide: always } };
      }
    }
  }
}
