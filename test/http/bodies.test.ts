import { readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { sleep, until } from '../support/wait.ts';
import { arena } from './arena.ts';
import { response } from './scripted-origin.ts';
import type { Side } from './side.ts';
import { chunked, get, head, post } from './wire.ts';

/** Resident memory of the proxy, in MiB. */
function resident(side: Side): number {
  const status = readFileSync(`/proc/${side.proxy.process.child.pid}/status`, 'latin1');
  return Number(/VmRSS:\s*(\d+)/.exec(status)![1]) / 1024;
}

/** Writes `count` pieces of a MiB as fast as the peer takes them. */
function pour(socket: Socket, count: number): Promise<void> {
  const piece = Buffer.alloc(1 << 20, 'x');
  return new Promise((resolve) => {
    let left = count;
    const more = (): void => {
      while (left > 0 && !socket.destroyed) {
        left--;
        if (!socket.write(piece)) break;
      }
      if (left === 0 || socket.destroyed) {
        socket.off('drain', more);
        resolve();
      }
    };
    socket.on('drain', more);
    more();
  });
}

const MANY = 80;

arena('bodies', ({ agree }) => {
  agree(
    'a big answer and a client that reads nothing for a while: the origin waits, and memory stays bounded',
    '',
    async (side) => {
      side.origin.play = async (on) => {
        await on.sees('\r\n\r\n');
        on.send(head('HTTP/1.1 200 OK', `Content-Length: ${MANY << 20}`));
        await pour(on.socket, MANY);
      };
      const before = resident(side);
      const client = await side.client();
      client.socket.setEncoding();
      client.socket.pause();
      client.send(get('/big'));
      await side.origin.when(() => side.origin.connections.length > 0);
      await sleep(700);
      const grown = resident(side) - before;
      const { socket } = side.origin.connections[0]!;
      const held = socket.bytesWritten < MANY << 20;
      let size = 0;
      client.socket.removeAllListeners('data');
      client.socket.on('data', (bytes) => {
        size += bytes.length;
      });
      client.socket.resume();
      await until('the whole answer', () => size >= MANY << 20, 15_000);
      return [grown < 40, held, size >= MANY << 20, resident(side) - before < 60];
    },
    (seen, expect) => expect(seen).toEqual([true, true, true, true]),
  );

  agree(
    'a big request and an origin that reads nothing for a while: the client waits, and memory stays bounded',
    '',
    async (side) => {
      let size = 0;
      side.origin.play = async (on) => {
        await on.sees('\r\n\r\n');
        on.socket.pause();
        await sleep(700);
        on.socket.removeAllListeners('data');
        on.socket.on('data', (bytes) => {
          size += bytes.length;
          if (size >= (MANY - 1) << 20) on.send(response('all'));
        });
        on.socket.resume();
      };
      const before = resident(side);
      const client = await side.client(head('POST /big HTTP/1.1', 'Host: h', `Content-Length: ${MANY << 20}`));
      const poured = pour(client.socket, MANY);
      await sleep(500);
      const grown = resident(side) - before;
      const held = client.socket.writableLength > 0;
      await poured;
      return [grown < 40, held, (await side.answers(client)).includes('all'), resident(side) - before < 60];
    },
    (seen, expect) => expect(seen).toEqual([true, true, true, true]),
  );

  agree(
    'a slow reader is not cut off while it reads',
    'timeout client 1500ms\n  timeout server 1500ms',
    async (side) => {
      const size = 16_000_000;
      side.origin.answer = () => response('x'.repeat(size));
      const client = await side.client(get('/'));
      let seen = 0;
      client.socket.on('data', () => {
        if (client.received.length - seen < 500_000) return;
        seen = client.received.length;
        client.socket.pause();
        setTimeout(() => client.socket.resume(), 100);
      });
      await client.when(() => client.received.length > size || client.closed !== 'open', 15_000);
      return client.received.length > size;
    },
    (seen, expect) => expect(seen).toBe(true),
  );

  for (const size of [0, 1, 12_287, 12_288, 16_383, 16_384, 65_536, 65_537, 1_000_000]) {
    agree(
      `a body of ${size} bytes, with a length and in chunks, both ways`,
      '',
      async (side) => {
        const text = 'abcdefghij'.repeat(size / 10 + 1).slice(0, size);
        side.origin.answer = ({ target, body }) =>
          target === '/l'
            ? response(body)
            : head('HTTP/1.1 200 OK', 'Transfer-Encoding: chunked') + chunked(body === '' ? [] : [body]);
        const client = await side.client(
          post('/l', text) +
            head('POST /c HTTP/1.1', 'Host: h', 'Transfer-Encoding: chunked') +
            chunked(text === '' ? [] : [text.slice(0, size / 2), text.slice(size / 2)].filter((part) => part !== '')),
        );
        const seen = await side.answers(client, 2);
        return [seen.split(text === '' ? '\n\n' : text).length, side.origin.requests.map(({ body }) => body === text)];
      },
      (seen, expect) => expect(seen[1]).toEqual([true, true]),
    );
  }

  agree(
    'a body that lasts until the close',
    '',
    async (side) => {
      side.origin.play = async (on) => {
        await on.sees('\r\n\r\n');
        on.send(head('HTTP/1.1 200 OK'));
        await pour(on.socket, 3);
        on.end();
      };
      const client = await side.client(get('/'));
      await client.sawClose();
      return [client.closed, client.received.length];
    },
    (seen, expect) => expect(seen[0]).toBe('end'),
  );
});
