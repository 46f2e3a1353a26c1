import { type Case, CRLF, request, type Want } from '../case.ts';

const SMUGGLED = request('GET /smuggled HTTP/1.1');
const BODY = '3\r\nabc\r\n0\r\n\r\n';
const both = 'RFC 9112 6.1: with both, one parser counts and another reads chunks';
const old = 'RFC 9112 6.1: Transfer-Encoding in HTTP/1.0 is faulty framing';

const te = (name: string, fields: readonly string[], want: Want, why?: string, body = BODY, version = '1.1'): Case => ({
  name,
  rfc: '9112 6.1',
  send: request(`POST / HTTP/${version}`, ...fields) + body,
  want,
  ...(why === undefined ? {} : { why }),
});

/** Spellings of Transfer-Encoding that some parser takes for chunked and another does not. */
const disguises: readonly [string, string][] = [
  ['xchunked', 'Transfer-Encoding: xchunked'],
  ['chunkedx', 'Transfer-Encoding: chunkedx'],
  ['chunk', 'Transfer-Encoding: chunk'],
  ['space before the colon', 'Transfer-Encoding : chunked'],
  ['tab before the colon', 'Transfer-Encoding\t: chunked'],
  ['VT behind the colon', 'Transfer-Encoding:\vchunked'],
  ['FF behind the colon', 'Transfer-Encoding:\fchunked'],
  ['CR behind the colon', 'Transfer-Encoding:\rchunked'],
  ['NUL behind the colon', 'Transfer-Encoding:\0chunked'],
  ['8-bit blank behind the colon', 'Transfer-Encoding:\xa0chunked'],
  ['blank before the name', ' Transfer-Encoding: chunked'],
  ['field above', 'X: X\nTransfer-Encoding: chunked'],
  ['bare CR above', 'X: X\rTransfer-Encoding: chunked'],
  ['folded value', 'Transfer-Encoding:\r\n chunked'],
  ['folded behind', 'Transfer-Encoding: chunked\r\n x'],
  ['folded name', 'Transfer-Encoding\r\n : chunked'],
  ['quoted', 'Transfer-Encoding: "chunked"'],
  ['quoted single', "Transfer-Encoding: 'chunked'"],
  ['8-bit behind', 'Transfer-Encoding: chunked\xff'],
  ['8-bit in the name', 'Transfer\xadEncoding: chunked'],
  ['NUL behind the value', 'Transfer-Encoding: chunked\0'],
  ['VT behind the value', 'Transfer-Encoding: chunked\v'],
  ['semicolon behind', 'Transfer-Encoding: chunked;'],
  ['parameter', 'Transfer-Encoding: chunked;q=1'],
  ['comma behind', 'Transfer-Encoding: chunked,'],
  ['comma before', 'Transfer-Encoding: ,chunked'],
  ['comma and blank before', 'Transfer-Encoding: , chunked'],
  ['two commas', 'Transfer-Encoding: chunked,,'],
  ['chunked twice', 'Transfer-Encoding: chunked, chunked'],
  ['chunked in two fields', 'Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked'],
  ['identity', 'Transfer-Encoding: identity'],
  ['identity and chunked', 'Transfer-Encoding: identity, chunked'],
  ['chunked and identity', 'Transfer-Encoding: chunked, identity'],
  ['identity in a second field', 'Transfer-Encoding: chunked\r\nTransfer-Encoding: identity'],
  ['identity in a first field', 'Transfer-Encoding: identity\r\nTransfer-Encoding: chunked'],
  ['cow in a second field', 'Transfer-Encoding: chunked\r\nTransfer-Encoding: cow'],
  ['empty second field', 'Transfer-Encoding: chunked\r\nTransfer-Encoding:'],
  ['empty', 'Transfer-Encoding:'],
  ['gzip', 'Transfer-Encoding: gzip'],
  ['gzip and chunked', 'Transfer-Encoding: gzip, chunked'],
  ['chunked and gzip', 'Transfer-Encoding: chunked, gzip'],
  ['deflate', 'Transfer-Encoding: deflate'],
  ['compress', 'Transfer-Encoding: compress'],
  ['cow', 'Transfer-Encoding: cow'],
  ['Content-Encoding alike', 'Transfer-Encoding: chunked Content-Encoding'],
  ['chunked chunked', 'Transfer-Encoding: chunked chunked'],
  ['NUL in the name', 'Transfer-Encoding\0: chunked'],
  ['slash', 'Transfer-Encoding: chunked/'],
];

