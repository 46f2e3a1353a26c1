import { sleep } from '../support/wait.ts';
import { arena } from './arena.ts';
import { response } from './scripted-origin.ts';
import type { Side } from './side.ts';
import { get, head } from './wire.ts';

/** Two clients, one after the other, each with two requests, all connections open; which origin connection each request took, and how many are left. */
async function twoClients(side: Side): Promise<number[]> {
  for (const name of ['a', 'b']) {
    const client = await side.client(get(`/${name}1`));
    await side.answers(client, 1);
    client.send(get(`/${name}2`));
    await side.answers(client, 2);
  }
  await sleep(50);
  return [...side.origin.requests.map(({ connection }) => connection), side.origin.open];
}

/** Three clients at once, each waiting for its answer, then a fourth; which origin connection the fourth took. */
async function crowd(side: Side, size: number): Promise<void> {
  side.origin.answer = () => undefined;
  const before = side.origin.requests.length;
  const clients = await Promise.all(Array.from({ length: size }, (_, i) => side.client(get(`/${i}`))));
  await side.origin.got(before + size);
  for (const { on, target } of side.origin.requests.slice(before)) on.send(response(target));
  await Promise.all(clients.map((client) => side.answers(client)));
  side.origin.answer = ({ target }) => response(target);
}

