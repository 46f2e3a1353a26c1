import { afterEach, describe, expect, it } from 'vitest';
import type { FilterSide } from '../../core/api/index.ts';
import { answering, Harness } from './harness.ts';

const GET = 'GET / HTTP/1.1\r\nhost: x\r\n\r\n';
const POST = 'POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\n\r\nhello';
const OK = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nOK';

let harness: Harness;
afterEach(() => harness.stop());

const PLACES = [
  'attach',
  'request-head',
  'request-data',
  'request-end',
  'response-head',
  'response-data',
  'response-end',
];
const LAST = 'response-end-later';
const LATER = PLACES.slice(1).map((place) => `${place}-later`);

describe('a filter that fails', () => {
  for (const where of [...PLACES, ...LATER]) {
    it(`in ${where} costs its own stream only`, async () => {
      harness = await Harness.start(
        `frontend f
  bind 127.0.0.1:0
  use_backend bad if { path /bad }
  default_backend good
backend bad
  filter faulty ${where}
  server s {origin}
backend good
  server s {origin}`,
        answering(OK, where.startsWith('request') ? 'hello' : '\r\n\r\n'),
      );
      const answer = await harness.exchange(POST.replace('/ ', '/bad '), '</html>');
      // A failure behind the last byte cannot be answered any more.
      const status = where.startsWith('request') || where === 'attach' ? 500 : where === LAST ? 200 : 502;
      expect(answer).toContain(`HTTP/1.1 ${status} `);
      expect(harness.errors).toHaveLength(1);
      expect(harness.errors[0]).toMatch(/^plugin 'examples' failed in filter faulty/);
      expect(await harness.exchange(POST, '\r\n\r\nOK')).toBe(OK);
    });

    it(`in ${where} is left out where its errors are ignored`, async () => {
      harness = await Harness.start(`filter faulty ${where}\n  filter replace response O o`, answering(OK, 'hello'), {
        global: 'plugin-errors examples ignore',
      });
      expect(await harness.exchange(POST, '0\r\n\r\n')).toContain('\r\n2\r\noK\r\n0\r\n\r\n');
      expect(harness.origin.conversations[0]!.received).toMatch(/\r\n\r\nhello$/);
      expect(harness.errors).toHaveLength(1);
    });
  }

  const side = (response: FilterSide) => [
    {
      name: 'own',
      api: 1 as const,
      filters: { own: { usage: '', summary: '', parse: () => ({ attach: () => ({ response }) }) } },
    },
  ];

  it('to say the size of what it writes is cut', async () => {
    const plugins = side({ data: () => Buffer.from('much more than was said') });
    harness = await Harness.start('filter own', answering(OK), { plugins });
    const client = await harness.client();
    client.send(GET);
    expect(await client.sawClose()).toBe(true);
    expect(client.received).not.toContain('much more');
    expect(harness.errors[0]).toContain("did not say the body's size");
  });

  it('to write all it said is cut', async () => {
    const plugins = side({ head: (flow) => flow.resize(10), data: () => Buffer.from('short') });
    harness = await Harness.start('filter own', answering(OK), { plugins });
    const client = await harness.client();
    client.send(GET);
    expect(await client.sawClose()).toBe(true);
    expect(client.received).not.toContain('short');
  });

  it('to keep quiet after the end is not heard', async () => {
    const late: (() => void)[] = [];
    const plugins = side({
      data(chunk, flow) {
        late.push(() => {
          flow.write(Buffer.from('x'));
          flow.conclude('deny');
          flow.resume();
          flow.leave();
        });
        return chunk;
      },
    });
    harness = await Harness.start('filter own', answering(OK), { plugins });
    const client = await harness.client();
    client.send(GET);
    expect(await client.sees('\r\n\r\nOK')).toBe(true);
    client.send(GET);
    expect(await client.when(() => client.received.split('\r\n\r\nOK').length === 3)).toBe(true);
    for (const run of late) run();
    client.send(GET);
    expect(await client.when(() => client.received.split('\r\n\r\nOK').length === 4)).toBe(true);
    expect(client.received).toBe(OK.repeat(3));
    expect(harness.errors).toEqual([]);
  });

  it('with a verdict after the head has left is cut, and before it answers', async () => {
    const plugins = side({
      data: (chunk) => (chunk.includes('evil') ? 'deny' : chunk),
    });
    harness = await Harness.start(
      'filter own',
      async (conversation, index) => {
        await conversation.sees('\r\n\r\n');
        if (index === 0) conversation.send('HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nevil');
        else {
          conversation.send('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\ngood ');
          setTimeout(() => conversation.send('evil'), 30);
        }
      },
      { plugins },
    );
    expect(await harness.exchange(GET, '</html>')).toMatch(/^HTTP\/1.1 502 /);
    const client = await harness.client();
    client.send(GET);
    expect(await client.sawClose()).toBe(true);
    expect(client.received).toMatch(/\r\n\r\ngood $/);
  });
});
