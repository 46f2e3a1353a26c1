import type { Backend, Connection, Server, Transaction } from './traffic.ts';
import type { Eventually } from './values.ts';

/**
 * Nothing means go on. A word ends the stage:
 * - `stop`: leave the current rule set (HAProxy's `allow`, `accept`);
 * - `done`: the client has been answered, through {@link Transaction.reply};
 * - `deny`: answer with the proxy's error page (403 for a request, 502 for a response); close in TCP mode;
 * - `abort`: close the client's connection without a word;
 * - `drop`: the same, and keep the client from noticing as far as the system allows (`silent-drop`).
 */
export type Verdict = 'stop' | 'done' | 'deny' | 'abort' | 'drop' | undefined | void;

export interface HookSignatures {
  /** A client connected; nothing has been read. */
  accept(connection: Connection): Eventually<Verdict>;
  /** The request's head has been parsed; runs around the frontend's `http-request` rules. */
  request(transaction: Transaction): Eventually<Verdict>;
  /** HTTP mode. The first answer wins; nothing leaves the choice to `use_backend` and `default_backend`. */
  selectBackend(transaction: Transaction): Eventually<Backend | undefined>;
  /** HTTP mode. The first answer wins; nothing leaves the choice to the balance algorithm. */
  selectServer(transaction: Transaction, backend: Backend): Eventually<Server | undefined>;
  /** The head of the server's response has been parsed; runs around the `http-response` rules. */
  response(transaction: Transaction): Eventually<Verdict>;
  /** All is over; the outcome can no longer be changed. */
  log(transaction: Transaction): void;
}
export type HookName = keyof HookSignatures;

/** A handler, or one with a place: `pre` runs before HAProxy's own rule sets, `post` and unplaced ones after them. */
export type Hook<F> = F | { readonly order: 'pre' | 'post'; readonly handler: F };
export type Hooks = { readonly [Name in HookName]?: Hook<HookSignatures[Name]> };
