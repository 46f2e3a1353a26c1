import { sleep } from '../support/wait.ts';
import { arena } from './arena.ts';
import { type Arrived, response } from './scripted-origin.ts';
import type { Side } from './side.ts';
import { get } from './wire.ts';

/** Requests on connections of their own, one after the other; the origin answers none of them by itself. */
async function waiting(side: Side, count: number): Promise<Awaited<ReturnType<Side['client']>>[]> {
  side.origin.answer = () => undefined;
  const clients = [];
  for (let i = 0; i < count; i++) {
    clients.push(await side.client(get(`/${i}`, 'Connection: close')));
    await sleep(20);
  }
  return clients;
}

/** Answers what waits at the origin until `count` requests have come. */
async function serve(side: Side, count: number): Promise<string[]> {
  for (let i = 0; i < count; i++) {
    if (!(await side.origin.got(i + 1, 3000))) break;
    const { on, target } = side.origin.requests[i]!;
    on.send(response(target));
  }
  return side.origin.requests.map(({ target }) => target);
}

const listen = (server: string, lines = ''): string => `listen {name}
  bind {bind}
  ${lines}
  server s {origin} ${server}`;

arena('limits and queues', ({ agree, differ }) => {
  agree(
    'maxconn 1: one at a time, in order',
    listen('maxconn 1'),
    async (side) => {
      const clients = await waiting(side, 4);
      await sleep(100);
      const early = side.origin.requests.length;
      const order = await serve(side, 4);
      for (const client of clients) await client.sawClose();
      return [early, order, await side.logged(4)];
    },
    (seen, expect) =>
      expect(seen).toMatchInlineSnapshot(`
      [
        1,
        [
          "/0",
          "/1",
          "/2",
          "/3",
        ],
        [
          "NAME NAME/s 200 ---- rc=0 sq=0 bq=0 <"GET /0 HTTP/1.1">",
          "NAME NAME/s 200 ---- rc=0 sq=0 bq=1 <"GET /1 HTTP/1.1">",
          "NAME NAME/s 200 ---- rc=0 sq=0 bq=2 <"GET /2 HTTP/1.1">",
          "NAME NAME/s 200 ---- rc=0 sq=0 bq=3 <"GET /3 HTTP/1.1">",
        ],
      ]
    `),
  );

  agree(
    'timeout queue: 503, and the others are served',
    listen('maxconn 1', 'timeout queue 300ms'),
    async (side) => {
      const [first, second] = await waiting(side, 2);
      await second!.sawClose();
      await serve(side, 1);
      await first!.sawClose();
      return [side.shown(first!), side.shown(second!), await side.logged(2)];
    },
    (seen, expect) =>
      expect(seen).toMatchInlineSnapshot(`
      [
        "HTTP/1.1 200 OK
      content-length: 2
      connection: close

      /0(closed)",
        "HTTP/1.1 503 Service Unavailable
      content-length: 107
      cache-control: no-cache
      content-type: text/html
      connection: close

      <html><body><h1>503 Service Unavailable</h1><LF>No server is available to handle this request.<LF></body></html><LF>(closed)",
        [
          "NAME NAME/<NOSRV> 503 sQ-- rc=0 sq=0 bq=1 <"GET /1 HTTP/1.1">",
          "NAME NAME/s 200 ---- rc=0 sq=0 bq=0 <"GET /0 HTTP/1.1">",
        ],
      ]
    `),
  );

  agree(
    'without timeout queue it is timeout connect',
    listen('maxconn 1', 'timeout connect 300ms'),
    async (side) => {
      const clients = await waiting(side, 2);
      await clients[1]!.sawClose();
      return [side.shown(clients[1]!).slice(0, 12), await side.logged(1)];
    },
    (seen, expect) =>
      expect(seen).toMatchInlineSnapshot(`
      [
        "HTTP/1.1 503",
        [
          "NAME NAME/<NOSRV> 503 sQ-- rc=0 sq=0 bq=1 <"GET /1 HTTP/1.1">",
        ],
      ]
    `),
  );

  const leave =
    (how: 'end' | 'reset') =>
    async (side: Side): Promise<unknown[]> => {
      const clients = await waiting(side, 3);
      clients[1]![how]();
      await sleep(100);
      const served = await serve(side, 3);
      await clients[2]!.sawClose();
      return [served, (await side.logged(3)).toSorted()];
    };

  for (const how of ['end', 'reset'] as const) {
    agree(
      `a client that leaves the queue by ${how}, option abortonclose`,
      listen('maxconn 1', 'option abortonclose'),
      leave(how),
      (seen, expect) => expect(seen[0]).toEqual(['/0', '/2']),
    );
  }

  agree(
    'a client that half-closes in the queue is served, without option abortonclose',
    listen('maxconn 1'),
    leave('end'),
    (seen, expect) => expect(seen[0]).toEqual(['/0', '/1', '/2']),
  );

  // HAProxy does not notice a reset there; there is nobody left to answer.
  differ(
    'a client that resets in the queue leaves it, without option abortonclose too',
    listen('maxconn 1'),
    leave('reset'),
    {
      sluice: (seen, expect) => expect(seen[0]).toEqual(['/0', '/2']),
      haproxy: (seen, expect) => expect(seen[0]).toEqual(['/0', '/1', '/2']),
    },
  );

  agree(
    'maxqueue: who finds the queue full waits for any server',
    `listen {name}
  bind {bind}
  balance roundrobin
  server a {origin} maxconn 1 maxqueue 1
  server b {origin2} maxconn 1 maxqueue 1`,
    async (side) => {
      side.originOf(2).answer = () => undefined;
      await waiting(side, 6);
      await sleep(50);
      const got = (): number[] => [side.origin.requests.length, side.originOf(2).requests.length];
      const early = got();
      for (let i = 0; i < 5; i++) {
        const { on, target } = side.origin.requests[i]!;
        on.send(response(target));
        if (!(await side.origin.got(i + 2, 1000))) break;
      }
      return [early, got(), side.origin.requests.length + side.originOf(2).requests.length];
    },
    (seen, expect) =>
      expect(seen).toMatchInlineSnapshot(`
      [
        [
          1,
          1,
        ],
        [
          5,
          1,
        ],
        6,
      ]
    `),
  );

  agree(
    'minconn and fullconn: the limit grows with the load of the backend',
    listen('minconn 1 maxconn 4', 'fullconn 8'),
    async (side) => {
      await waiting(side, 2);
      await sleep(50);
      const few = side.origin.requests.length;
      for (let i = 2; i < 8; i++) await side.client(get(`/${i}`));
      await sleep(100);
      const many = side.origin.requests.length;
      const [{ on, target }] = side.origin.requests as [Arrived];
      on.send(response(target));
      await sleep(100);
      return [few, many, side.origin.requests.length];
    },
    (seen, expect) =>
      expect(seen).toMatchInlineSnapshot(`
      [
        1,
        1,
        5,
      ]
    `),
  );

  agree(
    'frontend maxconn: the next connection waits until one ends',
    `listen {name}
  bind {bind}
  maxconn 1
  server s {origin}`,
    async (side) => {
      const first = await side.client(get('/1'));
      await side.answers(first);
      const second = await side.client(get('/2'));
      const early = await second.sees('/2', 200);
      first.destroy();
      return [early, await side.answers(second)];
    },
    (seen, expect) =>
      expect(seen).toMatchInlineSnapshot(`
      [
        false,
        "HTTP/1.1 200 OK
      content-length: 2

      /2",
      ]
    `),
  );

  agree(
    'the queue is served from the shared connection of keep-alive clients too',
    listen('maxconn 1', 'http-reuse always'),
    async (side) => {
      const clients = [];
      side.origin.answer = () => undefined;
      for (let i = 0; i < 3; i++) {
        clients.push(await side.client(get(`/${i}`)));
        await sleep(20);
      }
      const order = await serve(side, 3);
      for (const client of clients) await side.answers(client);
      return [order, side.origin.connections.length];
    },
    (seen, expect) =>
      expect(seen).toMatchInlineSnapshot(`
      [
        [
          "/0",
          "/1",
          "/2",
        ],
        1,
      ]
    `),
  );

  agree(
    'use_backend with a name from the request, else the default',
    `frontend {name}
  bind {bind}
  acl api path_beg /api
  acl post method POST
  use_backend {name}api if api !post
  use_backend {name}%[req.hdr(x-to)] if { req.hdr(x-to) -m found }
  default_backend {name}else
backend {name}api
  server s {origin}
backend {name}two
  server s {origin2}
backend {name}else
  server s {origin3}`,
    async (side) => {
      await side.ask(
        get('/api/1') + get('/x', 'X-To: two') + get('/x', 'X-To: nowhere') + get('/y') + get('/API', 'X-To: api'),
        5,
      );
      return await side.logged(5);
    },
    (seen, expect) =>
      expect(seen).toMatchInlineSnapshot(`
      [
        "NAME NAMEapi/s 200 ---- rc=0 sq=0 bq=0 <"GET /api/1 HTTP/1.1">",
        "NAME NAMEtwo/s 200 ---- rc=0 sq=0 bq=0 <"GET /x HTTP/1.1">",
        "NAME NAMEelse/s 200 ---- rc=0 sq=0 bq=0 <"GET /x HTTP/1.1">",
        "NAME NAMEelse/s 200 ---- rc=0 sq=0 bq=0 <"GET /y HTTP/1.1">",
        "NAME NAMEapi/s 200 ---- rc=0 sq=0 bq=0 <"GET /API HTTP/1.1">",
      ]
    `),
  );
});
