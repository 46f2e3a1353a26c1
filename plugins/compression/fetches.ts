import type { FetchKeyword } from 'sluice/plugin';
import { CODINGS } from './accept-encoding.ts';
import { DONE, type Done } from './filter.ts';

const none = (): Done => ({ algorithm: undefined });

/** configuration.txt 7.3.6. */
export const fetches: Readonly<Record<string, FetchKeyword>> = {
  'res.comp': {
    usage: 'res.comp',
    summary: 'Whether the response has been compressed here.',
    type: 'bool',
    from: 'response-kept',
    compile: () => (transaction) => transaction.data(DONE, none).algorithm !== undefined,
  },
  'res.comp_algo': {
    usage: 'res.comp_algo',
    summary: 'The algorithm the response has been compressed with.',
    type: 'str',
    from: 'response-kept',
    compile: () => (transaction) => {
      const { algorithm } = transaction.data(DONE, none);
      return algorithm && CODINGS[algorithm];
    },
  },
};
