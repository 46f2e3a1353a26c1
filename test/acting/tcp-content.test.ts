import { arena } from '../http/arena.ts';
import { response } from '../http/scripted-origin.ts';
import type { Side } from '../http/side.ts';
import { get } from '../http/wire.ts';

const http = (...lines: string[]): string =>
  ['listen {name}', 'bind {bind}', 'server s {origin}', ...lines].join('\n  ');
const tcp = (...lines: string[]): string => http('mode tcp', 'log-format "%ft %b/%s %ST %tsc rc=%rc"', ...lines);
const RESPONSE_DELAY = 'tcp-response inspect-delay 400ms';
const REQUEST_DELAY = 'tcp-request inspect-delay 400ms';

/** What the client got, how it ended, and the cause in the log. */
async function fate(side: Side, bytes: string): Promise<unknown> {
  const client = await side.client(bytes);
  await client.sawClose();
  // Where nothing was sent nothing is logged.
  if (bytes === '') return [client.received, client.closed];
  const [line] = await side.logged(1);
  return [client.received, client.closed, /[A-Za-z-]{4} rc/.exec(line!)?.[0].slice(0, 2)];
}

/** The origin says `parts`, each when the client has got the one before, or after a moment. */
function speaking(side: Side, ...parts: string[]): void {
  side.origin.play = async (on) => {
    for (const part of parts) {
      on.send(part);
      await on.when(() => false, 60);
    }
  };
}

const incomplete = (side: Side): void => {
  side.origin.answer = () => 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nab';
};

arena('tcp-response content', ({ agree }) => {
  for (const [action, expected] of [
    ['reject', ['', 'end', 'PD']],
    ['close', undefined],
    ['accept', undefined],
  ] as const) {
    agree(
      `HTTP: ${action}`,
      http(`tcp-response content ${action}`),
      (side) => (expected === undefined ? side.ask(get('/')) : fate(side, get('/'))),
      (seen, expect) => {
        if (expected !== undefined) expect(seen).toEqual(expected);
        else expect(seen).toMatch(action === 'close' ? /^HTTP\/1\.1 502 / : /^HTTP\/1\.1 200 /);
      },
    );
  }

  agree(
    'HTTP: rules see the second request of a connection',
    http('http-request set-var(txn.p) path', 'tcp-response content reject if { var(txn.p) -m str /b }'),
    (side) => side.ask(get('/a') + get('/b'), 2),
    (seen, expect) => expect(seen).toMatch(/\/a\n?\(closed\)$/),
  );

  agree(
    'HTTP: without a delay they run before there is a response',
    http('tcp-response content reject if { status 200 }'),
    (side) => side.ask(get('/')),
    (seen, expect) => expect(seen).toMatch(/^HTTP\/1\.1 200 /),
  );

  agree(
    'HTTP: with a delay they wait for the head',
    http(RESPONSE_DELAY, 'tcp-response content accept if { status 200 }', 'tcp-response content reject'),
    async (side) => {
      side.origin.answer = ({ target }) =>
        target === '/bad' ? 'HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n' : response('x');
      return [await side.ask(get('/')), await side.ask(get('/bad'))];
    },
    (seen, expect) => expect(seen).toEqual([expect.stringMatching(/^HTTP\/1\.1 200 /), '(closed)']),
  );

  agree(
    'HTTP: variables are set before http-response rules',
    http('tcp-response content set-var(txn.a) str(seen)', 'http-response set-header x-a "%[var(txn.a)]"'),
    (side) => side.ask(get('/')),
    (seen, expect) => expect(seen).toContain('x-a: seen'),
  );

  agree(
    'HTTP: WAIT_END waits for the body, until the delay is over',
    http(RESPONSE_DELAY, 'tcp-response content reject if WAIT_END'),
    async (side) => {
      incomplete(side);
      const client = await side.client(get('/'));
      await client.sawClose();
      return [client.received, client.closed];
    },
    (seen, expect) => expect(seen).toEqual(['', 'end']),
  );

  agree(
    'TCP: reject before a byte has come',
    tcp('tcp-response content reject'),
    (side) => fate(side, ''),
    (seen, expect) => expect(seen).toEqual(['', 'end']),
  );

  agree(
    'TCP: bytes are looked at as they come',
    tcp(RESPONSE_DELAY, 'tcp-response content reject if { res.payload(0,9) -m str hellomore }'),
    async (side) => {
      speaking(side, 'hello', 'more');
      return fate(side, '');
    },
    (seen, expect) => expect(seen).toEqual(['', 'end']),
  );

  agree(
    'TCP: what cannot match any more passes at once',
    tcp('tcp-response inspect-delay 60s', 'tcp-response content reject if { res.payload(0,3) -m str bad }'),
    async (side) => {
      speaking(side, 'good');
      const client = await side.client();
      await client.sees('good');
      return client.received;
    },
    (seen, expect) => expect(seen).toBe('good'),
  );

  agree(
    'TCP: `unless` waits for what could still match',
    tcp(RESPONSE_DELAY, 'tcp-response content reject unless { res.payload(0,9) -m str hellomore }'),
    async (side) => {
      speaking(side, 'hello', 'more');
      const client = await side.client();
      await client.sees('more');
      return client.received;
    },
    (seen, expect) => expect(seen).toBe('hellomore'),
  );

  agree(
    'TCP: WAIT_END holds the bytes for the delay',
    tcp(RESPONSE_DELAY, 'tcp-response content reject if WAIT_END'),
    async (side) => {
      speaking(side, 'hello');
      return fate(side, '');
    },
    (seen, expect) => expect(seen).toEqual(['', 'end']),
  );

  agree(
    'TCP: an early end of the server ends the wait',
    tcp('tcp-response inspect-delay 60s', 'tcp-response content accept if WAIT_END'),
    async (side) => {
      side.origin.play = (on) => {
        on.send('bye');
        on.end();
      };
      const client = await side.client();
      await client.sawClose();
      return [client.received, client.closed];
    },
    (seen, expect) => expect(seen).toEqual(['bye', 'end']),
  );

  agree(
    'TCP: close lets what has come pass',
    tcp(RESPONSE_DELAY, 'tcp-response content close if { res.len gt 4 }'),
    async (side) => {
      speaking(side, 'hello', 'more');
      const client = await side.client();
      await client.sawClose();
      return [client.received, client.closed];
    },
    (seen, expect) => expect(seen).toEqual(['hello', 'end']),
  );
});

