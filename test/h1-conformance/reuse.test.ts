import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type RunningProxy, proxyUnderTest, startProxy } from '../support/proxy.ts';
import { RawClient } from '../support/raw-client.ts';
import { type Conversation, RawOrigin } from '../support/raw-origin.ts';
import { sleep } from '../support/wait.ts';
import { post, request } from './case.ts';
import { messages } from './messages.ts';

const ok = (name: string): string => `HTTP/1.1 200 OK\r\nContent-Length: ${name.length}\r\n\r\n${name}`;
const EVIL = 'HTTP/1.1 200 EVIL\r\nContent-Length: 4\r\n\r\nEVIL';

/** What the origin sends for the first client's request; whatever the second one asks is answered with its own path. */
interface Poison {
  name: string;
  answer: readonly string[];
  /** The first client's request. */
  send?: string;
  /** How many connections the origin sees in all, where that is certain. */
  connections?: number;
}

const poisons: readonly Poison[] = [
  { name: 'nothing odd: the connection is shared', answer: [ok('first')], connections: 1 },
  { name: 'a second response in the same write', answer: [ok('first') + EVIL] },
  { name: 'a second response later, on the idle connection', answer: [ok('first'), EVIL] },
  { name: 'half a second response', answer: [ok('first') + EVIL.slice(0, 20)] },
  { name: 'a byte behind the response', answer: [`${ok('first')}x`] },
  {
    name: 'a response behind chunks',
    answer: [`HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${EVIL}`],
  },
  { name: 'a response behind a 204', answer: [`HTTP/1.1 204 No\r\n\r\n${EVIL}`] },
  { name: 'a response behind a 304', answer: [`HTTP/1.1 304 Not\r\n\r\n${EVIL}`] },
  { name: 'a body behind the answer to HEAD', answer: [ok('first') + EVIL], send: request('HEAD /first HTTP/1.1') },
  { name: 'a response behind a bad one', answer: [`HTTP/1.1 200 OK\r\nX Y: 1\r\n\r\n${EVIL}`] },
  {
    name: 'a response behind an unwanted 101',
    answer: [`HTTP/1.1 101 S\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n${EVIL}`],
  },
  {
    name: 'a response before the request body is complete',
    answer: [ok('first')],
    send: post(['Content-Length: 10'], 'abc'),
  },
];

/** The paths of the whole requests in a stream. */
const paths = (bytes: string): string[] =>
  messages(bytes, { kind: 'request' })
    .filter(({ complete }) => complete)
    .map(({ head }) => head.split(' ')[1]!);

const bodies = ({ received }: RawClient): string[] => messages(received, { kind: 'response' }).map(({ body }) => body);

/** Answers the first request ever with the poison, all others with their path. */
const player =
  ({ answer }: Poison) =>
  async (conversation: Conversation, index: number): Promise<void> => {
    for (let answered = 0; conversation.closed === 'open';) {
      const { received } = conversation;
      if (index === 0 && answered === 0 && received.includes('\r\n\r\n')) {
        for (const bytes of answer) {
          conversation.send(bytes);
          await sleep(20);
        }
        answered = 1;
      }
      const list = paths(received);
      for (; answered < list.length; answered++) conversation.send(ok(list[answered]!));
      await conversation.when(() => conversation.received !== received || conversation.closed !== 'open', 60_000);
    }
  };

const section = (name: string, port: number, origin: RawOrigin): string => `listen ${name}
  bind 127.0.0.1:${port}
  server origin 127.0.0.1:${origin.port} pool-purge-delay 30s
`;

describe(`one client's origin connection for another, ${proxyUnderTest()}`, () => {
  let origins: RawOrigin[];
  let proxy: RunningProxy;

  beforeAll(async () => {
    origins = await Promise.all(poisons.map((poison) => RawOrigin.start(player(poison))));
    const configuration = (ports: readonly number[]): string => `defaults
  mode http
  http-reuse always
  timeout connect 5s
  timeout client 30s
  timeout server 30s
${origins.map((origin, i) => section(`p${i}`, ports[i]!, origin)).join('')}`;
    proxy = await startProxy(poisons.length, configuration);
  });
  afterAll(async () => {
    await proxy?.stop();
    await Promise.all(origins?.map((origin) => origin.stop()));
  });

  test.each(poisons.map((poison, i) => ({ ...poison, i })))('$name', async ({ send, connections, i }) => {
    const port = proxy.ports[i]!;
    const first = await RawClient.connect(port);
    first.send(send ?? request('GET /first HTTP/1.1'));
    expect(await first.sees('\r\n\r\n')).toBe(true);
    await sleep(60);
    const second = await RawClient.connect(port);
    second.send(request('GET /second HTTP/1.1'));
    await second.sees('/second');
    first.destroy();
    const third = await RawClient.connect(port);
    third.send(request('GET /third HTTP/1.1'));
    await third.sees('/third');
    second.destroy();
    third.destroy();
    expect(bodies(second)).toEqual(['/second']);
    expect(bodies(third)).toEqual(['/third']);
    expect(first.received).not.toContain('EVIL');
    if (connections !== undefined) expect(origins[i]!.conversations).toHaveLength(connections);
  });
});
