import { afterEach, describe, expect, it } from 'vitest';
import { counted } from './examples.ts';
import { Harness } from './harness.ts';

let harness: Harness;
afterEach(() => harness.stop());

describe('a connection in TCP mode passes through filters', () => {
  it('both ways, each side ending by itself', async () => {
    harness = await Harness.start(
      'filter count\n  filter replace response world WORLD!',
      async (conversation) => {
        conversation.send('hello wor');
        await conversation.sees('ping');
        conversation.send('ld, bye');
        await conversation.when(() => conversation.closed === 'end');
        conversation.send(' after your end');
        conversation.end();
      },
      { mode: 'tcp' },
    );
    const client = await harness.client();
    client.send('ping');
    expect(await client.sees('bye')).toBe(true);
    client.end();
    expect(await client.sawClose()).toBe(true);
    expect(client.received).toBe('hello WORLD!, bye after your end');
    expect(harness.origin.conversations[0]!.received).toBe('ping');
    await harness.stop();
    expect(counted).toEqual([
      { request: 4, response: 31, ends: ['request raw end', 'response raw end'], trailers: '', cause: 'complete' },
    ]);
  });

  it('the end comes behind bytes that a filter still holds', async () => {
    harness = await Harness.start(
      'filter delay 100',
      (conversation) => {
        conversation.send('late');
        conversation.end();
      },
      { mode: 'tcp' },
    );
    const client = await harness.client();
    client.send('early');
    expect(await client.sawClose()).toBe(true);
    expect(client.received).toBe('late');
    expect(harness.origin.conversations[0]!.received).toBe('early');
  });

  it('a filter that throws ends its own connection', async () => {
    harness = await Harness.start(
      `listen one
  bind 127.0.0.1:0
  filter tcp-faulty
  server s {origin}
listen two
  bind 127.0.0.2:0
  server s {origin}`,
      (conversation) => conversation.send('hello'),
      {
        mode: 'tcp',
        plugins: [
          {
            name: 'broken',
            api: 1,
            filters: {
              'tcp-faulty': {
                usage: '',
                summary: '',
                parse: () => ({
                  attach: () => ({
                    request: {
                      raw() {
                        throw new Error('no');
                      },
                    },
                  }),
                }),
              },
            },
          },
        ],
      },
    );
    const [bad, good] = [await harness.client(0), await harness.client(1)];
    expect(await bad.sees('hello')).toBe(true);
    bad.send('x');
    expect(await bad.sawClose()).toBe(true);
    expect(await good.sees('hello')).toBe(true);
    expect(good.closed).toBe('open');
    expect(harness.errors).toEqual(["plugin 'broken' failed in filter tcp-faulty: no"]);
  });
});
