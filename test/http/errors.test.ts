import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { arena } from './arena.ts';
import type { Side } from './side.ts';
import { get, head, post } from './wire.ts';

const folder = mkdtempSync(join(tmpdir(), 'sluice-errors-'));
const file = (name: string, ...lines: string[]): string => {
  const path = join(folder, name);
  writeFileSync(path, lines.join('\r\n'), 'latin1');
  return path;
};

const E503 = file(
  '503.http',
  'HTTP/1.0 503 Service Gone',
  'Cache-Control: no-cache',
  'Content-Type: text/plain',
  'X-From: file',
  '',
  'gone\n',
);
const E403 = file('403.http', 'HTTP/1.1 403 Forbidden', 'Content-Length: 3', 'Connection: close', '', 'no\n');
const E400 = file('400.http', 'HTTP/1.0 400 Nope', '', 'bad\n');
const E408 = file('408.http', 'HTTP/1.0 408 Slow', '', 'slow\n');
const E200 = file('200.http', 'HTTP/1.1 200 Fine', '', 'as the file says');
const SIZED = file('sized.http', 'HTTP/1.0 503 Sized', 'Content-Length: 5', '', 'sized');
const EMPTY = file('empty.http', 'HTTP/1.1 503 Empty', 'X-A: b', '', '');
const RAW = file('raw.txt', 'just text');
const LF = file('lf.txt', 'text with %[path]');

const TEXTS: Record<string, string> = {
  'http-error with a file': 'just text',
  'http-error with a string and fields': 'sorry',
  'http-error with a log-format string': 'for /p of GET',
  'http-error with a log-format file': 'text with /p',
  'http-error with an errorfile': 'as the file says',
  'http-error with default-errorfiles': 'No server',
  'http-error with errorfiles': 'gone',
  errorfiles: 'gone',
  'errorfiles of one status only': 'No server',
  'errorfiles, then an errorfile': 'as the file says',
};

