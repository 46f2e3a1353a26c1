import type { FetchKeyword } from 'sluice/plugin';
import { ENGINE_ID } from './engine-id.ts';

/** Of the transaction that is done for an event; configuration.txt 7.3.2 has no more than the word. */
export const engineFetches: Readonly<Record<string, FetchKeyword>> = {
  'spoe.engine-id': {
    usage: 'spoe.engine-id',
    summary: 'The identifier by which the engine that talks to this backend is known to agents.',
    type: 'str',
    from: 'internal',
    compile: () => (transaction) => transaction.peek<{ readonly id: string }>(ENGINE_ID)?.id,
  },
};
