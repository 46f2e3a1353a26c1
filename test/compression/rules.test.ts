import { arena } from '../http/arena.ts';
import type { Side } from '../http/side.ts';
import { get, head } from '../http/wire.ts';
import { type Read, read } from './reading.ts';

const TEXT = 'hello '.repeat(12);
const HTML = 'Content-Type: text/html';
const GZIP = 'Accept-Encoding: gzip';

/** A whole response with a length. */
const answer = (...fields: string[]): string => withStatus('200 OK', ...fields);
const withStatus = (status: string, ...fields: string[]): string =>
  head(`HTTP/1.1 ${status}`, ...fields, `Content-Length: ${TEXT.length}`) + TEXT;

type Exchange = readonly [request: string, response: string];

/** What the client sees of each response, and whether the body is what the server sent. */
async function exchanges(side: Side, list: readonly Exchange[]): Promise<unknown[]> {
  let response = '';
  side.origin.play = async (on) => {
    await on.sees('\r\n\r\n');
    on.send(response);
    on.end();
  };
  const seen: unknown[] = [];
  for (const [request, next] of list) {
    response = next;
    const client = await side.client(request);
    await client.when(() => client.closed !== 'open', 8000);
    const { body, size: _size, ...rest }: Read = read(client.received);
    seen.push({ ...rest, body: body === TEXT ? 'as sent' : body.slice(0, 20) });
  }
  return seen;
}

const asks = (...fields: string[]): string => get('/', 'Connection: close', ...fields);

const CODINGS = [
  'gzip',
  'gzip, deflate',
  'deflate',
  '*',
  'gzip;q=0',
  'gzip;q=0.5, deflate;q=1',
  'deflate;q=1, gzip;q=0.9',
  'GZIP',
  'x-gzip',
  'identity, gzip;q=0.001',
  'br',
  '*;q=0',
  'deflate, gzip',
  'gzip;q=1.5',
  'gzip ; q=0.5',
  '',
  'gzip;q=abc',
  'br, gzip',
  'identity',
].map((coding): Exchange => [asks(`Accept-Encoding: ${coding}`), answer(HTML)]);

const RESPONSES: Exchange[] = [
  ...[200, 201, 202, 203, 206, 300, 301, 400, 404, 500].map((status): Exchange => [
    asks(GZIP),
    withStatus(`${status} X`, HTML),
  ]),
  ...[
    ['Content-Encoding: x'],
    ['Content-Encoding: identity'],
    ['Cache-Control: no-transform'],
    ['Cache-Control: public, no-transform'],
    ['ETag: "abc"'],
    ['ETag: W/"abc"'],
    ['ETag: abc'],
    ['ETag: "a"', 'ETag: "b"'],
    ['Vary: Cookie'],
    ['Vary: *'],
    ['Accept-Ranges: bytes'],
  ].map((fields): Exchange => [asks(GZIP), answer(...fields, HTML)]),
  ...[
    'multipart/form-data; boundary=x',
    'text/plain',
    'TEXT/HTML',
    'text/html; charset=utf-8',
    'text/htmlx',
    'application/json',
  ].map((type): Exchange => [asks(GZIP), answer(`Content-Type: ${type}`)]),
  [asks(GZIP), answer()],
  [asks(), answer(HTML)],
  [asks('Accept-Encoding: br', GZIP), answer(HTML)],
  [asks(GZIP), `${head('HTTP/1.1 200 OK', HTML, 'Transfer-Encoding: chunked')}5\r\nhello\r\n0\r\n\r\n`],
  [asks(GZIP), `${head('HTTP/1.1 200 OK', HTML, 'Transfer-Encoding: chunked')}0\r\n\r\n`],
  [asks(GZIP), head('HTTP/1.1 200 OK', HTML) + TEXT],
  [asks(GZIP), `${head('HTTP/1.0 200 OK', HTML, 'Content-Length: 5')}hello`],
  [head('GET / HTTP/1.0', GZIP), answer(HTML)],
  [head('HEAD / HTTP/1.1', 'Host: h', 'Connection: close', GZIP), head('HTTP/1.1 200 OK', HTML, 'Content-Length: 72')],
  [asks(GZIP), head('HTTP/1.1 200 OK', HTML, 'Content-Length: 0')],
  [asks(GZIP), head('HTTP/1.1 204 No', HTML)],
  [asks(GZIP), head('HTTP/1.1 304 No', HTML)],
  ...[
    'Mozilla/4.0 (compatible; MSIE 5)',
    'Mozilla/4.0 (compatible; MSIE 6.0; Windows NT 5.1; SV1)',
    'Mozilla/4.0 (compatible; MSIE 6.0; Windows NT 5.1)',
    'Mozilla/4.0 (compatible; MSIE 7.0)',
    'Mozilla/5.0',
  ].map((agent): Exchange => [asks(GZIP, `User-Agent: ${agent}`), answer(HTML)]),
];

