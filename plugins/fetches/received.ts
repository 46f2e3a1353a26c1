import type { Transaction } from 'sluice/plugin';

/** In TCP mode a transaction shows the bytes that have come from either side and have not been forwarded. */
interface Inspected {
  readonly received?: { readonly request: Buffer; readonly response: Buffer };
  /** More of them may come, and a rule can wait for it. */
  readonly inspecting?: boolean;
  undecided?: boolean;
}

/** Said by a fetch that lacks bytes, or whose value grows with them: what it gives now need not be the last word. */
export function wantsMore(transaction: Transaction & Inspected): void {
  if (transaction.inspecting === true) transaction.undecided = true;
}

/** True unless more may come, which it then asks for. */
export function atEnd(transaction: Transaction & Inspected): boolean {
  wantsMore(transaction);
  return transaction.inspecting !== true;
}

const NOTHING = Buffer.alloc(0);

/** What is in the buffer of a direction: in HTTP mode the body, as HAProxy's has no head in it either. */
export function received(transaction: Transaction & Inspected, side: 'request' | 'response'): Buffer {
  const raw = transaction.received?.[side];
  return raw ?? transaction[side]?.body.available() ?? NOTHING;
}
