import { connect as connectTls } from 'node:tls';
import { describe, expect, test } from 'vitest';
import { RawOrigin } from '../support/raw-origin.ts';
import type { RawClient } from '../support/raw-client.ts';
import type { ProxyProgram } from '../support/proxy.ts';
import { missing, title } from '../support/which.ts';
import { onStage } from '../tcp/scenario.ts';

const absent = missing('haproxy');
const PROGRAMS: readonly ProxyProgram[] = absent.length === 0 ? ['sluice', 'haproxy'] : ['sluice'];

/** How long nothing has to happen for the rules to count as waiting. */
const PATIENCE = 250;

/** What became of a connection after some bytes: still undecided, let through, or closed by a rule. */
type Outcome = 'waits' | 'passes' | 'closed';

async function outcome(client: RawClient, expected: Outcome): Promise<Outcome> {
  const patience = expected === 'waits' ? PATIENCE : 5000;
  await client.when(() => client.closed !== 'open' || client.received !== '', patience);
  if (client.received !== '') return 'passes';
  return client.closed === 'open' ? 'waits' : 'closed';
}

/** The origin greets everybody, so that a client knows when it has been let through. */
const greet = { play: (conversation: { send(bytes: string): void }): void => conversation.send('hi') };

/** Sends pieces one after the other and notes the outcome after the connection and after each of them; `END` ends the client's side. */
async function played(
  program: ProxyProgram,
  lines: readonly string[],
  pieces: readonly string[],
  expected: readonly Outcome[],
): Promise<Outcome[]> {
  const seen: Outcome[] = [];
  await onStage(
    {
      program,
      ...greet,
      configuration: ([port], origin) =>
        [
          `listen l`,
          `  bind 127.0.0.1:${port}`,
          ...lines.map((line) => `  ${line}`),
          `  server s 127.0.0.1:${origin}`,
        ].join('\n'),
    },
    async (stage) => {
      // Who is turned away at once may hear of it before the connection is there.
      const client = await stage.client({ halfOpen: true }).catch(() => undefined);
      if (client === undefined) {
        seen.push('closed');
        return;
      }
      seen.push(await outcome(client, expected[seen.length]!));
      for (const piece of pieces) {
        if (piece === 'END') client.end();
        else if (piece === 'LATER') await client.when(() => client.closed !== 'open' || client.received !== '', 5000);
        else client.send(piece);
        seen.push(await outcome(client, expected[seen.length]!));
      }
    },
  );
  return seen;
}

/** The first bytes of a TLS client that wants `servername`. */
async function clientHello(servername: string | undefined): Promise<string> {
  const origin = await RawOrigin.start(() => undefined);
  const client = connectTls({
    port: origin.port,
    host: '127.0.0.1',
    ...(servername === undefined ? {} : { servername }),
  });
  client.on('error', () => undefined);
  await origin.when(() => (origin.conversations[0]?.received.length ?? 0) > 200);
  const bytes = origin.conversations[0]!.received;
  client.destroy();
  await origin.stop();
  return bytes;
}

const hello = await clientHello('www.example.com');
const nameless = await clientHello(undefined);

const LONG = 'tcp-request inspect-delay 30s';
const SHORT = 'tcp-request inspect-delay 900ms';

