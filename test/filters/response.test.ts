import { afterEach, describe, expect, it } from 'vitest';
import { counted } from './examples.ts';
import { answering, Harness } from './harness.ts';
import { unchunk } from './unchunk.ts';

const GET = 'GET / HTTP/1.1\r\nhost: x\r\n\r\n';
const REPLACE = 'filter replace response lo LO!';

let harness: Harness;
afterEach(() => harness.stop());

/** What a client gets of one response through these lines. */
async function through(lines: string, response: string, request = GET, until = 'END'): Promise<string> {
  harness = await Harness.start(lines, answering(response));
  return harness.exchange(request, until);
}

describe('a response passes through filters', () => {
  it('whole, with its length, when nothing changes it', async () => {
    const response = 'HTTP/1.1 200 OK\r\ncontent-length: 5\r\nx-a: b\r\n\r\nhello';
    expect(await through('filter count', response, GET, 'hello')).toBe(response);
    await harness.stop();
    expect(counted).toEqual([
      {
        request: 0,
        response: 5,
        ends: ['request head 0 all', 'request end', 'response head 5 all', 'response end'],
        trailers: '',
        cause: 'complete',
      },
    ]);
  });

  it('chunked when a filter changes its size', async () => {
    expect(await through(REPLACE, 'HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello', GET, '0\r\n\r\n')).toBe(
      'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n6\r\nhelLO!\r\n0\r\n\r\n',
    );
  });

  it('until the connection closes for a client of HTTP/1.0', async () => {
    const request = 'GET / HTTP/1.0\r\nconnection: keep-alive\r\n\r\n';
    expect(await through(REPLACE, 'HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello', request)).toBe(
      'HTTP/1.1 200 OK\r\nconnection: close\r\n\r\nhelLO!',
    );
  });

  it('until the connection closes when the server speaks HTTP/1.0', async () => {
    harness = await Harness.start(REPLACE, async (conversation) => {
      await conversation.sees('\r\n\r\n');
      conversation.send('HTTP/1.0 200 OK\r\n\r\nhel');
      setTimeout(() => {
        conversation.send('lo you');
        conversation.end();
      }, 30);
    });
    const client = await harness.client();
    client.send(GET);
    expect(await client.sawClose()).toBe(true);
    expect(client.received).toMatch(/^HTTP\/1\.0 200 OK\r\n.*\r\nhelLO! you$/s);
  });

  it('with chunks of its own and the trailers that came', async () => {
    const response =
      'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ntrailer: X-T\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\nX-T: END\r\n\r\n';
    expect(await through(`filter count\n  ${REPLACE}`, response, GET, 'END\r\n\r\n')).toBe(
      'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ntrailer: X-T\r\n\r\n6\r\nhelLO!\r\n0\r\nx-t: END\r\n\r\n',
    );
    await harness.stop();
    expect(counted[0]).toMatchObject({ response: 5, trailers: '[["x-t","END"]]', cause: 'complete' });
  });

  it('byte by byte, wherever it is cut', async () => {
    const head = 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n';
    const body = '5\r\nhello\r\n3;x=y\r\n lo\r\n4\r\nEND!\r\n0\r\na: b\r\n\r\n';
    harness = await Harness.start(`filter count\n  ${REPLACE}\n  filter delay 1`, async (conversation) => {
      await conversation.sees('\r\n\r\n');
      conversation.send(head);
      for (const byte of body) {
        conversation.send(byte);
        await new Promise((resolve) => setTimeout(resolve, 2));
      }
    });
    const received = await harness.exchange(GET, '\r\na: b\r\n\r\n');
    const payload = [...received.slice(head.length).matchAll(/([0-9a-f]+)\r\n/g)].length;
    expect(payload).toBeGreaterThan(1);
    expect(unchunk(received.slice(head.length))).toBe('helLO! LO!END!');
  });

  it('leaves heads without a body alone', async () => {
    const head = 'HTTP/1.1 200 OK\r\ncontent-length: 5\r\nx: END\r\n\r\n';
    expect(await through(`filter count\n  ${REPLACE}`, head, 'HEAD / HTTP/1.1\r\nhost: x\r\n\r\n')).toBe(head);
    await harness.stop();
    const none = 'HTTP/1.1 304 Not Modified\r\ncontent-length: 5\r\nx: END\r\n\r\n';
    expect(await through(`filter count\n  ${REPLACE}`, none)).toBe(none);
    await harness.stop();
    expect(counted[0]!.ends.slice(2)).toEqual(['response head 0 all', 'response end']);
    const empty = 'HTTP/1.1 204 No Content\r\nx: END\r\n\r\n';
    expect(await through(`filter count\n  ${REPLACE}`, empty)).toBe(empty);
  });

  it('after interim responses, which filters do not see', async () => {
    const response = 'HTTP/1.1 103 Early Hints\r\nlink: a\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nEND';
    expect(await through('filter count', response)).toBe(response);
    await harness.stop();
    expect(counted[0]!.ends).toContain('response head 3 all');
    expect(counted[0]!.ends).toHaveLength(4);
  });

  it('and the connection serves the next ones, pipelined ones too', async () => {
    harness = await Harness.start(
      `filter count\n  ${REPLACE}\n  filter delay 20`,
      answering('HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello'),
    );
    const client = await harness.client();
    client.send(GET.repeat(5));
    const one = 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n6\r\nhelLO!\r\n0\r\n\r\n';
    expect(await client.when(() => client.received.length >= one.length * 5, 3000)).toBe(true);
    expect(client.received).toBe(one.repeat(5));
    expect(client.closed).toBe('open');
    expect(harness.origin.conversations).toHaveLength(1);
    expect(counted.map(({ cause }) => cause)).toEqual(Array(5).fill('complete'));
  });

  it('head and body in one write when no filter waits', async () => {
    harness = await Harness.start(REPLACE, answering('HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello'));
    const client = await harness.client();
    const pieces: string[] = [];
    client.socket.on('data', (piece) => pieces.push(String(piece)));
    client.send(GET);
    await client.sees('0\r\n\r\n');
    expect(pieces).toHaveLength(1);
  });

  it('and filters work in the order of their lines, the frontend’s first', async () => {
    harness = await Harness.start(
      `frontend f
  bind 127.0.0.1:0
  filter replace response a b
  filter replace response b c
  default_backend b
backend b
  filter replace response c d
  server s {origin}`,
      answering('HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nabcEND'),
    );
    expect(unchunk((await harness.exchange(GET, 'END')).split('\r\n\r\n').slice(1).join('\r\n\r\n'))).toBe('dddEND');
  });

  it('is cut when the server ends too early', async () => {
    harness = await Harness.start('filter count', async (conversation) => {
      await conversation.sees('\r\n\r\n');
      conversation.send('HTTP/1.1 200 OK\r\ncontent-length: 50\r\n\r\nhello');
      setTimeout(() => conversation.end(), 30);
    });
    const client = await harness.client();
    client.send(GET);
    expect(await client.sawClose()).toBe(true);
    expect(client.received).toMatch(/hello$/);
    await harness.stop();
    expect(counted[0]).toMatchObject({ response: 5, cause: 'abort' });
    expect(counted[0]!.ends).not.toContain('response end');
  });

  it('and the client’s leaving detaches filters at work', async () => {
    harness = await Harness.start(
      'filter count\n  filter delay 10s',
      answering('HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello'),
    );
    const client = await harness.client();
    client.send(GET);
    await harness.origin.when(() => harness.origin.conversations[0]?.received.includes('\r\n\r\n') === true);
    await new Promise((resolve) => setTimeout(resolve, 30));
    client.destroy();
    await harness.proxy.stop();
    expect(counted[0]).toMatchObject({ response: 5, cause: 'abort' });
  });

  it('is not seen when the proxy answers itself', async () => {
    harness = await Harness.start(
      `filter count\n  ${REPLACE}\n  http-request return status 200 content-type text/plain string "lolo END"`,
      answering(''),
    );
    expect(await harness.exchange(GET, 'END')).toMatch(/\r\n\r\nlolo END$/);
    await harness.stop();
    expect(counted).toEqual([{ request: 0, response: 0, ends: [], trailers: '', cause: 'reply' }]);
  });

  it('is seen when a service answers, and the request’s head before', async () => {
    harness = await Harness.start(`filter count\n  ${REPLACE}\n  http-request use-service lolo`, answering(''), {
      plugins: [
        {
          name: 'lolo',
          api: 1,
          services: {
            lolo: {
              usage: '',
              summary: '',
              mode: 'http',
              serve: (transaction) => transaction.reply({ status: 200, body: 'lolo END' }),
            },
          },
        },
      ],
    });
    expect(await harness.exchange(GET, '0\r\n\r\n')).toBe(
      'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\na\r\nLO!LO! END\r\n0\r\n\r\n',
    );
    await harness.stop();
    expect(counted[0]).toMatchObject({ response: 8, cause: 'reply' });
    expect(counted[0]!.ends).toEqual(['request head 0 all', 'response head 8 all', 'response end']);
  });
});
