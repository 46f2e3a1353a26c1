import type { HeaderList, Ruleset, Transaction } from 'sluice/plugin';

export const REQUEST: readonly Ruleset[] = ['http-request'];
export const RESPONSE: readonly Ruleset[] = ['http-response', 'http-after-response'];
export const BOTH: readonly Ruleset[] = ['http-request', 'http-response'];
export const ALL: readonly Ruleset[] = ['http-request', 'http-response', 'http-after-response'];

/** Whether a line stands in a rule set for responses; `keyword` is `http-response set-header`, say. */
export function ofResponse(keyword: string): boolean {
  return !keyword.startsWith('http-request ');
}

/** The fields of the message that a rule set is about. */
export function headersOf(transaction: Transaction, response: boolean): HeaderList | undefined {
  return (response ? transaction.response : transaction.request)?.headers;
}
