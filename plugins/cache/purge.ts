import type { Action, ActionKeyword, Format, Scope, Transaction, Words } from 'sluice/plugin';
import { sectionOf } from './filter.ts';
import { cacheKey } from './key.ts';
import type { Store } from './store.ts';

const USAGE = 'cache-purge <name> [ prefix | tag <log-format> ]';

type What = (transaction: Transaction, store: Store) => number | undefined;

/** The key of the request itself. */
function ownKey({ request }: Transaction): string | undefined {
  return request === undefined ? undefined : cacheKey(request.uri, request.headers.get('host') ?? '', false);
}

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
    const key = ownKey(transaction);
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
