import { type Case, GET, GET2, head, request, type Want } from '../case.ts';

const CHUNKS = '3\r\nabc\r\n0\r\n\r\n';

const withBody = (method: string): Case[] => [
  {
    name: `${method} with Content-Length`,
    rfc: '9110 9.3',
    send: `${request(`${method} / HTTP/1.1`, 'Content-Length: 3')}abc${GET2}`,
    want: 'same',
  },
  {
    name: `${method} with chunks`,
    rfc: '9110 9.3',
    send: `${request(`${method} / HTTP/1.1`, 'Transfer-Encoding: chunked')}${CHUNKS}${GET2}`,
    want: 'same',
  },
];

const item = (name: string, send: string, want: Want, why?: string, good?: number): Case => ({
  name,
  rfc: '9112 6.3',
  send,
  want,
  ...(why === undefined ? {} : { why }),
  ...(good === undefined ? {} : { good }),
});

export const bodies: readonly Case[] = [
  ...['GET', 'HEAD', 'DELETE', 'OPTIONS', 'TRACE', 'PUT', 'PATCH', 'FROB'].flatMap(withBody),
  item('POST without any length', request('POST / HTTP/1.1') + GET2, 'same', 'no length means no body'),
  item('PUT without any length', request('PUT / HTTP/1.1') + GET2, 'same'),
  item('POST without any length in HTTP/1.0', head('POST / HTTP/1.0', 'X: 1'), 'same'),
  item(
    'CL.0: a request as the body',
    `${request('POST / HTTP/1.1', `Content-Length: ${GET2.length}`)}${GET2}${GET}`,
    'same',
    'the body stays a body',
  ),
  item(
    'CL.0: GET with a request as the body',
    `${request('GET / HTTP/1.1', `Content-Length: ${GET2.length}`)}${GET2}${GET}`,
    'same',
  ),
  item(
    'CL.0: HEAD with a request as the body',
    `${request('HEAD / HTTP/1.1', `Content-Length: ${GET2.length}`)}${GET2}${GET}`,
    'same',
  ),
  item(
    'CL.0: static file',
    `${request('POST /a.css HTTP/1.1', `Content-Length: ${GET2.length}`)}${GET2}${GET}`,
    'same',
  ),
  item(
    '0.CL: length hidden by a blank',
    `${request('GET / HTTP/1.1', ' Content-Length: 5')}abcde${GET2}`,
    'refuse',
    'obs-fold',
  ),
  item('0.CL: length hidden by NUL', `${request('GET / HTTP/1.1', 'Content-Length\0: 5')}abcde${GET2}`, 'refuse'),
  item('0.CL: length hidden by a space', `${request('GET / HTTP/1.1', 'Content-Length : 5')}abcde${GET2}`, 'refuse'),
  item(
    '0.CL: length hidden in a folded field',
    `${request('GET / HTTP/1.1', 'X: a', '\tContent-Length: 5')}abcde${GET2}`,
    'refuse',
    'obs-fold',
  ),
  item('0.CL: length on a reserved name', `${request('GET /con HTTP/1.1', 'Content-Length: 5')}abcde${GET2}`, 'same'),
  item(
    '0.CL: Expect before a length',
    `${request('GET / HTTP/1.1', 'Expect: 100-continue', 'Content-Length: 5')}abcde${GET2}`,
    'same',
  ),
  item(
    '0.CL: disguised Expect',
    `${request('GET / HTTP/1.1', 'Expect: y 100-continue', 'Content-Length: 5')}abcde${GET2}`,
    'same',
  ),
  item('bytes behind a bodiless GET', `${GET}abc\r\n\r\n`, 'refuse', undefined, 1),
  item('a partial request behind', `${GET}GET /par`, 'same', 'the rest may still come'),
  item(
    'CONNECT with Content-Length',
    `${head('CONNECT h:443 HTTP/1.1', 'Host: h:443', 'Content-Length: 3')}abc`,
    'refuse',
    'RFC 9110 9.3.6: no content; tunnel for one parser, body for another',
  ),
  item(
    'CONNECT with chunks',
    `${head('CONNECT h:443 HTTP/1.1', 'Host: h:443', 'Transfer-Encoding: chunked')}${CHUNKS}`,
    'refuse',
    'RFC 9110 9.3.6',
  ),
  item(
    'CONNECT with Content-Length 0',
    head('CONNECT h:443 HTTP/1.1', 'Host: h:443', 'Content-Length: 0'),
    'refuse',
    'RFC 9110 9.3.6',
  ),
];
