import type { Hooks } from 'sluice/plugin';

/** What of the plugin's context this file needs: tests can make one. */
interface Counting {
  readonly options: { readonly header: string };
  keep<T extends object>(key: string, create: () => T): T;
}

/** Hooks act on all traffic, without a line of the configuration. This one counts, also over reloads. */
export function countRequests({ options, keep }: Counting): Hooks {
  const counter = keep('requests', () => ({ count: 0 }));
  const { header } = options;
  return {
    response(transaction) {
      counter.count++;
      transaction.response?.headers.set(header, String(counter.count));
    },
  };
}
