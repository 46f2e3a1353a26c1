import type { FetchKeyword } from 'sluice/plugin';
import { CachedResponse } from './entry.ts';

/** configuration.txt 7.3.6, res.cache_hit and res.cache_name. */
export const fetches: Record<string, FetchKeyword> = {
  'res.cache_hit': {
    usage: 'res.cache_hit',
    summary: 'Whether the response was built out of a cache.',
    type: 'bool',
    from: 'response-kept',
    compile: () => (transaction) => transaction.stored instanceof CachedResponse,
  },
  'res.cache_name': {
    usage: 'res.cache_name',
    summary: 'The name of the cache the response was built out of.',
    type: 'str',
    from: 'response-kept',
    compile:
      () =>
      ({ stored }) =>
        stored instanceof CachedResponse ? stored.cache : '',
  },
};
