import { type Case, request, type Want } from '../case.ts';

const field = (name: string, line: string, want: Want, rfc: string, why?: string): Case => ({
  name,
  rfc,
  send: request('GET / HTTP/1.1', line, 'Y: 2'),
  want,
  ...(why === undefined ? {} : { why }),
});

const separators = ['(', ')', ',', '/', ';', '<', '=', '>', '?', '@', '[', '\\', ']', '{', '}', '"'];

export const fields: readonly Case[] = [
  field('plain field', 'X: 1', 'same', '9112 5'),
  field('name in capitals', 'X-FOO-BAR: 1', 'same', '9110 5.1'),
  field('name of token characters', "A!#$%&'*+-.^_`|~9: 1", 'same', '9110 5.6.2'),
  field('no blank behind the colon', 'X:1', 'same', '9112 5.1'),
  field('many blanks around the value', 'X: \t  1 \t ', 'same', '9112 5.1'),
  field('empty value', 'X:', 'same', '9112 5.1'),
  field('value of blanks', 'X:   ', 'same', '9112 5.1'),
  field('blanks inside the value', 'X: a  \t b', 'same', '9110 5.5'),
  field('8-bit value', 'X: \xe9\xff\x80', 'same', '9110 5.5'),
  field('colon in the value', 'X: a:b', 'same', '9110 5.5'),
  field('value that starts with a colon', 'X:: a', 'same', '9110 5.5'),
  field('quotes not closed', 'X: "a', 'same', '9110 5.5'),
  field('the same field twice', 'X: 1\r\nx: 2', 'same', '9110 5.2'),
  field('underscore in the name', 'X_Y: 1', 'same', '9110 5.1', 'a gateway interface may fold it with X-Y; a rule can remove it'),
  field('space before the colon', 'X : 1', 'refuse', '9112 5.1'),
  field('tab before the colon', 'X\t: 1', 'refuse', '9112 5.1'),
  field('space in the name', 'X Y: 1', 'refuse', '9112 5.1'),
  field('no colon', 'XYZ', 'refuse', '9112 5.1'),
  field('no name', ': 1', 'refuse', '9112 5.1'),
  field('only a colon', ':', 'refuse', '9112 5.1'),
  ...separators.map((char) => field(`name with ${char}`, `X${char}Y: 1`, 'refuse', '9110 5.6.2')),
  field('8-bit name', 'X\xe9: 1', 'refuse', '9110 5.6.2'),
  field('control character in the name', 'X\x01: 1', 'refuse', '9110 5.6.2'),
  field('DEL in the name', 'X\x7f: 1', 'refuse', '9110 5.6.2'),
  field('SOH in the value', 'X: a\x01b', 'refuse', '9110 5.5', 'a control character'),
  field('BEL in the value', 'X: a\x07b', 'refuse', '9110 5.5', 'a control character'),
  field('vertical tab in the value', 'X: a\vb', 'refuse', '9110 5.5', 'a control character'),
  field('form feed in the value', 'X: a\fb', 'refuse', '9110 5.5', 'a control character'),
  field('ESC in the value', 'X: a\x1bb', 'refuse', '9110 5.5', 'a control character'),
  field('DEL in the value', 'X: a\x7fb', 'refuse', '9110 5.5', 'a control character'),
  field('form feed before the value', 'X:\fa', 'refuse', '9110 5.5', 'a control character'),
  field('second request line as a field', 'GET /b HTTP/1.1', 'refuse', '9112 5.1'),
  field('pseudo-header', ':method: POST', 'refuse', '9112 5.1'),
  field('Content-Length misspelt with underscore', 'Content_Length: 5', 'same', '9110 5.1'),
  field('Transfer-Encoding misspelt with underscore', 'Transfer_Encoding: chunked', 'same', '9110 5.1'),
];
