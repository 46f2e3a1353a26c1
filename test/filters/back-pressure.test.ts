import { afterEach, describe, expect, it } from 'vitest';
import type { FilterFlow, FilterSide, Plugin } from '../../core/api/index.ts';
import type { Conversation } from '../support/raw-origin.ts';
import { until } from '../support/wait.ts';
import { Harness } from './harness.ts';

const SIZE = 48 << 20;
/** What sockets of the system and the proxy may hold of it, on both sides, with a client that takes nothing. */
const HELD = 20 << 20;
const block = Buffer.alloc(1 << 18, 'x');

let harness: Harness;
afterEach(() => harness.stop());

/** Writes that many bytes as they are taken. */
function pour(socket: Conversation['socket'], size: number): void {
  let left = size;
  const more = (): void => {
    while (left > 0 && socket.writable) {
      const part = left < block.length ? block.subarray(0, left) : block;
      left -= part.length;
      if (!socket.write(part)) return;
    }
  };
  socket.on('drain', more);
  more();
}

const same = async (read: () => number): Promise<number> => {
  for (let last = -1; ;) {
    await new Promise((resolve) => setTimeout(resolve, 150));
    const now = read();
    if (now === last) return now;
    last = now;
  }
};

/** Makes ten bytes of one, and takes care not to run ahead. */
const swelling: FilterSide = {
  head: (flow) => flow.resize(),
  async data(chunk: Buffer, flow: FilterFlow) {
    for (let i = 0; i < 10; i++) {
      flow.write(Buffer.from(chunk));
      if (!(await flow.ready())) return;
    }
  },
};
/** Pauses after every chunk, and goes on by itself. */
const dozing: FilterSide = {
  data(chunk: Buffer, flow: FilterFlow) {
    flow.pause();
    setImmediate(() => {
      flow.write(chunk);
      flow.resume();
    });
  },
  async end(flow) {
    await flow.sleep(5);
  },
};
let seen = 0;
/** Counts what has come to it, which is more than what has gone. */
const watching: FilterSide = {
  data(chunk: Buffer) {
    seen += chunk.length;
    return chunk;
  },
};
const plugin: Plugin = {
  name: 'pressure',
  api: 1,
  filters: Object.fromEntries(
    Object.entries({ swelling, dozing, watching }).map(([name, side]) => [
      name,
      { usage: name, summary: '', parse: () => ({ attach: () => ({ request: side, response: side }) }) },
    ]),
  ),
};

describe('who does not take what is sent stops the sender', () => {
  for (const filters of [
    'filter trace quiet',
    'filter count\n  filter delay 0',
    'filter dozing',
    'filter count\n  filter dozing\n  filter trace quiet max-fwd 1000',
  ]) {
    it(`a client, through ${filters.replaceAll('\n  ', ', ')}`, async () => {
      harness = await Harness.start(
        filters,
        async (conversation) => {
          await conversation.sees('\r\n\r\n');
          conversation.send(`HTTP/1.1 200 OK\r\ncontent-length: ${SIZE}\r\n\r\n`);
          pour(conversation.socket, SIZE);
        },
        { plugins: [plugin] },
      );
      const client = await harness.client();
      let got = 0;
      client.socket.removeAllListeners('data').setEncoding();
      client.socket.pause();
      client.send('GET / HTTP/1.1\r\nhost: x\r\n\r\n');
      await harness.origin.when(() => harness.origin.conversations.length > 0);
      const { socket } = harness.origin.conversations[0]!;
      expect(await same(() => socket.bytesWritten)).toBeLessThan(HELD);
      client.socket.on('data', (bytes: Buffer) => {
        got += bytes.length;
      });
      client.socket.resume();
      await until('the whole body', () => got > SIZE, 20_000);
    }, 40_000);
  }

  it('a server', async () => {
    let got = 0;
    harness = await Harness.start(
      'filter count\n  filter dozing',
      (conversation) => {
        conversation.socket.removeAllListeners('data').setEncoding();
        conversation.socket.pause();
        conversation.socket.on('data', (bytes: Buffer) => {
          got += bytes.length;
          if (got >= SIZE) conversation.send('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n');
        });
        setTimeout(() => conversation.socket.pause(), 0);
      },
      { plugins: [plugin] },
    );
    const client = await harness.client();
    client.send(`POST / HTTP/1.1\r\nhost: x\r\ncontent-length: ${SIZE}\r\n\r\n`);
    await harness.origin.when(() => harness.origin.conversations.length > 0);
    pour(client.socket, SIZE);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(await same(() => client.socket.bytesWritten - client.socket.writableLength)).toBeLessThan(HELD);
    harness.origin.conversations[0]!.socket.resume();
    expect(await client.sees('200 OK', 20_000)).toBe(true);
  }, 40_000);

  it('the filters before one that makes more of what it gets', async () => {
    seen = 0;
    harness = await Harness.start(
      'filter watching\n  filter swelling',
      async (conversation) => {
        await conversation.sees('\r\n\r\n');
        conversation.send(`HTTP/1.1 200 OK\r\ncontent-length: ${SIZE}\r\n\r\n`);
        pour(conversation.socket, SIZE);
      },
      { plugins: [plugin] },
    );
    const client = await harness.client();
    client.socket.pause();
    client.send('GET / HTTP/1.1\r\nhost: x\r\n\r\n');
    await harness.origin.when(() => harness.origin.conversations.length > 0);
    await same(() => seen);
    expect(seen).toBeLessThan(2 << 20);
  }, 40_000);
});
