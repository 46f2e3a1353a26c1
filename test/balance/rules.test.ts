import { sleep } from '../support/wait.ts';
import { arena } from '../http/arena.ts';
import { response } from '../http/scripted-origin.ts';
import type { Side } from '../http/side.ts';
import { get, post } from '../http/wire.ts';

const listen = (server: string, lines: string): string => `listen {name}
  bind {bind}
  ${lines}
  server s {origin} ${server}`;

/** Requests that come while the first one is being served; gives the order in which they reach the origin. */
async function queued(side: Side, fields: readonly (readonly string[])[]): Promise<unknown[]> {
  side.origin.answer = () => undefined;
  const clients = [];
  for (const [index, more] of fields.entries()) {
    clients.push(await side.client(get(`/${index}`, 'Connection: close', ...more)));
    await sleep(30);
  }
  await sleep(100);
  for (let i = 0; i < fields.length; i++) {
    await side.origin.got(i + 1);
    const { on, target } = side.origin.requests[i]!;
    on.send(response(target));
  }
  for (const client of clients) await client.sawClose();
  return [side.origin.requests.map(({ target }) => target), (await side.logged(fields.length)).toSorted()];
}

const CLASS = 'http-request set-priority-class req.hdr(x-class) if { req.hdr(x-class) -m found }';
const OFFSET = 'http-request set-priority-offset req.hdr(x-offset) if { req.hdr(x-offset) -m found }';

arena('the order of the queue', ({ agree }) => {
  agree(
    'smaller classes first, by time within a class',
    listen('maxconn 1', CLASS),
    (side) =>
      queued(side, [[], ['x-class: 5'], [], ['x-class: -3'], ['x-class: 5'], ['x-class: -3'], ['x-class: 99999']]),
    (seen, expect) =>
      expect(seen).toMatchInlineSnapshot(`
      [
        [
          "/0",
          "/3",
          "/5",
          "/2",
          "/1",
          "/4",
          "/6",
        ],
        [
          "NAME NAME/s 200 ---- rc=0 sq=0 bq=0 <"GET /0 HTTP/1.1">",
          "NAME NAME/s 200 ---- rc=0 sq=0 bq=1 <"GET /3 HTTP/1.1">",
          "NAME NAME/s 200 ---- rc=0 sq=0 bq=2 <"GET /5 HTTP/1.1">",
          "NAME NAME/s 200 ---- rc=0 sq=0 bq=3 <"GET /2 HTTP/1.1">",
          "NAME NAME/s 200 ---- rc=0 sq=0 bq=4 <"GET /1 HTTP/1.1">",
          "NAME NAME/s 200 ---- rc=0 sq=0 bq=5 <"GET /4 HTTP/1.1">",
          "NAME NAME/s 200 ---- rc=0 sq=0 bq=6 <"GET /6 HTTP/1.1">",
        ],
      ]
    `),
  );

  agree(
    'an offset moves within the class',
    listen('maxconn 1', `${CLASS}\n  ${OFFSET}`),
    (side) =>
      queued(side, [
        [],
        ['x-offset: 1000'],
        [],
        ['x-offset: -500'],
        ['x-class: 1', 'x-offset: -9000'],
        ['x-offset: 600000'],
      ]),
    (seen, expect) =>
      expect(seen).toMatchInlineSnapshot(`
      [
        [
          "/0",
          "/3",
          "/2",
          "/1",
          "/5",
          "/4",
        ],
        [
          "NAME NAME/s 200 ---- rc=0 sq=0 bq=0 <"GET /0 HTTP/1.1">",
          "NAME NAME/s 200 ---- rc=0 sq=0 bq=1 <"GET /3 HTTP/1.1">",
          "NAME NAME/s 200 ---- rc=0 sq=0 bq=2 <"GET /2 HTTP/1.1">",
          "NAME NAME/s 200 ---- rc=0 sq=0 bq=3 <"GET /1 HTTP/1.1">",
          "NAME NAME/s 200 ---- rc=0 sq=0 bq=4 <"GET /5 HTTP/1.1">",
          "NAME NAME/s 200 ---- rc=0 sq=0 bq=5 <"GET /4 HTTP/1.1">",
        ],
      ]
    `),
  );

  agree(
    'prio_class and prio_offset',
    listen('', `${CLASS}\n  ${OFFSET}\n  http-request set-header x-seen "%[prio_class] %[prio_offset]"`),
    async (side) => {
      await side.ask(
        get('/') +
          get('/', 'x-class: 7', 'x-offset: -20') +
          get('/', 'x-class: 99999', 'x-offset: 9999999') +
          get('/', 'x-class: -99999', 'x-offset: -9999999') +
          get('/', 'x-class: abc', 'x-offset: '),
        5,
      );
      return side.origin.requests.map(({ head }) => /x-seen: (.*)\r\n/.exec(head)?.[1]);
    },
    (seen, expect) =>
      expect(seen).toMatchInlineSnapshot(`
      [
        "0 0",
        "7 -20",
        "2047 524287",
        "-2047 -524287",
        "0 0",
      ]
    `),
  );
});

