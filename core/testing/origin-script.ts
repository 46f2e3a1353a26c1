import type { FieldsInput } from './fields.ts';
import type { OriginConnection } from './origin-connection.ts';
import type { SeenRequest } from './seen-request.ts';

/** What an origin answers. */
export interface OriginAnswer {
  /** 200 if left out. */
  readonly status?: number;
  /** Node's for that status if left out. */
  readonly reason?: string;
  /** `content-length` or `transfer-encoding` is added to them, unless one is there. */
  readonly headers?: FieldsInput;
  /** A string is sent in UTF-8. A list is sent chunked, one chunk for each element. */
  readonly body?: string | Uint8Array | readonly (string | Uint8Array)[];
  /** Sends the body in one chunk. */
  readonly chunked?: boolean;
  /** Behind a chunked body. */
  readonly trailers?: FieldsInput;
  /** Sent before the answer: `{ status: 103, headers: … }`. */
  readonly interim?: readonly { readonly status: number; readonly headers?: FieldsInput }[];
  /** Milliseconds of real time before the answer, and between the pieces of a list. */
  readonly delay?: number;
  readonly chunkDelay?: number;
  /** Bytes sent in the place of all this, as they are; a string in UTF-8. */
  readonly raw?: string | Uint8Array;
  /**
   * What becomes of the connection afterwards: `keep` waits for the next request, `close` ends it, `reset` cuts it with RST,
   * `half-close` ends this side and goes on reading. `keep` if left out, `close` for HTTP/1.0 and `connection: close`.
   */
  readonly afterwards?: 'keep' | 'close' | 'reset' | 'half-close';
}

/** An answer, or the body of a 200. */
export type OriginReply = OriginAnswer | string;

/**
 * What an origin does with a request: an answer, or a function of the request. A function that answers undefined has used the
 * connection itself, or leaves the request without an answer.
 */
export type OriginScript =
  | OriginReply
  | ((request: SeenRequest, connection: OriginConnection) => OriginReply | void | Promise<OriginReply | void>);

export interface OriginOptions {
  /** 127.0.0.1 if left out. */
  readonly host?: string;
  /** The system's choice if left out. */
  readonly port?: number;
  /** A UNIX socket instead. */
  readonly path?: string;
  /** Calls the script as soon as the head of a request is there, not when all of it is. */
  readonly early?: boolean;
  /** Answers `expect: 100-continue` with a 100; true if left out. */
  readonly continues?: boolean;
  /**
   * Plays each connection by itself, from its first moment: TCP mode, and whatever is not HTTP/1. No requests are read, and the
   * script is not used.
   */
  readonly onConnection?: (connection: OriginConnection) => void | Promise<void>;
}
