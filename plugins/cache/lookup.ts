import type { Transaction } from 'sluice/plugin';
import type { Directives } from './cache-control.ts';
import type { Entry } from './entry.ts';
import type { Snapshot } from './fields.ts';
import type { Flight } from './flights.ts';
import type { Recorder } from './recorder.ts';
import type { CacheSection } from './settings.ts';

/** What the answer to a request means to the cache. */
export type Purpose =
  /** A GET: the answer may be stored. */
  | 'get'
  /** A HEAD: the answer may refresh what is stored, RFC 9111 4.3.5. */
  | 'head'
  /** A method that may change things: success invalidates, RFC 9111 4.4. */
  | 'unsafe';

/** What `cache-use` found out about a request that goes on to the origin. */
export interface Lookup {
  readonly section: CacheSection;
  readonly key: string;
  readonly purpose: Purpose;
  /** The request's fields as the client sent them. */
  readonly fields: Snapshot;
  readonly asked: Directives;
  readonly authorized: boolean;
  readonly noStore: boolean;
  /** Seconds since 1970 when it was passed on. */
  readonly requestTime: number;
  /** Stored and matching, but not to be served without asking. */
  readonly stale: Entry | undefined;
  /** The request has been made conditional with the validators of `stale`. */
  validating: boolean;
  /** Others wait for its answer. */
  flight: Flight | undefined;
  /** Its answer is being stored. */
  recorder: Recorder | undefined;
  /** For Cache-Status: why it went on (RFC 9211 2.2). */
  readonly forwarded: string;
  /** Why the response was not stored. */
  refused?: string | undefined;
  /** It had waited for another. */
  readonly collapsed: boolean;
}

const LOOKUP = Symbol('cache');

export function lookupOf(transaction: Transaction): Lookup | undefined {
  return transaction.peek<Lookup>(LOOKUP);
}

/** Keeps it for the response; what is left open is closed when the transaction is over. */
export function remember(transaction: Transaction, lookup: Lookup): void {
  const known = transaction.data(LOOKUP, () => lookup);
  // A second `cache-use`: the last one counts, as with HAProxy.
  if (known !== lookup) {
    close(known);
    Object.assign(known, lookup);
    return;
  }
  transaction.onEnd(() => close(known));
}

function close(lookup: Lookup): void {
  lookup.recorder?.abort();
  lookup.recorder = undefined;
  lookup.flight?.end('refused');
  lookup.flight = undefined;
}
