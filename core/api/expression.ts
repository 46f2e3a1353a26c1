import type { FetchFunction } from './keywords.ts';
import type { ProxyConfig } from './settings.ts';
import type { Transaction } from './traffic.ts';
import type { TypeName, Value } from './values.ts';

/** Where a sample is evaluated; the columns of HAProxy's matrix (`-dKsmp`), in its order. */
export type Place =
  | 'fe-tcp-connection'
  | 'fe-tcp-session'
  | 'fe-tcp-content'
  | 'fe-http-request'
  | 'fe-http-request-body'
  | 'fe-use-backend'
  | 'be-tcp-content'
  | 'be-http-request'
  | 'be-http-request-body'
  | 'be-use-server'
  | 'server-source'
  | 'be-tcp-response'
  | 'be-http-response'
  | 'be-http-response-body'
  | 'be-store'
  | 'fe-tcp-response'
  | 'fe-http-response'
  | 'fe-http-response-body'
  | 'log'
  | 'be-check'
  | 'config'
  | 'cli';

/**
 * What a sample fetch needs in order to answer, in HAProxy's sense; it follows where it may stand.
 * The names are those of HAProxy's own classes: `internal` is valid everywhere at run time, `request-head` only while the
 * request's head is there (not in logs), `request-kept` also later, and so on.
 */
export type Source =
  | 'constant'
  | 'internal'
  | 'listener'
  | 'frontend'
  | 'client-l4'
  | 'client-l5'
  | 'tracked'
  | 'request-l6'
  | 'request-head'
  | 'request-kept'
  | 'request-body'
  | 'backend'
  | 'server'
  | 'server-l4'
  | 'server-l5'
  | 'response-l6'
  | 'response-head'
  | 'response-kept'
  | 'response-body'
  | 'request-end'
  | 'response-end'
  | 'transaction-end'
  | 'session-end'
  /** The buffer, or the head, of the request or of the response, whichever is being processed. */
  | 'either-l6'
  | 'either-head';

/** A compiled sample expression: a fetch and its converters. */
export interface Expression {
  readonly text: string;
  readonly type: TypeName;
  /** What its fetch needs: where it can be read, see `isReadable`. */
  readonly source: Source;
  /** Undefined when there is nothing to fetch or a converter gave up. */
  readonly evaluate: (transaction: Transaction) => Value | undefined;
  /** For fetches with several values (`hdr`): calls `visit` with each until it answers true; says whether it did. */
  readonly some: ((transaction: Transaction, visit: (value: Value) => boolean) => boolean) | undefined;
}

/** What `acl` lines declared, by name; opaque to all but the expression compiler. */
export interface AclTable {
  readonly names: ReadonlyMap<string, unknown>;
}

/**
 * Sample fetches and converters found by their names at run time, with arguments that nobody has compiled: for scripts. Who looks one
 * up keeps it. What is refused is thrown as an {@link ExpressionError}.
 */
export interface Samples {
  readonly fetchNames: readonly string[];
  readonly converterNames: readonly string[];
  /** `proxy` is what arguments that name no proxy mean. */
  fetch(name: string, args: readonly string[], proxy?: ProxyConfig): NamedFetch;
  converter(name: string, args: readonly string[], proxy?: ProxyConfig): NamedConverter;
}
export interface NamedFetch {
  readonly type: TypeName;
  readonly evaluate: FetchFunction;
  /** Whether what it needs is there in one of the places. */
  isReadable(places: readonly Place[]): boolean;
}
export interface NamedConverter {
  /** Casts the value to what it takes first; undefined if that cannot be. */
  readonly convert: (value: Value, transaction: Transaction) => Value | undefined;
}

/** A compiled log-format string; gives a byte string. */
export interface Format {
  readonly text: string;
  /** The string itself when nothing in it varies. */
  readonly constant: string | undefined;
  /** The names of the `%` aliases in it, and the first that has a meaning in mode http only. */
  readonly aliases: readonly string[];
  readonly httpAlias: string | undefined;
  readonly evaluate: (transaction: Transaction) => string;
}

/** A condition that does nothing but compare one sample which stays the same until an action runs. */
export interface Comparison {
  readonly fetch: FetchFunction;
  readonly matches: (value: Value) => boolean;
  /** It holds where the sample is missing or does not match. */
  readonly negated: boolean;
}

/** A compiled `if` or `unless`. */
export interface Condition {
  readonly text: string;
  /** What it comes to, asked when the whole configuration has been read. */
  comparison?(): Comparison | undefined;
  readonly evaluate: (transaction: Transaction) => boolean;
  /** The same while bytes may still come (`tcp-request inspect-delay`): undefined when they could change the answer. */
  readonly decide: (transaction: Transaction) => boolean | undefined;
}

export * from '../expression/toolkit.ts';
