import { afterEach, describe, expect, it } from 'vitest';
import { counted } from './examples.ts';
import { Harness } from './harness.ts';

const UPGRADE = 'GET /chat HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: chat\r\n\r\n';
const SWITCHING = 'HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: chat\r\n\r\n';

let harness: Harness;
afterEach(() => harness.stop());

describe('a tunnel passes through filters as bytes', () => {
  for (const filters of ['filter count', 'filter count\n  filter delay 20']) {
    it(`both ways, through ${filters.replaceAll('\n  ', ', ')}`, async () => {
      harness = await Harness.start(`${filters}\n  filter replace response you YOU!`, async (conversation) => {
        await conversation.sees('\r\n\r\n');
        conversation.send(`${SWITCHING}hello yo`);
        await conversation.sees('ping');
        conversation.send('u END');
        await conversation.when(() => conversation.closed === 'end');
        conversation.end();
      });
      const client = await harness.client();
      client.send(`${UPGRADE}early `);
      expect(await client.sees('hello ')).toBe(true);
      client.send('ping');
      expect(await client.sees('END')).toBe(true);
      client.end();
      expect(await client.sawClose()).toBe(true);
      expect(client.received).toBe(`${SWITCHING}hello YOU! END`);
      expect(harness.origin.conversations[0]!.received).toBe(`${UPGRADE}early ping`);
      await harness.stop();
      expect(counted[0]).toMatchObject({ request: 10, response: 13, cause: 'complete' });
      expect(counted[0]!.ends).toEqual([
        'request head 0 all',
        'request end',
        'response head ? all',
        'response end',
        'request raw end',
        'response raw end',
      ]);
    });
  }

  it('and one that was declined is a response like any other', async () => {
    harness = await Harness.start('filter count\n  filter replace response you YOU!', async (conversation) => {
      await conversation.sees('\r\n\r\n');
      conversation.send('HTTP/1.1 200 OK\r\ncontent-length: 7\r\n\r\nyou END');
    });
    const client = await harness.client();
    client.send(UPGRADE);
    expect(await client.sees('0\r\n\r\n')).toBe(true);
    expect(client.received).toBe('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n8\r\nYOU! END\r\n0\r\n\r\n');
  });
});

describe('with filters', () => {
  it('option logasap logs when the head has left', async () => {
    const logged: string[] = [];
    harness = await Harness.start(
      'option logasap\n  filter count',
      async (conversation) => {
        await conversation.sees('\r\n\r\n');
        conversation.send('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhello');
        await conversation.sees('never', 200);
        conversation.send(' END');
      },
      {
        plugins: [
          {
            name: 'logger',
            api: 1,
            setup: () => ({ hooks: { log: ({ response }) => void logged.push(String(response?.status)) } }),
          },
        ],
      },
    );
    const client = await harness.client();
    client.send('GET / HTTP/1.1\r\nhost: x\r\n\r\n');
    expect(await client.sees('hello')).toBe(true);
    expect(logged).toEqual(['200']);
    expect(await client.sees(' END')).toBe(true);
    expect(logged).toEqual(['200']);
  });

  it('option abortonclose leaves the server when the client does', async () => {
    harness = await Harness.start('option abortonclose\n  filter count\n  filter delay 5s', async (conversation) => {
      await conversation.sees('\r\n\r\n');
      conversation.send('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhello');
    });
    const client = await harness.client();
    client.send('GET / HTTP/1.1\r\nhost: x\r\n\r\n');
    await harness.origin.when(() => harness.origin.conversations[0]?.received.includes('\r\n\r\n') === true);
    client.end();
    expect(await harness.origin.conversations[0]!.when(() => harness.origin.conversations[0]!.closed !== 'open')).toBe(
      true,
    );
    expect(counted[0]).toMatchObject({ cause: 'abort' });
  });

  it('timeouts do not run while a filter is at work', async () => {
    harness = await Harness.start(
      'timeout server 100ms\n  timeout client 100ms\n  filter delay 400',
      async (conversation) => {
        await conversation.sees('\r\n\r\n');
        conversation.send('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhello END');
      },
    );
    expect(await harness.exchange('GET / HTTP/1.1\r\nhost: x\r\n\r\n', 'END')).toMatch(/hello END$/);
  });

  it('they run otherwise', async () => {
    harness = await Harness.start('timeout server 100ms\n  filter count', async (conversation) => {
      await conversation.sees('\r\n\r\n');
      conversation.send('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhello');
    });
    const client = await harness.client();
    client.send('GET / HTTP/1.1\r\nhost: x\r\n\r\n');
    expect(await client.sawClose()).toBe(true);
    expect(counted[0]).toMatchObject({ response: 5, cause: 'abort' });
  });
});
