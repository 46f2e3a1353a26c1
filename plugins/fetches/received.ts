import type { Transaction } from 'sluice/plugin';

/** In TCP mode a transaction shows the bytes that have come from either side and have not been forwarded. */
interface Inspected {
  readonly received?: { readonly request: Buffer; readonly response: Buffer };
}

const NOTHING = Buffer.alloc(0);

/** What is in the buffer of a direction: in HTTP mode the body, as HAProxy's has no head in it either. */
export function received(transaction: Transaction & Inspected, side: 'request' | 'response'): Buffer {
  const raw = transaction.received?.[side];
  return raw ?? transaction[side]?.body.available() ?? NOTHING;
}
