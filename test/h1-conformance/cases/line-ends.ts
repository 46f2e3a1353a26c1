import { type Case, GET, GET2, type Want } from '../case.ts';

const lf = 'RFC 9112 2.2 allows a lone LF as line end, but parsers that do not read it so see another message';
const nul = 'RFC 9110 5.5 calls NUL dangerous: C parsers end there';

const raw = (name: string, send: string, want: Want, rfc: string, why?: string): Case => ({
  name,
  rfc,
  send,
  want,
  ...(why === undefined ? {} : { why }),
});

/** A request with something odd in place of `X: 1`. */
const withLine = (name: string, line: string, want: Want, rfc: string, why?: string): Case =>
  raw(name, `GET / HTTP/1.1\r\nHost: h\r\n${line}\r\nY: 2\r\n\r\n`, want, rfc, why);

export const lineEnds: readonly Case[] = [
  raw('LF everywhere', 'GET / HTTP/1.1\nHost: h\n\n', 'refuse', '9112 2.2', lf),
  raw('LF behind the request line', 'GET / HTTP/1.1\nHost: h\r\n\r\n', 'refuse', '9112 2.2', lf),
  raw('LF behind a field', 'GET / HTTP/1.1\r\nHost: h\nX: 1\r\n\r\n', 'refuse', '9112 2.2', lf),
  raw('LF as the empty line', 'GET / HTTP/1.1\r\nHost: h\r\n\n', 'refuse', '9112 2.2', lf),
  raw('LF CR LF at the end', 'GET / HTTP/1.1\r\nHost: h\n\r\n', 'refuse', '9112 2.2', lf),
  raw('LF before the request', `\n${GET}`, 'refuse', '9112 2.2', lf),
  raw(
    'LF LF inside a head',
    'GET / HTTP/1.1\r\nHost: h\r\nX: 1\n\nGET /b HTTP/1.1\r\nHost: h\r\n\r\n',
    'refuse',
    '9112 2.2',
    lf,
  ),
  raw('LF CR as line end', 'GET / HTTP/1.1\n\rHost: h\n\r\n\r', 'refuse', '9112 2.2'),
  raw('CR everywhere', 'GET / HTTP/1.1\rHost: h\r\r', 'refuse', '9112 2.2'),
  raw('CR behind the request line', 'GET / HTTP/1.1\rHost: h\r\n\r\n', 'refuse', '9112 2.2'),
  raw('CR CR LF behind the request line', 'GET / HTTP/1.1\r\r\nHost: h\r\n\r\n', 'refuse', '9112 2.2'),
  raw('CR CR LF as the empty line', 'GET / HTTP/1.1\r\nHost: h\r\n\r\r\n', 'refuse', '9112 2.2'),
  raw('CR before the request', `\r${GET}`, 'refuse', '9112 2.2'),
  raw('CR CR LF before the request', `\r\r\n${GET}`, 'refuse', '9112 2.2'),
  raw('CR in the target', 'GET /a\rb HTTP/1.1\r\nHost: h\r\n\r\n', 'refuse', '9112 2.2'),
  raw('CR in the method', 'GE\rT / HTTP/1.1\r\nHost: h\r\n\r\n', 'refuse', '9112 2.2'),
  withLine('CR in a value', 'X: a\rb', 'refuse', '9110 5.5'),
  withLine('CR before a field in a value', 'X: a\rContent-Length: 5', 'refuse', '9110 5.5'),
  withLine('CR in a name', 'X\rZ: a', 'refuse', '9112 5.1'),
  withLine('CR before a name', '\rX: a', 'refuse', '9112 5.1'),
  withLine('CR at the end of a value', 'X: a\r', 'refuse', '9110 5.5'),
  withLine('CR behind the colon', 'X:\ra', 'refuse', '9110 5.5'),
  withLine('LF in a value', 'X: a\nb', 'refuse', '9110 5.5'),
  withLine('LF before Transfer-Encoding in a value', 'X: a\nTransfer-Encoding: chunked', 'refuse', '9112 2.2', lf),
  withLine('NUL in a value', 'X: a\0b', 'refuse', '9110 5.5', nul),
  withLine('NUL at the end of a value', 'X: a\0', 'refuse', '9110 5.5', nul),
  withLine('NUL in a name', 'X\0Z: a', 'refuse', '9112 5.1'),
  withLine('NUL before a name', '\0X: a', 'refuse', '9112 5.1'),
  withLine('NUL before the colon', 'X\0: a', 'refuse', '9112 5.1'),
  raw('NUL in the version', 'GET / HTTP/1.1\0\r\nHost: h\r\n\r\n', 'refuse', '9112 2.3'),
  raw('NUL before the request', `\0${GET}`, 'refuse', '9112 2.2'),
  raw('NUL behind the empty line', `${GET}\0`, 'refuse', '9112 2.2'),
  withLine('folded by a space', 'X: a\r\n b', 'refuse', '9112 5.2', 'obs-fold'),
  withLine('folded by a tab', 'X: a\r\n\tb', 'refuse', '9112 5.2', 'obs-fold'),
  withLine('folded by LF and space', 'X: a\n b', 'refuse', '9112 5.2', 'obs-fold'),
  withLine('folded twice', 'X: a\r\n b\r\n c', 'refuse', '9112 5.2', 'obs-fold'),
  withLine('folded to nothing', 'X: a\r\n \r\n b', 'refuse', '9112 5.2', 'obs-fold'),
  withLine('folded Content-Length', 'Content-Length:\r\n 0', 'refuse', '9112 5.2', 'obs-fold'),
  withLine('fold that looks like a field', 'X: a\r\n Content-Length: 40', 'refuse', '9112 5.2', 'obs-fold'),
  raw(
    'blank line start right behind the request line',
    'GET / HTTP/1.1\r\n X: 1\r\nHost: h\r\n\r\n',
    'refuse',
    '9112 2.2',
  ),
  raw('tab right behind the request line', 'GET / HTTP/1.1\r\n\tX: 1\r\nHost: h\r\n\r\n', 'refuse', '9112 2.2'),
  raw('fold as the last line', 'GET / HTTP/1.1\r\nHost: h\r\nX: a\r\n \r\n\r\n', 'refuse', '9112 5.2', 'obs-fold'),
  raw('good request, then LF', `${GET}\n${GET2}`, 'refuse', '9112 2.2', lf),
].map((it) =>
  it.name === 'NUL behind the empty line' || it.name === 'good request, then LF' ? { ...it, good: 1 } : it,
);
