import { afterEach, describe, expect, it } from 'vitest';
import { counted } from './examples.ts';
import { answering, Harness } from './harness.ts';

const GET = 'GET / HTTP/1.1\r\nhost: x\r\n\r\n';

let harness: Harness;
afterEach(() => harness.stop());

describe('a response passes through filters', () => {
  it('whole, with its length, when nothing changes it', async () => {
    harness = await Harness.start(
      'filter count',
      answering('HTTP/1.1 200 OK\r\ncontent-length: 5\r\nx-a: b\r\n\r\nhello'),
    );
    expect(await harness.exchange(GET, 'hello')).toBe('HTTP/1.1 200 OK\r\ncontent-length: 5\r\nx-a: b\r\n\r\nhello');
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
    harness = await Harness.start(
      'filter replace response lo LO!',
      answering('HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello'),
    );
    expect(await harness.exchange(GET, '0\r\n\r\n')).toBe(
      'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n6\r\nhelLO!\r\n0\r\n\r\n',
    );
  });
});
