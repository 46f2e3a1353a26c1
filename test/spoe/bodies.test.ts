import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Scope, SpopInput } from 'sluice/agent';
import { RawOrigin } from '../support/raw-origin.ts';
import { until } from '../support/wait.ts';
import { shown } from './duel.ts';
import { EngineProxy } from './engine-proxy.ts';
import { type AgentScript, ScriptedAgent, type Seen } from './scripted-agent.ts';

let agent: ScriptedAgent;
let origin: RawOrigin;
let proxy: EngineProxy;
const BODIES = { helloValues: { capabilities: ['pipelining', 'body-stream'] } };

beforeEach(async () => {
  origin = await RawOrigin.start(async (talk) => {
    await talk.sees('\r\n\r\n');
    await talk.when(() => /END|\r\n0\r\n/.test(talk.received), 3000);
    talk.send('HTTP/1.1 200 OK\r\nContent-Length: 11\r\nConnection: close\r\n\r\nhello world');
    talk.end();
  });
});
afterEach(async () => {
  await proxy.stop();
  await until('connections to be closed', () => agent.open === 0);
  await agent.stop();
  await origin.stop();
});

async function start(
  file: string,
  script: AgentScript,
  options: { agent?: string; processing?: string } = {},
): Promise<void> {
  agent = await ScriptedAgent.start(script);
  proxy = await EngineProxy.start({
    file,
    backend: `server a 127.0.0.1:${agent.port}`,
    proxy: `server o 127.0.0.1:${origin.port}`,
    answers: false,
    ...options,
  });
}

/** What the pieces of a body come to, and whether it ended. */
function body(seen: readonly Seen[]): { text: string; ended: boolean; aborted: boolean } {
  const values = (name: string): string[] =>
    seen.flatMap(({ messages }) =>
      messages.flatMap(({ args }) => args.filter(([key]) => key === name).map(([, , value]) => value)),
    );
  return {
    text: values('stream-chunk')
      .map((hex) => Buffer.from(hex, 'hex').latin1Slice())
      .join(''),
    ended: values('stream-end').includes('true'),
    aborted: seen.some(({ flags }) => (flags & 2) !== 0),
  };
}
const isLast = ({ messages, flags }: Seen): boolean =>
  (flags & 2) !== 0 ||
  messages.some(({ args }) => args.some(([key, , value]) => key === 'stream-end' && value === 'true'));
/** One ACK behind the last piece. */
const patient = (...actions: readonly (readonly [Scope, string, SpopInput?])[]): AgentScript => ({
  ...BODIES,
  notify: (talk, seen) => {
    if (isLast(seen) && (seen.flags & 2) === 0) talk.ack(seen, actions);
  },
});
const post = (text: string): string =>
  `POST /up HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: ${text.length}\r\n\r\n${text}`;
async function send(bytes: string): Promise<string> {
  const client = await proxy.client(bytes);
  await client.sawClose(5000);
  return shown(client.received);
}

const REQUEST = 'spoe-message m\n    args p=path\n    event on-http-request-body';
const RESPONSE = 'spoe-message m\n    args s=status\n    event on-http-response-body';

