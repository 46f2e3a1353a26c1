import { type Case, chunked, GET, head, type OriginStep, post, request, type Step, type Want } from '../case.ts';

const KEY = ['Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==', 'Sec-WebSocket-Version: 13'];
const ACCEPT = 'Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=';
const asking = (protocol: string, ...fields: string[]): string =>
  request('GET /ws HTTP/1.1', 'Connection: Upgrade', `Upgrade: ${protocol}`, ...fields);
const switching = (...fields: string[]): string => head('HTTP/1.1 101 Switching Protocols', ...fields);
const WEBSOCKET = switching('Upgrade: websocket', 'Connection: Upgrade', ACCEPT);
const FOO = switching('Connection: upgrade', 'Upgrade: foo');
const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

const flow = (
  name: string,
  rfc: string,
  send: string | readonly Step[],
  origin?: readonly OriginStep[],
  want: Want = 'same',
  why?: string,
): Case => ({
  name,
  rfc,
  send,
  want,
  ...(origin === undefined ? {} : { origin }),
  ...(why === undefined ? {} : { why }),
});

const connect = head('CONNECT h:443 HTTP/1.1', 'Host: h:443');
const expecting = (value: string, ...fields: string[]): string =>
  request('POST / HTTP/1.1', `Expect: ${value}`, ...fields);

