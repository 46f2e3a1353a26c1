import { arena } from './arena.ts';
import { get, head } from './wire.ts';

/** A head of exactly `size` bytes in `count` fields, Host included. */
function sized(size: number, count: number): string {
  const fields = Array.from({ length: count - 2 }, (_, i) => `F${i}: x`);
  const short = head('GET / HTTP/1.1', 'Host: h', ...fields, 'L: ');
  return head('GET / HTTP/1.1', 'Host: h', ...fields, `L: ${'x'.repeat(size - short.length)}`);
}

const fields = (count: number): string[] => Array.from({ length: count }, (_, i) => `F${i}: x`);

const status = (text: string): string => text.slice(9, 12);

arena('limits of heads, by default', ({ agree, differ }) => {
  agree(
    'a hundred fields pass, one more is 400',
    '',
    async (side) => [status(await side.ask(get('/', ...fields(99)))), status(await side.ask(get('/', ...fields(100))))],
    (seen, expect) => expect(seen).toEqual(['200', '400']),
  );

  // HAProxy's limit depends on the number of fields (docs/haproxy-h1-notes.md).
  differ(
    'the largest head',
    '',
    async (side) => {
      const seen = [];
      for (const size of [15_273, 15_274, 15_360, 15_361, 20_000]) seen.push(status(await side.ask(sized(size, 2))));
      return seen;
    },
    {
      sluice: (seen, expect) => expect(seen).toEqual(['200', '200', '200', '400', '400']),
      haproxy: (seen, expect) => expect(seen).toEqual(['200', '400', '400', '400', '400']),
    },
  );

  agree(
    'an answer of more fields than fit is 502',
    '',
    async (side) => {
      side.origin.answer = ({ target }) =>
        head('HTTP/1.1 200 OK', 'Content-Length: 0', ...fields(target === '/fits' ? 99 : 100));
      return [status(await side.ask(get('/fits'))), status(await side.ask(get('/not'))), await side.logged(2)];
    },
    (seen, expect) =>
      expect(seen).toMatchInlineSnapshot(`
      [
        "200",
        "502",
        [
          "NAME NAME/s 200 ---- rc=0 sq=0 bq=0 <"GET /fits HTTP/1.1">",
          "NAME NAME/s 502 PH-- rc=0 sq=0 bq=0 <"GET /not HTTP/1.1">",
        ],
      ]
    `),
  );

  agree(
    'an answer with a head that does not fit is 502',
    '',
    async (side) => {
      side.origin.answer = () => head('HTTP/1.1 200 OK', 'Content-Length: 0', `A: ${'x'.repeat(20_000)}`);
      return [status(await side.ask(get('/'))), await side.logged(1)];
    },
    (seen, expect) =>
      expect(seen).toMatchInlineSnapshot(`
      [
        "502",
        [
          "NAME NAME/s 502 PH-- rc=0 sq=0 bq=0 <"GET / HTTP/1.1">",
        ],
      ]
    `),
  );

  agree(
    'a name of 255 bytes passes, 256 do not',
    '',
    async (side) => [
      status(await side.ask(get('/', `${'n'.repeat(255)}: x`))),
      status(await side.ask(get('/', `${'n'.repeat(256)}: x`))),
    ],
    (seen, expect) => expect(seen).toEqual(['200', '400']),
  );

  agree(
    'a thousand empty lines before a request do not count',
    '',
    async (side) => status(await side.ask('\r\n'.repeat(1000) + get('/'))),
    (seen, expect) => expect(seen).toBe('200'),
  );

  agree(
    'a target too long is 400',
    '',
    async (side) => [status(await side.ask(get(`/${'a'.repeat(30_000)}`))), await side.logged(1)],
    (seen, expect) =>
      expect(seen).toMatchInlineSnapshot(`
      [
        "400",
        [
          "NAME NAME/<NOSRV> 400 PR-- rc=0 sq=0 bq=0 <"<BADREQ>">",
        ],
      ]
    `),
  );
});

arena(
  'limits of heads, as configured',
  ({ agree }) => {
    agree(
      'tune.http.maxhdr',
      '',
      async (side) => [
        status(await side.ask(get('/', ...fields(200)))),
        status(await side.ask(get('/', ...fields(600)))),
      ],
      (seen, expect) => expect(seen).toEqual(['200', '400']),
    );
    agree(
      'tune.bufsize and tune.maxrewrite',
      '',
      async (side) => [status(await side.ask(sized(30_000, 2))), status(await side.ask(sized(33_000, 2)))],
      (seen, expect) => expect(seen).toEqual(['200', '400']),
    );
    agree(
      'a body kept for another try is as large as the buffer',
      'option http-buffer-request',
      async (side) => {
        const client = await side.client(
          head('POST / HTTP/1.1', 'Host: h', 'Content-Length: 30000') + 'x'.repeat(29_000),
        );
        const early = await side.origin.when(() => side.origin.connections.length > 0, 150);
        client.send('x'.repeat(1000));
        return [early, status(await side.answers(client)), side.origin.requests[0]?.body.length];
      },
      (seen, expect) => expect(seen).toEqual([false, '200', 30_000]),
    );
  },
  { global: 'tune.bufsize 32768\n  tune.maxrewrite 2048\n  tune.http.maxhdr 500' },
);
