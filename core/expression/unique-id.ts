import type { Transaction } from '../api/traffic.ts';

const KEY = Symbol('unique-id');

/** The transaction's unique id after `unique-id-format`: made when first asked for, then the same to the end. */
export function uniqueId(transaction: Transaction): string | undefined {
  const format = transaction.frontend.settings.uniqueIdFormat;
  if (!format) return undefined;
  const made = transaction.data<{ text: string | undefined }>(KEY, () => ({ text: undefined }));
  return (made.text ??= format.evaluate(transaction));
}
