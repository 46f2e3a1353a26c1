import { arena } from '../http/arena.ts';
import type { Arrived } from '../http/scripted-origin.ts';
import type { Side } from '../http/side.ts';

const CACHES = `cache plain
  total-max-size 4
  max-age 60
cache varying
  total-max-size 4
  process-vary on
cache small
  total-max-size 4
  max-object-size 1000
`;

const RULES = `http-request cache-use plain
  http-response cache-store plain`;

/** An answer that says which of the origin's it is, by its target. */
function numbered(...fields: string[]): (request: Arrived) => string {
  const counts = new Map<string, number>();
  return ({ target, method }) => {
    const count = (counts.get(target) ?? 0) + 1;
    counts.set(target, count);
    const body = method === 'HEAD' ? '' : 'body';
    return ['HTTP/1.1 200 OK', ...fields, `X-N: ${count}`, 'Content-Length: 4', '', body].join('\r\n');
  };
}

/** The age of what has just been stored is 0, or 1 when a second has just ended. */
const aged = (text: string): string => text.replaceAll(/^age: [01]$/gm, 'age: 0');

async function asked(side: Side, ...requests: string[]): Promise<string[]> {
  const answers: string[] = [];
  for (const request of requests) {
    const [first, ...rest] = request.split('\n');
    const head = [first!.includes('HTTP/') ? first! : `${first} HTTP/1.1`, `Host: ${side.name}`, ...rest, '', ''].join(
      '\r\n',
    );
    answers.push(aged(await side.ask(head, 1, [first!.split(' ')[0]!])));
  }
  return answers;
}

/** Which of the origin's answers each request got, and with what status. */
async function served(side: Side, ...requests: string[]): Promise<string[]> {
  return (await asked(side, ...requests)).map((text) => `${text.slice(9, 12)} ${/x-n: (\d+)/.exec(text)?.[1] ?? '-'}`);
}

