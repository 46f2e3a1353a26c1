import { setTimeout as sleep } from 'node:timers/promises';
import * as zlib from 'node:zlib';
import { arena } from '../http/arena.ts';
import { get, head, post } from '../http/wire.ts';
import { read, unchunk } from './reading.ts';

const HTML = 'Content-Type: text/html';
const CHUNKED = 'Transfer-Encoding: chunked';
const GZIP = 'Accept-Encoding: gzip';
const chunk = (bytes: string): string => `${bytes.length.toString(16)}\r\n${bytes}\r\n`;
/** Text that compresses, and is nowhere the same. */
const text = (size: number): string =>
  Array.from({ length: Math.ceil(size / 8) }, (_, index) => `${(index * 7919) % 9973} w `)
    .join('')
    .slice(0, size);

arena('bodies that are compressed', ({ alone }) => {
  for (const coding of ['gzip', 'deflate', 'br']) {
    alone(
      `long bodies with a length, chunked and in pieces, ${coding}; the connection goes on`,
      'compression algo gzip deflate br',
      async (side) => {
        const body = text(1_500_000);
        side.origin.play = async (on) => {
          await on.sees('/1');
          on.send(head('HTTP/1.1 200 OK', HTML, `Content-Length: ${body.length}`) + body);
          await on.sees('/2');
          on.send(head('HTTP/1.1 200 OK', HTML, CHUNKED));
          for (let at = 0; at < body.length; at += 50_000) {
            on.send(chunk(body.slice(at, at + 50_000)));
            await sleep(1);
          }
          on.send('0\r\n\r\n');
          await on.sees('/3');
          on.send(head('HTTP/1.1 200 OK', HTML, 'Content-Length: 3') + 'end');
        };
        const client = await side.client();
        const bodies: string[] = [];
        for (const path of ['/1', '/2', '/3']) {
          client.received = '';
          client.send(get(path, `Accept-Encoding: ${coding}`));
          await client.sees('\r\n0\r\n\r\n', 8000);
          bodies.push(read(client.received).body);
        }
        return bodies.map((one) => (one === body ? 'as sent' : one.slice(0, 20)));
      },
      (seen, expect) => expect(seen).toEqual(['as sent', 'as sent', 'end']),
    );
    alone(
      `events are not held back, ${coding}`,
      'compression algo gzip deflate br\n  timeout server 5s',
      async (side) => {
        side.origin.play = async (on) => {
          await on.sees('\r\n\r\n');
          on.send(head('HTTP/1.1 200 OK', 'Content-Type: text/event-stream', CHUNKED));
          for (let event = 1; event <= 3; event++) {
            on.send(chunk(`data: ${event}\n\n`));
            await on.sees('never', 200);
          }
        };
        const client = await side.client(get('/', `Accept-Encoding: ${coding}`));
        const sizes: number[] = [];
        for (let event = 1; event <= 3; event++) {
          const before = client.received.length;
          await client.when(() => client.received.length > before && client.received.endsWith('\r\n'), 3000);
          sizes.push(client.received.length - before);
        }
        const raw = Buffer.from(unchunk(client.received.slice(client.received.indexOf('\r\n\r\n') + 4)), 'latin1');
        const partial = { finishFlush: zlib.constants.Z_SYNC_FLUSH };
        const partialBrotli = { finishFlush: zlib.constants.BROTLI_OPERATION_FLUSH };
        const plain = coding === 'br' ? zlib.brotliDecompressSync(raw, partialBrotli) : zlib.unzipSync(raw, partial);
        return { each: sizes.every((size) => size > 0), events: plain.toString() };
      },
      (seen, expect) => expect(seen).toEqual({ each: true, events: 'data: 1\n\ndata: 2\n\ndata: 3\n\n' }),
    );
  }

  alone(
    'a server that breaks off leaves a body without an end',
    'compression algo gzip',
    async (side) => {
      side.origin.play = async (on) => {
        await on.sees('\r\n\r\n');
        on.send(head('HTTP/1.1 200 OK', HTML, 'Content-Length: 100000') + text(20_000));
        await sleep(100);
        on.end();
      };
      const client = await side.client(get('/', GZIP));
      await client.when(() => client.closed !== 'open', 5000);
      return { coding: /content-encoding: gzip/.test(client.received), ended: client.received.endsWith('0\r\n\r\n') };
    },
    (seen, expect) => expect(seen).toEqual({ coding: true, ended: false }),
  );

  alone(
    'clients that leave in the middle leave nothing behind',
    'compression algo gzip',
    async (side) => {
      const body = text(3_000_000);
      side.origin.play = async (on) => {
        await on.sees('\r\n\r\n');
        on.send(head('HTTP/1.1 200 OK', HTML, `Content-Length: ${body.length}`) + body);
      };
      for (let i = 0; i < 10; i++) {
        const client = await side.client(get('/', GZIP));
        await client.sees('content-encoding: gzip');
        client.reset();
      }
      const last = await side.client(get('/', GZIP));
      await last.sees('\r\n0\r\n\r\n', 8000);
      return read(last.received).body === body;
    },
    (seen, expect) => expect(seen).toBe(true),
  );

  alone(
    'trailers pass behind a body that was chunked',
    'compression algo gzip',
    async (side) => {
      side.origin.play = async (on) => {
        await on.sees('\r\n\r\n');
        on.send(`${head('HTTP/1.1 200 OK', HTML, CHUNKED)}5\r\nhello\r\n0\r\nx-sum: 1\r\n\r\n`);
      };
      const client = await side.client(get('/', GZIP, 'TE: trailers'));
      await client.sees('\r\n0\r\n', 3000);
      await client.sees('\r\n\r\n', 3000);
      return { body: read(client.received).body, trailer: client.received.endsWith('\r\n0\r\nx-sum: 1\r\n\r\n') };
    },
    (seen, expect) => expect(seen).toEqual({ body: 'hello', trailer: true }),
  );

  alone(
    'requests are compressed for the server',
    'compression direction request\n  compression algo-req gzip\n  compression type-req text/plain\n  compression minsize-req 10',
    async (side) => {
      const arrived: unknown[] = [];
      for (const [type, body] of [
        ['text/plain', text(200_000)],
        ['text/plain', 'short'],
        ['image/png', text(1000)],
      ]) {
        await side.ask(post('/', body!, `Content-Type: ${type}`, 'Connection: close'));
        const { received } = side.origin.connections.at(-1)!;
        const { coding, body: got } = read(received);
        arrived.push([coding, got === body]);
      }
      return arrived;
    },
    (seen, expect) =>
      expect(seen).toEqual([
        ['gzip', true],
        [undefined, true],
        [undefined, true],
      ]),
  );
});

arena(
  'limits of compression',
  ({ alone }) => {
    alone(
      'maxcomprate: what comes when the rate is used up is not compressed',
      'compression algo gzip',
      async (side) => {
        const body = text(60_000);
        side.origin.play = async (on) => {
          await on.sees('\r\n\r\n');
          on.send(head('HTTP/1.1 200 OK', HTML, `Content-Length: ${body.length}`) + body);
          on.end();
        };
        const codings: (string | undefined)[] = [];
        for (let i = 0; i < 3; i++) {
          const client = await side.client(get('/', GZIP, 'Connection: close'));
          await client.when(() => client.closed !== 'open', 5000);
          codings.push(read(client.received).coding);
        }
        return codings;
      },
      (seen, expect) => expect(seen).toEqual(['gzip', undefined, undefined]),
    );
  },
  { global: 'maxcomprate 20' },
);