/** Harmless on their own: another field name, read as such by everybody. */
const others: readonly [string, string][] = [
  ['Transfer_Encoding', 'Transfer_Encoding: chunked'],
  ['Transfer-Encodin', 'Transfer-Encodin: chunked'],
  ['X-Transfer-Encoding', 'X-Transfer-Encoding: chunked'],
  ['Content-Encoding chunked', 'Content-Encoding: chunked'],
  ['TE', 'TE: chunked'],
];

/** What HAProxy passes on as chunked although the value is no plain `chunked`. */
const plain = 'anything but exactly `chunked` is refused: the next parser may not read it so';

export const transferEncoding: readonly Case[] = [
  te('chunked', ['Transfer-Encoding: chunked'], 'same'),
  te('chunked in capitals', ['TRANSFER-ENCODING: CHUNKED'], 'same'),
  te('chunked without blank', ['Transfer-Encoding:chunked'], 'same'),
  te('chunked with blanks and tabs', ['Transfer-Encoding: \t chunked \t'], 'same'),
  te('chunked on GET', ['X: 1'], 'same', undefined, ''),
  te('CL.TE: length, then chunked', ['Content-Length: 13', 'Transfer-Encoding: chunked'], 'refuse', both),
  te('TE.CL: chunked, then length', ['Transfer-Encoding: chunked', 'Content-Length: 3'], 'refuse', both),
  te(
    'CL.TE with a smuggled request',
    ['Content-Length: 47', 'Transfer-Encoding: chunked'],
    'refuse',
    both,
    `0\r\n\r\n${SMUGGLED}`,
  ),
  te(
    'TE.CL with a smuggled request',
    ['Content-Length: 4', 'Transfer-Encoding: chunked'],
    'refuse',
    both,
    `${SMUGGLED.length.toString(16)}\r\n${SMUGGLED}\r\n0\r\n\r\n`,
  ),
  te('length zero and chunked', ['Content-Length: 0', 'Transfer-Encoding: chunked'], 'refuse', both),
  te('two lengths and chunked', ['Content-Length: 3', 'Content-Length: 13', 'Transfer-Encoding: chunked'], 'refuse'),
  te('bad length and chunked', ['Content-Length: x', 'Transfer-Encoding: chunked'], 'refuse'),
  te('length and identity', ['Content-Length: 13', 'Transfer-Encoding: identity'], 'refuse', both),
  te('length and empty Transfer-Encoding', ['Content-Length: 13', 'Transfer-Encoding:'], 'refuse', both),
  te('chunked in HTTP/1.0', ['Transfer-Encoding: chunked'], 'refuse', old, BODY, '1.0'),
  te(
    'chunked in HTTP/1.0 with keep-alive',
    ['Connection: keep-alive', 'Transfer-Encoding: chunked'],
    'refuse',
    old,
    BODY,
    '1.0',
  ),
  te(
    'length and chunked in HTTP/1.0',
    ['Content-Length: 13', 'Transfer-Encoding: chunked'],
    'refuse',
    old,
    BODY,
    '1.0',
  ),
  ...disguises.map(([name, field]) => te(`TE disguised: ${name}`, [field], 'refuse', plain)),
  ...disguises.map(([name, field]) =>
    te(`TE.TE: length beside ${name}`, ['Content-Length: 13', field], 'refuse', both),
  ),
  ...others.map(([name, field]) => te(`another field: ${name}`, ['Content-Length: 13', field], 'same')),
  {
    name: 'CL.TE with the rest in a second write',
    rfc: '9112 6.1',
    send: [request('POST / HTTP/1.1', 'Content-Length: 6', 'Transfer-Encoding: chunked'), `0${CRLF}${CRLF}G`, SMUGGLED],
    want: 'refuse',
    why: both,
  },
];
