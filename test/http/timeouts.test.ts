import { sleep } from '../support/wait.ts';
import { arena } from './arena.ts';
import { response } from './scripted-origin.ts';
import { chunked, get, head, post } from './wire.ts';

const UP = head('POST /up HTTP/1.1', 'Host: h', 'Content-Length: 10');

arena('timeouts and the ends of exchanges, with their log lines', ({ agree, differ }) => {
  agree(
    'timeout http-request: half a head is 408',
    'timeout http-request 300ms',
    async (side) => {
      const client = await side.client('GET / HTTP/1.1\r\nHo');
      await client.sawClose();
      return [side.shown(client), await side.logged(1)];
    },
    (seen, expect) =>
      expect(seen).toMatchInlineSnapshot(`
      [
        "HTTP/1.1 408 Request Time-out
      Content-length: 110
      Cache-Control: no-cache
      Connection: close
      Content-Type: text/html

      <html><body><h1>408 Request Time-out</h1><LF>Your browser didn't send a complete request in time.<LF></body></html><LF>(closed)",
        [
          "NAME NAME/<NOSRV> 408 cR-- rc=0 sq=0 bq=0 <"<BADREQ>">",
        ],
      ]
    `),
  );

  agree(
    'timeout http-request: bytes that trickle in do not extend it',
    'timeout http-request 400ms',
    async (side) => {
      const client = await side.client('GET / HTTP/1.1\r\n');
      for (let i = 0; i < 40 && client.closed === 'open'; i++) {
        client.send('A: b\r\n');
        await sleep(50);
      }
      return [side.shown(client).slice(0, 12), (await side.logged(1))[0]];
    },
    (seen, expect) =>
      expect(seen).toMatchInlineSnapshot(`
      [
        "HTTP/1.1 408",
        "NAME NAME/<NOSRV> 408 cR-- rc=0 sq=0 bq=0 <"<BADREQ>">",
      ]
    `),
  );

  agree(
    'timeout client stands in for http-request',
    'timeout client 300ms',
    async (side) => {
      const client = await side.client('GET / HTTP/1.1\r\nHo');
      await client.sawClose();
      return [side.shown(client).slice(0, 12), await side.logged(1)];
    },
    (seen, expect) =>
      expect(seen).toMatchInlineSnapshot(`
      [
        "HTTP/1.1 408",
        [
          "NAME NAME/<NOSRV> 408 cR-- rc=0 sq=0 bq=0 <"<BADREQ>">",
        ],
      ]
    `),
  );

  agree(
    'timeout http-request: half a second request',
    'timeout http-request 300ms\n  timeout http-keep-alive 5s',
    async (side) => {
      const client = await side.client(get('/1'));
      await side.answers(client);
      client.send('GET /2 HT');
      await client.sawClose();
      return [side.shown(client), await side.logged(2)];
    },
    (seen, expect) =>
      expect(seen).toMatchInlineSnapshot(`
      [
        "HTTP/1.1 200 OK
      content-length: 2

      /1HTTP/1.1 408 Request Time-out
      Content-length: 110
      Cache-Control: no-cache
      Connection: close
      Content-Type: text/html

      <html><body><h1>408 Request Time-out</h1><LF>Your browser didn't send a complete request in time.<LF></body></html><LF>(closed)",
        [
          "NAME NAME/s 200 ---- rc=0 sq=0 bq=0 <"GET /1 HTTP/1.1">",
          "NAME NAME/<NOSRV> 408 cR-- rc=0 sq=0 bq=0 <"<BADREQ>">",
        ],
      ]
    `),
  );

  for (const lines of [
    'timeout http-keep-alive 300ms',
    'timeout http-request 300ms',
    'timeout client 300ms',
    'timeout http-request 5s\n  timeout http-keep-alive 300ms',
  ]) {
    agree(
      `an idle connection is closed without a word after ${lines.split('\n').at(-1)!.trim()}`,
      lines,
      async (side) => {
        const client = await side.client(get('/1'));
        await side.answers(client);
        await client.sawClose(3000);
        return [side.shown(client), await side.logged(1)];
      },
      (seen, expect) =>
        expect(seen).toEqual([
          'HTTP/1.1 200 OK\ncontent-length: 2\n\n/1(closed)',
          ['NAME NAME/s 200 ---- rc=0 sq=0 bq=0 <"GET /1 HTTP/1.1">'],
        ]),
    );
  }

  // HAProxy 2.6 lets the client's time pass, and answers 504 after the server's. The letters are those of configuration.txt 8.5.
  differ(
    'timeout client: a body that stops is 408',
    'timeout client 300ms\n  timeout server 1s',
    async (side) => {
      side.origin.answer = () => undefined;
      const client = await side.client(`${UP}abc`);
      await client.sees('\r\n\r\n');
      return [side.shown(client).slice(0, 12), await side.logged(1), side.arrived()];
    },
    {
      sluice: (seen, expect) =>
        expect(seen.slice(0, 2)).toEqual([
          'HTTP/1.1 408',
          ['NAME NAME/s 408 cH-- rc=0 sq=0 bq=0 <"POST /up HTTP/1.1">'],
        ]),
      haproxy: (seen, expect) =>
        expect(seen.slice(0, 2)).toEqual([
          'HTTP/1.1 504',
          ['NAME NAME/s 504 sH-- rc=0 sq=0 bq=0 <"POST /up HTTP/1.1">'],
        ]),
    },
  );

  agree(
    'timeout client: a client that does not read',
    'timeout client 400ms',
    async (side) => {
      const big = 'x'.repeat(20_000_000);
      side.origin.answer = () => response(big);
      const client = await side.client();
      client.socket.pause();
      client.send(get('/1'));
      return await side.logged(1);
    },
    (seen, expect) =>
      expect(seen).toMatchInlineSnapshot(`
      [
        "NAME NAME/s 200 cD-- rc=0 sq=0 bq=0 <"GET /1 HTTP/1.1">",
      ]
    `),
  );

  agree(
    'timeout server: no answer is 504',
    'timeout server 300ms',
    async (side) => {
      side.origin.answer = () => undefined;
      const client = await side.client(get('/1'));
      const text = await side.answers(client);
      return [text, await side.logged(1), await side.origin.when(() => side.origin.open === 0), client.closed];
    },
    (seen, expect) =>
      expect(seen).toMatchInlineSnapshot(`
      [
        "HTTP/1.1 504 Gateway Time-out
      content-length: 92
      cache-control: no-cache
      content-type: text/html

      <html><body><h1>504 Gateway Time-out</h1><LF>The server didn't respond in time.<LF></body></html><LF>",
        [
          "NAME NAME/s 504 sH-- rc=0 sq=0 bq=0 <"GET /1 HTTP/1.1">",
        ],
        true,
        "open",
      ]
    `),
  );

  agree(
    'timeout server: half a head is 504',
    'timeout server 300ms',
    async (side) => {
      side.origin.answer = () => 'HTTP/1.1 200 OK\r\nCont';
      return [(await side.ask(get('/1'))).slice(0, 12), await side.logged(1)];
    },
    (seen, expect) =>
      expect(seen).toMatchInlineSnapshot(`
      [
        "HTTP/1.1 504",
        [
          "NAME NAME/s 504 sH-- rc=0 sq=0 bq=0 <"GET /1 HTTP/1.1">",
        ],
      ]
    `),
  );

  agree(
    'timeout server: half a body cuts the connection',
    'timeout server 300ms',
    async (side) => {
      side.origin.answer = () => `${head('HTTP/1.1 200 OK', 'Content-Length: 10')}half`;
      return [await side.ask(get('/1')), await side.logged(1)];
    },
    (seen, expect) =>
      expect(seen).toMatchInlineSnapshot(`
      [
        "HTTP/1.1 200 OK
      content-length: 10

      half(closed)",
        [
          "NAME NAME/s 200 sD-- rc=0 sq=0 bq=0 <"GET /1 HTTP/1.1">",
        ],
      ]
    `),
  );

  agree(
    'timeout server: an origin that does not take the body is 504',
    'timeout server 400ms',
    async (side) => {
      side.origin.play = (on) => {
        on.socket.pause();
      };
      const size = 30_000_000;
      const client = await side.client(head('POST / HTTP/1.1', 'Host: h', `Content-Length: ${size}`));
      client.send('x'.repeat(size));
      await client.sees('\r\n\r\n');
      return [client.received.slice(0, 12), await side.logged(1)];
    },
    (seen, expect) =>
      expect(seen).toMatchInlineSnapshot(`
      [
        "",
        [
          "NAME NAME/s -1 sD-- rc=0 sq=0 bq=0 <"POST / HTTP/1.1">",
        ],
      ]
    `),
  );

  agree(
    'timeout connect: 503',
    `listen {name}
  bind {bind}
  timeout connect 300ms
  server s {full}`,
    async (side) => [await side.ask(get('/1')), await side.logged(1)],
    (seen, expect) =>
      expect(seen).toMatchInlineSnapshot(`
      [
        "HTTP/1.1 503 Service Unavailable
      content-length: 107
      cache-control: no-cache
      content-type: text/html

      <html><body><h1>503 Service Unavailable</h1><LF>No server is available to handle this request.<LF></body></html><LF>",
        [
          "NAME NAME/s 503 sC-- rc=0 sq=0 bq=0 <"GET /1 HTTP/1.1">",
        ],
      ]
    `),
  );

  agree(
    'a refused connection: 503',
    `listen {name}
  bind {bind}
  server s {dead}`,
    async (side) => [await side.ask(get('/1')), await side.logged(1)],
    (seen, expect) =>
      expect(seen).toMatchInlineSnapshot(`
      [
        "HTTP/1.1 503 Service Unavailable
      content-length: 107
      cache-control: no-cache
      content-type: text/html

      <html><body><h1>503 Service Unavailable</h1><LF>No server is available to handle this request.<LF></body></html><LF>",
        [
          "NAME NAME/s 503 SC-- rc=0 sq=0 bq=0 <"GET /1 HTTP/1.1">",
        ],
      ]
    `),
  );

  agree(
    'no server at all: 503',
    `listen {name}
  bind {bind}`,
    async (side) => [await side.ask(get('/1')), await side.logged(1)],
    (seen, expect) =>
      expect(seen).toMatchInlineSnapshot(`
      [
        "HTTP/1.1 503 Service Unavailable
      content-length: 107
      cache-control: no-cache
      content-type: text/html

      <html><body><h1>503 Service Unavailable</h1><LF>No server is available to handle this request.<LF></body></html><LF>",
        [
          "NAME NAME/<NOSRV> 503 SC-- rc=0 sq=0 bq=0 <"GET /1 HTTP/1.1">",
        ],
      ]
    `),
  );

  agree(
    'all servers disabled: 503',
    `listen {name}
  bind {bind}
  server s {origin} disabled`,
    async (side) => [(await side.ask(get('/1'))).slice(0, 12), await side.logged(1)],
    (seen, expect) =>
      expect(seen).toMatchInlineSnapshot(`
      [
        "HTTP/1.1 503",
        [
          "NAME NAME/<NOSRV> 503 SC-- rc=0 sq=0 bq=0 <"GET /1 HTTP/1.1">",
        ],
      ]
    `),
  );

  agree(
    'no backend: 503',
    `frontend {name}
  bind {bind}`,
    async (side) => [(await side.ask(get('/1'))).slice(0, 12), await side.logged(1)],
    (seen, expect) =>
      expect(seen).toMatchInlineSnapshot(`
      [
        "HTTP/1.1 503",
        [
          "NAME NAME/<NOSRV> 503 SC-- rc=0 sq=0 bq=0 <"GET /1 HTTP/1.1">",
        ],
      ]
    `),
  );

  for (const [title, bytes] of [
    ['closes without a word', ''],
    ['closes in the head', 'HTTP/1.1 200 OK\r\nA: b'],
    ['speaks another language', 'SSH-2.0-OpenSSH\r\n'],
    ['sends a bad field', 'HTTP/1.1 200 OK\r\nA B: c\r\n\r\n'],
  ] as const) {
    agree(
      `an origin that ${title}: 502`,
      '',
      async (side) => {
        side.origin.play = async (on) => {
          await on.sees('\r\n\r\n');
          on.send(bytes);
          on.end();
        };
        return [(await side.ask(get('/1'))).slice(0, 12), await side.logged(1)];
      },
      (seen, expect) => {
        const cause = title === 'sends a bad field' || title.startsWith('speaks') ? 'PH' : 'SH';
        expect(seen).toEqual(['HTTP/1.1 502', [`NAME NAME/s 502 ${cause}-- rc=0 sq=0 bq=0 <"GET /1 HTTP/1.1">`]]);
      },
    );
  }

  agree(
    'an origin that resets before the answer: 502',
    '',
    async (side) => {
      side.origin.play = async (on) => {
        await on.sees('\r\n\r\n');
        on.reset();
      };
      return [(await side.ask(get('/1'))).slice(0, 12), await side.logged(1)];
    },
    (seen, expect) =>
      expect(seen).toMatchInlineSnapshot(`
      [
        "HTTP/1.1 502",
        [
          "NAME NAME/s 502 SH-- rc=0 sq=0 bq=0 <"GET /1 HTTP/1.1">",
        ],
      ]
    `),
  );

  for (const [title, begin, reset] of [
    ['closes in a body with a length', `${head('HTTP/1.1 200 OK', 'Content-Length: 10')}half`, false],
    ['resets in a body with a length', `${head('HTTP/1.1 200 OK', 'Content-Length: 10')}half`, true],
    ['closes in a chunked body', `${head('HTTP/1.1 200 OK', 'Transfer-Encoding: chunked')}a\r\nhalf`, false],
    ['resets in a body that lasts until the close', `${head('HTTP/1.1 200 OK')}half`, true],
  ] as const) {
    agree(
      `an origin that ${title}`,
      '',
      async (side) => {
        side.origin.play = async (on) => {
          await on.sees('\r\n\r\n');
          on.send(begin);
          await sleep(50);
          if (reset) on.reset();
          else on.end();
        };
        const text = await side.ask(get('/1'), 2);
        return [
          text.includes('half'),
          text.replace(/\(reset\)$/, '(closed)').endsWith('(closed)'),
          await side.logged(1),
        ];
      },
      (seen, expect) => expect(seen).toEqual([true, true, ['NAME NAME/s 200 SD-- rc=0 sq=0 bq=0 <"GET /1 HTTP/1.1">']]),
    );
  }

  agree(
    'a bad chunk in the middle of an answer',
    '',
    async (side) => {
      side.origin.play = async (on) => {
        await on.sees('\r\n\r\n');
        on.send(`${head('HTTP/1.1 200 OK', 'Transfer-Encoding: chunked')}4\r\nhalf\r\n`);
        await sleep(50);
        on.send('zz\r\n');
      };
      return [await side.ask(get('/1')), await side.logged(1)];
    },
    (seen, expect) =>
      expect(seen).toMatchInlineSnapshot(`
      [
        "HTTP/1.1 200 OK
      transfer-encoding: chunked

      <half>…(closed)",
        [
          "NAME NAME/s 200 SD-- rc=0 sq=0 bq=0 <"GET /1 HTTP/1.1">",
        ],
      ]
    `),
  );

  agree(
    'a bad chunk in the middle of a request',
    '',
    async (side) => {
      side.origin.answer = () => undefined;
      const client = await side.client(head('POST /c HTTP/1.1', 'Host: h', 'Transfer-Encoding: chunked'));
      client.send('3\r\nabc\r\n');
      await side.origin.when(() => side.origin.received.includes('abc'));
      client.send('zz\r\n');
      return [await side.answers(client), await side.logged(1)];
    },
    (seen, expect) =>
      expect(seen).toMatchInlineSnapshot(`
      [
        "HTTP/1.1 400 Bad request
      content-length: 90
      cache-control: no-cache
      content-type: text/html
      connection: close

      <html><body><h1>400 Bad request</h1><LF>Your browser sent an invalid request.<LF></body></html><LF>",
        [
          "NAME NAME/s 400 PH-- rc=0 sq=0 bq=0 <"POST /c HTTP/1.1">",
        ],
      ]
    `),
  );

  agree(
    'a client that half-closes in its body',
    '',
    async (side) => {
      side.origin.answer = () => undefined;
      const client = await side.client(`${UP}abc`);
      await side.origin.when(() => side.origin.received.includes('abc'));
      client.end();
      await client.sawClose(2000);
      return [side.shown(client), await side.logged(1)];
    },
    (seen, expect) =>
      expect(seen).toMatchInlineSnapshot(`
      [
        "(closed)",
        [
          "NAME NAME/s -1 CD-- rc=0 sq=0 bq=0 <"POST /up HTTP/1.1">",
        ],
      ]
    `),
  );

  agree(
    'a client that leaves in the middle of a head',
    '',
    async (side) => {
      const client = await side.client('GET / HT');
      await sleep(30);
      client.end();
      await client.sawClose();
      return [side.shown(client), await side.logged(1)];
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
        [
          "NAME NAME/<NOSRV> 400 CR-- rc=0 sq=0 bq=0 <"<BADREQ>">",
        ],
      ]
    `),
  );

  for (const abort of ['option abortonclose', 'no option abortonclose']) {
    agree(
      `a client that closes while the origin works, ${abort}`,
      `${abort}\n  timeout server 1s`,
      async (side) => {
        side.origin.answer = () => undefined;
        const client = await side.client(get('/1'));
        await side.origin.got(1);
        client.end();
        const log = await side.logged(1);
        return [log, side.shown(client).slice(0, 12), await side.origin.when(() => side.origin.open === 0, 2000)];
      },
      (seen, expect) => {
        const line = abort === 'option abortonclose' ? '400 CH' : '504 sH';
        expect(seen[0]).toEqual([`NAME NAME/s ${line}-- rc=0 sq=0 bq=0 <"GET /1 HTTP/1.1">`]);
        expect(seen[2]).toBe(true);
      },
    );
  }

  agree(
    'a bad request',
    '',
    async (side) => [await side.ask('GET / HTTP/1.1\r\nHost: h\r\nA B: c\r\n\r\n'), await side.logged(1)],
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
      ]
    `),
  );

  agree(
    'a good exchange, and one with an answer of the proxy',
    'monitor-uri /alive',
    async (side) => {
      const text = await side.ask(get('/1') + get('/alive') + post('/2', 'abc'), 3);
      return [text, await side.logged(2)];
    },
    (seen, expect) =>
      expect(seen).toMatchInlineSnapshot(`
      [
        "HTTP/1.1 200 OK
      content-length: 2

      /1HTTP/1.1 200 OK
      content-length: 58
      cache-control: no-cache
      content-type: text/html

      <html><body><h1>200 OK</h1><LF>Service ready.<LF></body></html><LF>HTTP/1.1 200 OK
      content-length: 2

      /2",
        [
          "NAME NAME/s 200 ---- rc=0 sq=0 bq=0 <"GET /1 HTTP/1.1">",
          "NAME NAME/s 200 ---- rc=0 sq=0 bq=0 <"POST /2 HTTP/1.1">",
        ],
      ]
    `),
  );

  agree(
    'a chunked answer, and one that lasts until the close',
    '',
    async (side) => {
      side.origin.answer = ({ number, on }) => {
        if (number === 0) return head('HTTP/1.1 200 OK', 'Transfer-Encoding: chunked') + chunked(['a']);
        on.send(`${head('HTTP/1.1 200 OK')}end`);
        on.end();
      };
      await side.ask(get('/1') + get('/2'), 3);
      return await side.logged(2);
    },
    (seen, expect) =>
      expect(seen).toMatchInlineSnapshot(`
      [
        "NAME NAME/s 200 ---- rc=0 sq=0 bq=0 <"GET /1 HTTP/1.1">",
        "NAME NAME/s 200 ---- rc=0 sq=0 bq=0 <"GET /2 HTTP/1.1">",
      ]
    `),
  );
});
