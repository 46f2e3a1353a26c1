import type { DirectiveKeyword, Proxy, Transaction } from 'sluice/plugin';
import { PERSISTENCE, type PersistRule, persistenceOf } from './settings.ts';

/** The first rule that applies decides. */
function applyRules(transaction: Transaction, proxy: Proxy): void {
  for (const { outcome, condition } of persistenceOf(proxy).rules) {
    if (!condition.evaluate(transaction)) continue;
    transaction.persistence = outcome;
    return;
  }
}

function persistRule(keyword: string, outcome: PersistRule['outcome'], summary: string): DirectiveKeyword {
  return {
    usage: `${keyword} { if | unless } <condition>`,
    summary,
    in: ['backend'],
    parse(words, scope) {
      const condition = scope.condition(words, ['fe-use-backend']);
      if (condition === undefined) {
        words.fail(`'${keyword}' requires either 'if' or 'unless' followed by a condition.`);
        return;
      }
      scope.proxy.extension(PERSISTENCE).rules.push({ outcome, condition });
      scope.proxy.onBackend(applyRules);
    },
  };
}

export const forcePersist: DirectiveKeyword = persistRule(
  'force-persist',
  'forced',
  'Uses the server that persistence names, though it is down.',
);
export const ignorePersist: DirectiveKeyword = persistRule(
  'ignore-persist',
  'ignored',
  'Does not look at the persistence cookie.',
);