export const upgrades: readonly Case[] = [
  flow(
    'WebSocket',
    '9110 7.8',
    [asking('websocket', ...KEY), { sees: '101' }, 'ping'],
    [WEBSOCKET, { sees: 'ping' }, 'pong'],
  ),
  flow('WebSocket, frames with the heads', '9110 7.8', asking('websocket', ...KEY) + 'early', [
    { sees: '\r\n\r\n' },
    `${WEBSOCKET}first`,
  ]),
  flow('WebSocket, origin closes', '9110 7.8', [asking('websocket', ...KEY)], [WEBSOCKET, 'bye', { do: 'end' }]),
  flow(
    'WebSocket, keep-alive beside',
    '9110 7.8',
    request('GET / HTTP/1.1', 'Connection: keep-alive, Upgrade', 'Upgrade: websocket', ...KEY),
    [WEBSOCKET],
  ),
  flow('WebSocket, refused by the origin', '9110 7.8', [asking('websocket', ...KEY)], [{ sees: '\r\n\r\n' }, OK]),
  flow('WebSocket without key', '9110 7.8', asking('websocket')),
  flow('WebSocket without accept', '9110 7.8', asking('websocket', ...KEY), [
    switching('Upgrade: websocket', 'Connection: Upgrade'),
  ]),
  flow('WebSocket, 101 for another protocol', '9110 7.8', asking('websocket', ...KEY), [FOO]),
  flow('other protocol', '9110 7.8', [asking('foo'), { sees: '101' }, 'ping'], [FOO, { sees: 'ping' }, 'pong']),
  flow('101 without Upgrade field', '9110 7.8', asking('foo'), [switching('Connection: upgrade')]),
  flow('101 without fields', '9110 7.8', asking('foo'), [switching()]),
  flow('101 not asked for', '9110 15.2.2', GET, [FOO]),
  flow('101 not asked for, then bytes', '9110 15.2.2', GET, [`${FOO}HTTP/1.1 200 EVIL\r\nContent-Length: 0\r\n\r\n`]),
  flow('101 in HTTP/1.0', '9110 7.8', head('GET / HTTP/1.0', 'Connection: upgrade', 'Upgrade: foo'), [FOO]),
  flow('100, then 101', '9110 7.8', asking('foo'), [`HTTP/1.1 100 Continue\r\n\r\n${FOO}`]),
  flow('Upgrade without Connection', '9110 7.8', request('GET / HTTP/1.1', 'Upgrade: foo')),
  flow('Upgrade without Connection, 101', '9110 7.8', request('GET / HTTP/1.1', 'Upgrade: foo'), [FOO]),
  flow('Connection: upgrade without Upgrade', '9110 7.8', request('GET / HTTP/1.1', 'Connection: upgrade'), [
    { sees: '\r\n\r\n' },
    OK,
  ]),
  flow(
    'h2c',
    '9110 7.8',
    request('GET / HTTP/1.1', 'Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: AAMAAABk'),
    [{ sees: '\r\n\r\n' }, OK],
  ),
  flow(
    'Upgrade with Content-Length',
    '9110 7.8',
    post(['Connection: upgrade', 'Upgrade: foo', 'Content-Length: 2'], 'ab'),
    [{ sees: 'ab' }, OK],
  ),
  flow(
    'Upgrade with Content-Length, 101',
    '9110 7.8',
    post(['Connection: upgrade', 'Upgrade: foo', 'Content-Length: 2'], 'ab'),
    [{ sees: 'ab' }, FOO],
  ),
  flow(
    'Upgrade with Content-Length 0',
    '9110 7.8',
    post(['Connection: upgrade', 'Upgrade: foo', 'Content-Length: 0'], ''),
    [{ sees: '\r\n\r\n' }, OK],
  ),
  flow(
    'Upgrade with chunks',
    '9110 7.8',
    post(['Connection: upgrade', 'Upgrade: foo', 'Transfer-Encoding: chunked'], '2\r\nab\r\n0\r\n\r\n'),
    [{ sees: '0\r\n\r\n' }, OK],
  ),
  flow(
    'two Upgrade fields',
    '9110 7.8',
    request('GET / HTTP/1.1', 'Connection: upgrade', 'Upgrade: foo', 'Upgrade: bar'),
    [{ sees: '\r\n\r\n' }, OK],
  ),
  flow(
    'CONNECT',
    '9110 9.3.6',
    [connect, { sees: '200' }, 'ping'],
    [{ sees: '\r\n\r\n' }, 'HTTP/1.1 200 OK\r\n\r\n', { sees: 'ping' }, 'pong'],
  ),
  flow('CONNECT, bytes with the head', '9110 9.3.6', `${connect}early`, [
    { sees: '\r\n\r\n' },
    'HTTP/1.1 200 OK\r\n\r\nfirst',
  ]),
  flow(
    'CONNECT, 200 with Content-Length',
    '9110 9.3.6',
    [connect],
    [{ sees: '\r\n\r\n' }, 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokmore'],
  ),
  flow(
    'CONNECT, 200 with chunks',
    '9110 9.3.6',
    [connect],
    [{ sees: '\r\n\r\n' }, 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n'],
  ),
  flow(
    'CONNECT refused',
    '9110 9.3.6',
    [connect],
    [{ sees: '\r\n\r\n' }, 'HTTP/1.1 403 No\r\nContent-Length: 2\r\n\r\nno'],
  ),
  flow(
    'CONNECT refused, a request behind',
    '9110 9.3.6',
    [connect, { sees: 'no' }, GET],
    [{ sees: '\r\n\r\n' }, 'HTTP/1.1 403 No\r\nContent-Length: 2\r\n\r\nno'],
  ),
  flow(
    'Expect, origin continues',
    '9110 10.1.1',
    [expecting('100-continue', 'Content-Length: 3'), { sees: '100 Continue\r\n\r\n' }, 'abc'],
    [{ sees: '\r\n\r\n' }, 'HTTP/1.1 100 Continue\r\n\r\n', { sees: 'abc' }, OK],
  ),
  flow('Expect, origin silent', '9110 10.1.1', [expecting('100-continue', 'Content-Length: 3'), 'abc']),
  flow('Expect, body at once', '9110 10.1.1', `${expecting('100-continue', 'Content-Length: 3')}abc`),
  flow(
    'Expect, origin refuses',
    '9110 10.1.1',
    [expecting('100-continue', 'Content-Length: 3')],
    [{ sees: '\r\n\r\n' }, 'HTTP/1.1 417 No\r\nContent-Length: 0\r\n\r\n'],
  ),
  flow(
    'Expect with chunks',
    '9110 10.1.1',
    [
      expecting('100-continue', 'Transfer-Encoding: chunked'),
      { sees: '100 Continue\r\n\r\n' },
      '3\r\nabc\r\n0\r\n\r\n',
    ],
    [{ sees: '\r\n\r\n' }, 'HTTP/1.1 100 Continue\r\n\r\n', { sees: '0\r\n\r\n' }, OK],
  ),
  flow('Expect without a body', '9110 10.1.1', expecting('100-continue')),
  flow(
    'Expect in HTTP/1.0',
    '9110 10.1.1',
    `${request('POST / HTTP/1.0', 'Expect: 100-continue', 'Content-Length: 3')}abc`,
  ),
  flow('Expect in capitals', '9110 10.1.1', `${expecting('100-CONTINUE', 'Content-Length: 3')}abc`),
  flow('Expect unknown', '9110 10.1.1', `${expecting('magic', 'Content-Length: 3')}abc`),
  flow('Expect empty', '9110 10.1.1', `${expecting('', 'Content-Length: 3')}abc`),
  flow('Expect list', '9110 10.1.1', `${expecting('100-continue, magic', 'Content-Length: 3')}abc`),
  flow('Expect twice', '9110 10.1.1', `${expecting('100-continue', 'Expect: 100-continue', 'Content-Length: 3')}abc`),
  flow('100 not asked for', '9110 15.2', chunked('3\r\nabc\r\n0\r\n\r\n'), [`HTTP/1.1 100 Continue\r\n\r\n${OK}`]),
  flow('103', '9110 15.2', GET, [`HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n${OK}`]),
  flow('103, later the answer', '9110 15.2', GET, ['HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n', OK]),
  flow('several 1xx', '9110 15.2', GET, [
    `HTTP/1.1 100 C\r\n\r\nHTTP/1.1 102 P\r\nX: 1\r\n\r\nHTTP/1.1 199 Q\r\n\r\n${OK}`,
  ]),
  flow('1xx to HTTP/1.0', '9110 15.2', 'GET / HTTP/1.0\r\n\r\n', [`HTTP/1.1 103 Early Hints\r\n\r\n${OK}`]),
];
