import { arena } from './arena.ts';
import { get, head } from './wire.ts';

const OLD = ['x-forwarded-for: 1.2.3.4', 'x-server: old'];
const XFF = 'x-forwarded-for: 127.0.0.1';
const XOT = 'x-original-to: 127.0.0.1';
const ALL = ['x-unique: id-127.0.0.1', XFF, XOT, 'connection: close', 'x-server: s'];
/** What is in the first request, which has two such fields of its own, and in the second, which has none. */
const ADDED: Record<string, readonly string[]> = {
  plain: [...OLD, XFF, XFF],
  'except a network': OLD,
  'except another network': [...OLD, XFF, XFF],
  header: [...OLD, 'x-client: 127.0.0.1', 'x-client: 127.0.0.1'],
  'if-none': [...OLD, XFF],
  'header and if-none': [...OLD, XFF],
  originalto: [...OLD, XOT, XOT],
  'originalto header': [...OLD, 'x-dst: 127.0.0.1', 'x-dst: 127.0.0.1'],
  'originalto except': OLD,
  everything: ['x-forwarded-for: 1.2.3.4', ...ALL, ...ALL],
  'unique-id-format without a header': OLD,
  'http-send-name-header': ['x-forwarded-for: 1.2.3.4', 'x-server: s', 'x-server: s'],
};

