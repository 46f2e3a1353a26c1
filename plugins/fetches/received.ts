import type { Transaction } from 'sluice/plugin';

const NOTHING = Buffer.alloc(0);

/** What is in the buffer of a direction: in HTTP mode the body, as HAProxy's has no head in it either. */
export function received(transaction: Transaction, side: 'request' | 'response'): Buffer {
  const raw = transaction.received?.[side];
  return raw ?? transaction[side]?.body.available() ?? NOTHING;
}

/** Says that more bytes could change the answer. */
export function mayChange({ received: bytes }: Transaction): undefined {
  if (bytes !== undefined) bytes.mayChange = true;
}
