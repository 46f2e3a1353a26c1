import {
  type Case,
  END,
  GET,
  GET2,
  head,
  NOW,
  type OriginStep,
  request,
  RESET,
  type Step,
  unsteady,
  type Want,
} from '../case.ts';

const flow = (
  name: string,
  send: string | readonly Step[],
  origin: readonly OriginStep[],
  want: Want = 'same',
  rfc = '9112 6.3',
  why?: string,
): Case => ({
  name: `response: ${name}`,
  rfc,
  send,
  origin,
  want,
  ...(why === undefined ? {} : { why }),
});

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
const EVIL = 'HTTP/1.1 200 EVIL\r\nContent-Length: 0\r\n\r\n';
const CHUNKED = head('HTTP/1.1 200 OK', 'Transfer-Encoding: chunked');
const HEAD = request('HEAD / HTTP/1.1');
const again: readonly Step[] = [GET, { sees: 'HTTP/1.1 ' }, { pause: 60 }, GET2];
const headAgain: readonly Step[] = [HEAD, { sees: 'HTTP/1.1 ' }, { pause: 60 }, GET2];

/** Chunks that come with the head. */
const together = (name: string, body: string, want: Want = 'refuse response body', why?: string): Case =>
  flow(`chunks: ${name}`, GET, [CHUNKED + body], want, '9112 7.1', why);

/** Chunks that come when the head may already be at the client. */
const later = (name: string, bodies: readonly OriginStep[], want: Want = 'refuse response body', why?: string): Case =>
  flow(`chunks, apart: ${name}`, GET, [CHUNKED, { pause: 30 }, ...bodies], want, '9112 7.1', why);

