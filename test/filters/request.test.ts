import { afterEach, describe, expect, it } from 'vitest';
import { counted } from './examples.ts';
import { answering, Harness } from './harness.ts';
import { unchunk } from './unchunk.ts';

const OK = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nOK';
const REPLACE = 'filter replace request lo LO!';
const post = (body: string, version = '1.1'): string =>
  `POST / HTTP/${version}\r\nhost: x\r\ncontent-length: ${body.length}\r\n\r\n${body}`;

let harness: Harness;
afterEach(() => harness.stop());

describe('a request passes through filters', () => {
  it('whole, with its length, when nothing changes it', async () => {
    harness = await Harness.start('filter count', answering(OK, 'hello'));
    expect(await harness.exchange(post('hello'), 'OK')).toContain('200 OK');
    expect(harness.origin.conversations[0]!.received).toBe(
      'POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\n\r\nhello',
    );
    await harness.stop();
    expect(counted[0]).toMatchObject({ request: 5, response: 2, cause: 'complete' });
  });

  it('chunked when a filter changes its size, in pieces as it comes', async () => {
    harness = await Harness.start(REPLACE, answering(OK, '0\r\n\r\n'));
    const client = await harness.client();
    client.send('POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\nhel');
    await harness.origin.when(() => harness.origin.conversations[0]?.received.includes('he') === true);
    client.send('lo lo');
    await new Promise((resolve) => setTimeout(resolve, 20));
    client.send('!!');
    expect(await client.sees('\r\n\r\nOK')).toBe(true);
    const { received } = harness.origin.conversations[0]!;
    expect(received).toMatch(/^POST \/ HTTP\/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n/);
    expect(unchunk(received.slice(received.indexOf('\r\n\r\n') + 4))).toBe('helLO! LO!!!');
    expect(client.closed).toBe('open');
  });

  it('with its length known first, from a client of HTTP/1.0', async () => {
    harness = await Harness.start(REPLACE, answering(OK, '!'));
    const client = await harness.client();
    client.send('POST / HTTP/1.0\r\ncontent-length: 5\r\n\r\nhel');
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(harness.origin.conversations).toHaveLength(0);
    client.send('lo');
    expect(await client.sees('200 OK')).toBe(true);
    expect(harness.origin.conversations[0]!.received).toBe(
      'POST / HTTP/1.0\r\ncontent-length: 6\r\nconnection: keep-alive\r\n\r\nhelLO!',
    );
  });

  it('with 413 to a request of HTTP/1.0 that is too large for that', async () => {
    harness = await Harness.start(REPLACE, answering(OK));
    expect(await harness.exchange(post('x'.repeat(400_000), '1.0'), '</html>')).toMatch(/^HTTP\/1.1 413 /);
    expect(harness.origin.conversations).toHaveLength(0);
  });

  it('and waits for filters while the server connection is made', async () => {
    harness = await Harness.start(`filter delay 50\n  ${REPLACE}`, answering(OK, '0\r\n\r\n'));
    expect(await harness.exchange(post('hello'), '\r\n\r\nOK')).toContain('200 OK');
    expect(harness.origin.conversations[0]!.received).toContain('\r\n\r\n6\r\nhelLO!\r\n0\r\n\r\n');
  });

  it('held back until a filter has seen enough', async () => {
    harness = await Harness.start('filter guard evil', answering(OK, 'ok!'));
    const client = await harness.client();
    client.send('POST / HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-length: 8\r\n\r\n');
    expect(await client.sees('HTTP/1.1 100 Continue\r\n\r\n')).toBe(true);
    client.send('fine ');
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(harness.origin.conversations).toHaveLength(0);
    client.send('ok!');
    expect(await client.sees('200 OK')).toBe(true);
    expect(harness.origin.conversations[0]!.received).toBe(
      'POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 8\r\n\r\nfine ok!',
    );
  });

  it('denied in the middle of its body, before a server hears of it', async () => {
    harness = await Harness.start('filter guard evil', answering(OK));
    const client = await harness.client();
    client.send('POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\nsome ev');
    await new Promise((resolve) => setTimeout(resolve, 20));
    client.send('il things');
    expect(await client.sawClose()).toBe(true);
    expect(client.received).toMatch(/^HTTP\/1.1 403 Forbidden\r\n/);
    expect(harness.origin.conversations).toHaveLength(0);
  });

  it('and what follows it on the connection stays apart', async () => {
    harness = await Harness.start(`filter count\n  ${REPLACE}\n  filter delay 10`, answering(OK, '0\r\n\r\n'));
    const client = await harness.client();
    client.send(post('hello').repeat(3));
    expect(await client.when(() => client.received === OK.repeat(3), 3000)).toBe(true);
    expect(counted).toHaveLength(3);
  });

  it('sent again as it was sent when the server gives no answer', async () => {
    harness = await Harness.start(
      `option redispatch 1\n  retries 2\n  retry-on empty-response\n  filter count\n  ${REPLACE}`,
      async (conversation, index) => {
        await conversation.sees('0\r\n\r\n');
        if (index === 0) conversation.end();
        else conversation.send(OK);
      },
    );
    expect(await harness.exchange(post('hello'), '\r\n\r\nOK')).toContain('200 OK');
    const [first, second] = harness.origin.conversations;
    expect(first!.received).toContain('6\r\nhelLO!\r\n0\r\n\r\n');
    expect(second!.received).toBe(first!.received);
    await harness.stop();
    expect(counted[0]).toMatchObject({ request: 5 });
  });

  it('and an early answer ends it', async () => {
    harness = await Harness.start('filter count', async (conversation) => {
      await conversation.sees('\r\n\r\n');
      conversation.send('HTTP/1.1 413 No\r\ncontent-length: 2\r\nconnection: close\r\n\r\nNO');
      conversation.end();
    });
    const client = await harness.client();
    client.send('POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\nhel');
    expect(await client.sees('\r\n\r\nNO')).toBe(true);
    client.send('lo you!');
    client.send('GET / HTTP/1.1\r\nhost: y\r\n\r\n');
    expect(await client.when(() => client.received.split('413').length === 3, 3000)).toBe(true);
    expect(counted[0]).toMatchObject({ request: 10, cause: 'complete' });
  });

  it('and the stages are shown in their order, and may answer', async () => {
    const seen: string[] = [];
    const stages = [
      'stream',
      'frontend-tcp-request',
      'frontend-http-request',
      'backend',
      'backend-tcp-request',
      'backend-http-request',
      'server',
      'tcp-response',
      'http-response',
    ] as const;
    const watch = {
      usage: '',
      summary: '',
      parse: () => ({
        attach: (_: unknown, side: string) => ({
          stages: Object.fromEntries(
            stages.map((stage) => [
              stage,
              async () => {
                seen.push(`${side[0]} ${stage}`);
                await Promise.resolve();
              },
            ]),
          ),
        }),
      }),
    };
    harness = await Harness.start(
      `frontend f
  bind 127.0.0.1:0
  filter watch
  default_backend b
backend b
  filter watch
  server s {origin}`,
      answering(OK),
      { plugins: [{ name: 'watch', api: 1, filters: { watch } }] },
    );
    expect(await harness.exchange('GET / HTTP/1.1\r\nhost: x\r\n\r\n', '\r\n\r\nOK')).toContain('200 OK');
    expect(seen).toEqual([
      'f stream',
      'f frontend-tcp-request',
      'f frontend-http-request',
      'f backend',
      'b backend',
      'f backend-tcp-request',
      'b backend-tcp-request',
      'f backend-http-request',
      'b backend-http-request',
      'f server',
      'b server',
      'f tcp-response',
      'b tcp-response',
      'f http-response',
      'b http-response',
    ]);
  });
});