arena('reuse of origin connections', ({ agree, differ }) => {
  for (const [policy, connections] of [
    ['never', [0, 0, 1, 1, 2]],
    ['safe', [0, 0, 1, 0, 1]],
    ['aggressive', [0, 0, 0, 0, 1]],
    ['always', [0, 0, 0, 0, 1]],
  ] as const) {
    agree(`http-reuse ${policy}`, `http-reuse ${policy}`, twoClients, (seen, expect) =>
      expect(seen).toEqual(connections),
    );
    agree(
      `http-reuse ${policy}: a connection that carried one request only, and a first request`,
      `http-reuse ${policy}`,
      async (side) => {
        await side.ask(get('/1', 'Connection: close'));
        await sleep(50);
        await side.ask(get('/2'));
        return side.origin.requests.map(({ connection }) => connection);
      },
      (seen, expect) => expect(seen).toEqual(policy === 'always' ? [0, 0] : [0, 1]),
    );
  }

  agree(
    'http-reuse safe: what one session leaves behind serves the second request of another',
    '',
    async (side) => {
      await side.ask(get('/1', 'Connection: close'));
      await sleep(50);
      const client = await side.client(get('/2'));
      await side.answers(client);
      client.send(get('/3'));
      await side.answers(client, 2);
      return side.origin.connections.length;
    },
    (seen, expect) => expect(seen).toBe(2),
  );

  agree(
    'http-reuse never: the connection goes with its session',
    'http-reuse never',
    async (side) => {
      const client = await side.client(get('/1'));
      await side.answers(client);
      const before = side.origin.open;
      client.destroy();
      return [before, await side.origin.when(() => side.origin.open === 0, 2000)];
    },
    (seen, expect) => expect(seen).toEqual([1, true]),
  );

  for (const [words, open] of [
    ['pool-max-conn 0', 0],
    ['pool-max-conn 2', 2],
    ['pool-max-conn -1', 4],
    ['pool-purge-delay 0', 0],
  ] as const) {
    agree(
      `${words}: four connections become idle`,
      `listen {name}
  bind {bind}
  http-reuse always
  server s {origin} pool-purge-delay 30s ${words}`,
      async (side) => {
        await crowd(side, 4);
        await sleep(100);
        return side.origin.open;
      },
      (seen, expect) => expect(seen).toBe(open),
    );
  }

  agree(
    'pool-purge-delay: idle connections are closed step by step',
    `listen {name}
  bind {bind}
  http-reuse always
  server s {origin} pool-purge-delay 200ms`,
    async (side) => {
      await crowd(side, 4);
      const clients = side.origin.open;
      const gone = await side.origin.when(() => side.origin.open === 0, 6000);
      return [clients, gone];
    },
    (seen, expect) => expect(seen[1]).toBe(true),
  );

  agree(
    'pool-low-conn spares none from the purge',
    `listen {name}
  bind {bind}
  http-reuse always
  server s {origin} pool-purge-delay 200ms pool-low-conn 8`,
    async (side) => {
      await crowd(side, 4);
      return [side.origin.open, await side.origin.when(() => side.origin.open === 0, 6000)];
    },
    (seen, expect) => expect(seen).toEqual([4, true]),
  );

  agree(
    'pool-purge-delay 0: nor does a session keep its connection',
    `listen {name}
  bind {bind}
  server s {origin} pool-purge-delay 0`,
    twoClients,
    (seen, expect) =>
      expect(seen).toMatchInlineSnapshot(`
        [
          0,
          1,
          2,
          3,
          0,
        ]
      `),
  );

  // The manual: not necessarily respected by the lower layers. HAProxy 2.6 does not for HTTP/1.
  for (const [limit, connections] of [
    ['0', [0, 1, 2, 3]],
    ['1', [0, 0, 1, 1]],
    ['2', [0, 0, 0, 1]],
  ] as const) {
    differ(
      `max-reuse ${limit}`,
      `listen {name}
  bind {bind}
  http-reuse always
  server s {origin} max-reuse ${limit}`,
      async (side) => {
        const client = await side.client();
        for (let i = 1; i <= 4; i++) {
          client.send(get(`/${i}`));
          await side.answers(client, i);
        }
        return side.origin.requests.map(({ connection }) => connection);
      },
      {
        sluice: (seen, expect) => expect(seen).toEqual(connections),
        haproxy: (seen, expect) => expect(seen).toEqual([0, 0, 0, 0]),
      },
    );
  }

  agree(
    'an idle connection that the origin closes is not used',
    'http-reuse always',
    async (side) => {
      await side.ask(get('/1'));
      side.origin.connections[0]!.socket.end();
      await sleep(50);
      const text = await side.ask(get('/2'));
      return [text, side.origin.connections.length];
    },
    (seen, expect) =>
      expect(seen).toMatchInlineSnapshot(`
      [
        "HTTP/1.1 200 OK
      content-length: 2

      /2",
        2,
      ]
    `),
  );

  agree(
    'send-proxy: every session has its own connection',
    `listen {name}
  bind {bind}
  http-reuse always
  server s {origin} send-proxy`,
    async (side) => {
      side.origin.play = async (on) => {
        await on.sees('/1');
        on.send(response('1'));
        await on.sees('/2');
        on.send(response('2'));
      };
      const client = await side.client(get('/1'));
      await side.answers(client);
      client.send(get('/2'));
      await side.answers(client, 2);
      return side.origin.connections.map(
        ({ received }) => received.replace(/PROXY TCP4.*\r\n/g, 'PROXY ').split('\r\n')[0],
      );
    },
    (seen, expect) =>
      expect(seen).toMatchInlineSnapshot(`
      [
        "PROXY GET /1 HTTP/1.1",
      ]
    `),
  );

  agree(
    'the reused connection is closed by the origin as the request comes: a first request is repeated or answered, never lost in silence',
    'http-reuse always',
    async (side) => {
      side.origin.play = async (on, index) => {
        await on.sees('\r\n\r\n');
        on.send(response('one'));
        await on.sees('/2');
        if (index === 0) on.end();
        else on.send(response('two'));
      };
      const client = await side.client(get('/1'));
      await side.answers(client);
      client.send(get('/2'));
      const same = await side.answers(client, 2);
      return [same, side.origin.connections.length, await side.logged(1)];
    },
    (seen, expect) =>
      expect(seen).toMatchInlineSnapshot(`
      [
        "HTTP/1.1 200 OK
      content-length: 3

      one(closed)",
        1,
        [
          "NAME NAME/s 200 ---- rc=0 sq=0 bq=0 <"GET /1 HTTP/1.1">",
        ],
      ]
    `),
  );

  agree(
    'the same for the first request of a session',
    'http-reuse always',
    async (side) => {
      side.origin.play = async (on) => {
        await on.sees('\r\n\r\n');
        on.send(response('one'));
        await on.sees('/2');
        on.end();
      };
      await side.ask(get('/1'));
      return [await side.ask(get('/2')), side.origin.connections.length, (await side.logged(2))[1]];
    },
    (seen, expect) =>
      expect(seen).toMatchInlineSnapshot(`
      [
        "HTTP/1.1 502 Bad Gateway
      content-length: 107
      cache-control: no-cache
      content-type: text/html

      <html><body><h1>502 Bad Gateway</h1><LF>The server returned an invalid or incomplete response.<LF></body></html><LF>",
        1,
        "NAME NAME/s 502 SH-- rc=0 sq=0 bq=0 <"GET /2 HTTP/1.1">",
      ]
    `),
  );

  // HAProxy 2.6 notices the reset only when it writes; here the origin is silent until timeout server.
  differ(
    'a client that resets in the middle of a response takes the origin connection with it',
    'http-reuse always\n  timeout server 1s',
    async (side) => {
      side.origin.play = async (on) => {
        await on.sees('\r\n\r\n');
        on.send(head('HTTP/1.1 200 OK', 'Content-Length: 10') + 'half ');
      };
      const client = await side.client(get('/1'));
      await client.sees('half ');
      client.reset();
      return [await side.origin.when(() => side.origin.open === 0, 500), await side.logged(1)];
    },
    {
      sluice: (seen, expect) =>
        expect(seen).toEqual([true, ['NAME NAME/s 200 CD-- rc=0 sq=0 bq=0 <"GET /1 HTTP/1.1">']]),
      haproxy: (seen, expect) =>
        expect(seen).toEqual([false, ['NAME NAME/s 200 sD-- rc=0 sq=0 bq=0 <"GET /1 HTTP/1.1">']]),
    },
  );
});
