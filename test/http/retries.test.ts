import { arena } from './arena.ts';
import { response } from './scripted-origin.ts';
import type { Side } from './side.ts';
import { get, head, post } from './wire.ts';

const LINES = `listen {name}
  bind {bind}
  timeout server 400ms
  retries 2
  server s {origin} `;

/** What an origin does wrong the first time. */
type Fault = 'empty' | 'junk' | 'half' | 'silence' | '404' | '500' | '503';
const FAULTS: Record<Fault, string | undefined> = {
  empty: '',
  junk: 'junk\r\n\r\n',
  half: 'HTTP/1.1 200 OK\r\nA: b',
  silence: undefined,
  '404': head('HTTP/1.1 404 Nope', 'Connection: close', 'Content-Length: 0'),
  '500': head('HTTP/1.1 500 Nope', 'Connection: close', 'Content-Length: 0'),
  '503': head('HTTP/1.1 503 Nope', 'Connection: close', 'Content-Length: 0'),
};

/** The origin fails the first request, or the first `times`, and answers the next. */
function failing(side: Side, fault: Fault, times = 1): void {
  side.origin.play = async (on, index) => {
    await on.sees('\r\n\r\n');
    if (index >= times) {
      on.send(response('fine'));
      return;
    }
    const bytes = FAULTS[fault];
    if (bytes === undefined) return;
    on.send(bytes);
    if (!bytes.includes(' Nope')) on.end();
  };
}

const outcome = async (side: Side, bytes: string): Promise<unknown[]> => {
  const text = await side.ask(bytes);
  const [line] = await side.logged(1);
  const [, status, tsc, rc] = /\/\S+ (-?\d+) (\S+) rc=(\S+)/.exec(line!)!;
  return [text.slice(9, 12), status, tsc, rc, side.origin.connections.length];
};

