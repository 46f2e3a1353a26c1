import type { Transaction } from '../api/traffic.ts';

/** An error, a timeout, a retry, a redispatch or a status of 5xx; configuration.txt 8.3.3. */
export function hasFailed(transaction: Transaction): boolean {
  const cause = transaction.termination[0];
  // `L`: answered by the proxy itself, as it was told to.
  if (cause !== '-' && cause !== 'L') return true;
  if (transaction.redispatched || (cause === '-' && transaction.retries > 0)) return true;
  return (transaction.response?.status ?? 0) >= 500;
}
