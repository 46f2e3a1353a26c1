import type { Transaction } from 'sluice/plugin';

const NOTHING = Buffer.alloc(0);

/** What is in the buffer of a direction: in HTTP mode the body, as HAProxy's has no head in it either. */
export function received(transaction: Transaction, side: 'request' | 'response'): Buffer {
  const raw = transaction.received?.[side];
  return raw ?? transaction[side]?.body.available() ?? NOTHING;
}

/** What a fetch gives that must wait for more bytes. */
export function more(transaction: Transaction): undefined {
  if (transaction.inspecting && transaction.frontend.settings.mode === 'tcp') transaction.undecided = true;
  return undefined;
}
