import { sleep } from '../support/wait.ts';
import { arena } from './arena.ts';
import { response } from './scripted-origin.ts';
import { chunked, get, head, post } from './wire.ts';

arena('pipelining', ({ agree }) => {
  agree(
    'requests in one write are answered in order',
    '',
    async (side) => [await side.ask(get('/1') + get('/2') + get('/3'), 3), side.arrived()],
    (seen, expect) =>
      expect(seen).toMatchInlineSnapshot(`
      [
        "HTTP/1.1 200 OK
      content-length: 2

      /1HTTP/1.1 200 OK
      content-length: 2

      /2HTTP/1.1 200 OK
      content-length: 2

      /3",
        "GET /1 HTTP/1.1
      host: h

      GET /2 HTTP/1.1
      host: h

      GET /3 HTTP/1.1
      host: h

      ",
      ]
    `),
  );

  agree(
    'a slow first answer holds the second back',
    '',
    async (side) => {
      side.origin.answer = ({ target, on }) => {
        if (target === '/1') setTimeout(() => on.send(response('one')), 100);
        else return response('two');
      };
      return [await side.ask(get('/1') + get('/2'), 2), side.arrived()];
    },
    (seen, expect) =>
      expect(seen).toMatchInlineSnapshot(`
      [
        "HTTP/1.1 200 OK
      content-length: 3

      oneHTTP/1.1 200 OK
      content-length: 3

      two",
        "GET /1 HTTP/1.1
      host: h

      GET /2 HTTP/1.1
      host: h

      ",
      ]
    `),
  );

  agree(
    'bodies in between: length, chunked, none',
    '',
    async (side) => {
      const bytes =
        post('/1', 'abc') +
        head('POST /2 HTTP/1.1', 'Host: h', 'Transfer-Encoding: chunked') +
        chunked(['de', 'fgh'], 'X-T: 1') +
        get('/3');
      return [await side.ask(bytes, 3), side.arrived()];
    },
    (seen, expect) =>
      expect(seen).toMatchInlineSnapshot(`
      [
        "HTTP/1.1 200 OK
      content-length: 2

      /1HTTP/1.1 200 OK
      content-length: 2

      /2HTTP/1.1 200 OK
      content-length: 2

      /3",
        "POST /1 HTTP/1.1
      host: h
      content-length: 3

      abcPOST /2 HTTP/1.1
      host: h
      transfer-encoding: chunked

      <defgh>
      x-t: 1

      GET /3 HTTP/1.1
      host: h

      ",
      ]
    `),
  );

  agree(
    'an answer of the proxy in between',
    'monitor-uri /alive',
    async (side) => [await side.ask(get('/1') + get('/alive') + get('/3'), 3), side.arrived()],
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

      /3",
        "GET /1 HTTP/1.1
      host: h

      GET /3 HTTP/1.1
      host: h

      ",
      ]
    `),
  );

  agree(
    'a bad request behind good ones: they are answered, then 400',
    '',
    async (side) => [await side.ask(`${get('/1')}GET /2 HTTP/1.1\r\nA B: c\r\n\r\n${get('/3')}`, 4), side.arrived()],
    (seen, expect) =>
      expect(seen).toMatchInlineSnapshot(`
      [
        "HTTP/1.1 200 OK
      content-length: 2

      /1HTTP/1.1 400 Bad request
      Content-length: 90
      Cache-Control: no-cache
      Connection: close
      Content-Type: text/html

      <html><body><h1>400 Bad request</h1><LF>Your browser sent an invalid request.<LF></body></html><LF>(closed)",
        "GET /1 HTTP/1.1
      host: h

      ",
      ]
    `),
  );

  agree(
    'a thousand requests cut at odd places',
    '',
    async (side) => {
      const all = Array.from({ length: 1000 }, (_, i) => get(`/${i}`)).join('');
      const client = await side.client();
      for (let at = 0; at < all.length; at += 3777) {
        client.send(all.slice(at, at + 3777));
        await sleep(1);
      }
      await client.when(() => client.received.endsWith('/999'), 15_000);
      const bodies = client.received
        .split('\r\n\r\n')
        .slice(1)
        .map((part) => /^\/\d+?(?=HTTP|$)/.exec(part)?.[0]);
      return bodies.every((body, i) => body === `/${i}`) && bodies.length;
    },
    (seen, expect) => expect(seen).toBe(1000),
  );

  agree(
    'a client that sends and does not read gets everything once it reads',
    '',
    async (side) => {
      const big = 'x'.repeat(100_000);
      side.origin.answer = () => response(big);
      const client = await side.client();
      client.socket.pause();
      for (let i = 0; i < 100; i++) client.send(get(`/${i}`));
      await sleep(300);
      const early = side.origin.requests.length;
      client.socket.resume();
      await side.origin.got(100, 15_000);
      await client.when(() => client.received.length >= 100 * 100_000 + 100 * 42, 15_000);
      return { held: early < 100, size: client.received.split('content-length: 100000').length - 1 };
    },
    (seen, expect) => expect(seen).toEqual({ held: true, size: 100 }),
  );
});