arena(
  'answers of the proxy',
  ({ agree, differ }) => {
    const dead = (lines: string): string => `listen {name}
  bind {bind}
  ${lines}
  server s {dead}`;
    const twice = async (side: Side): Promise<[string, string[]]> => {
      const client = await side.client(get('/1'));
      await side.answers(client);
      client.send(get('/2'));
      const text = await side.answers(client, 2);
      return [text, await side.logged(text.endsWith('(closed)') ? 1 : 2)];
    };

    agree('errorfile 503', dead(`errorfile 503 ${E503}`), twice, (seen, expect) =>
      expect(seen).toMatchInlineSnapshot(`
        [
          "HTTP/1.0 503 Service Gone
        cache-control: no-cache
        content-type: text/plain
        x-from: file

        gone<LF>(closed)",
          [
            "NAME NAME/s 503 SC-- rc=0 sq=0 bq=0 <"GET /1 HTTP/1.1">",
          ],
        ]
      `),
    );
    for (const [title, path] of [
      ['of another status', E200],
      ['with a length, HTTP/1.0', SIZED],
      ['without a body', EMPTY],
    ] as const) {
      agree(`errorfile ${title}`, dead(`errorfile 503 ${path}`), twice, (seen, expect) =>
        expect(seen[1].length).toBe(path === SIZED ? 2 : 1),
      );
    }
    agree(
      'errorfile /dev/null',
      dead('errorfile 503 /dev/null'),
      async (side) => [await side.ask(get('/1')), await side.logged(1)],
      (seen, expect) =>
        expect(seen).toMatchInlineSnapshot(`
        [
          "(closed)",
          [
            "NAME NAME/s 503 SC-- rc=0 sq=0 bq=0 <"GET /1 HTTP/1.1">",
          ],
        ]
      `),
    );
    agree(
      'errorloc302',
      dead('errorloc302 503 http://sorry/'),
      async (side) => [await side.ask(get('/1')), await side.ask(post('/p', 'abc')), await side.logged(2)],
      (seen, expect) =>
        expect(seen).toMatchInlineSnapshot(`
        [
          "HTTP/1.1 302 Found
        cache-control: no-cache
        content-length: 0
        location: http://sorry/

        ",
          "HTTP/1.1 302 Found
        cache-control: no-cache
        content-length: 0
        location: http://sorry/

        ",
          [
            "NAME NAME/s 503 SC-- rc=0 sq=0 bq=0 <"GET /1 HTTP/1.1">",
            "NAME NAME/s 503 SC-- rc=0 sq=0 bq=0 <"POST /p HTTP/1.1">",
          ],
        ]
      `),
    );
    agree(
      'errorloc',
      dead('errorloc 503 /sorry'),
      async (side) => [await side.ask(get('/1'))],
      (seen, expect) =>
        expect(seen).toMatchInlineSnapshot(`
      [
        "HTTP/1.1 302 Found
      cache-control: no-cache
      content-length: 0
      location: /sorry

      ",
      ]
    `),
    );
    agree(
      'errorloc303',
      dead('errorloc303 503 http://sorry/'),
      async (side) => [await side.ask(get('/1'))],
      (seen, expect) =>
        expect(seen).toMatchInlineSnapshot(`
      [
        "HTTP/1.1 303 See Other
      cache-control: no-cache
      content-length: 0
      location: http://sorry/

      ",
      ]
    `),
    );
    for (const [title, lines] of [
      ['http-error with a file', `http-error status 503 content-type text/html file ${RAW}`],
      [
        'http-error with a string and fields',
        'http-error status 503 content-type text/plain string "sorry" hdr X-A b hdr X-P "%[path]"',
      ],
      [
        'http-error with a log-format string',
        'http-error status 503 content-type text/plain lf-string "for %[path] of %[method]"',
      ],
      ['http-error with a log-format file', `http-error status 503 content-type text/plain lf-file ${LF}`],
      ['http-error with an errorfile', `http-error status 503 errorfile ${E200}`],
      ['http-error with default-errorfiles', 'http-error status 503 default-errorfiles'],
      ['http-error with errorfiles', 'http-error status 503 errorfiles mine'],
      ['errorfiles', 'errorfiles mine'],
      ['errorfiles of one status only', 'errorfiles mine 403'],
      ['errorfiles, then an errorfile', `errorfiles mine\n  errorfile 503 ${E200}`],
    ] as const) {
      agree(
        title,
        dead(lines),
        async (side) => await side.ask(get('/p')),
        (seen, expect) => {
          expect(seen).toMatch(/^HTTP\/1\.[01] (503|200) /);
          expect(
            [...seen.matchAll(/sorry|just text|for \/p of GET|text with \/p|as the file says|gone|No server/g)].map(
              ([text]) => text,
            ),
          ).toEqual([TEXTS[title]]);
        },
      );
    }

    agree(
      "the backend's page before the frontend's, the frontend's before the default",
      `frontend {name}
  bind {bind}
  errorfile 503 ${E200}
  use_backend {name}b if { path /b }
  default_backend {name}c
backend {name}b
  errorfile 503 ${E503}
  server s {dead}
backend {name}c
  server s {dead}`,
      async (side) => {
        const seen = [await side.ask(get('/b')), await side.ask(get('/c'))];
        return seen;
      },
      (seen, expect) =>
        expect(seen).toMatchInlineSnapshot(`
        [
          "HTTP/1.0 503 Service Gone
        cache-control: no-cache
        content-type: text/plain
        x-from: file

        gone<LF>(closed)",
          "HTTP/1.1 200 Fine
        connection: close

        as the file says(closed)",
        ]
      `),
    );

    // HAProxy 2.6 answers what never became a request with its own pages; Sluice with those of the configuration.
    differ(
      'errorfile 400 and 408',
      `errorfile 400 ${E400}
  errorfile 408 ${E408}
  timeout http-request 300ms`,
      async (side) => {
        const slow = await side.client('GET /');
        await slow.sawClose();
        return [await side.ask('GET / HTTP/1.1\r\nA B: c\r\n\r\n', 2), side.shown(slow), await side.logged(2)];
      },
      {
        sluice: (seen, expect) =>
          expect(seen).toMatchInlineSnapshot(`
          [
            "HTTP/1.0 400 Nope

          bad<LF>(closed)",
            "HTTP/1.0 408 Slow

          slow<LF>(closed)",
            [
              "NAME NAME/<NOSRV> 408 cR-- rc=0 sq=0 bq=0 <"<BADREQ>">",
              "NAME NAME/<NOSRV> 400 PR-- rc=0 sq=0 bq=0 <"<BADREQ>">",
            ],
          ]
        `),
        haproxy: (seen, expect) =>
          expect([seen[0]!.slice(0, 28), seen[1]!.slice(0, 28)]).toEqual([
            'HTTP/1.1 400 Bad request\nCon',
            'HTTP/1.1 408 Request Time-ou',
          ]),
      },
    );

    agree(
      'denied requests between others, with bodies',
      `http-request deny if { path_beg /no }
  http-request return status 200 content-type text/plain string hello if { path /own }
  http-request redirect location /there if { path /moved }
  http-request deny deny_status 429 if { path /many }`,
      async (side) => {
        const bytes =
          get('/1') +
          get('/no') +
          post('/no/body', 'abc') +
          get('/own') +
          get('/moved') +
          post('/2', 'def') +
          get('/many') +
          get('/3');
        return [await side.ask(bytes, 8), await side.logged(8), side.arrived()];
      },
      (seen, expect) =>
        expect(seen).toMatchInlineSnapshot(`
      [
        "HTTP/1.1 200 OK
      content-length: 2

      /1HTTP/1.1 403 Forbidden
      content-length: 93
      cache-control: no-cache
      content-type: text/html

      <html><body><h1>403 Forbidden</h1><LF>Request forbidden by administrative rules.<LF></body></html><LF>HTTP/1.1 403 Forbidden
      content-length: 93
      cache-control: no-cache
      content-type: text/html

      <html><body><h1>403 Forbidden</h1><LF>Request forbidden by administrative rules.<LF></body></html><LF>HTTP/1.1 200 OK
      content-length: 5
      content-type: text/plain

      helloHTTP/1.1 302 Found
      content-length: 0
      location: /there
      cache-control: no-cache

      HTTP/1.1 200 OK
      content-length: 2

      /2HTTP/1.1 429 Too Many Requests
      content-length: 117
      cache-control: no-cache
      content-type: text/html

      <html><body><h1>429 Too Many Requests</h1><LF>You have sent too many requests in a given amount of time.<LF></body></html><LF>HTTP/1.1 200 OK
      content-length: 2

      /3",
        [
          "NAME NAME/s 200 ---- rc=0 sq=0 bq=0 <"GET /1 HTTP/1.1">",
          "NAME NAME/<NOSRV> 403 PR-- rc=0 sq=0 bq=0 <"GET /no HTTP/1.1">",
          "NAME NAME/<NOSRV> 403 PR-- rc=0 sq=0 bq=0 <"POST /no/body HTTP/1.1">",
          "NAME NAME/<NOSRV> 200 LR-- rc=0 sq=0 bq=0 <"GET /own HTTP/1.1">",
          "NAME NAME/<NOSRV> 302 LR-- rc=0 sq=0 bq=0 <"GET /moved HTTP/1.1">",
          "NAME NAME/s 200 ---- rc=0 sq=0 bq=0 <"POST /2 HTTP/1.1">",
          "NAME NAME/<NOSRV> 429 PR-- rc=0 sq=0 bq=0 <"GET /many HTTP/1.1">",
          "NAME NAME/s 200 ---- rc=0 sq=0 bq=0 <"GET /3 HTTP/1.1">",
        ],
        "GET /1 HTTP/1.1
      host: h

      POST /2 HTTP/1.1
      host: h
      content-length: 3

      defGET /3 HTTP/1.1
      host: h

      ",
      ]
    `),
    );

    agree(
      'a denied request whose body is not there yet',
      'http-request deny if { path_beg /no }',
      async (side) => {
        const client = await side.client(head('POST /no HTTP/1.1', 'Host: h', 'Content-Length: 10') + 'abc');
        return [await side.answers(client), await client.sawClose(), await side.logged(1)];
      },
      (seen, expect) =>
        expect(seen).toMatchInlineSnapshot(`
      [
        "HTTP/1.1 403 Forbidden
      content-length: 93
      cache-control: no-cache
      content-type: text/html
      connection: close

      <html><body><h1>403 Forbidden</h1><LF>Request forbidden by administrative rules.<LF></body></html><LF>",
        true,
        [
          "NAME NAME/<NOSRV> 403 PR-- rc=0 sq=0 bq=0 <"POST /no HTTP/1.1">",
        ],
      ]
    `),
    );

    agree(
      'HEAD is answered with the fields only',
      `errorfile 403 ${E403}
  http-request deny if { path_beg /no }`,
      async (side) => {
        const client = await side.client(head('HEAD /no HTTP/1.1', 'Host: h'));
        await client.sees('\r\n\r\n');
        client.send(get('/1'));
        await client.sees('/1');
        return side.shown(client, ['HEAD']);
      },
      (seen, expect) =>
        expect(seen).toMatchInlineSnapshot(`
        "HTTP/1.1 403 Forbidden
        content-length: 3
        connection: close

        "
      `),
    );

    agree(
      'HTTP/1.0 and an answer of the proxy',
      'http-request deny if { path_beg /no }',
      async (side) => [
        await side.ask(head('GET /no HTTP/1.0'), 2),
        await side.ask(head('GET /no HTTP/1.0', 'Connection: keep-alive')),
        await side.ask(get('/no', 'Connection: close'), 2),
      ],
      (seen, expect) =>
        expect(seen).toMatchInlineSnapshot(`
      [
        "HTTP/1.1 403 Forbidden
      content-length: 93
      cache-control: no-cache
      content-type: text/html
      connection: close

      <html><body><h1>403 Forbidden</h1><LF>Request forbidden by administrative rules.<LF></body></html><LF>(closed)",
        "HTTP/1.1 403 Forbidden
      content-length: 93
      cache-control: no-cache
      content-type: text/html
      connection: keep-alive

      <html><body><h1>403 Forbidden</h1><LF>Request forbidden by administrative rules.<LF></body></html><LF>",
        "HTTP/1.1 403 Forbidden
      content-length: 93
      cache-control: no-cache
      content-type: text/html
      connection: close

      <html><body><h1>403 Forbidden</h1><LF>Request forbidden by administrative rules.<LF></body></html><LF>(closed)",
      ]
    `),
    );

    agree(
      'http-response deny is 502',
      'http-response deny if { status 404 }',
      async (side) => {
        side.origin.answer = () => head('HTTP/1.1 404 No', 'Content-Length: 0');
        return [await side.ask(get('/1')), await side.logged(1)];
      },
      (seen, expect) =>
        expect(seen).toMatchInlineSnapshot(`
        [
          "HTTP/1.1 502 Bad Gateway
        content-length: 107
        cache-control: no-cache
        content-type: text/html

        <html><body><h1>502 Bad Gateway</h1><LF>The server returned an invalid or incomplete response.<LF></body></html><LF>",
          [
            "NAME NAME/s 502 PH-- rc=0 sq=0 bq=0 <"GET /1 HTTP/1.1">",
          ],
        ]
      `),
    );

    agree(
      'tarpit, reject and silent-drop',
      `timeout tarpit 200ms
  http-request tarpit if { path /tarpit }
  http-request reject if { path /reject }
  http-request silent-drop if { path /drop }`,
      async (side) => {
        const seen = [await side.ask(get('/tarpit')), await side.ask(get('/reject'))];
        return [...seen, await side.logged(2)];
      },
      (seen, expect) =>
        expect(seen).toMatchInlineSnapshot(`
      [
        "HTTP/1.1 500 Internal Server Error
      content-length: 97
      cache-control: no-cache
      content-type: text/html

      <html><body><h1>500 Internal Server Error</h1><LF>An internal server error occurred.<LF></body></html><LF>",
        "(closed)",
        [
          "NAME NAME/<NOSRV> 500 PT-- rc=0 sq=0 bq=0 <"GET /tarpit HTTP/1.1">",
          "NAME NAME/<NOSRV> -1 PR-- rc=0 sq=0 bq=0 <"GET /reject HTTP/1.1">",
        ],
      ]
    `),
    );
  },
  { global: 'maxconn 1000\n\nhttp-errors mine\n  errorfile 503 ' + E503 + '\n  errorfile 403 ' + E403 + '\n' },
);
