import {
  type Case,
  CRLF,
  END,
  GET,
  GET2,
  head,
  type OriginStep,
  post,
  request,
  type Step,
  unsteady,
  type Want,
} from '../case.ts';

const nominated = 'a next hop that drops what Connection names loses the framing or the host';

const connection = (
  name: string,
  fields: readonly string[],
  want: Want = 'same',
  why?: string,
  version = '1.1',
): Case => ({
  name: `Connection: ${name}`,
  rfc: '9110 7.6.1',
  send: request(`GET / HTTP/${version}`, ...fields),
  want,
  ...(why === undefined ? {} : { why }),
});

const flow = (
  name: string,
  send: string | readonly Step[],
  want: Want = 'same',
  origin?: readonly OriginStep[],
  rfc = '9112 9.3',
): Case => ({
  name,
  rfc,
  send,
  want,
  ...(origin === undefined ? {} : { origin }),
});

const ok = (version: string, ...fields: string[]): string =>
  `${[`HTTP/${version} 200 OK`, 'Content-Length: 2', ...fields].join(CRLF)}\r\n\r\nok`;
const TEN = Array.from({ length: 10 }, (_, i) => request(`GET /${i} HTTP/1.1`)).join('');

export const connections: readonly Case[] = [
  connection('close', ['Connection: close', 'X: 1']),
  connection('Close in capitals', ['CONNECTION: CLOSE']),
  connection('keep-alive', ['Connection: keep-alive', 'X: 1']),
  connection('empty', ['Connection:']),
  connection('commas only', ['Connection: , ,']),
  connection('an unknown member', ['Connection: foo', 'Foo: 1']),
  connection('two unknown members', ['Connection: foo,  bar']),
  connection('close and another', ['Connection: close, foo', 'Foo: 1']),
  connection('another and keep-alive', ['Connection: foo, keep-alive']),
  connection('two fields', ['Connection: foo', 'X: 1', 'Connection: keep-alive, bar,  baz']),
  connection('close and keep-alive', ['Connection: close, keep-alive']),
  connection('keep-alive, then close', ['Connection: keep-alive', 'Connection: close']),
  connection('close, quoted', ['Connection: "close"']),
  connection('closed', ['Connection: closed']),
  connection('TE', ['Connection: TE, close', 'TE: trailers']),
  connection('Keep-Alive field', ['Connection: keep-alive', 'Keep-Alive: timeout=5, max=100']),
  connection('Proxy-Connection', ['Proxy-Connection: keep-alive']),
  connection('names X-Forwarded-For', ['Connection: close, X-Forwarded-For', 'X-Forwarded-For: 1.2.3.4']),
  connection('names Cookie', ['Connection: cookie', 'Cookie: a=b']),
  connection('names Host', ['Connection: host'], 'refuse', nominated),
  connection('names Host among others', ['Connection: close, Host'], 'refuse', nominated),
  {
    ...connection('names Content-Length', [], 'refuse', nominated),
    send: post(['Connection: Content-Length', 'Content-Length: 3'], 'abc'),
  },
  {
    ...connection('names Transfer-Encoding', [], 'refuse', nominated),
    send: post(['Connection: Transfer-Encoding', 'Transfer-Encoding: chunked'], '3\r\nabc\r\n0\r\n\r\n'),
  },
  connection('close in HTTP/1.0', ['Connection: close'], 'same', undefined, '1.0'),
  connection('keep-alive in HTTP/1.0', ['Connection: keep-alive', 'X: 1'], 'same', undefined, '1.0'),
  connection('Keep-Alive and close in HTTP/1.0', ['Connection: Keep-Alive, close'], 'same', undefined, '1.0'),
  connection('unknown member in HTTP/1.0', ['Connection: foo'], 'same', undefined, '1.0'),
  flow('HTTP/1.0 without any field', 'GET / HTTP/1.0\r\n\r\n'),
  flow('HTTP/1.0, then another request', `GET / HTTP/1.0\r\n\r\n${GET2}`),
  flow('HTTP/1.0 keep-alive, then another request', `${head('GET / HTTP/1.0', 'Connection: keep-alive')}${GET2}`),
  flow('two requests in two writes', [GET, { sees: 'ok' }, GET2]),
  flow('two pipelined requests', GET + GET2),
  flow('ten pipelined requests', TEN),
  flow('pipelined POST with length, GET', post(['Content-Length: 3'], 'abc') + GET2),
  flow('pipelined chunked POST, GET', post(['Transfer-Encoding: chunked'], '3\r\nabc\r\n0\r\nT: 1\r\n\r\n') + GET2),
  flow('pipelined HEAD, GET', request('HEAD / HTTP/1.1') + GET2),
  flow('pipelined requests cut in the middle', [GET + GET2.slice(0, 9), GET2.slice(9)]),
  flow('close, then a pipelined request', `${request('GET / HTTP/1.1', 'Connection: close')}${GET2}`),
  { ...flow('good request, then garbage', `${GET}garbage\r\n\r\n`, 'refuse'), good: 1 },
  {
    ...flow('good request, then one without Host', `${GET}GET / HTTP/1.1\r\n\r\n`, 'refuse'),
    good: 1,
    why: 'RFC 9112 3.2',
  },
  {
    ...flow(
      'good request, then both lengths',
      GET + post(['Content-Length: 3', 'Transfer-Encoding: chunked'], '0\r\n\r\n'),
      'refuse',
    ),
    good: 1,
    why: 'RFC 9112 6.1',
  },
  {
    ...flow('good requests, then a bad line', `${GET}${GET2}GET /  HTTP/1.1\r\n\r\n`, 'refuse'),
    good: 2,
    why: 'RFC 9112 3',
  },
  flow('half-close behind a request', [GET, END], 'same', undefined, '9112 9.6'),
  unsteady(flow('half-close behind two requests', [GET + GET2, END], 'same', undefined, '9112 9.6')),
  flow('half-close inside a head', ['GET / HTTP/1.1\r\nHo', END], 'same', undefined, '9112 8'),
  flow('half-close without a request', [{ pause: 5 }, END], 'same', undefined, '9112 9.6'),
  flow('origin says close', [GET, { sees: 'ok' }, GET2], 'same', [ok('1.1', 'Connection: close'), END]),
  flow('origin says close and does not', [GET, { sees: 'ok' }, GET2], 'same', [ok('1.1', 'Connection: close')]),
  flow('origin closes unannounced', [GET, { sees: 'ok' }, { pause: 60 }, GET2], 'same', [ok('1.1'), END]),
  flow('origin of HTTP/1.0', [GET, { sees: 'ok' }, GET2], 'same', [ok('1.0')]),
  flow('origin of HTTP/1.0 with keep-alive', [GET, { sees: 'ok' }, GET2], 'same', [
    ok('1.0', 'Connection: keep-alive'),
  ]),
  flow('origin of HTTP/1.0, client of HTTP/1.0', 'GET / HTTP/1.0\r\n\r\n', 'same', [ok('1.0')]),
  flow('origin with members in Connection', GET, 'same', [
    ok('1.1', 'Connection: keep-alive, foo', 'Foo: 1', 'Keep-Alive: 3'),
  ]),
  flow('origin with Proxy-Connection', GET, 'same', [ok('1.1', 'Proxy-Connection: close')]),
  flow(
    'early answer, then the rest of the body',
    [post(['Content-Length: 10'], 'abc'), { sees: 'ok' }, 'defghij', GET2],
    'same',
    [{ sees: 'abc' }, ok('1.1'), { sees: 'defghij' }],
  ),
  flow(
    'early answer, chunked',
    [post(['Transfer-Encoding: chunked'], '3\r\nabc\r\n'), { sees: 'ok' }, '0\r\n\r\n', GET2],
    'same',
    [{ sees: 'abc' }, ok('1.1'), { sees: '0\r\n\r\n' }],
  ),
  flow('early answer and no more body', [post(['Content-Length: 10'], 'abc')], 'same', [{ sees: 'abc' }, ok('1.1')]),
];