export const responseBodies: readonly Case[] = [
  flow('204 with Content-Length and body', again, [`${head('HTTP/1.1 204 No', 'Content-Length: 2')}ok`]),
  flow('204 with Content-Length 0', again, [head('HTTP/1.1 204 No', 'Content-Length: 0')]),
  flow('204 with chunks', again, [`${head('HTTP/1.1 204 No', 'Transfer-Encoding: chunked')}2\r\nok\r\n0\r\n\r\n`]),
  flow('204 with a response as body', again, [head('HTTP/1.1 204 No') + EVIL]),
  flow('204 plain', again, [head('HTTP/1.1 204 No')]),
  flow('304 with Content-Length', again, [head('HTTP/1.1 304 Not', 'Content-Length: 20')]),
  flow('304 with Content-Length and body', again, [`${head('HTTP/1.1 304 Not', 'Content-Length: 2')}ok`]),
  flow('304 with chunked', again, [head('HTTP/1.1 304 Not', 'Transfer-Encoding: chunked')]),
  flow('304 plain', again, [head('HTTP/1.1 304 Not')]),
  flow('205 with body', again, [`${head('HTTP/1.1 205 Reset', 'Content-Length: 2')}ok`]),
  flow('100 with Content-Length', GET, [head('HTTP/1.1 100 C', 'Content-Length: 2') + OK]),
  flow(
    '103 with Content-Length and body',
    GET,
    [`${head('HTTP/1.1 103 H', 'Content-Length: 2')}ok${OK}`],
    'same',
    '9110 15.2',
  ),
  flow('103 with chunked', GET, [head('HTTP/1.1 103 H', 'Transfer-Encoding: chunked') + OK], 'same', '9110 15.2'),
  flow('HEAD with Content-Length', headAgain, [head('HTTP/1.1 200 OK', 'Content-Length: 20')]),
  flow('HEAD with Content-Length and body', headAgain, [OK]),
  flow('HEAD with chunked', headAgain, [CHUNKED]),
  flow('HEAD with chunks', headAgain, [`${CHUNKED}2\r\nok\r\n0\r\n\r\n`]),
  flow('HEAD without length', headAgain, [head('HTTP/1.1 200 OK')]),
  flow('HEAD with a response as body', headAgain, [head('HTTP/1.1 200 OK', `Content-Length: ${EVIL.length}`) + EVIL]),
  flow('a second response at once', again, [OK + EVIL], 'same', '9112 9.2', 'response queue poisoning'),
  flow(
    'a second response a little later',
    again,
    [OK, { pause: 20 }, EVIL],
    'same',
    '9112 9.2',
    'response queue poisoning',
  ),
  flow('garbage behind', again, [`${OK}\0\0garbage`], 'same', '9112 9.2'),
  flow('CR LF behind', again, [`${OK}\r\n`], 'same', '9112 9.2'),
  flow('a second response behind chunks', again, [`${CHUNKED}2\r\nok\r\n0\r\n\r\n${EVIL}`], 'same', '9112 9.2'),
  flow('second response while the next request is pipelined', GET + GET2, [OK + EVIL], 'same', '9112 9.2'),
  flow('until close', GET, [`${head('HTTP/1.1 200 OK', 'X: 1')}ok`, END]),
  flow('until close, announced', GET, [`${head('HTTP/1.1 200 OK', 'Connection: close')}ok`, END]),
  flow('until close in HTTP/1.0', GET, [`${head('HTTP/1.0 200 OK', 'X: 1')}ok`, END]),
  flow('until close, bodiless', GET, [head('HTTP/1.1 200 OK'), END]),
  flow('until close, in parts', GET, [head('HTTP/1.1 200 OK'), 'o', 'k', END]),
  flow('until close, a response inside', GET, [head('HTTP/1.1 200 OK') + EVIL, END]),
  flow('until close to HTTP/1.0', 'GET / HTTP/1.0\r\n\r\n', [`${head('HTTP/1.1 200 OK', 'X: 1')}ok`, END]),
  flow('until close to HTTP/1.0 with keep-alive', head('GET / HTTP/1.0', 'Connection: keep-alive'), [
    `${head('HTTP/1.1 200 OK', 'X: 1')}ok`,
    END,
  ]),
  flow('chunks to HTTP/1.0', 'GET / HTTP/1.0\r\n\r\n', [`${CHUNKED}2\r\nok\r\n0\r\n\r\n`]),
  flow('chunks to HTTP/1.0 with keep-alive', head('GET / HTTP/1.0', 'Connection: keep-alive'), [
    `${CHUNKED}2\r\nok\r\n0\r\n\r\n`,
  ]),
  flow('closes before the answer', GET, [END], 'same', '9112 8'),
  flow('resets before the answer', GET, [RESET], 'same', '9112 8'),
  flow('closes at once', GET, [NOW, END], 'same', '9112 8'),
  flow('closes in the status line', GET, ['HTTP/1.1 2', END], 'same', '9112 8'),
  flow('closes in the head', GET, ['HTTP/1.1 200 OK\r\nContent-Le', END], 'same', '9112 8'),
  flow('closes behind a 1xx', GET, [head('HTTP/1.1 103 H'), END], 'same', '9112 8'),
  flow('closes in the body', GET, [`${head('HTTP/1.1 200 OK', 'Content-Length: 10')}abc`, END], 'same', '9112 8'),
  flow(
    'closes in the body a little later',
    GET,
    [`${head('HTTP/1.1 200 OK', 'Content-Length: 10')}abc`, { pause: 30 }, 'de', { pause: 30 }, END],
    'same',
    '9112 8',
  ),
  flow('closes before a chunk', GET, [`${CHUNKED}3\r\nabc\r\n`, { pause: 30 }, END], 'same', '9112 8'),
  flow('closes inside a chunk', GET, [`${CHUNKED}5\r\nabc`, { pause: 30 }, END], 'same', '9112 8'),
  flow('closes before the final line', GET, [`${CHUNKED}3\r\nabc\r\n0\r\n`, { pause: 30 }, END], 'same', '9112 8'),
  together('one', '2\r\nok\r\n0\r\n\r\n', 'same'),
  together('several with extensions', '3;x=y\r\nabc\r\n4\r\ndefg\r\n0\r\n\r\n', 'same'),
  together('trailers', '2\r\nok\r\n0\r\nX-T:  1 \r\n\r\n', 'same'),
  together('none', '0\r\n\r\n', 'same'),
  together('bad size', 'zz\r\nok\r\n0\r\n\r\n'),
  together('size 0x', '0x2\r\nok\r\n0\r\n\r\n'),
  together('size with a sign', '+2\r\nok\r\n0\r\n\r\n'),
  together('size negative', '-2\r\nok\r\n0\r\n\r\n'),
  together(
    'size with a blank behind',
    '2 \r\nok\r\n0\r\n\r\n',
    'refuse response body',
    'no blank there in the grammar',
  ),
  together('size with a blank before', ' 2\r\nok\r\n0\r\n\r\n'),
  together('size overflows', 'ffffffffffffffff2\r\nok\r\n0\r\n\r\n'),
  together('size empty', '\r\nok\r\n0\r\n\r\n'),
  together('LF behind the size', '2\nok\r\n0\r\n\r\n', 'refuse response body', 'a lone LF'),
  together('LF behind the data', '2\r\nok\n0\r\n\r\n', 'refuse response body', 'a lone LF'),
  together('LF in an extension', '2;a\nok\r\n0\r\n\r\n', 'refuse response body', 'a lone LF'),
  together('no line end behind the data', '2\r\nok0\r\n\r\n'),
  together('data too long', '2\r\nokok\r\n0\r\n\r\n'),
  together(
    'trailer Content-Length',
    '2\r\nok\r\n0\r\nContent-Length: 5\r\n\r\n',
    'refuse response body',
    'RFC 9110 6.5.1',
  ),
  together(
    'trailer Transfer-Encoding',
    '2\r\nok\r\n0\r\nTransfer-Encoding: chunked\r\n\r\n',
    'refuse response body',
    'RFC 9110 6.5.1',
  ),
  unsteady(
    together(
      'trailer with space before the colon',
      '2\r\nok\r\n0\r\nX : 5\r\n\r\n',
      'refuse response body',
      'RFC 9112 7.1.2',
    ),
  ),
  together('trailer folded', '2\r\nok\r\n0\r\nX: 5\r\n 6\r\n\r\n', 'refuse response body', 'obs-fold'),
  later('good', ['2\r\nok\r\n', '0\r\n\r\n'], 'same'),
  later('cut everywhere', ['2', '\r', '\n', 'o', 'k', '\r', '\n', '0', '\r', '\n', '\r', '\n'], 'same'),
  later('bad size', ['zz\r\nok\r\n0\r\n\r\n']),
  later('bad size behind a good chunk', ['3\r\nabc\r\n', { pause: 30 }, 'zz\r\n']),
  later('no line end behind the data', ['2\r\nok', 'XX0\r\n\r\n']),
];