/** Title, lines, pieces, and what is seen after the connection and after each piece. */
const CASES: readonly (readonly [string, readonly string[], readonly string[], readonly Outcome[]])[] = [
  [
    'a rule that needs no bytes does not wait',
    [LONG, 'tcp-request content accept if { src 127.0.0.1 }', 'tcp-request content reject'],
    [],
    ['passes'],
  ],
  [
    'the length',
    [LONG, 'tcp-request content accept if { req.len gt 5 }', 'tcp-request content reject'],
    ['abc', 'def'],
    ['waits', 'waits', 'passes'],
  ],
  [
    'a length that is small enough now',
    [LONG, 'tcp-request content accept if { req.len lt 5 }', 'tcp-request content reject'],
    [],
    ['passes'],
  ],
  [
    'not a length',
    [LONG, 'tcp-request content accept if !{ req.len gt 5 }', 'tcp-request content reject'],
    ['abc', 'def'],
    ['waits', 'waits', 'closed'],
  ],
  [
    'unless',
    [LONG, 'tcp-request content accept unless { req.len gt 5 }', 'tcp-request content reject'],
    ['abc', 'def'],
    ['waits', 'waits', 'closed'],
  ],
  [
    'payload',
    [LONG, 'tcp-request content accept if { req.payload(0,3) -m str SSH }', 'tcp-request content reject'],
    ['SS', 'H-2'],
    ['waits', 'waits', 'passes'],
  ],
  [
    'payload that is another',
    [LONG, 'tcp-request content accept if { req.payload(0,3) -m str SSH }', 'tcp-request content reject'],
    ['SS', 'x'],
    ['waits', 'waits', 'closed'],
  ],
  [
    'payload to the end',
    [LONG, 'tcp-request content accept if { req.payload(0,0) -m sub b }', 'tcp-request content reject'],
    ['aa', 'ab'],
    ['waits', 'waits', 'passes'],
  ],
  [
    'payload with its length',
    [LONG, 'tcp-request content accept if { req.payload_lv(0,1) -m str abc }', 'tcp-request content reject'],
    ['\x03', 'ab', 'c'],
    ['waits', 'waits', 'waits', 'passes'],
  ],
  [
    'payload with a length of 0',
    [LONG, 'tcp-request content accept if { req.payload_lv(0,1) -m found }', 'tcp-request content reject'],
    ['\x00'],
    ['waits', 'closed'],
  ],
  [
    'the end of the delay',
    [SHORT, 'tcp-request content accept if { req.len gt 5 }', 'tcp-request content reject'],
    ['LATER'],
    ['waits', 'closed'],
  ],
  [
    'the end of the delay without a rule that applies',
    [SHORT, 'tcp-request content reject if { req.len gt 5 }'],
    ['LATER'],
    ['waits', 'passes'],
  ],
  [
    'WAIT_END',
    [SHORT, 'tcp-request content accept if WAIT_END', 'tcp-request content reject'],
    ['LATER'],
    ['waits', 'passes'],
  ],
  [
    'wait_end and more',
    [SHORT, 'tcp-request content accept if { wait_end } { req.len gt 2 }', 'tcp-request content reject'],
    ['abc', 'LATER'],
    ['waits', 'waits', 'passes'],
  ],
  ['not wait_end', [SHORT, 'tcp-request content reject if !{ wait_end }'], ['LATER'], ['waits', 'passes']],
  [
    'the end of the input',
    [LONG, 'tcp-request content accept if { req.len gt 5 }', 'tcp-request content reject'],
    ['abc', 'END'],
    ['waits', 'waits', 'closed'],
  ],
  [
    'false and undecided is false',
    [LONG, 'tcp-request content reject if { src 1.2.3.4 } { req.len gt 5 }'],
    [],
    ['passes'],
  ],
  [
    'undecided and false is undecided',
    [LONG, 'tcp-request content reject if { req.len gt 5 } { src 1.2.3.4 }'],
    ['abcdef'],
    ['waits', 'passes'],
  ],
  [
    'undecided or true is true',
    [LONG, 'tcp-request content accept if { req.len gt 5 } || { src 127.0.0.1 }', 'tcp-request content reject'],
    [],
    ['passes'],
  ],
  [
    'undecided or false',
    [LONG, 'tcp-request content accept if { req.len gt 5 } || { src 1.2.3.4 }', 'tcp-request content reject'],
    ['abcdef'],
    ['waits', 'passes'],
  ],
  [
    'several lines of one name',
    [
      LONG,
      'acl enough req.len gt 5',
      'acl enough req.payload(0,1) -m str x',
      'tcp-request content accept if enough',
      'tcp-request content reject',
    ],
    ['a', 'bcdef'],
    ['waits', 'waits', 'passes'],
  ],
  [
    'a converter',
    [LONG, 'tcp-request content accept if { req.payload(0,2),hex 6162 }', 'tcp-request content reject'],
    ['a', 'b'],
    ['waits', 'waits', 'passes'],
  ],
  [
    'the type of a hello that comes in parts',
    [LONG, 'tcp-request content accept if { req.ssl_hello_type 1 }', 'tcp-request content reject'],
    [hello.slice(0, 4), hello.slice(4, 100), hello.slice(100)],
    ['waits', 'waits', 'waits', 'passes'],
  ],
  [
    'no hello',
    [LONG, 'tcp-request content accept if { req.ssl_hello_type 1 }', 'tcp-request content reject'],
    ['GET / HTTP/1.0\r\n'],
    ['waits', 'closed'],
  ],
  [
    'not a hello',
    [LONG, 'tcp-request content reject if !{ req.ssl_hello_type 1 }'],
    ['GET / HTTP/1.0\r\n'],
    ['waits', 'closed'],
  ],
  [
    'the name in a hello',
    [LONG, 'tcp-request content accept if { req.ssl_sni -i WWW.example.com }', 'tcp-request content reject'],
    [hello.slice(0, 100), hello.slice(100)],
    ['waits', 'waits', 'passes'],
  ],
  [
    'another name',
    [LONG, 'tcp-request content accept if { req.ssl_sni a.com }', 'tcp-request content reject'],
    [hello],
    ['waits', 'closed'],
  ],
  [
    'a hello without a name',
    [LONG, 'tcp-request content accept if { req.ssl_sni -m found }', 'tcp-request content reject'],
    [nameless],
    ['waits', 'closed'],
  ],
  [
    'no name without a hello',
    [LONG, 'tcp-request content accept if { req.ssl_sni -m found }', 'tcp-request content reject'],
    ['abcdefgh'],
    ['waits', 'closed'],
  ],
  [
    'an RDP cookie',
    [LONG, 'tcp-request content accept if RDP_COOKIE', 'tcp-request content reject'],
    ['\x03\x00\x00\x24\x1f\xe0\x00\x00\x00\x00\x00', 'Cookie: mstshash=user1\r\n\r\n'],
    ['waits', 'waits', 'passes'],
  ],
  [
    'no RDP cookie',
    [LONG, 'tcp-request content accept if RDP_COOKIE', 'tcp-request content reject'],
    ['abcdefghijklmnopqrst'],
    ['waits', 'closed'],
  ],
  ['without a delay', ['tcp-request content accept if { req.len gt 5 }', 'tcp-request content reject'], [], ['closed']],
  [
    'a variable does not wait',
    [
      LONG,
      'tcp-request content set-var(sess.x) req.len',
      'tcp-request content accept if { var(sess.x) -m int 0 }',
      'tcp-request content reject',
    ],
    [],
    ['passes'],
  ],
  [
    'rules before the one that waits act again',
    [
      LONG,
      'tcp-request content set-var(sess.x) req.len',
      'tcp-request content accept if { req.len gt 2 } { var(sess.x) -m int 3 }',
      'tcp-request content reject',
    ],
    ['abc'],
    ['waits', 'passes'],
  ],
  [
    'a full buffer',
    [LONG, 'tcp-request content accept if { req.len gt 100000 }', 'tcp-request content reject'],
    ['x'.repeat(20_000)],
    ['waits', 'closed'],
  ],
];