describe('bodies on their way to an agent', () => {
  test('a request of 200 KiB, in frames of the size that was agreed on, and to the server as it was', async () => {
    await start(REQUEST, patient());
    const text = `${'0123456789'.repeat(20_000)}END`;
    expect(await send(post(text))).toBe('200|hello world');
    await until('the end', () => agent.seen.some(isLast));
    expect(body(agent.seen)).toEqual({ text, ended: true, aborted: false });
    expect(agent.seen[0]!.messages[0]!.args.map(([name]) => name)).toEqual(['p', 'stream-chunk', 'stream-end']);
    expect(agent.seen.map(({ frameId }) => frameId)).toEqual(agent.seen.map((_, index) => index + 1));
    expect(new Set(agent.seen.map(({ streamId }) => streamId)).size).toBe(1);
    expect(Math.max(...agent.seen.map(({ bytes }) => bytes.length))).toBeLessThanOrEqual(16_380);
    expect(origin.conversations[0]!.received.endsWith(text)).toBe(true);
  });

  test('a response', async () => {
    await start(RESPONSE, patient());
    expect(await send(post('END'))).toBe('200|hello world');
    await until('the end', () => agent.seen.some(isLast));
    expect(body(agent.seen)).toEqual({ text: 'hello world', ended: true, aborted: false });
  });

  test('no body at all ends at once', async () => {
    await start(REQUEST, patient());
    const client = await proxy.client('GET / HTTP/1.1\r\nHost: h\r\nX: END\r\nConnection: close\r\n\r\n');
    await client.sawClose(5000);
    expect(body(agent.seen)).toEqual({ text: '', ended: true, aborted: false });
  });

  test('an agent that knows nothing of bodies gets the message alone', async () => {
    await start(REQUEST, {});
    expect(await send(post('some text END'))).toBe('200|hello world');
    expect(agent.seen.map(({ messages }) => messages)).toEqual([[{ name: 'm', args: [['p', 8, '/up']] }]]);
  });

  test('an ACK before the end: no more is sent, the rest passes', async () => {
    await start(REQUEST, { ...BODIES, notify: (talk, seen) => void (seen.frameId === 1 && talk.ack(seen)) });
    const client = await proxy.client(
      'POST / HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: 9\r\n\r\nfirst ',
    );
    await until('the first piece', () => agent.seen.length === 1);
    await until('the place to be free', () => proxy.proxy.stats().activeServerStreams <= 1);
    await new Promise((resolve) => setTimeout(resolve, 50));
    client.send('END');
    await client.sawClose(5000);
    expect(client.received).toContain('hello world');
    expect(body(agent.seen)).toMatchObject({ text: 'first ', aborted: false });
    expect(agent.seen.length).toBe(1);
  });

  test('deny: the answer decides, and the server never sees the request', async () => {
    await start(`${REQUEST}\n    deny if { var(txn.e.bad) -m bool }`, patient(['txn', 'bad', true]));
    expect((await send(post('evil END'))).slice(0, 3)).toBe('403');
    expect(origin.conversations.map(({ received }) => received).join('')).toBe('');
  });

  test('deny: a body that is good arrives whole behind the answer', async () => {
    await start(`${REQUEST}\n    deny if { var(txn.e.bad) -m bool }`, patient(['txn', 'bad', false]));
    expect(await send(post('good END'))).toBe('200|hello world');
    expect(origin.conversations[0]!.received.endsWith('good END')).toBe(true);
  });

  test('deny: a response', async () => {
    await start(`${RESPONSE}\n    deny if { var(txn.e.bad) -m bool }`, patient(['txn', 'bad', true]));
    expect((await send(post('END'))).slice(0, 3)).toBe('502');
  });

  test('more than hold allows passes, and can only be cut', async () => {
    await start(`${REQUEST}\n    deny if { var(txn.e.bad) -m bool }\n    hold 1k`, patient(['txn', 'bad', true]));
    expect(await send(post(`${'x'.repeat(3000)}END`))).not.toContain('hello world');
    await until('what was held to have passed', () => origin.conversations[0]!.received.includes('xxx'));
  });

  test('a client that leaves: the body breaks off', async () => {
    await start(REQUEST, { ...BODIES, notify: () => undefined });
    const client = await proxy.client('POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nfirst ');
    await until('the first piece', () => agent.seen.length === 1);
    client.reset();
    await until('the end', () => agent.seen.length === 2);
    expect(body(agent.seen)).toEqual({ text: 'first ', ended: false, aborted: true });
  });

  test('an agent that says nothing: the body passes all the same, and is given up in time', async () => {
    await start(REQUEST, { ...BODIES, notify: () => undefined }, { processing: '100ms' });
    const client = await proxy.client(
      'POST / HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: 9\r\n\r\nfirst ',
    );
    await until('it to be given up', () => agent.seen.length === 2);
    client.send('END');
    await client.sawClose(5000);
    expect(client.received).toContain('hello world');
    expect(body(agent.seen)).toMatchObject({ text: 'first ', aborted: true });
  });

  test('an agent that takes nothing holds the body up, for its time', async () => {
    await start(REQUEST, { ...BODIES, notify: (talk) => void talk.socket.pause() }, { processing: '300ms' });
    const began = Date.now();
    expect(await send(post(`${'x'.repeat(12 << 20)}END`))).toBe('200|hello world');
    expect(Date.now() - began).toBeGreaterThan(250);
    agent.script = {};
    for (const { socket } of agent.talks) socket.resume();
  });

  test('others get another connection meanwhile', async () => {
    await start(
      `${REQUEST} if METH_POST\nspoe-message n\n    event on-frontend-http-request`,
      {
        ...BODIES,
        notify: (talk, seen) => {
          if (seen.messages[0]?.name === 'n') talk.ack(seen);
        },
      },
      { agent: '    messages n' },
    );
    await proxy.client('POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nfirst ');
    await until('the first piece', () => agent.seen.length === 2);
    const client = await proxy.client('GET / HTTP/1.1\r\nHost: h\r\nX: END\r\nConnection: close\r\n\r\n');
    await client.sawClose(5000);
    expect(client.received).toContain('hello world');
    const last = agent.seen.at(-1)!;
    expect([last.messages[0]!.name, last.connection]).toEqual(['n', 1]);
  });
});

describe('on-http-end', () => {
  test('is told what became of a transaction, and nobody waits for the ACK', async () => {
    await start(
      'spoe-message m\n    args s=status b=bytes_out p=capture.req.uri a=var(txn.a)\n    event on-http-end if { status 200 }',
      {
        notify: () => undefined,
      },
      { processing: '10s' },
    );
    expect(await send(post('END'))).toBe('200|hello world');
    await until('the message', () => agent.seen.length === 1);
    const { args } = agent.seen[0]!.messages[0]!;
    expect(args[0]).toEqual(['s', 4, '200']);
    expect(Number(args[1]![2])).toBeGreaterThan(50);
    expect(args[2]).toEqual(['p', 8, '/up']);
    expect(args[3]![1]).toBe(0);
  });

  test('answers the proxy gave itself count, too; conditions are looked at', async () => {
    await start('spoe-message m\n    args s=status\n    event on-http-end unless { status 200 }', {}, {});
    await origin.stop();
    expect((await send(post('END'))).slice(0, 3)).toBe('503');
    await until('the message', () => agent.seen.length === 1);
    expect(agent.seen[0]!.messages[0]!.args).toEqual([['s', 4, '503']]);
    origin = await RawOrigin.start(() => undefined);
  });

  test('what is under way when the proxy stops still leaves', async () => {
    await start('spoe-message m\n    args s=status\n    event on-http-end', {});
    const client = await proxy.client(post('END'));
    await client.sawClose(5000);
    await proxy.proxy.stop({ drain: 1000 });
    expect(agent.seen.length).toBe(1);
  });
});
