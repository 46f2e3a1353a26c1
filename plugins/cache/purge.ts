import type { Action, ActionKeyword, Format, Scope, Transaction, Words } from 'sluice/plugin';
import { sectionOf } from './filter.ts';
import { keyOf } from './key.ts';
import type { Store } from './store.ts';

const USAGE = 'cache-purge <name> [ prefix | tag <log-format> ]';

type What = (transaction: Transaction, store: Store) => number | undefined;

/** What a rule takes out; undefined where the request names nothing that could be stored. */
function readWhat(words: Words, scope: Scope): What {
  const how = words.optional('prefix', 'tag');
  if (how === 'tag') {
    const tags: Format = scope.format(words.next('a log-format string that gives tags'), words);
    return (transaction, store) => {
      let count = 0;
      for (const tag of tags.evaluate(transaction).split(/[\s,]+/)) if (tag !== '') count += store.removeTag(tag);
      return count;
    };
  }
  return (transaction, store) => {
    const key = keyOf(transaction);
    if (key === undefined) return undefined;
    return how === 'prefix' ? store.removePrefix(key) : store.removeKey(key);
  };
}

/** `http-request cache-purge`: what a PURGE asks for, where a condition lets it. */
export const purgeAction: ActionKeyword = {
  usage: USAGE,
  summary: 'Takes what the request names out of the cache, and answers how much that was.',
  in: ['http-request'],
  final: true,
  parse(words, scope): Action {
    const found = sectionOf(words, scope, words.next('a cache name'));
    const what = readWhat(words, scope);
    return {
      run(transaction) {
        const count = what(transaction, found.section!.store);
        if (count === undefined) return transaction.error(400);
        const headers = [['content-type', 'text/plain']] as const;
        return transaction.reply({ status: 200, headers, body: `${count} purged\n` });
      },
    };
  },
};