const FARM = `
  server a {origin}
  server b {origin2}
  server c {dead} disabled`;

arena('use-server', ({ agree }) => {
  agree(
    'the first rule that applies, by name and by format',
    `listen {name}
  bind {bind}
  balance first
  use-server c if { path /c }
  use-server b if { path_beg /b /c }
  use-server b unless { path_beg / }
  use-server %[req.hdr(x-to)] if { req.hdr(x-to) -m found }${FARM}`,
    async (side) => {
      await side.ask(
        get('/') +
          get('/b') +
          get('/c') +
          get('/', 'x-to: b') +
          get('/', 'x-to: c') +
          get('/', 'x-to: zzz') +
          get('/b', 'x-to: a'),
        7,
      );
      return side.logged(7);
    },
    (seen, expect) =>
      expect(seen).toMatchInlineSnapshot(`
      [
        "NAME NAME/a 200 ---- rc=0 sq=0 bq=0 <"GET / HTTP/1.1">",
        "NAME NAME/b 200 ---- rc=0 sq=0 bq=0 <"GET /b HTTP/1.1">",
        "NAME NAME/b 200 ---- rc=0 sq=0 bq=0 <"GET /c HTTP/1.1">",
        "NAME NAME/b 200 ---- rc=0 sq=0 bq=0 <"GET / HTTP/1.1">",
        "NAME NAME/a 200 ---- rc=0 sq=0 bq=0 <"GET / HTTP/1.1">",
        "NAME NAME/a 200 ---- rc=0 sq=0 bq=0 <"GET / HTTP/1.1">",
        "NAME NAME/b 200 ---- rc=0 sq=0 bq=0 <"GET /b HTTP/1.1">",
      ]
    `),
  );

  agree(
    'a server without weight is used by rules only',
    `listen {name}
  bind {bind}
  use-server b if { path /b }
  server a {origin}
  server b {origin2} weight 0`,
    async (side) => {
      await side.ask(get('/') + get('/') + get('/b') + get('/'), 4);
      return side.logged(4);
    },
    (seen, expect) =>
      expect(seen).toMatchInlineSnapshot(`
      [
        "NAME NAME/a 200 ---- rc=0 sq=0 bq=0 <"GET / HTTP/1.1">",
        "NAME NAME/a 200 ---- rc=0 sq=0 bq=0 <"GET / HTTP/1.1">",
        "NAME NAME/b 200 ---- rc=0 sq=0 bq=0 <"GET /b HTTP/1.1">",
        "NAME NAME/a 200 ---- rc=0 sq=0 bq=0 <"GET / HTTP/1.1">",
      ]
    `),
  );

  agree(
    'in TCP mode',
    `listen {name}
  bind {bind}
  mode tcp
  log-format "%ft %b/%s %ts"
  balance first
  tcp-request inspect-delay 2s
  tcp-request content accept if { req.len gt 5 }
  use-server b if { req.payload(0,5) -m str GET\\ / }
  server a {origin}
  server b {origin2}`,
    async (side) => {
      for (const bytes of [get('/x', 'Connection: close'), post('/y', 'z', 'Connection: close')]) await side.ask(bytes);
      return [side.origin.requests.length, side.originOf(2).requests.length];
    },
    (seen, expect) =>
      expect(seen).toMatchInlineSnapshot(`
      [
        1,
        1,
      ]
    `),
  );
});

