import { sleep } from '../support/wait.ts';
import { arena } from './arena.ts';
import { response } from './scripted-origin.ts';
import { get, head, post } from './wire.ts';

const UPGRADE = head(
  'GET /chat HTTP/1.1',
  'Host: h',
  'Connection: keep-alive, Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
  'Sec-WebSocket-Version: 13',
);
const SWITCHED = head(
  'HTTP/1.1 101 Switching Protocols',
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=',
);
const CONNECT = head('CONNECT h:443 HTTP/1.1', 'Host: h:443');

arena('tunnels', ({ agree, differ }) => {
  agree(
    'a WebSocket: both ways, then the client ends, then the origin',
    '',
    async (side) => {
      side.origin.play = async (on) => {
        await on.sees('\r\n\r\n');
        on.send(SWITCHED);
        await on.sees('ping');
        on.send('pong');
        await on.when(() => on.closed !== 'open');
        on.send('bye');
        on.end();
      };
      const client = await side.client(UPGRADE);
      await client.sees('\r\n\r\n');
      client.send('ping');
      await client.sees('pong');
      client.end();
      await client.sawClose();
      return [side.shown(client), side.arrived(), await side.logged(1)];
    },
    (seen, expect) =>
      expect(seen).toMatchInlineSnapshot(`
      [
        "HTTP/1.1 101 Switching Protocols
      connection: Upgrade
      upgrade: websocket
      sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=

      pongbye(closed)",
        "GET /chat HTTP/1.1
      host: h
      connection: Upgrade
      upgrade: websocket
      sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==
      sec-websocket-version: 13

      ping",
        [
          "NAME NAME/s 101 ---- rc=0 sq=0 bq=0 <"GET /chat HTTP/1.1">",
        ],
      ]
    `),
  );

  agree(
    'a WebSocket: the origin ends first, the client may go on',
    '',
    async (side) => {
      side.origin.play = async (on) => {
        await on.sees('\r\n\r\n');
        on.send(SWITCHED + 'hello');
        on.end();
        await on.sees('more');
      };
      const client = await side.client(UPGRADE);
      await client.sees('hello');
      await sleep(50);
      client.send('more');
      const more = await side.origin.when(() => side.origin.received.endsWith('more'), 300);
      client.end();
      await client.sawClose();
      return [side.shown(client), more, await side.logged(1)];
    },
    (seen, expect) =>
      expect(seen).toMatchInlineSnapshot(`
      [
        "HTTP/1.1 101 Switching Protocols
      connection: Upgrade
      upgrade: websocket
      sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=

      hello(closed)",
        false,
        [
          "NAME NAME/s 101 ---- rc=0 sq=0 bq=0 <"GET /chat HTTP/1.1">",
        ],
      ]
    `),
  );

  agree(
    'an upgrade that is declined is an ordinary exchange',
    '',
    async (side) => {
      side.origin.play = async (on) => {
        await on.sees('\r\n\r\n');
        on.send(response('no'));
        await on.sees('GET /2');
        on.send(response('two'));
      };
      const client = await side.client(UPGRADE);
      await side.answers(client);
      client.send(get('/2'));
      return [await side.answers(client, 2), side.arrived()];
    },
    (seen, expect) =>
      expect(seen).toMatchInlineSnapshot(`
        [
          "HTTP/1.1 200 OK
        content-length: 2

        noHTTP/1.1 200 OK
        content-length: 3

        two",
          "GET /chat HTTP/1.1
        host: h
        connection: Upgrade
        upgrade: websocket
        sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==
        sec-websocket-version: 13

        GET /2 HTTP/1.1
        host: h

        ",
        ]
      `),
  );

  agree(
    'bytes behind an upgrade request reach the origin',
    '',
    async (side) => {
      side.origin.play = async (on) => {
        await on.sees('\r\n\r\n');
        const early = await on.sees('early', 200);
        on.send(SWITCHED);
        await on.sees('early');
        on.send(early ? 'before' : 'after');
      };
      const client = await side.client(`${UPGRADE}early`);
      await client.when(() => /before|after/.test(client.received));
      return side.origin.received.endsWith('early');
    },
    (seen, expect) => expect(seen).toBe(true),
  );

  for (const mode of ['httpclose', 'http-server-close']) {
    agree(
      `an upgrade with option ${mode}`,
      `option ${mode}`,
      async (side) => {
        side.origin.play = async (on) => {
          await on.sees('\r\n\r\n');
          on.send(SWITCHED + 'x');
          on.end();
        };
        return [await side.ask(UPGRADE, 2), side.arrived()];
      },
      (seen, expect) => {
        expect(seen[0]).toMatch(/connection: Upgrade\n[^]*x\(closed\)$/);
        expect(seen[1]).toContain('connection: Upgrade\n');
      },
    );
  }

  agree(
    'CONNECT: a tunnel after 200',
    '',
    async (side) => {
      side.origin.play = async (on) => {
        await on.sees('\r\n\r\n');
        on.send(head('HTTP/1.1 200 Connected'));
        await on.sees('ping');
        on.send('pong');
      };
      const client = await side.client(CONNECT);
      await client.sees('\r\n\r\n');
      client.send('ping');
      await client.sees('pong');
      return [side.shown(client, ['CONNECT']), side.arrived()];
    },
    (seen, expect) =>
      expect(seen).toMatchInlineSnapshot(`
      [
        "HTTP/1.1 200 Connected

      pong",
        "CONNECT h:443 HTTP/1.1
      host: h

      ping",
      ]
    `),
  );

  agree(
    'CONNECT that is refused leaves the connection open',
    '',
    async (side) => {
      side.origin.play = async (on) => {
        await on.sees('\r\n\r\n');
        on.send(head('HTTP/1.1 405 No', 'Content-Length: 0'));
        await on.sees('GET /2');
        on.send(response('next'));
      };
      const client = await side.client(CONNECT);
      await side.answers(client);
      client.send(get('/2'));
      return [await side.answers(client, 2), side.arrived()];
    },
    (seen, expect) =>
      expect(seen).toMatchInlineSnapshot(`
        [
          "HTTP/1.1 405 No
        content-length: 0

        HTTP/1.1 200 OK
        content-length: 4

        next",
          "CONNECT h:443 HTTP/1.1
        host: h

        GET /2 HTTP/1.1
        host: h

        ",
        ]
      `),
  );

  agree(
    'timeout tunnel ends a silent tunnel, long after timeout server would have',
    'timeout server 200ms\n  timeout client 200ms\n  timeout tunnel 1s',
    async (side) => {
      side.origin.play = async (on) => {
        await on.sees('\r\n\r\n');
        on.send(SWITCHED);
      };
      const client = await side.client(UPGRADE);
      await client.sees('\r\n\r\n');
      await sleep(600);
      const open = client.closed;
      await client.sawClose();
      return [open, client.closed, await side.logged(1)];
    },
    (seen, expect) =>
      expect(seen).toMatchInlineSnapshot(`
      [
        "open",
        "end",
        [
          "NAME NAME/s 101 cD-- rc=0 sq=0 bq=0 <"GET /chat HTTP/1.1">",
        ],
      ]
    `),
  );

  agree(
    'a tunnel without timeout tunnel ends after timeout client or server',
    'timeout server 300ms\n  timeout client 300ms',
    async (side) => {
      side.origin.play = async (on) => {
        await on.sees('\r\n\r\n');
        on.send(SWITCHED);
      };
      const client = await side.client(UPGRADE);
      await client.sawClose();
      return [client.closed, (await side.logged(1)).map((line) => line.replace(/ [cs]D-- /, ' ?D-- '))];
    },
    (seen, expect) =>
      expect(seen).toMatchInlineSnapshot(`
      [
        "end",
        [
          "NAME NAME/s 101 ?D-- rc=0 sq=0 bq=0 <"GET /chat HTTP/1.1">",
        ],
      ]
    `),
  );

  agree(
    'without timeout tunnel a shorter timeout server ends a silent tunnel',
    'timeout client 5s\n  timeout server 300ms',
    async (side) => {
      side.origin.play = async (on) => {
        await on.sees('\r\n\r\n');
        on.send(SWITCHED);
      };
      const client = await side.client(UPGRADE);
      return [await client.sawClose(2000), await side.logged(1)];
    },
    (seen, expect) => expect(seen).toEqual([true, ['NAME NAME/s 101 sD-- rc=0 sq=0 bq=0 <"GET /chat HTTP/1.1">']]),
  );

  // HAProxy 2.6 does not look at the client's timeout here until the server's has passed.
  differ(
    'without timeout tunnel a shorter timeout client ends a silent tunnel',
    'timeout client 300ms\n  timeout server 2s',
    async (side) => {
      side.origin.play = async (on) => {
        await on.sees('\r\n\r\n');
        on.send(SWITCHED);
      };
      const client = await side.client(UPGRADE);
      return [await client.sawClose(1200), await side.logged(1)];
    },
    {
      sluice: (seen, expect) =>
        expect(seen).toEqual([true, ['NAME NAME/s 101 cD-- rc=0 sq=0 bq=0 <"GET /chat HTTP/1.1">']]),
      haproxy: (seen, expect) =>
        expect(seen).toEqual([false, ['NAME NAME/s 101 cD-- rc=0 sq=0 bq=0 <"GET /chat HTTP/1.1">']]),
    },
  );

  for (const [fin, lines] of [
    ['server-fin', 'timeout server-fin 300ms\n  timeout tunnel 4s'],
    ['client-fin', 'timeout client-fin 300ms\n  timeout tunnel 1s'],
    ['tunnel', 'timeout tunnel 500ms'],
    ['client or server', 'timeout client 400ms\n  timeout server 400ms'],
  ] as const) {
    agree(
      `a tunnel whose client has ended is ended by timeout ${fin}`,
      lines,
      async (side) => {
        side.origin.play = async (on) => {
          await on.sees('\r\n\r\n');
          on.send(SWITCHED);
        };
        const client = await side.client(UPGRADE);
        await client.sees('\r\n\r\n');
        client.end();
        const closed = await client.sawClose(2500);
        return [closed, await side.logged(1)];
      },
      (seen, expect) => expect(seen).toEqual([true, ['NAME NAME/s 101 sD-- rc=0 sq=0 bq=0 <"GET /chat HTTP/1.1">']]),
    );
  }

  agree(
    'a megabyte each way at once through a tunnel',
    '',
    async (side) => {
      const big = 'x'.repeat(1_000_000);
      side.origin.play = async (on) => {
        await on.sees('\r\n\r\n');
        on.send(SWITCHED + big);
      };
      const client = await side.client(UPGRADE);
      await client.sees('\r\n\r\n');
      client.send(big);
      await client.when(() => client.received.length >= 1_000_000 + 100);
      await side.origin.when(() => side.origin.received.length >= 1_000_000 + 100);
      return [client.received.split('x').length, side.origin.received.split('x').length];
    },
    (seen, expect) => {
      expect(seen[0]).toBe(1_000_003);
      expect(seen[1]).toBe(1_000_001);
    },
  );

  agree(
    'a reset of the origin in a tunnel',
    '',
    async (side) => {
      side.origin.play = async (on) => {
        await on.sees('\r\n\r\n');
        on.send(SWITCHED);
        await on.sees('x');
        on.reset();
      };
      const client = await side.client(UPGRADE);
      await client.sees('\r\n\r\n');
      client.send('x');
      await client.sawClose();
      return await side.logged(1);
    },
    (seen, expect) =>
      expect(seen).toMatchInlineSnapshot(`
      [
        "NAME NAME/s 101 SD-- rc=0 sq=0 bq=0 <"GET /chat HTTP/1.1">",
      ]
    `),
  );

  agree(
    'a reset of the client in a tunnel',
    '',
    async (side) => {
      side.origin.play = async (on) => {
        await on.sees('\r\n\r\n');
        on.send(SWITCHED);
      };
      const client = await side.client(UPGRADE);
      await client.sees('\r\n\r\n');
      client.reset();
      return [await side.logged(1), await side.origin.when(() => side.origin.open === 0)];
    },
    (seen, expect) =>
      expect(seen).toMatchInlineSnapshot(`
      [
        [
          "NAME NAME/s 101 CD-- rc=0 sq=0 bq=0 <"GET /chat HTTP/1.1">",
        ],
        true,
      ]
    `),
  );

  agree(
    'a 101 without being asked is a 502',
    '',
    async (side) => {
      side.origin.play = async (on) => {
        await on.sees('\r\n\r\n');
        on.send(SWITCHED);
      };
      const text = await side.ask(get('/'));
      return [text.slice(0, 20), await side.logged(1)];
    },
    (seen, expect) =>
      expect(seen).toMatchInlineSnapshot(`
      [
        "HTTP/1.1 502 Bad Gat",
        [
          "NAME NAME/s 502 PH-- rc=0 sq=0 bq=0 <"GET / HTTP/1.1">",
        ],
      ]
    `),
  );

  agree(
    'a request with a body does not switch',
    '',
    async (side) => [await side.ask(post('/', 'abc', 'Connection: Upgrade', 'Upgrade: x')), side.arrived()],
    (seen, expect) =>
      expect(seen).toMatchInlineSnapshot(`
      [
        "HTTP/1.1 200 OK
      content-length: 1

      /",
        "POST / HTTP/1.1
      host: h
      content-length: 3
      connection: Upgrade

      abc",
      ]
    `),
  );
});