arena('what is compressed', ({ agree, alone, differ }) => {
  agree(
    'by status, fields and type',
    'compression algo gzip\n  compression type text/html',
    (side) => exchanges(side, RESPONSES),
    (seen, expect) => expect(seen).toMatchSnapshot(),
  );
  for (const lines of [
    'algo gzip',
    'algo deflate gzip',
    'algo gzip deflate',
    'algo raw-deflate',
    'algo identity',
    'algo identity gzip',
    'algo gzip\n  compression algo deflate',
    'algo gzip\n  compression offload',
  ]) {
    agree(
      `by Accept-Encoding, compression ${lines.replaceAll('\n  compression', ',')}`,
      `compression ${lines}`,
      (side) => exchanges(side, CODINGS),
      (seen, expect) => expect(seen).toMatchSnapshot(),
    );
  }
  agree(
    'rules come too late to change what is compressed',
    `compression algo gzip
  compression type text/html
  http-response set-header content-type image/png if { res.hdr(x) 1 }
  http-response set-status 404 if { res.hdr(x) 2 }
  http-response del-header content-encoding if { res.hdr(x) 3 }
  http-response set-header saw %[res.fhdr(content-encoding)]
  http-request del-header accept-encoding if { hdr(y) 1 }
  http-request set-header accept-encoding gzip if { hdr(y) 2 }`,
    (side) =>
      exchanges(side, [
        [asks(GZIP), answer(HTML, 'x: 1')],
        [asks(GZIP), answer(HTML, 'x: 2')],
        [asks(GZIP), answer(HTML, 'x: 3', 'Content-Encoding: q')],
        [asks(GZIP, 'y: 1'), answer(HTML)],
        [asks('y: 2'), answer(HTML)],
      ]),
    (seen, expect) => expect(seen).toMatchSnapshot(),
  );
  agree(
    'answers of the proxy itself are not compressed',
    'compression algo gzip\n  http-request return status 200 content-type text/html string hellohello if { path /own }\n  http-request deny if { path /no }',
    async (side) =>
      Promise.all(['/own', '/no'].map(async (path) => /content-encoding/i.test(await side.ask(get(path, GZIP))))),
    (seen, expect) => expect(seen).toEqual([false, false]),
  );
  differ(
    'a coding that the client refuses is not the one that * stands for',
    'compression algo gzip',
    (side) => exchanges(side, [[asks('Accept-Encoding: gzip;q=0, *'), answer(HTML)]]),
    {
      sluice: (seen, expect) => expect(seen).toMatchObject([{ coding: undefined }]),
      haproxy: (seen, expect) => expect(seen).toMatchObject([{ coding: 'gzip' }]),
    },
  );
  const ours = (lines: string, codings: readonly string[], ...expected: (string | undefined)[]): void =>
    alone(
      `compression ${lines}: ${codings.join(' | ')}`,
      `compression ${lines}`,
      (side) =>
        exchanges(
          side,
          codings.map((coding): Exchange => [asks(`Accept-Encoding: ${coding}`), answer(HTML)]),
        ),
      (seen, expect) => {
        expect(seen.map((one) => (one as Read).coding)).toEqual(expected);
        for (const one of seen) expect(one).toMatchObject({ body: 'as sent' });
      },
    );
  ours(
    'algo gzip br',
    ['gzip, deflate, br', 'br', 'gzip', 'br;q=0.5, gzip', '*', 'br;q=0, *'],
    'br',
    'br',
    'gzip',
    'gzip',
    'br',
    'gzip',
  );
  ours('algo br gzip\n  compression prefer gzip', ['gzip, br', 'br, gzip', 'br'], 'gzip', 'gzip', 'br');
  alone(
    'compression minsize-res',
    'compression algo gzip\n  compression minsize-res 100',
    (side) =>
      exchanges(side, [
        [asks(GZIP), answer(HTML)],
        [asks(GZIP), head('HTTP/1.1 200 OK', 'Content-Length: 100') + 'x'.repeat(100)],
      ]),
    (seen, expect) => expect(seen).toMatchObject([{ coding: undefined }, { coding: 'gzip' }]),
  );
  alone(
    'fetches res.comp and res.comp_algo',
    'compression algo gzip br\n  log-format "%ft %[res.comp] %[res.comp_algo]"',
    async (side) => {
      await exchanges(side, [
        [asks(GZIP), answer(HTML)],
        [asks('Accept-Encoding: br'), answer(HTML)],
        [asks(), answer(HTML)],
      ]);
      return side.logged(3);
    },
    (seen, expect) => expect(seen).toEqual(['NAME 1 gzip', 'NAME 1 br', 'NAME 0 -']),
  );
});