arena('balance url_param check_post', ({ agree }) => {
  const section = (lines: string): string => `listen {name}
  bind {bind}
  ${lines}
  balance url_param id check_post
  server a {origin}
  server b {origin2}`;
  agree(
    'waits for the body',
    section(''),
    async (side) => {
      const client = await side.client(`POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nid`);
      await sleep(150);
      const early = side.origin.requests.length + side.originOf(2).requests.length + side.origin.connections.length;
      client.send('=b');
      const answer = await side.answers(client);
      return [early, answer, await side.logged(1)];
    },
    (seen, expect) =>
      expect(seen).toMatchInlineSnapshot(`
      [
        0,
        "HTTP/1.1 200 OK
      content-length: 1

      /",
        [
          "NAME NAME/a 200 ---- rc=0 sq=0 bq=0 <"POST / HTTP/1.1">",
        ],
      ]
    `),
  );
  agree(
    'asks for the body',
    section(''),
    async (side) => {
      const client = await side.client(
        `POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n`,
      );
      await client.sees('100', 1000);
      client.send('id=a');
      return [await side.answers(client), await side.logged(1)];
    },
    (seen, expect) =>
      expect(seen).toMatchInlineSnapshot(`
      [
        "HTTP/1.1 100 Continue

      HTTP/1.1 200 OK
      content-length: 1

      /",
        [
          "NAME NAME/b 200 ---- rc=0 sq=0 bq=0 <"POST / HTTP/1.1">",
        ],
      ]
    `),
  );
  agree(
    'not for ever',
    section('timeout http-request 300ms'),
    async (side) => [await side.ask(`POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nid`), await side.logged(1)],
    (seen, expect) =>
      expect(seen).toMatchInlineSnapshot(`
      [
        "HTTP/1.1 408 Request Time-out
      content-length: 110
      cache-control: no-cache
      content-type: text/html
      connection: close

      <html><body><h1>408 Request Time-out</h1><LF>Your browser didn't send a complete request in time.<LF></body></html><LF>",
        [
          "NAME NAME/<NOSRV> 408 cR-- rc=0 sq=0 bq=0 <"POST / HTTP/1.1">",
        ],
      ]
    `),
  );
});

arena('servers without an address of their own', ({ agree }) => {
  const to = (origin: string): string[] => origin.split(':');
  agree(
    'set-dst and set-dst-port say where to, and connections are not mixed up',
    `listen {name}
  bind {bind}
  http-reuse always
  http-request set-dst req.hdr(x-address)
  http-request set-dst-port req.hdr(x-port)
  server s 0.0.0.0:0 # {origin} {origin2}`,
    async (side) => {
      const ask = (number: '' | 2): string => {
        const [address, port] = to(`127.0.0.1:${(number === 2 ? side.originOf(2) : side.origin).port}`);
        return get(`/${number}`, `x-address: ${address}`, `x-port: ${port}`);
      };
      await side.ask(ask('') + ask(2) + ask('') + ask(2) + ask(2), 5);
      const count = ({ requests }: { requests: readonly { target: string }[] }): string[] =>
        requests.map(({ target }) => target);
      return [count(side.origin), count(side.originOf(2))];
    },
    (seen, expect) =>
      expect(seen).toEqual([
        ['/', '/'],
        ['/2', '/2', '/2'],
      ]),
  );
});
