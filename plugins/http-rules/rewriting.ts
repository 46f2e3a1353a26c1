import type { Transaction } from 'sluice/plugin';

/**
 * What becomes of a message when a rewrite cannot be done: an internal error, or nothing with `strict-mode off`. configuration.txt
 * 4.4, strict-mode.
 */
export function misfit(transaction: Transaction): 'done' | undefined {
  return transaction.strictRewriting ? transaction.error(500, 'denied') : undefined;
}

/** What a field costs in a buffer besides its name and value. */
export const FIELD_COST = 8;