/** `acl()` is younger than HAProxy 2.6. */
const NEWER: typeof CASES = [
  [
    'acl()',
    [LONG, 'acl enough req.len gt 5', 'tcp-request content accept if { acl(enough) }', 'tcp-request content reject'],
    ['a', 'bcdef'],
    ['waits', 'waits', 'passes'],
  ],
];

describe.concurrent(title('tcp-request content rules wait for bytes', absent), () => {
  for (const [name, lines, pieces, expected] of CASES) {
    for (const program of PROGRAMS) {
      test(`${name}: ${program}`, async () => {
        expect(await played(program, lines, pieces, expected)).toEqual(expected);
      });
    }
  }
  for (const [name, lines, pieces, expected] of NEWER) {
    test(name, async () => {
      expect(await played('sluice', lines, pieces, expected)).toEqual(expected);
    });
  }
});

/** Routes by the name in the hello, to origins that greet with their own names. */
const routing =
  (delay: string): ((ports: readonly number[], origins: readonly number[]) => string) =>
  (ports, origins) =>
    [
      'frontend f',
      `  bind 127.0.0.1:${ports[0]}`,
      `  ${delay}`,
      '  tcp-request content accept if { req.ssl_hello_type 1 }',
      '  use_backend a if { req.ssl_sni -i A.example }',
      '  use_backend b if { req.ssl_sni -m end .b.example }',
      '  default_backend c',
      ...['a', 'b', 'c'].map((name, i) => `backend ${name}\n  server s 127.0.0.1:${origins[i]}`),
    ].join('\n');

describe(title('routing by the name a TLS client wants', absent), () => {
  for (const program of PROGRAMS) {
    test(program, async () => {
      const origins = await Promise.all(
        ['a', 'b', 'c'].map((name) => RawOrigin.start((conversation) => conversation.send(name))),
      );
      const hellos = await Promise.all(['a.example', 'x.b.example', 'other.example', undefined].map(clientHello));
      try {
        await onStage(
          {
            program,
            configuration: (ports) =>
              routing(LONG)(
                ports,
                origins.map(({ port }) => port),
              ),
          },
          async (stage) => {
            const answers: string[] = [];
            for (const bytes of hellos) {
              const client = await stage.client();
              client.send(bytes.slice(0, 50));
              // Nothing is routed by half a hello.
              expect(await outcome(client, 'waits')).toBe('waits');
              client.send(bytes.slice(50));
              await client.when(() => client.received !== '');
              answers.push(client.received);
              const { conversations } = origins['abc'.indexOf(client.received)]!;
              const last = conversations.at(-1)!;
              await last.when(() => last.received.length >= bytes.length);
              expect(last.received).toBe(bytes);
            }
            expect(answers).toEqual(['a', 'b', 'c', 'c']);
          },
        );
      } finally {
        await Promise.all(origins.map((origin) => origin.stop()));
      }
    });
  }
});