arena(
  'caching as HAProxy does it',
  ({ agree, alone }) => {
    agree(
      'a hit, to the byte, with the rules of responses',
      `${RULES}
  http-response set-header X-Rule %[res.cache_hit]
  http-after-response set-header X-After 1`,
      async (side) => {
        side.origin.answer = numbered('Cache-Control: max-age=50', 'Date: Mon, 01 Jan 2024 00:00:00 GMT', 'ETag: "a"');
        return asked(side, 'GET /', 'GET /', 'HEAD /', 'GET /\nIf-None-Match: "a"', 'GET /\nConnection: close');
      },
      ([, second], expect) =>
        expect(second).toMatchInlineSnapshot(`
        "HTTP/1.1 200 OK
        cache-control: max-age=50
        date: Mon, 01 Jan 2024 00:00:00 GMT
        etag: "a"
        x-n: 1
        content-length: 4
        age: 0
        x-rule: 1
        x-after: 1

        body"
      `),
    );
    agree(
      'what is stored',
      RULES,
      async (side) => {
        const seen: Record<string, string[]> = {};
        const heads = [
          'Cache-Control: max-age=50',
          'Cache-Control: s-maxage=50',
          'Cache-Control: max-age="50"',
          'Cache-Control: s-maxage=50, max-age=0',
          'Cache-Control: max-age=0',
          'Cache-Control: max-age=50, no-store',
          'Cache-Control: max-age=50, no-cache',
          'Cache-Control: max-age=50, private',
          'Cache-Control: max-age=50, NO-STORE',
          'Cache-Control: max-age=50\r\nCache-Control: no-store',
          'Cache-Control: x="max-age=50"',
          'Cache-Control: public',
          'Cache-Control: max-age=50\r\nPragma: no-cache',
          'Cache-Control: max-age=50\r\nVary: Accept-Encoding',
          'Cache-Control: max-age=50\r\nAge: 10',
          'Cache-Control: max-age=50\r\nAge: 100',
          'Cache-Control: max-age=50\r\nSet-Cookie: a=b',
          'Cache-Control: max-age=50, no-cache="set-cookie"\r\nSet-Cookie: a=b',
          'Expires: Mon, 01 Jan 2035 00:00:00 GMT',
          'Expires: Mon, 01 Jan 2015 00:00:00 GMT',
          'Expires: 0\r\nCache-Control: max-age=50',
          'ETag: "a"',
          'Last-Modified: Mon, 01 Jan 2015 00:00:00 GMT',
          'ETag: "a"\r\nExpires: 0',
          'X: y',
        ];
        for (const [index, fields] of heads.entries()) {
          side.origin.answer = numbered(fields);
          seen[fields] = await served(side, `GET /${index}`, `GET /${index}`);
        }
        return seen;
      },
      (seen, expect) =>
        expect(
          Object.entries(seen)
            .filter(([, [first, second]]) => first === second)
            .map(([fields]) => fields),
        ).toMatchInlineSnapshot(`
          [
            "Cache-Control: max-age=50",
            "Cache-Control: s-maxage=50",
            "Cache-Control: max-age="50"",
            "Cache-Control: max-age=50
          Age: 10",
            "Cache-Control: max-age=50
          Set-Cookie: a=b",
            "Expires: Mon, 01 Jan 2035 00:00:00 GMT",
            "Expires: 0
          Cache-Control: max-age=50",
            "ETag: "a"",
            "Last-Modified: Mon, 01 Jan 2015 00:00:00 GMT",
          ]
        `),
    );
    agree(
      'statuses and requests that are not cached',
      RULES,
      async (side) => {
        side.origin.answer = numbered('Cache-Control: max-age=50');
        await served(side, 'GET /');
        const kept = await served(
          side,
          'GET /\nAuthorization: x',
          'GET /\nCache-Control: no-cache',
          'GET /\nPragma: no-cache',
          'GET / HTTP/1.0',
          'GET /\nCache-Control: max-age=0',
          'GET /\nRange: bytes=0-0',
          'GET /\nCache-Control: no-store',
          'HEAD /',
        );
        side.origin.answer = () =>
          'HTTP/1.1 404 Not Found\r\nCache-Control: max-age=50\r\nX-N: 1\r\nContent-Length: 0\r\n\r\n';
        await served(side, 'GET /404');
        side.origin.answer = numbered('Cache-Control: max-age=50');
        return [...kept, ...(await served(side, 'GET /404'))];
      },
      (seen, expect) =>
        expect(seen).toMatchInlineSnapshot(`
        [
          "200 2",
          "200 3",
          "200 4",
          "200 5",
          "200 6",
          "200 6",
          "200 6",
          "200 6",
          "200 1",
        ]
      `),
    );
    agree(
      'conditions',
      RULES,
      async (side) => {
        side.origin.answer = numbered(
          'Cache-Control: max-age=50',
          'ETag: "a"',
          'Last-Modified: Mon, 01 Jan 2024 00:00:00 GMT',
        );
        return served(
          side,
          'GET /',
          'GET /\nIf-None-Match: "a"',
          'GET /\nIf-None-Match: "b", W/"a"',
          'GET /\nIf-None-Match: *',
          'GET /\nIf-None-Match: "b"',
          'GET /\nIf-Modified-Since: Mon, 01 Jan 2024 00:00:00 GMT',
          'GET /\nIf-Modified-Since: Mon, 01 Jan 2023 00:00:00 GMT',
          'GET /\nIf-None-Match: "b"\nIf-Modified-Since: Mon, 01 Jan 2024 00:00:00 GMT',
        );
      },
      (seen, expect) =>
        expect(seen).toMatchInlineSnapshot(`
        [
          "200 1",
          "304 1",
          "304 1",
          "304 1",
          "200 1",
          "304 1",
          "200 1",
          "200 1",
        ]
      `),
    );
    agree(
      'a method that changes things invalidates when it succeeds',
      RULES,
      async (side) => {
        side.origin.answer = numbered('Cache-Control: max-age=50');
        const before = await served(
          side,
          'GET /',
          'POST /\nContent-Length: 0',
          'GET /',
          'PUT /\nContent-Length: 0',
          'GET /',
        );
        side.origin.answer = () => 'HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n';
        await served(side, 'POST /\nContent-Length: 0');
        side.origin.answer = numbered();
        return [...before, ...(await served(side, 'GET /'))];
      },
      (seen, expect) =>
        expect(seen).toMatchInlineSnapshot(`
          [
            "200 1",
            "200 2",
            "200 3",
            "200 4",
            "200 5",
            "200 5",
          ]
        `),
    );
    agree(
      'Vary on what the client accepts',
      'http-request cache-use varying\n  http-response cache-store varying',
      async (side) => {
        side.origin.answer = numbered('Cache-Control: max-age=50', 'Vary: Accept-Encoding', 'Content-Encoding: gzip');
        const seen = await served(
          side,
          'GET /\nAccept-Encoding: gzip',
          'GET /\nAccept-Encoding: br, gzip',
          'GET /',
          'GET /\nAccept-Encoding: deflate, gzip',
          'GET /\nAccept-Encoding: br',
        );
        side.origin.answer = numbered('Cache-Control: max-age=50', 'Vary: Accept-Encoding, User-Agent');
        const unmanaged = await served(side, 'GET /u', 'GET /u');
        side.origin.answer = numbered(
          'Cache-Control: max-age=50',
          'Vary: Accept-Encoding',
          'Content-Encoding: unheard',
        );
        return [...seen, ...unmanaged, ...(await served(side, 'GET /c', 'GET /c'))];
      },
      (seen, expect) =>
        expect(seen).toMatchInlineSnapshot(`
        [
          "200 1",
          "200 1",
          "200 1",
          "200 1",
          "200 2",
          "200 1",
          "200 2",
          "200 1",
          "200 2",
        ]
      `),
    );
    agree(
      'sizes',
      'http-request cache-use small\n  http-response cache-store small',
      async (side) => {
        const of = (size: number, chunked: boolean) => (): string => {
          const body = 'x'.repeat(size);
          const framed = chunked ? `${size.toString(16)}\r\n${body}\r\n0\r\n\r\n` : body;
          const framing = chunked ? 'Transfer-Encoding: chunked' : `Content-Length: ${size}`;
          return `HTTP/1.1 200 OK\r\nCache-Control: max-age=50\r\n${framing}\r\n\r\n${framed}`;
        };
        const seen: boolean[] = [];
        for (const chunked of [false, true]) {
          for (const size of [0, 500, 2000]) {
            side.origin.answer = of(size, chunked);
            const target = `/${size}${chunked}`;
            await served(side, `GET ${target}`);
            const before = side.origin.requests.length;
            await served(side, `GET ${target}`);
            seen.push(side.origin.requests.length === before);
          }
        }
        return seen;
      },
      (seen, expect) =>
        expect(seen).toMatchInlineSnapshot(`
        [
          true,
          true,
          false,
          true,
          true,
          false,
        ]
      `),
    );
    agree(
      'a chunked answer with trailers stays one; one until the close, too',
      RULES,
      async (side) => {
        side.origin.answer = () =>
          'HTTP/1.1 200 OK\r\nCache-Control: max-age=50\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n3\r\nabc\r\n0\r\nFoo: bar\r\n\r\n';
        const chunks = await asked(side, 'GET /', 'GET /');
        side.origin.answer = ({ on }) => {
          on.send('HTTP/1.1 200 OK\r\nCache-Control: max-age=50\r\nConnection: close\r\n\r\nto the end');
          on.end();
        };
        const before = side.origin.requests.length;
        const closed = await asked(side, 'GET /close', 'GET /close');
        return [chunks, closed, side.origin.requests.length - before];
      },
      ([, closed], expect) =>
        expect(closed).toMatchInlineSnapshot(`
        [
          "HTTP/1.1 200 OK
        cache-control: max-age=50
        connection: close

        to the end(closed)",
          "HTTP/1.1 200 OK
        cache-control: max-age=50
        age: 0
        connection: close

        to the end(closed)",
        ]
      `),
    );
    agree(
      'in a frontend; the log',
      `frontend {name}
  bind {bind}
  http-request cache-use plain
  http-response cache-store plain
  default_backend {name}b

backend {name}b
  server s {origin}
`,
      async (side) => {
        side.origin.answer = numbered('Cache-Control: max-age=50');
        await served(side, 'GET /', 'GET /', 'HEAD /');
        return side.logged(3);
      },
      (lines, expect) =>
        expect(lines).toMatchInlineSnapshot(`
          [
            "NAME NAMEb/s 200 ---- rc=0 sq=0 bq=0 <"GET / HTTP/1.1">",
            "NAME NAME/<CACHE> 200 LR-- rc=0 sq=0 bq=0 <"GET / HTTP/1.1">",
            "NAME NAME/<CACHE> 200 LR-- rc=0 sq=0 bq=0 <"HEAD / HTTP/1.1">",
          ]
        `),
    );
    alone(
      'Referer and Origin select, which HAProxy 2.6 stores and never finds again',
      'http-request cache-use varying\n  http-response cache-store varying',
      async (side) => {
        side.origin.answer = numbered('Cache-Control: max-age=50', 'Vary: Origin, Referer');
        return served(
          side,
          'GET /\nOrigin: a',
          'GET /\nOrigin: a',
          'GET /\nOrigin: b',
          'GET /\nOrigin: a\nReferer: c',
          'GET /',
        );
      },
      (seen, expect) =>
        expect(seen).toMatchInlineSnapshot(`
          [
            "200 1",
            "200 1",
            "200 2",
            "200 3",
            "200 4",
          ]
        `),
    );
  },
  { sections: CACHES },
);
