import type { Transaction } from 'sluice/plugin';

/** Said by a fetch that lacks bytes, or whose value grows with them: what it gives now need not be the last word. */
export function wantsMore(transaction: Transaction): void {
  if (transaction.inspecting) transaction.undecided = true;
}

/** What a fetch gives that has to wait for more bytes. */
export function more(transaction: Transaction): undefined {
  wantsMore(transaction);
  return undefined;
}

/** True unless more may come, which it then asks for. */
export function atEnd(transaction: Transaction): boolean {
  wantsMore(transaction);
  return !transaction.inspecting;
}

const NOTHING = Buffer.alloc(0);

/** What is in the buffer of a direction: in HTTP mode the body, as HAProxy's has no head in it either. */
export function received(transaction: Transaction, side: 'request' | 'response'): Buffer {
  const raw = transaction.received?.[side];
  return raw ?? transaction[side]?.body.available() ?? NOTHING;
}
