import { sleep } from '../support/wait.ts';
import { arena } from './arena.ts';
import { response } from './scripted-origin.ts';
import { chunked, get, head, post } from './wire.ts';

const expecting = (...fields: string[]): string =>
  head('POST /up HTTP/1.1', 'Host: h', 'Content-Length: 5', 'Expect: 100-continue', ...fields);

arena('100, 1xx and answers without a body', ({ agree }) => {
  agree(
    'Expect goes to the origin, its 100 comes back, then the body passes',
    '',
    async (side) => {
      side.origin.play = async (on) => {
        await on.sees('\r\n\r\n');
        on.send(head('HTTP/1.1 100 Continue'));
        await on.sees('hello');
        on.send(response('thanks'));
      };
      const client = await side.client(expecting());
      await client.sees('100 Continue\r\n\r\n');
      client.send('hello');
      return [await side.answers(client), side.arrived()];
    },
    (seen, expect) =>
      expect(seen).toMatchInlineSnapshot(`
      [
        "HTTP/1.1 100 Continue

      HTTP/1.1 200 OK
      content-length: 6

      thanks",
        "POST /up HTTP/1.1
      host: h
      content-length: 5
      expect: 100-continue

      hello",
      ]
    `),
  );

  agree(
    'an origin that does not want the body says so at once',
    '',
    async (side) => {
      side.origin.play = async (on) => {
        await on.sees('\r\n\r\n');
        on.send(head('HTTP/1.1 417 Expectation Failed', 'Content-Length: 0'));
      };
      const client = await side.client(expecting());
      return [await side.answers(client), side.arrived()];
    },
    (seen, expect) =>
      expect(seen).toMatchInlineSnapshot(`
      [
        "HTTP/1.1 417 Expectation Failed
      content-length: 0

      ",
        "POST /up HTTP/1.1
      host: h
      content-length: 5
      expect: 100-continue

      ",
      ]
    `),
  );

  agree(
    'option http-buffer-request: the proxy answers 100 and keeps Expect',
    'option http-buffer-request',
    async (side) => {
      const client = await side.client(expecting());
      await client.sees('100 Continue\r\n\r\n');
      const before = side.origin.received;
      client.send('hello');
      return [await side.answers(client), before, side.arrived()];
    },
    (seen, expect) =>
      expect(seen).toMatchInlineSnapshot(`
      [
        "HTTP/1.1 100 Continue

      HTTP/1.1 200 OK
      content-length: 3

      /up",
        "",
        "POST /up HTTP/1.1
      host: h
      content-length: 5

      hello",
      ]
    `),
  );

  agree(
    'option http-buffer-request: a body that has come already needs no 100',
    'option http-buffer-request',
    async (side) => {
      const client = await side.client(`${expecting()}hello`);
      return [await side.answers(client), side.arrived()];
    },
    (seen, expect) =>
      expect(seen).toMatchInlineSnapshot(`
      [
        "HTTP/1.1 100 Continue

      HTTP/1.1 200 OK
      content-length: 3

      /up",
        "POST /up HTTP/1.1
      host: h
      content-length: 5

      hello",
      ]
    `),
  );

  agree(
    'option http-buffer-request: a chunked body is waited for',
    'option http-buffer-request',
    async (side) => {
      const client = await side.client(head('POST /c HTTP/1.1', 'Host: h', 'Transfer-Encoding: chunked'));
      client.send('3\r\nabc\r\n');
      await sleep(50);
      const before = side.origin.connections.length;
      client.send('2\r\nde\r\n0\r\n\r\n');
      return [await side.answers(client), before, side.arrived()];
    },
    (seen, expect) =>
      expect(seen).toMatchInlineSnapshot(`
      [
        "HTTP/1.1 200 OK
      content-length: 2

      /c",
        0,
        "POST /c HTTP/1.1
      host: h
      transfer-encoding: chunked

      <abcde>

      ",
      ]
    `),
  );

  agree(
    'option http-buffer-request: more than a buffer is not waited for',
    'option http-buffer-request',
    async (side) => {
      const client = await side.client(
        head('POST /big HTTP/1.1', 'Host: h', 'Content-Length: 100000') + 'x'.repeat(50_000),
      );
      const began = await side.origin.when(() => side.origin.received.length > 0, 500);
      client.send('y'.repeat(50_000));
      return [await side.answers(client), began, side.origin.requests[0]?.body.length];
    },
    (seen, expect) =>
      expect(seen).toMatchInlineSnapshot(`
      [
        "HTTP/1.1 200 OK
      content-length: 4

      /big",
        true,
        100000,
      ]
    `),
  );

  agree(
    'option http-buffer-request: a client that leaves is not answered and the origin never hears of it',
    'option http-buffer-request',
    async (side) => {
      const client = await side.client(head('POST /c HTTP/1.1', 'Host: h', 'Content-Length: 5') + 'ab');
      await sleep(50);
      client.reset();
      return [await side.logged(1), side.origin.connections.length];
    },
    (seen, expect) =>
      expect(seen).toMatchInlineSnapshot(`
      [
        [
          "NAME NAME/<NOSRV> -1 CR-- rc=0 sq=0 bq=0 <"POST /c HTTP/1.1">",
        ],
        0,
      ]
    `),
  );

  agree(
    'option http-buffer-request with timeout http-request: 408',
    'option http-buffer-request\n  timeout http-request 300ms',
    async (side) => {
      const client = await side.client(head('POST /c HTTP/1.1', 'Host: h', 'Content-Length: 5') + 'ab');
      return [await side.answers(client, 2), await side.logged(1), side.origin.connections.length];
    },
    (seen, expect) =>
      expect(seen).toMatchInlineSnapshot(`
      [
        "HTTP/1.1 408 Request Time-out
      content-length: 110
      cache-control: no-cache
      content-type: text/html
      connection: close

      <html><body><h1>408 Request Time-out</h1><LF>Your browser didn't send a complete request in time.<LF></body></html><LF>(closed)",
        [
          "NAME NAME/<NOSRV> 408 cR-- rc=0 sq=0 bq=0 <"POST /c HTTP/1.1">",
        ],
        0,
      ]
    `),
  );

  agree(
    '103 and 102 pass with their fields, in order',
    '',
    async (side) => {
      side.origin.play = async (on) => {
        await on.sees('\r\n\r\n');
        on.send(head('HTTP/1.1 102 Processing'));
        await sleep(20);
        on.send(head('HTTP/1.1 103 Early Hints', 'Link: </a.css>; rel=preload', 'X-Mixed: y'));
        await sleep(20);
        on.send(response('done'));
      };
      return await side.ask(get('/'));
    },
    (seen, expect) =>
      expect(seen).toMatchInlineSnapshot(`
      "HTTP/1.1 102 Processing

      HTTP/1.1 103 Early Hints
      link: </a.css>; rel=preload
      x-mixed: y

      HTTP/1.1 200 OK
      content-length: 4

      done"
    `),
  );

  for (const method of ['GET', 'HEAD']) {
    for (const [status, fields, sent] of [
      ['200 OK', ['Content-Length: 10'], 'content-length: 10\n'],
      ['200 OK', ['Transfer-Encoding: chunked'], 'transfer-encoding: chunked\n'],
      ['204 No Content', ['Content-Length: 10'], ''],
      ['304 Not Modified', ['Content-Length: 10', 'ETag: "a"'], 'content-length: 10\netag: "a"\n'],
      ['304 Not Modified', ['ETag: "a"'], 'etag: "a"\n'],
    ] as const) {
      if (method === 'GET' && status.startsWith('200')) continue;
      agree(
        `${method} answered ${status} with ${fields.join(', ')} has no body, and the connections live on`,
        '',
        async (side) => {
          side.origin.answer = ({ number }) =>
            number === 0 ? head(`HTTP/1.1 ${status}`, ...fields) : response('next');
          const client = await side.client(head(`${method} /1 HTTP/1.1`, 'Host: h'));
          await client.sees('\r\n\r\n');
          client.send(get('/2'));
          await client.sees('next');
          return [side.shown(client, [method, 'GET']), side.origin.connections.length];
        },
        (seen, expect) =>
          expect(seen).toEqual([`HTTP/1.1 ${status}\n${sent}\nHTTP/1.1 200 OK\ncontent-length: 4\n\nnext`, 1]),
      );
    }
  }

  agree(
    'HEAD answered with a body: the client does not see it, and the origin connection goes',
    '',
    async (side) => {
      side.origin.answer = ({ connection }) => (connection === 0 ? response('body') : response('next'));
      const client = await side.client(head('HEAD /1 HTTP/1.1', 'Host: h'));
      await client.sees('\r\n\r\n');
      await sleep(50);
      client.send(get('/2'));
      await client.sees('next');
      return [side.shown(client, ['HEAD', 'GET']), side.origin.connections.length];
    },
    (seen, expect) =>
      expect(seen).toMatchInlineSnapshot(`
      [
        "HTTP/1.1 200 OK
      content-length: 4

      HTTP/1.1 200 OK
      content-length: 4

      next",
        2,
      ]
    `),
  );

  agree(
    'chunked with trailers, both ways',
    '',
    async (side) => {
      side.origin.answer = () =>
        head('HTTP/1.1 200 OK', 'Transfer-Encoding: chunked', 'Trailer: X-Sum') +
        chunked(['one', 'two'], 'X-Sum: 42', 'X-Other: b');
      const text = await side.ask(
        head('POST /t HTTP/1.1', 'Host: h', 'Transfer-Encoding: chunked', 'Trailer: X-Up', 'TE: trailers') +
          chunked(['a', 'bc'], 'X-Up: 1'),
      );
      return [text, side.arrived()];
    },
    (seen, expect) =>
      expect(seen).toMatchInlineSnapshot(`
      [
        "HTTP/1.1 200 OK
      transfer-encoding: chunked
      trailer: X-Sum

      <onetwo>
      x-sum: 42
      x-other: b

      ",
        "POST /t HTTP/1.1
      host: h
      transfer-encoding: chunked
      trailer: X-Up
      te: trailers

      <abc>
      x-up: 1

      ",
      ]
    `),
  );

  agree(
    'chunks that trickle in are passed on as they come',
    '',
    async (side) => {
      side.origin.play = async (on) => {
        await on.sees('\r\n\r\n');
        on.send(head('HTTP/1.1 200 OK', 'Transfer-Encoding: chunked'));
        for (const part of ['3\r\nab', 'c\r', '\n', '4\r\ndefg\r\n0', '\r\n', '\r\n']) {
          on.send(part);
          await sleep(10);
        }
      };
      const client = await side.client(get('/'));
      const early = await client.sees('ab');
      return [early, await side.answers(client)];
    },
    (seen, expect) =>
      expect(seen).toMatchInlineSnapshot(`
      [
        true,
        "HTTP/1.1 200 OK
      transfer-encoding: chunked

      <abcdefg>

      ",
      ]
    `),
  );

  agree(
    'an answer before the body is complete goes out at once, the rest of the body passes, and the next request is served',
    '',
    async (side) => {
      side.origin.play = async (on) => {
        await on.sees('\r\n\r\n');
        on.send(response('early'));
        await on.sees('world');
        await on.sees('/next');
        on.send(response('next'));
      };
      const client = await side.client(head('POST /e HTTP/1.1', 'Host: h', 'Content-Length: 10') + 'hello');
      await client.sees('early');
      client.send('world');
      await sleep(20);
      client.send(get('/next'));
      return [await side.answers(client, 2), side.arrived()];
    },
    (seen, expect) =>
      expect(seen).toMatchInlineSnapshot(`
      [
        "HTTP/1.1 200 OK
      content-length: 5

      earlyHTTP/1.1 200 OK
      content-length: 4

      next",
        "POST /e HTTP/1.1
      host: h
      content-length: 10

      helloworldGET /next HTTP/1.1
      host: h

      ",
      ]
    `),
  );

  agree(
    'an early answer with close: the rest of the body is swallowed',
    '',
    async (side) => {
      side.origin.play = async (on) => {
        await on.sees('\r\n\r\n');
        on.send(head('HTTP/1.1 413 Too Large', 'Content-Length: 3', 'Connection: close') + 'big');
        on.end();
      };
      const client = await side.client(head('POST /e HTTP/1.1', 'Host: h', 'Content-Length: 10') + 'hello');
      await client.sees('big');
      client.send('world');
      await sleep(50);
      return [side.shown(client), await side.logged(1)];
    },
    (seen, expect) =>
      expect(seen).toMatchInlineSnapshot(`
      [
        "HTTP/1.1 413 Too Large
      content-length: 3

      big",
        [
          "NAME NAME/s 413 ---- rc=0 sq=0 bq=0 <"POST /e HTTP/1.1">",
        ],
      ]
    `),
  );

  agree(
    'a body that is answered by the proxy itself and is complete leaves the connection open',
    'monitor-uri /alive',
    async (side) => [await side.ask(post('/alive', 'abc') + get('/2'), 2), side.arrived()],
    (seen, expect) =>
      expect(seen).toMatchInlineSnapshot(`
      [
        "HTTP/1.1 200 OK
      content-length: 58
      cache-control: no-cache
      content-type: text/html

      <html><body><h1>200 OK</h1><LF>Service ready.<LF></body></html><LF>HTTP/1.1 200 OK
      content-length: 2

      /2",
        "GET /2 HTTP/1.1
      host: h

      ",
      ]
    `),
  );
});