arena(
  'targets and what the proxy adds',
  ({ agree, alone }) => {
    agree(
      'absolute-form is forwarded so, without its default port',
      '',
      async (side) => {
        const bytes =
          head('GET http://h/p?q HTTP/1.1', 'Host: h') +
          head('GET http://h:80/p HTTP/1.1', 'Host: h') +
          head('GET http://H:8080/ HTTP/1.1', 'Host: h:8080') +
          head('GET http://h HTTP/1.1', 'Host: h');
        return [await side.ask(bytes, 4), side.arrived()];
      },
      (seen, expect) =>
        expect(seen).toMatchInlineSnapshot(`
      [
        "HTTP/1.1 200 OK
      content-length: 12

      http://h/p?qHTTP/1.1 200 OK
      content-length: 10

      http://h/pHTTP/1.1 200 OK
      content-length: 14

      http://H:8080/HTTP/1.1 200 OK
      content-length: 8

      http://h",
        "GET http://h/p?q HTTP/1.1
      host: h

      GET http://h/p HTTP/1.1
      host: h

      GET http://H:8080/ HTTP/1.1
      host: h:8080

      GET http://h HTTP/1.1
      host: h

      ",
      ]
    `),
    );

    agree(
      'absolute-form against Host is 400',
      '',
      async (side) => [await side.ask(head('GET http://a/ HTTP/1.1', 'Host: b')), await side.logged(1), side.arrived()],
      (seen, expect) =>
        expect(seen).toMatchInlineSnapshot(`
      [
        "HTTP/1.1 400 Bad request
      Content-length: 90
      Cache-Control: no-cache
      Connection: close
      Content-Type: text/html

      <html><body><h1>400 Bad request</h1><LF>Your browser sent an invalid request.<LF></body></html><LF>",
        [
          "NAME NAME/<NOSRV> 400 PR-- rc=0 sq=0 bq=0 <"<BADREQ>">",
        ],
        "",
      ]
    `),
    );

    agree(
      'OPTIONS *',
      '',
      async (side) => [await side.ask(head('OPTIONS * HTTP/1.1', 'Host: h')), side.arrived()],
      (seen, expect) =>
        expect(seen).toMatchInlineSnapshot(`
      [
        "HTTP/1.1 200 OK
      content-length: 1

      *",
        "OPTIONS * HTTP/1.1
      host: h

      ",
      ]
    `),
    );

    for (const [title, lines] of [
      ['plain', 'option forwardfor'],
      ['except a network', 'option forwardfor except 127.0.0.0/8'],
      ['except another network', 'option forwardfor except 10.0.0.0/8'],
      ['header', 'option forwardfor header X-Client'],
      ['if-none', 'option forwardfor if-none'],
      ['header and if-none', 'option forwardfor header X-Forwarded-For if-none'],
      ['originalto', 'option originalto'],
      ['originalto header', 'option originalto header X-Dst'],
      ['originalto except', 'option originalto except 127.0.0.1'],
      [
        'everything',
        'option forwardfor\n  option originalto\n  unique-id-format id-%ci\n  unique-id-header X-Unique\n  http-send-name-header X-Server\n  option httpclose',
      ],
      ['unique-id-format without a header', 'unique-id-format id-%ci'],
      ['http-send-name-header', 'http-send-name-header X-Server'],
    ] as const) {
      agree(
        `option forwardfor and friends: ${title}`,
        lines,
        async (side) => {
          await side.ask(get('/', 'X-Forwarded-For: 1.2.3.4', 'X-Server: old'));
          await side.ask(get('/2', 'A: b'));
          return side.arrived();
        },
        (seen, expect) => {
          expect(seen).toContain('GET / HTTP/1.1');
          const added = seen.split('\n').filter((line) => /^(x-|conn|host: s)/.test(line));
          expect(added).toEqual(ADDED[title]);
        },
      );
    }

    agree(
      "option forwardfor in frontend and backend: the backend's header wins",
      `frontend {name}
  bind {bind}
  option forwardfor header X-Front except 10.0.0.0/8
  default_backend {name}b
backend {name}b
  option forwardfor header X-Back
  server s {origin}`,
      async (side) => {
        await side.ask(get('/'));
        return side.arrived();
      },
      (seen, expect) =>
        expect(seen).toMatchInlineSnapshot(`
      "GET / HTTP/1.1
      host: h
      x-back: 127.0.0.1

      "
    `),
    );

    agree(
      'option forwardfor in the frontend, except in the backend',
      `frontend {name}
  bind {bind}
  option forwardfor
  default_backend {name}b
backend {name}b
  option forwardfor except 127.0.0.1
  server s {origin}`,
      async (side) => {
        await side.ask(get('/'));
        return side.arrived();
      },
      (seen, expect) =>
        expect(seen).toMatchInlineSnapshot(`
      "GET / HTTP/1.1
      host: h

      "
    `),
    );

    for (const [lines, value] of [
      ['option forwarded', 'proto=http;for=127.0.0.1'],
      ['option forwarded by for by_port', 'by="127.0.0.1:BIND";for=127.0.0.1'],
      ['option forwarded host-expr req.hdr(host)', 'host="h"'],
    ] as const) {
      alone(
        lines,
        lines,
        async (side) => {
          await side.ask(get('/'));
          return side.arrived();
        },
        (seen, expect) => expect(seen).toBe(`GET / HTTP/1.1\nhost: h\nforwarded: ${value}\n\n`),
      );
    }

    agree(
      'h1-case-adjust towards the origin and the client',
      'option h1-case-adjust-bogus-server\n  option h1-case-adjust-bogus-client\n  option forwardfor',
      async (side) => [await side.ask(get('/', 'content-type: a', 'X-Y: 1')), side.arrived()],
      (seen, expect) =>
        expect(seen).toMatchInlineSnapshot(`
      [
        "HTTP/1.1 200 OK
      Content-LENGTH: 1

      /",
        "GET / HTTP/1.1
      host: h
      Content-TYPE: a
      x-y: 1
      X-Forwarded-For: 127.0.0.1

      ",
      ]
    `),
    );

    agree(
      'names stay in lower case where h1-case-adjust is not asked for',
      '',
      async (side) => [await side.ask(get('/', 'Content-Type: a')), side.arrived()],
      (seen, expect) =>
        expect(seen).toMatchInlineSnapshot(`
      [
        "HTTP/1.1 200 OK
      content-length: 1

      /",
        "GET / HTTP/1.1
      host: h
      content-type: a

      ",
      ]
    `),
    );

    agree(
      'option accept-invalid-http-request lets 8-bit targets pass',
      'option accept-invalid-http-request',
      async (side) => [(await side.ask(get('/a#b\xe9'))).slice(0, 20), side.arrived()],
      (seen, expect) =>
        expect(seen).toMatchInlineSnapshot(`
        [
          "HTTP/1.1 200 OK
        cont",
          "GET /a#bé HTTP/1.1
        host: h

        ",
        ]
      `),
    );

    agree(
      'option http-ignore-probes: a silent client that ends is not answered and not logged',
      'option http-ignore-probes\n  no option dontlognull\n  timeout http-request 200ms',
      async (side) => {
        const client = await side.client();
        client.end();
        await client.sawClose();
        const slow = await side.client();
        await slow.sawClose();
        const log = await side.ask(get('/')).then(() => side.logged(1));
        return [side.shown(client), side.shown(slow), log];
      },
      (seen, expect) =>
        expect(seen).toMatchInlineSnapshot(`
      [
        "(closed)",
        "(closed)",
        [
          "NAME NAME/s 200 ---- rc=0 sq=0 bq=0 <"GET / HTTP/1.1">",
        ],
      ]
    `),
    );

    agree(
      'without it they get 400 and 408, and lines',
      'no option dontlognull\n  timeout http-request 200ms',
      async (side) => {
        const client = await side.client();
        client.end();
        await client.sawClose();
        const slow = await side.client();
        await slow.sawClose();
        return [side.shown(client), side.shown(slow), (await side.logged(3)).slice(1)];
      },
      (seen, expect) =>
        expect(seen).toMatchInlineSnapshot(`
      [
        "HTTP/1.1 400 Bad request
      Content-length: 90
      Cache-Control: no-cache
      Connection: close
      Content-Type: text/html

      <html><body><h1>400 Bad request</h1><LF>Your browser sent an invalid request.<LF></body></html><LF>(closed)",
        "HTTP/1.1 408 Request Time-out
      Content-length: 110
      Cache-Control: no-cache
      Connection: close
      Content-Type: text/html

      <html><body><h1>408 Request Time-out</h1><LF>Your browser didn't send a complete request in time.<LF></body></html><LF>(closed)",
        [
          "NAME NAME/<NOSRV> 400 CR-- rc=0 sq=0 bq=0 <"<BADREQ>">",
          "NAME NAME/<NOSRV> 408 cR-- rc=0 sq=0 bq=0 <"<BADREQ>">",
        ],
      ]
    `),
    );
  },
  {
    global:
      'h1-case-adjust x-forwarded-for X-Forwarded-For\n  h1-case-adjust content-length Content-LENGTH\n  h1-case-adjust content-type Content-TYPE',
  },
);
