/** Waits until the peer's bytes contain a text behind the one waited for before. */
export interface Sees {
  sees: string;
}

/** Waits so many milliseconds. */
export interface Pause {
  pause: number;
}

/** Sends FIN and goes on reading. */
export const END = { do: 'end' } as const;
/** Closes with RST. */
export const RESET = { do: 'reset' } as const;
/** The origin waits for a whole request; every script that does not say otherwise begins so. */
export const REQUEST = { do: 'request' } as const;
/** First in a script: the origin goes on without waiting for a request. */
export const NOW = { do: 'now' } as const;

/** What the client does next: a byte string is written in one go. */
export type Step = string | Sees | Pause | typeof END;

export type OriginStep = Step | typeof RESET | typeof REQUEST | typeof NOW;

/**
 * What Sluice has to do:
 * - `same`: what HAProxy did, to the byte, but for the borders of chunks;
 * - `refuse`: 400, close, and nothing of the request at the origin;
 * - `refuse body`: 400 (or, if the response has begun, nothing more) and close; the origin may have got the beginning of the
 *   request, but never a whole one;
 * - `refuse response`: 502 and nothing of the response at the client; the origin's connection is closed;
 * - `refuse response body`: as before, or the part that came before the fault and then a close that shows the cut.
 */
export type Want = 'same' | 'refuse' | 'refuse body' | 'refuse response' | 'refuse response body';

/** One odd message, or several, on one client connection. */
export interface Case {
  /** Unique; the key of the recorded answer. */
  name: string;
  /** The section that has the rule, `9112 6.1` for RFC 9112 section 6.1. */
  rfc: string;
  send: string | readonly Step[];
  /** What the origin does on the first connection; later ones, and the rest of the first, are answered by {@link DEFAULT_ANSWER}. */
  origin?: readonly OriginStep[];
  want: Want;
  /** Why it is refused although HAProxy lets it pass; or what HAProxy's answer teaches. */
  why?: string;
  /** HAProxy itself answers now so, now otherwise: what is recorded is one of its answers. */
  unsteady?: true;
  /** How many good exchanges come before the one that is refused, 0 if not given. */
  good?: number;
}

/** What was seen of a case. All byte strings. */
export interface Outcome {
  /** Status of each response the client got, 1xx included. */
  statuses: number[];
  /** Whether the proxy closed the client's connection. */
  closed: boolean;
  /** All that the client received. */
  client: string;
  /** What arrived at the origin, one entry for each connection that carried bytes. */
  origin: string[];
}

/** Marks a case to which HAProxy gives varying answers. */
export const unsteady = (it: Case): Case => ({ ...it, unsteady: true });

export const DEFAULT_ANSWER = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

export const CRLF = '\r\n';

/** A request head of lines without their ends; `Host: h` is put in second place. */
export function request(line: string, ...fields: string[]): string {
  return [line, 'Host: h', ...fields, '', ''].join(CRLF);
}

/** A head exactly of these lines. */
export function head(...lines: string[]): string {
  return [...lines, '', ''].join(CRLF);
}

export const GET: string = request('GET / HTTP/1.1');
export const GET2: string = request('GET /2 HTTP/1.1');

/** A POST with the given fields and raw body. */
export function post(fields: readonly string[], body: string): string {
  return request('POST / HTTP/1.1', ...fields) + body;
}

/** A POST with `Transfer-Encoding: chunked` and the given raw body. */
export function chunked(body: string): string {
  return post(['Transfer-Encoding: chunked'], body);
}
