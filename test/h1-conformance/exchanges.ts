import { type Case, chunked, END, GET, GET2, head, post, request } from './case.ts';

/** A valid exchange: what both sides write, and the statuses the client must get. */
export interface Exchange extends Pick<Case, 'name' | 'send' | 'origin'> {
  statuses: number[];
  /** HAProxy 2.6 never delivers the body when it comes apart from a head that came together with a 1xx. */
  stalls?: true;
}

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
const CHUNKED = head('HTTP/1.1 200 OK', 'Transfer-Encoding: chunked');
const HEADS = { sees: '\r\n\r\n' };

/** Exchanges that RFC 9112 allows, all features of the framing among them; small, as each is cut at every byte. */
export const exchanges: readonly Exchange[] = [
  { name: 'GET and a length', send: request('GET /a?b HTTP/1.1', 'X-Y:  v ', 'Z:'), origin: [OK], statuses: [200] },
  {
    name: 'three pipelined requests',
    send: GET + post(['Content-Length: 3'], 'abc') + GET2,
    statuses: [200, 200, 200],
  },
  {
    name: 'chunks with trailers both ways, another request behind',
    send: chunked('3;x=y\r\nabc\r\nA\r\n0123456789\r\n0\r\nX-T: 1\r\nX-U: 2\r\n\r\n') + GET2,
    origin: [`${CHUNKED}2\r\nok\r\n1;e\r\n!\r\n0\r\nX-V: 3\r\n\r\n`],
    statuses: [200, 200],
  },
  {
    name: 'Expect',
    send: [
      request('PUT / HTTP/1.1', 'Expect: 100-continue', 'Content-Length: 3'),
      { sees: '100 Continue\r\n\r\n' },
      'abc',
    ],
    origin: [HEADS, 'HTTP/1.1 100 Continue\r\n\r\n', { sees: 'abc' }, OK],
    statuses: [100, 200],
  },
  {
    name: 'HEAD, 204, 304, then a body',
    send: request('HEAD / HTTP/1.1') + GET + GET + GET2,
    origin: [
      head('HTTP/1.1 200 OK', 'Content-Length: 9'),
      { do: 'request' },
      head('HTTP/1.1 204 No Content'),
      { do: 'request' },
      head('HTTP/1.1 304 Not Modified', 'ETag: "a"', 'Content-Length: 7'),
    ],
    statuses: [200, 204, 304, 200],
  },
  {
    name: 'early hints',
    send: GET,
    origin: [`${head('HTTP/1.1 103 Early Hints', 'Link: </a>')}${OK}`],
    statuses: [103, 200],
    stalls: true,
  },
  {
    name: 'WebSocket',
    send: [
      request(
        'GET /ws HTTP/1.1',
        'Connection: Upgrade',
        'Upgrade: websocket',
        'Sec-WebSocket-Version: 13',
        'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
      ),
      { sees: 'hello' },
      'ping',
    ],
    origin: [
      HEADS,
      `${head(
        'HTTP/1.1 101 Switching Protocols',
        'Upgrade: websocket',
        'Connection: Upgrade',
        'Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=',
      )}hello`,
      { sees: 'ping' },
      'pong',
    ],
    statuses: [101],
  },
  {
    name: 'CONNECT',
    send: [`${head('CONNECT h:443 HTTP/1.1', 'Host: h:443')}early`, { sees: 'hello' }, 'ping'],
    origin: [HEADS, 'HTTP/1.1 200 OK\r\n\r\nhello', { sees: 'ping' }, 'pong'],
    statuses: [200],
  },
  {
    name: 'HTTP/1.0 until close',
    send: head('GET / HTTP/1.0', 'X: 1'),
    origin: [`${head('HTTP/1.0 200 OK', 'X: 1')}body`, END],
    statuses: [200],
  },
  {
    name: 'Connection: close behind an empty line',
    send: `\r\n${request('GET / HTTP/1.1', 'Connection: close')}`,
    origin: [OK],
    statuses: [200],
  },
];

/** How many bytes the writes of a side have together. */
export const size = (steps: Exchange['send'] | Exchange['origin']): number =>
  listOf(steps).reduce((sum, step) => sum + (typeof step === 'string' ? step.length : 0), 0);

/** The same steps with a new write begun before each of the given byte positions. */
export function cut<S>(steps: readonly S[] | string, positions: readonly number[]): (S | string)[] {
  let at = 0;
  return listOf(steps).flatMap((step): (S | string)[] => {
    if (typeof step !== 'string') return [step];
    const start = at;
    at += step.length;
    const inside = positions.filter((position) => position > start && position < start + step.length);
    const bounds = [0, ...inside.toSorted((a, b) => a - b).map((position) => position - start), step.length];
    return bounds.slice(1).map((end, i) => step.slice(bounds[i], end));
  });
}

function listOf<S>(steps: readonly S[] | string | undefined): readonly (S | string)[] {
  return typeof steps === 'string' ? [steps] : (steps ?? []);
}