arena('tcp-request content with an inspect-delay', ({ agree }) => {
  agree(
    'TCP: a rule that needs no bytes does not wait',
    tcp('tcp-request inspect-delay 60s', 'tcp-request content reject'),
    async (side) => {
      const client = await side.client();
      await client.sawClose();
      return client.closed;
    },
    (seen, expect) => expect(seen).toBe('end'),
  );

  agree(
    'TCP: lengths wait for more bytes',
    tcp(
      'tcp-request inspect-delay 60s',
      'tcp-request content accept if { req.len gt 3 }',
      'tcp-request content reject',
    ),
    async (side) => {
      side.origin.play = async (on) => {
        await on.sees('abcd');
        on.send('got it');
      };
      const client = await side.client('ab');
      await client.when(() => false, 50);
      client.send('cd');
      await client.sees('got it');
      return client.received;
    },
    (seen, expect) => expect(seen).toBe('got it'),
  );

  agree(
    'TCP: the delay passes without them',
    tcp(REQUEST_DELAY, 'tcp-request content accept if { req.len gt 3 }', 'tcp-request content reject'),
    (side) => fate(side, 'ab'),
    (seen, expect) => expect(seen).toEqual(['', 'end', 'PR']),
  );

  agree(
    'TCP: no TLS is seen at the first byte',
    tcp(
      'tcp-request inspect-delay 60s',
      'tcp-request content accept if { req.ssl_hello_type 1 }',
      'tcp-request content reject',
    ),
    (side) => fate(side, 'GET / HTTP/1.0\r\n\r\n'),
    (seen, expect) => expect(seen).toEqual(['', 'end', 'PR']),
  );

  agree(
    'HTTP: WAIT_END is true once the request is whole',
    http('tcp-request inspect-delay 60s', 'tcp-request content reject if WAIT_END'),
    (side) => fate(side, get('/')),
    (seen, expect) => expect(seen).toEqual(['', 'end', 'PR']),
  );
});