arena('retries', ({ agree }) => {
  for (const [events, fault, repeated] of [
    ['none', 'empty', false],
    ['conn-failure', 'empty', false],
    ['empty-response', 'empty', true],
    ['empty-response', 'half', true],
    ['junk-response', 'junk', true],
    ['junk-response', 'half', false],
    ['junk-response', 'empty', false],
    ['response-timeout', 'silence', true],
    ['0rtt-rejected', 'empty', false],
    ['404', '404', true],
    ['404', '500', false],
    ['500 503', '503', true],
    ['all-retryable-errors', 'empty', true],
    ['all-retryable-errors', 'junk', true],
    ['all-retryable-errors', 'silence', true],
    ['all-retryable-errors', '500', true],
    ['all-retryable-errors', '404', false],
  ] as const) {
    agree(
      `retry-on ${events}, and an origin with ${fault}`,
      `${LINES}\n  retry-on ${events}`,
      async (side) => {
        failing(side, fault);
        return outcome(side, get('/'));
      },
      (seen, expect) => expect(seen[4]).toBe(repeated ? 2 : 1),
    );
  }

  agree(
    'retry-on empty-response: only so many times',
    `${LINES}\n  retry-on empty-response`,
    async (side) => {
      failing(side, 'empty', 9);
      return outcome(side, get('/'));
    },
    (seen, expect) =>
      expect(seen).toMatchInlineSnapshot(`
      [
        "502",
        "502",
        "SH--",
        "2",
        3,
      ]
    `),
  );

  agree(
    'retry-on a status: the last answer stands',
    `${LINES}\n  retry-on 503`,
    async (side) => {
      failing(side, '503', 9);
      return outcome(side, get('/'));
    },
    (seen, expect) =>
      expect(seen).toMatchInlineSnapshot(`
      [
        "503",
        "503",
        "----",
        "2",
        3,
      ]
    `),
  );

  agree(
    'a body that is complete is sent again',
    `${LINES}\n  retry-on empty-response`,
    async (side) => {
      failing(side, 'empty');
      return [await outcome(side, post('/', 'abc')), side.arrived()];
    },
    (seen, expect) =>
      expect(seen).toMatchInlineSnapshot(`
      [
        [
          "200",
          "200",
          "----",
          "1",
          2,
        ],
        "POST / HTTP/1.1
      host: h
      content-length: 3

      abc--- next connection
      POST / HTTP/1.1
      host: h
      content-length: 3

      abc",
      ]
    `),
  );

  agree(
    'a body that does not fit the buffer is not sent again',
    `${LINES}\n  retry-on empty-response`,
    async (side) => {
      side.origin.play = async (on) => {
        await on.when(() => on.received.length > 100_000);
        on.end();
      };
      return outcome(side, post('/', 'x'.repeat(100_000)));
    },
    (seen, expect) =>
      expect(seen).toMatchInlineSnapshot(`
      [
        "502",
        "502",
        "SH--",
        "0",
        1,
      ]
    `),
  );

  agree(
    'http-request disable-l7-retry',
    `${LINES}\n  retry-on empty-response\n  http-request disable-l7-retry if METH_POST`,
    async (side) => {
      failing(side, 'empty');
      return outcome(side, post('/', 'abc'));
    },
    (seen, expect) =>
      expect(seen).toMatchInlineSnapshot(`
      [
        "502",
        "502",
        "SH--",
        "0",
        1,
      ]
    `),
  );

  for (const [lines, count] of [
    ['retries 0', '0'],
    ['retries 1', '1'],
  ] as const) {
    agree(
      `a refused connection with ${lines}`,
      `listen {name}
  bind {bind}
  timeout connect 200ms
  ${lines}
  server s {dead}`,
      async (side) => [(await side.ask(get('/'))).slice(9, 12), await side.logged(1)],
      (seen, expect) =>
        expect(seen).toEqual(['503', [`NAME NAME/s 503 SC-- rc=${count} sq=0 bq=0 <"GET / HTTP/1.1">`]]),
    );
  }

  agree(
    'retry-on none: a refused connection is not tried again',
    `listen {name}
  bind {bind}
  retries 2
  retry-on none
  server s {dead}`,
    async (side) => [(await side.ask(get('/'))).slice(9, 12), await side.logged(1)],
    (seen, expect) =>
      expect(seen).toMatchInlineSnapshot(`
      [
        "503",
        [
          "NAME NAME/s 503 SC-- rc=0 sq=0 bq=0 <"GET / HTTP/1.1">",
        ],
      ]
    `),
  );

  for (const [lines, log] of [
    ['option redispatch', 'b rc=+1'],
    ['option redispatch 1', 'b rc=+1'],
    ['option redispatch -1', 'b rc=+1'],
    ['no option redispatch', 'a rc=2'],
  ] as const) {
    agree(
      `${lines}: the first server refuses connections`,
      `listen {name}
  bind {bind}
  timeout connect 200ms
  retries 2
  ${lines}
  balance roundrobin
  server a {dead}
  server b {origin}`,
      async (side) => [(await side.ask(get('/'))).slice(9, 12), await side.logged(1)],
      (seen, expect) => {
        const [server, rc] = log.split(' ');
        const [status, tsc] = server === 'a' ? ['503', 'SC--'] : ['200', '----'];
        expect(seen).toEqual([status, [`NAME NAME/${server} ${status} ${tsc} ${rc} sq=0 bq=0 <"GET / HTTP/1.1">`]]);
      },
    );
  }

  agree(
    'retry-on with option redispatch: the answer of another server',
    `listen {name}
  bind {bind}
  retries 1
  option redispatch 1
  retry-on empty-response
  server a {origin}
  server b {origin2}`,
    async (side) => {
      failing(side, 'empty', 9);
      const text = await side.ask(get('/'));
      return [text.slice(9, 12), await side.logged(1), side.originOf(2).requests.length];
    },
    (seen, expect) =>
      expect(seen).toMatchInlineSnapshot(`
      [
        "200",
        [
          "NAME NAME/b 200 ---- rc=+1 sq=0 bq=0 <"GET / HTTP/1.1">",
        ],
        1,
      ]
    `),
  );

  agree(
    'a backup server serves when no other is usable',
    `listen {name}
  bind {bind}
  server a {origin} disabled
  server b {origin2} backup
  server c {origin3} backup`,
    async (side) => [(await side.ask(get('/1') + get('/2'), 2)).slice(9, 12), await side.logged(2)],
    (seen, expect) =>
      expect(seen).toMatchInlineSnapshot(`
      [
        "200",
        [
          "NAME NAME/b 200 ---- rc=0 sq=0 bq=0 <"GET /1 HTTP/1.1">",
          "NAME NAME/b 200 ---- rc=0 sq=0 bq=0 <"GET /2 HTTP/1.1">",
        ],
      ]
    `),
  );

  agree(
    'option allbackups',
    `listen {name}
  bind {bind}
  option allbackups
  option http-server-close
  server a {origin} disabled
  server b {origin2} backup
  server c {origin3} backup`,
    async (side) => {
      await side.ask(get('/1') + get('/2'), 2);
      return (await side.logged(2)).toSorted();
    },
    (seen, expect) =>
      expect(seen).toMatchInlineSnapshot(`
      [
        "NAME NAME/b 200 ---- rc=0 sq=0 bq=0 <"GET /1 HTTP/1.1">",
        "NAME NAME/c 200 ---- rc=0 sq=0 bq=0 <"GET /2 HTTP/1.1">",
      ]
    `),
  );

  agree(
    'retry-on a status leaves refused connections alone',
    `listen {name}
  bind {bind}
  retries 2
  retry-on 503
  server s {dead}`,
    async (side) => [(await side.ask(get('/'))).slice(9, 12), await side.logged(1)],
    (seen, expect) =>
      expect(seen).toMatchInlineSnapshot(`
      [
        "503",
        [
          "NAME NAME/s 503 SC-- rc=0 sq=0 bq=0 <"GET / HTTP/1.1">",
        ],
      ]
    `),
  );

  agree(
    'server redir',
    `listen {name}
  bind {bind}
  server s {origin} redir http://other.example`,
    async (side) => [
      await side.ask(get('/a?b')),
      await side.ask(head('HEAD /h HTTP/1.1', 'Host: h'), 1, ['HEAD']),
      await side.ask(post('/p', 'abc')),
      await side.logged(3),
      side.arrived(),
    ],
    (seen, expect) =>
      expect(seen).toMatchInlineSnapshot(`
      [
        "HTTP/1.1 302 Found
      cache-control: no-cache
      content-length: 0
      location: http://other.example/a?b
      connection: close

      ",
        "HTTP/1.1 302 Found
      cache-control: no-cache
      content-length: 0
      location: http://other.example/h
      connection: close

      ",
        "HTTP/1.1 200 OK
      content-length: 2

      /p",
        [
          "NAME NAME/s 302 LC-- rc=0 sq=0 bq=0 <"GET /a?b HTTP/1.1">",
          "NAME NAME/s 302 LC-- rc=0 sq=0 bq=0 <"HEAD /h HTTP/1.1">",
          "NAME NAME/s 200 ---- rc=0 sq=0 bq=0 <"POST /p HTTP/1.1">",
        ],
        "POST /p HTTP/1.1
      host: h
      content-length: 3

      abc",
      ]
    `),
  );
});
