import { sleep } from '../support/wait.ts';
import { arena } from './arena.ts';
import { response } from './scripted-origin.ts';
import { chunked, get, head, post } from './wire.ts';

const UP = head('POST /up HTTP/1.1', 'Host: h', 'Content-Length: 10');
const EXPECTING = head('POST /up HTTP/1.1', 'Host: h', 'Content-Length: 5', 'Expect: 100-continue');

arena('odd exchanges', ({ agree, differ }) => {
  agree(
    'an expecting request that is denied: no 100, and the connection closes',
    'http-request deny if { path /up }',
    async (side) => {
      const client = await side.client(EXPECTING);
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
          "NAME NAME/<NOSRV> 403 PR-- rc=0 sq=0 bq=0 <"POST /up HTTP/1.1">",
        ],
      ]
    `),
  );

  agree(
    'Expect in HTTP/1.0 with option http-buffer-request',
    'option http-buffer-request',
    async (side) => {
      const client = await side.client(head('POST /up HTTP/1.0', 'Content-Length: 5', 'Expect: 100-continue'));
      await sleep(50);
      const before = side.shown(client);
      client.send('hello');
      return [before, await side.answers(client), side.arrived()];
    },
    (seen, expect) =>
      expect(seen).toMatchInlineSnapshot(`
      [
        "",
        "HTTP/1.1 200 OK
      content-length: 3
      connection: close

      /up",
        "POST /up HTTP/1.0
      content-length: 5
      expect: 100-continue
      connection: keep-alive

      hello",
      ]
    `),
  );

  agree(
    'a rule that looks at the body, with option http-buffer-request',
    'option http-buffer-request\n  http-request deny if { req.body -m sub evil }',
    async (side) => {
      const client = await side.client(UP);
      client.send('an ev');
      await sleep(30);
      client.send('il on');
      return [await side.answers(client), await side.ask(post('/', 'good')), await side.logged(2), side.arrived()];
    },
    (seen, expect) =>
      expect(seen).toMatchInlineSnapshot(`
      [
        "HTTP/1.1 403 Forbidden
      content-length: 93
      cache-control: no-cache
      content-type: text/html

      <html><body><h1>403 Forbidden</h1><LF>Request forbidden by administrative rules.<LF></body></html><LF>",
        "HTTP/1.1 200 OK
      content-length: 1

      /",
        [
          "NAME NAME/<NOSRV> 403 PR-- rc=0 sq=0 bq=0 <"POST /up HTTP/1.1">",
          "NAME NAME/s 200 ---- rc=0 sq=0 bq=0 <"POST / HTTP/1.1">",
        ],
        "POST / HTTP/1.1
      host: h
      content-length: 4

      good",
      ]
    `),
  );

  agree(
    'http-request wait-for-body',
    'http-request wait-for-body time 2s if METH_POST\n  http-request return status 200 content-type text/plain lf-string "%[req.body]" if METH_POST',
    async (side) => {
      const client = await side.client(`${UP}abc`);
      await sleep(30);
      client.send('defghij');
      return await side.answers(client);
    },
    (seen, expect) =>
      expect(seen).toMatchInlineSnapshot(`
      "HTTP/1.1 200 OK
      content-length: 10
      content-type: text/plain

      abcdefghij"
    `),
  );

  agree(
    'an origin that resets while the body comes: 502',
    '',
    async (side) => {
      side.origin.play = async (on) => {
        await on.sees('abc');
        on.reset();
      };
      const client = await side.client(`${UP}abc`);
      await side.answers(client, 1);
      return [client.received.slice(9, 12), await side.logged(1)];
    },
    (seen, expect) =>
      expect(seen).toMatchInlineSnapshot(`
      [
        "",
        [
          "NAME NAME/s -1 SD-- rc=0 sq=0 bq=0 <"POST /up HTTP/1.1">",
        ],
      ]
    `),
  );

  agree(
    'an origin that closes while the body comes, without an answer: 502',
    '',
    async (side) => {
      side.origin.play = async (on) => {
        await on.sees('abc');
        on.end();
      };
      const client = await side.client(`${UP}abc`);
      await side.answers(client, 1);
      return [side.shown(client), await side.logged(1)];
    },
    (seen, expect) =>
      expect(seen).toMatchInlineSnapshot(`
      [
        "HTTP/1.1 502 Bad Gateway
      content-length: 107
      cache-control: no-cache
      content-type: text/html
      connection: close

      <html><body><h1>502 Bad Gateway</h1><LF>The server returned an invalid or incomplete response.<LF></body></html><LF>",
        [
          "NAME NAME/s 502 SH-- rc=0 sq=0 bq=0 <"POST /up HTTP/1.1">",
        ],
      ]
    `),
  );

  // HAProxy 2.6 waits on, longer than any of the timeouts set.
  differ(
    'an early answer, and the body never comes',
    'timeout client 400ms\n  timeout server 2s',
    async (side) => {
      side.origin.play = async (on) => {
        await on.sees('\r\n\r\n');
        on.send(response('early'));
      };
      const client = await side.client(`${UP}abc`);
      return [
        await client.sawClose(3000),
        side.shown(client),
        await side.origin.when(() => side.origin.open === 0, 100),
      ];
    },
    {
      sluice: (seen, expect) =>
        expect(seen).toEqual([true, 'HTTP/1.1 200 OK\ncontent-length: 5\n\nearly(closed)', true]),
      haproxy: (seen, expect) => expect(seen[0]).toBe(false),
    },
  );

  agree(
    'an early answer to a chunked body, the rest and the next request in one segment',
    '',
    async (side) => {
      side.origin.play = async (on) => {
        await on.sees('\r\n\r\n');
        on.send(response('early'));
        await on.sees('/next');
        on.send(response('next'));
      };
      const client = await side.client(head('POST /c HTTP/1.1', 'Host: h', 'Transfer-Encoding: chunked'));
      await client.sees('early');
      client.send(chunked(['abc'], 'X-T: 1') + get('/next'));
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
        "POST /c HTTP/1.1
      host: h
      transfer-encoding: chunked

      <abc>
      x-t: 1

      GET /next HTTP/1.1
      host: h

      ",
      ]
    `),
  );

  agree(
    'two backends by turns on one client connection, each with its own origin connection',
    `frontend {name}
  bind {bind}
  use_backend {name}a if { path_beg /a }
  default_backend {name}b
backend {name}a
  server s {origin}
backend {name}b
  option http-server-close
  server s {origin2}`,
    async (side) => {
      const text = await side.ask(get('/a1') + get('/b1') + get('/a2') + get('/b2'), 4);
      return [
        text,
        side.origin.connections.length,
        side.originOf(2).connections.length,
        side.arrived(side.originOf(2)),
      ];
    },
    (seen, expect) =>
      expect(seen).toMatchInlineSnapshot(`
      [
        "HTTP/1.1 200 OK
      content-length: 3

      /a1HTTP/1.1 200 OK
      content-length: 3

      /b1HTTP/1.1 200 OK
      content-length: 3

      /a2HTTP/1.1 200 OK
      content-length: 3

      /b2",
        1,
        2,
        "GET /b1 HTTP/1.1
      host: h
      connection: close

      --- next connection
      GET /b2 HTTP/1.1
      host: h
      connection: close

      ",
      ]
    `),
  );

  agree(
    'option logasap: the line comes with the head, marked',
    'option logasap\n  log-format "%ft %b/%s %ST %tsc %B"',
    async (side) => {
      side.origin.play = async (on) => {
        await on.sees('\r\n\r\n');
        on.send(head('HTTP/1.1 200 OK', 'Content-Length: 6') + 'abc');
      };
      const client = await side.client(get('/'));
      await client.sees('abc');
      return (await side.logged(1)).map((line) => line.replace(/\+\d+/, '+N'));
    },
    (seen, expect) =>
      expect(seen).toMatchInlineSnapshot(`
      [
        "NAME NAME/s 200 ---- +N",
      ]
    `),
  );

  agree(
    'option logasap: an answer of the proxy is marked too',
    'option logasap\n  log-format "%ft %b/%s %ST %tsc %B"\n  http-request deny',
    async (side) => {
      await side.ask(get('/'));
      return (await side.logged(1)).map((line) => line.replace(/\+\d+/, '+N'));
    },
    (seen, expect) =>
      expect(seen).toMatchInlineSnapshot(`
      [
        "NAME NAME/<NOSRV> 403 PR-- +N",
      ]
    `),
  );

  agree(
    'option dontlog-normal keeps the good ones out',
    'option dontlog-normal\n  http-request deny if { path /no }',
    async (side) => {
      await side.ask(get('/1') + get('/no') + get('/2'), 3);
      return await side.logged(1);
    },
    (seen, expect) =>
      expect(seen).toMatchInlineSnapshot(`
      [
        "NAME NAME/<NOSRV> 403 PR-- rc=0 sq=0 bq=0 <"GET /no HTTP/1.1">",
      ]
    `),
  );

  agree(
    'captures stand in the log line',
    'capture request header Host len 3\n  capture request header X-A len 10\n  capture response header Server len 20\n  log-format "%ft %hr %hs %tsc"',
    async (side) => {
      side.origin.answer = () => response('x', 'Server: me');
      await side.ask(get('/', 'X-A: b'));
      return await side.logged(1);
    },
    (seen, expect) =>
      expect(seen).toMatchInlineSnapshot(`
      [
        "NAME {h|b} {me} ----",
      ]
    `),
  );

  for (const option of [
    'http-no-delay',
    'http-pretend-keepalive',
    'prefer-last-server',
    'tcp-smart-connect',
    'socket-stats',
  ]) {
    agree(
      `option ${option} changes nothing of the bytes`,
      `option ${option}`,
      async (side) => [await side.ask(get('/1') + post('/2', 'abc'), 2), side.arrived()],
      (seen, expect) => expect(seen[0]).toContain('/2'),
    );
  }

  agree(
    'option http-pretend-keepalive with http-server-close: the origin does not see the close',
    'option http-pretend-keepalive\n  option http-server-close',
    async (side) => [await side.ask(get('/1') + head('GET /2 HTTP/1.0'), 2), side.arrived()],
    (seen, expect) =>
      expect(seen).toMatchInlineSnapshot(`
      [
        "HTTP/1.1 200 OK
      content-length: 2

      /1HTTP/1.1 200 OK
      content-length: 2
      connection: close

      /2",
        "GET /1 HTTP/1.1
      host: h

      --- next connection
      GET /2 HTTP/1.0
      connection: keep-alive

      ",
      ]
    `),
  );

  agree(
    'option http-use-proxy-header',
    'option http-use-proxy-header',
    async (side) => [await side.ask(get('/1', 'Proxy-Connection: close'), 1), side.arrived()],
    (seen, expect) =>
      expect(seen).toMatchInlineSnapshot(`
      [
        "HTTP/1.1 200 OK
      content-length: 2

      /1",
        "GET /1 HTTP/1.1
      host: h
      proxy-connection: close

      ",
      ]
    `),
  );

  agree(
    'option idle-close-on-response and option nolinger',
    'option idle-close-on-response\n  option nolinger',
    async (side) => await side.ask(get('/1') + get('/2', 'Connection: close'), 2),
    (seen, expect) =>
      expect(seen).toMatchInlineSnapshot(`
      "HTTP/1.1 200 OK
      content-length: 2

      /1HTTP/1.1 200 OK
      content-length: 2
      connection: close

      /2"
    `),
  );

  agree(
    'a request right behind the answer of a connection that the proxy closes is not answered',
    'http-request deny if { path /no }',
    async (side) => {
      const client = await side.client(`${head('POST /no HTTP/1.1', 'Host: h', 'Content-Length: 10')}abc`);
      await client.sees('\r\n\r\n');
      client.send(`defghij${get('/next')}`);
      await client.sawClose();
      return [side.shown(client), side.arrived()];
    },
    (seen, expect) =>
      expect(seen).toMatchInlineSnapshot(`
      [
        "HTTP/1.1 403 Forbidden
      content-length: 93
      cache-control: no-cache
      content-type: text/html
      connection: close

      <html><body><h1>403 Forbidden</h1><LF>Request forbidden by administrative rules.<LF></body></html><LF>(closed)",
        "",
      ]
    `),
  );

  agree(
    'an answer in many small pieces',
    '',
    async (side) => {
      side.origin.play = async (on) => {
        await on.sees('\r\n\r\n');
        for (const byte of `${head('HTTP/1.1 200 OK', 'Content-Length: 5')}hello`) {
          on.send(byte);
          await sleep(1);
        }
      };
      return await side.ask(get('/'));
    },
    (seen, expect) =>
      expect(seen).toMatchInlineSnapshot(`
      "HTTP/1.1 200 OK
      content-length: 5

      hello"
    `),
  );

  agree(
    'unique-id in header and log agree, one for each request',
    'unique-id-format %{+X}o%rt\n  unique-id-header X-Id\n  log-format "%ft %ID"',
    async (side) => {
      await side.ask(get('/1') + get('/2'), 2);
      const ids = side.origin.requests.map(({ head: text }) => /x-id: (\S+)/.exec(text)?.[1]);
      const lines = await side.logged(2);
      return [lines.every((line, i) => line.endsWith(` ${ids[i]}`)), new Set(ids).size];
    },
    (seen, expect) => expect(seen).toEqual([true, 2]),
  );

  agree(
    'monitor-uri and monitor fail',
    'monitor-uri /alive\n  monitor fail if { src 127.0.0.1 }',
    async (side) => await side.ask(get('/alive') + get('/2'), 2),
    (seen, expect) =>
      expect(seen).toMatchInlineSnapshot(`
      "HTTP/1.1 503 Service Unavailable
      content-length: 107
      cache-control: no-cache
      content-type: text/html

      <html><body><h1>503 Service Unavailable</h1><LF>No server is available to handle this request.<LF></body></html><LF>HTTP/1.1 200 OK
      content-length: 2

      /2"
    `),
  );

  agree(
    'a client that sends refused requests and does not read holds no memory, and gets all once it reads',
    'no log\n  http-request deny',
    async (side) => {
      const count = 30_000;
      const client = await side.client();
      client.socket.pause();
      client.send(get('/no').repeat(count));
      await sleep(500);
      const held = client.socket.writableLength > 0;
      client.socket.resume();
      await client.sees('</html>\n');
      const one = client.received.indexOf('</html>') + 8;
      const all = await client.when(() => client.received.length >= one * count, 15_000);
      return [held, all, client.received.length === one * count];
    },
    (seen, expect) => expect(seen.slice(1)).toEqual([true, true]),
  );

  for (const policy of ['preserve', 'delete', 'reject']) {
    agree(
      `option http-restrict-req-hdr-names ${policy}`,
      `option http-restrict-req-hdr-names ${policy}`,
      async (side) => [await side.ask(get('/', 'X_A: b', 'X-B: c')), side.arrived(), await side.logged(1)],
      (seen, expect) => expect(String(seen[1]).includes('x_a')).toBe(policy === 'preserve'),
    );
  }

  agree(
    'http-send-name-header names the server that the repeated request goes to',
    `listen {name}
  bind {bind}
  http-send-name-header X-Server
  retries 1
  option redispatch 1
  retry-on empty-response
  server a {origin}
  server b {origin2}`,
    async (side) => {
      side.origin.play = async (on) => {
        await on.sees('\r\n\r\n');
        on.end();
      };
      await side.ask(post('/', 'abc', 'X-Server: x'));
      return [side.arrived(), side.arrived(side.originOf(2))];
    },
    (seen, expect) =>
      expect(seen).toMatchInlineSnapshot(`
      [
        "POST / HTTP/1.1
      host: h
      content-length: 3
      x-server: a

      abc",
        "POST / HTTP/1.1
      host: h
      content-length: 3
      x-server: b

      abc",
      ]
    `),
  );

  agree(
    'http-after-response touches all answers',
    `http-after-response set-header X-After "%[status]"
  http-request deny if { path /no }
  errorfile 503 /dev/null`,
    async (side) => await side.ask(get('/no') + get('/1'), 2),
    (seen, expect) =>
      expect(seen).toMatchInlineSnapshot(`
      "HTTP/1.1 403 Forbidden
      content-length: 93
      cache-control: no-cache
      content-type: text/html
      x-after: 403

      <html><body><h1>403 Forbidden</h1><LF>Request forbidden by administrative rules.<LF></body></html><LF>HTTP/1.1 200 OK
      content-length: 2
      x-after: 200

      /1"
    `),
  );

  agree(
    'a rule that changes method, path and query',
    `http-request set-method PUT
  http-request set-path /new%[path]
  http-request set-query a=%[query,length]
  http-response set-status 201 reason "Made it"`,
    async (side) => [await side.ask(post('/old?xyz', 'abc')), side.arrived(), await side.logged(1)],
    (seen, expect) =>
      expect(seen).toMatchInlineSnapshot(`
      [
        "HTTP/1.1 201 Made it
      content-length: 12

      /new/old?a=3",
        "PUT /new/old?a=3 HTTP/1.1
      host: h
      content-length: 3

      abc",
        [
          "NAME NAME/s 201 ---- rc=0 sq=0 bq=0 <"POST /old?xyz HTTP/1.1">",
        ],
      ]
    `),
  );

  agree(
    'a HEAD that is made a GET for the origin',
    'http-request set-method GET if METH_HEAD',
    async (side) => {
      const client = await side.client(head('HEAD /1 HTTP/1.1', 'Host: h'));
      await client.sees('\r\n\r\n');
      await sleep(50);
      return [side.shown(client), side.arrived()];
    },
    (seen, expect) =>
      expect(seen).toMatchInlineSnapshot(`
      [
        "HTTP/1.1 200 OK
      content-length: 2

      ",
        "GET /1 HTTP/1.1
      host: h

      ",
      ]
    `),
  );

  agree(
    'a GET that is made a HEAD for the origin',
    'http-request set-method HEAD if METH_GET',
    async (side) => {
      side.origin.answer = () => head('HTTP/1.1 200 OK', 'Content-Length: 5');
      const client = await side.client(get('/1'));
      await client.sees('\r\n\r\n');
      await sleep(50);
      return [side.shown(client, ['HEAD']), side.arrived()];
    },
    (seen, expect) =>
      expect(seen).toMatchInlineSnapshot(`
      [
        "HTTP/1.1 200 OK
      content-length: 5

      ",
        "HEAD /1 HTTP/1.1
      host: h

      ",
      ]
    `),
  );

  agree(
    'the log shows an absolute target as it came, and so do captures',
    'http-request set-path /new\n  log-format "%ft %HM %HU %HP %HQ %HV %[capture.req.method] %[capture.req.uri] %{+Q}r"',
    async (side) => {
      await side.ask(head('GET http://h:80/old?q HTTP/1.1', 'Host: h'));
      return [await side.logged(1), side.arrived()];
    },
    (seen, expect) =>
      expect(seen).toMatchInlineSnapshot(`
      [
        [
          "NAME GET http://h/old?q http://h/old ?q HTTP/1.1 GET /old?q "GET http://h/old?q HTTP/1.1"",
        ],
        "GET http://h/new?q HTTP/1.1
      host: h

      ",
      ]
    `),
  );

  // HAProxy makes chunks of a body that has lost its length, and lets a wrong length pass.
  differ(
    'rules that take the framing from messages do not succeed',
    `http-request del-header content-length
  http-response set-header content-length 99
  http-response set-header Connection foo`,
    async (side) => {
      const client = await side.client(post('/1', 'abc'));
      await client.sees('/1');
      client.send(get('/2'));
      await client.sees('/2', 300);
      return [side.shown(client), side.arrived()];
    },
    {
      sluice: (seen, expect) =>
        expect(seen).toMatchInlineSnapshot(`
        [
          "HTTP/1.1 200 OK
        connection: foo
        content-length: 2

        /1HTTP/1.1 200 OK
        connection: foo
        content-length: 2

        /2",
          "POST /1 HTTP/1.1
        host: h
        content-length: 3

        abcGET /2 HTTP/1.1
        host: h

        ",
        ]
      `),
      haproxy: (seen, expect) => {
        expect(seen[0]).toContain('content-length: 99');
        expect(seen[1]).toContain('transfer-encoding: chunked');
      },
    },
  );

  differ(
    'nor do those that touch answers of the proxy, or answers without a body',
    `http-after-response del-header content-length
  http-request return status 200 content-type text/plain string own if { path /own }`,
    async (side) => {
      side.origin.answer = () => response('');
      const client = await side.client(get('/own'));
      await client.sees('own');
      client.send(get('/2'));
      await client.when(() => client.received.split('HTTP/1.1 200').length > 2, 500);
      return side.shown(client);
    },
    {
      sluice: (seen, expect) =>
        expect(seen).toMatchInlineSnapshot(`
        "HTTP/1.1 200 OK
        content-type: text/plain
        content-length: 3

        ownHTTP/1.1 200 OK
        content-length: 0

        "
      `),
      haproxy: (seen, expect) => expect(seen).toContain('transfer-encoding: chunked'),
    },
  );

  agree(
    'rate-limit sessions lets the next one in later',
    'rate-limit sessions 1000',
    async (side) => await side.ask(get('/')),
    (seen, expect) =>
      expect(seen).toMatchInlineSnapshot(`
      "HTTP/1.1 200 OK
      content-length: 1

      /"
    `),
  );
});
