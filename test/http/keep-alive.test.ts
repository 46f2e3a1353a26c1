import { arena } from './arena.ts';
import { response } from './scripted-origin.ts';
import { sleep } from '../support/wait.ts';
import { get, head, post } from './wire.ts';

arena('keep-alive', ({ agree }) => {
  agree(
    'two requests on one connection reach one origin connection',
    '',
    async (side) => {
      const client = await side.client(get('/1'));
      await side.answers(client, 1);
      client.send(get('/2'));
      return { client: await side.answers(client, 2), origin: side.arrived() };
    },
    (seen, expect) =>
      expect(seen).toMatchInlineSnapshot(`
      {
        "client": "HTTP/1.1 200 OK
      content-length: 2

      /1HTTP/1.1 200 OK
      content-length: 2

      /2",
        "origin": "GET /1 HTTP/1.1
      host: h

      GET /2 HTTP/1.1
      host: h

      ",
      }
    `),
  );

  agree(
    'a client that says close gets its answer and the end',
    '',
    async (side) => [await side.ask(get('/', 'Connection: close'), 2), side.arrived(), side.origin.open],
    (seen, expect) =>
      expect(seen).toMatchInlineSnapshot(`
      [
        "HTTP/1.1 200 OK
      content-length: 1
      connection: close

      /(closed)",
        "GET / HTTP/1.1
      host: h

      ",
        1,
      ]
    `),
  );

  agree(
    'an origin that says close is not used again, the client is',
    '',
    async (side) => {
      side.origin.answer = ({ target }) => response(target, 'Connection: close');
      const client = await side.client(get('/1'));
      await side.answers(client, 1);
      client.send(get('/2'));
      return { client: await side.answers(client, 2), origin: side.arrived() };
    },
    (seen, expect) =>
      expect(seen).toMatchInlineSnapshot(`
      {
        "client": "HTTP/1.1 200 OK
      content-length: 2

      /1HTTP/1.1 200 OK
      content-length: 2

      /2",
        "origin": "GET /1 HTTP/1.1
      host: h

      --- next connection
      GET /2 HTTP/1.1
      host: h

      ",
      }
    `),
  );

  agree(
    'an origin that delimits by closing ends the client too',
    '',
    async (side) => {
      side.origin.answer = ({ on }) => {
        on.send(head('HTTP/1.1 200 OK'));
        on.send('all of it');
        on.end();
      };
      return await side.ask(get('/'), 2);
    },
    (seen, expect) =>
      expect(seen).toMatchInlineSnapshot(`
      "HTTP/1.1 200 OK
      connection: close

      all of it(closed)"
    `),
  );

  agree(
    'HTTP/1.0 closes',
    '',
    async (side) => [await side.ask(head('GET / HTTP/1.0'), 2), side.arrived()],
    (seen, expect) =>
      expect(seen).toMatchInlineSnapshot(`
      [
        "HTTP/1.1 200 OK
      content-length: 1
      connection: close

      /(closed)",
        "GET / HTTP/1.0
      connection: keep-alive

      ",
      ]
    `),
  );

  agree(
    'HTTP/1.0 with keep-alive goes on',
    '',
    async (side) => {
      const client = await side.client(head('GET /1 HTTP/1.0', 'Connection: Keep-Alive'));
      await side.answers(client, 1);
      client.send(head('GET /2 HTTP/1.0'));
      return { client: await side.answers(client, 3), origin: side.arrived() };
    },
    (seen, expect) =>
      expect(seen).toMatchInlineSnapshot(`
      {
        "client": "HTTP/1.1 200 OK
      content-length: 2
      connection: keep-alive

      /1HTTP/1.1 200 OK
      content-length: 2
      connection: close

      /2(closed)",
        "origin": "GET /1 HTTP/1.0
      connection: keep-alive

      GET /2 HTTP/1.0
      connection: keep-alive

      ",
      }
    `),
  );

  agree(
    'an origin that answers HTTP/1.0 with a length',
    '',
    async (side) => {
      side.origin.answer = ({ on }) => {
        on.send('HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok');
        on.end();
      };
      const client = await side.client(get('/1'));
      await side.answers(client, 1);
      client.send(get('/2'));
      return { client: await side.answers(client, 2), connections: side.origin.connections.length };
    },
    (seen, expect) =>
      expect(seen).toMatchInlineSnapshot(`
      {
        "client": "HTTP/1.0 200 OK
      content-length: 2
      connection: keep-alive

      okHTTP/1.0 200 OK
      content-length: 2
      connection: keep-alive

      ok",
        "connections": 2,
      }
    `),
  );

  agree(
    'a request behind Connection: close is never read',
    '',
    async (side) => {
      const client = await side.client(get('/1', 'Connection: close') + get('/2'));
      const text = await side.answers(client, 2);
      await sleep(100);
      return { text, origin: side.arrived() };
    },
    (seen, expect) =>
      expect(seen).toMatchInlineSnapshot(`
      {
        "origin": "GET /1 HTTP/1.1
      host: h

      ",
        "text": "HTTP/1.1 200 OK
      content-length: 2
      connection: close

      /1(closed)",
      }
    `),
  );

  agree(
    'a client that half-closes behind its request gets the answer',
    '',
    async (side) => {
      side.origin.answer = () => undefined;
      const client = await side.client(get('/1'));
      client.end();
      await side.origin.got(1);
      await sleep(100);
      side.origin.requests[0]!.on.send(response('late'));
      return await side.answers(client, 2);
    },
    (seen, expect) =>
      expect(seen).toMatchInlineSnapshot(`
      "HTTP/1.1 200 OK
      content-length: 4

      late(closed)"
    `),
  );

  for (const [front, back] of [
    ['http-server-close', 'http-keep-alive'],
    ['http-keep-alive', 'http-server-close'],
    ['httpclose', 'http-keep-alive'],
    ['http-keep-alive', 'httpclose'],
    ['http-server-close', 'httpclose'],
    ['httpclose', 'http-server-close'],
    ['http-keep-alive', 'http-keep-alive'],
  ] as const) {
    for (const [what, first, second] of [
      ['1.1', get('/1'), get('/2')],
      ['1.0 keep-alive', head('GET /1 HTTP/1.0', 'Connection: keep-alive'), head('GET /2 HTTP/1.0')],
      ['a request with a body', post('/1', 'abc'), post('/2', 'def')],
    ] as const) {
      agree(
        `option ${front} in front of ${back}: ${what}`,
        `frontend {name}
  bind {bind}
  option ${front}
  default_backend {name}b
backend {name}b
  option ${back}
  server s {origin}`,
        async (side) => {
          const client = await side.client(first);
          await side.answers(client, 1);
          client.send(second);
          const text = await side.answers(client, 2);
          return { text, origin: side.arrived(), connections: side.origin.connections.length };
        },
        (seen, expect) => {
          const one = front === 'httpclose' || (front === 'http-keep-alive' && back === front);
          expect(seen.connections).toBe(one ? 1 : 2);
          expect(seen.text.includes('/2')).toBe(front !== 'httpclose');
        },
      );
    }
  }
});
