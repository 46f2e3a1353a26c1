import type { Verdict } from './hooks.ts';
import type { Documented } from './keywords.ts';
import type { Transaction } from './traffic.ts';
import type { Eventually } from './values.ts';
import type { Scope, Words } from './words.ts';

/** A `filter` line. The guide is docs/filters.md. */
export interface FilterKeyword extends Documented {
  /** The key is a prefix: the word goes on after it (`lua.name`), as {@link Words.keyword} shows. */
  readonly prefix?: boolean;
  parse(words: Words, scope: Scope): FilterFactory;
}

/** What a `filter` line left behind; one for each proxy that has the line. */
export interface FilterFactory {
  /**
   * It is not asked when a stream begins: a rule calls {@link Transaction.attachFilter} for the streams that need it, and the others do
   * not pay for the line.
   */
  readonly late?: boolean;
  /**
   * Called when a stream begins, for filters of its frontend, and when its backend has been chosen, for those of the backend. One
   * filter for this stream, or nothing: a stream without filters pays nothing.
   */
  attach(transaction: Transaction, side: 'frontend' | 'backend'): Filter | undefined;
}

/** A factory with the place it has. A plugin may add lines of its own to {@link ProxySettings.filters}, in `scope.later`. */
export interface FilterLine {
  /** The word of the line: what `filter-sequence` calls it by. */
  readonly name: string;
  /** Blamed for what its filters throw. */
  readonly plugin: string;
  readonly factory: FilterFactory;
}

/**
 * Where a filter may look at a stream, wait, and give a verdict, besides the data that passes:
 * - `stream`: it has begun; a request's head is there, in TCP mode nothing has been read;
 * - `frontend-tcp-request`, `frontend-http-request`: before those rules of the frontend;
 * - `backend`: the backend has been chosen, and its filters are attached;
 * - `backend-tcp-request`, `backend-http-request`: before those rules of the backend, if it is another section than the frontend;
 * - `server`: a connection to a server is there, in HTTP mode the request is on its way;
 * - `tcp-response`: before those rules; `http-response`: the same, the response's head is there.
 */
export type FilterStage =
  | 'stream'
  | 'frontend-tcp-request'
  | 'frontend-http-request'
  | 'backend'
  | 'backend-tcp-request'
  | 'backend-http-request'
  | 'server'
  | 'tcp-response'
  | 'http-response';

/**
 * What one `filter` line does with one stream. Filters of the frontend come before those of the backend in both directions, each
 * in the order of their lines or of `filter-sequence`. What a filter throws is its plugin's fault (`plugin-errors`) and ends its
 * own stream only; where it is to be ignored, the filter is out of the stream from then on and the bytes go on without it.
 */
export interface Filter {
  readonly stages?: { readonly [Stage in FilterStage]?: (transaction: Transaction) => Eventually<Verdict> };
  /** From the client to the server; what is not there does not cost anything. */
  readonly request?: FilterSide;
  /**
   * From the server to the client. Answers the proxy makes itself (error pages, `return`, redirects) do not come here, as with
   * HAProxy, but for those of services and those with {@link Reply.filtered}.
   */
  readonly response?: FilterSide;
  /**
   * The stream is over: `complete` when the server's response has been passed whole, `reply` when the proxy answered in its place,
   * `abort` when it was cut, by whomever. Nothing is called after it, and writing has no effect any more.
   */
  detach?(cause: 'complete' | 'reply' | 'abort'): void;
}

/**
 * What a filter does with one direction. Methods are called one after the other: while one has given a promise that is not
 * settled, or the flow is paused, or those behind it have not taken what it wrote, nothing more is read for it.
 */
export interface FilterSide {
  /**
   * It keeps no chunk, nor a part of one, longer than until it has answered: so they may be read into memory that is used again.
   * Where all filters of a chain say so, a long body costs no memory of its own.
   */
  readonly borrows?: boolean;
  /**
   * HTTP: all rules have been run (`http-after-response` too), and this is how the message would leave. Headers may be edited, but
   * for the body's length: see {@link FilterFlow.resize}. A verdict answers instead.
   */
  head?(flow: FilterFlow): Eventually<Verdict>;
  /**
   * A piece of an HTTP body, without framing; it may be kept unless the filter {@link borrows}, and is not to be changed. Bytes that
   * are returned are written, a word is a verdict. What is neither written nor returned does not pass.
   */
  data?(chunk: Buffer, flow: FilterFlow): Eventually<FilterAnswer>;
  /**
   * The end of the message, also of one that has no body. What is to pass of it must be written before this returns, or what it
   * returns is settled.
   */
  end?(flow: FilterFlow): Eventually<FilterAnswer>;
  /** As `data` and `end`, for what is no HTTP message: connections in TCP mode, and tunnels (101, CONNECT). */
  raw?(chunk: Buffer, flow: FilterFlow): Eventually<FilterAnswer>;
  rawEnd?(flow: FilterFlow): Eventually<FilterAnswer>;
}

/** Bytes to go on, or what a verdict is. */
export type FilterAnswer = Uint8Array | Verdict;

/** A filter's place in one direction of a stream. */
export interface FilterFlow {
  readonly transaction: Transaction;
  readonly direction: 'request' | 'response';
  /** The size of the body as it comes to this filter, in bytes; undefined when it is not known beforehand. */
  readonly length: number | undefined;
  /** The body may not be: HEAD, 204, 304. */
  readonly bodiless: boolean;
  /** Nothing comes after the chunk that `data` was given; true in `head` if all of the body is there or there is none. */
  readonly ended: boolean;
  /** The fields after a chunked body, lower case names; to be read and changed from `end` on. They pass if the output is chunked too. */
  readonly trailers: [name: string, value: string][];
  /**
   * To be called before anything has been written if the body leaves with another size than it came with: `length` bytes, or as
   * many as there will be. Content-Length is set or removed at once; without one the body is chunked (HTTP/1.1) or ends with the
   * connection (a response of HTTP/1.0; a request of HTTP/1.0 is held back until its length is known).
   */
  resize(length?: number): void;
  /** Passes bytes on, which are not to be changed afterwards. May be called at any time until `end` is settled. False when what is behind has to catch up first: see {@link ready}. */
  write(bytes: Uint8Array): boolean;
  /** Whether bytes would go on at once. */
  readonly writable: boolean;
  /** Waits until it is so; false when the stream is over. */
  ready(): Promise<boolean>;
  /** `data` and `end` are not called until `resume`: for a filter that still has to deal with what it was given. */
  pause(): void;
  resume(): void;
  /**
   * Keeps the message's head back until this filter writes, ends or leaves, so that another answer can still be given. Without it
   * the head leaves with the first bytes that do, or as soon as nothing is at work on any. To be called in `head`.
   */
  hold(): void;
  /** The filter has no more to do here: what comes goes by it. In the midst of `data`, from the next chunk on. */
  leave(): void;
  /** A verdict at another time than a method's end. When the message's head has left, all but `stop` cut the stream. */
  conclude(verdict: Verdict): void;
  /** Waits; false when the stream is over. */
  sleep(milliseconds: number): Promise<boolean>;
}
