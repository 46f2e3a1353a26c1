import { connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import type { ProxyHandle } from '../../core/index.ts';
import { listenAnywhere } from '../support/free-port.ts';
import { sleep, until } from '../support/wait.ts';
import { portOf, proxyHere, settled } from './in-process.ts';

const SIZE = 24 << 20;
let proxy: ProxyHandle;
let origin: Server;
let sockets: Socket[] = [];
afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  sockets = [];
  await proxy.stop();
  await new Promise((resolve) => origin.close(resolve));
});

async function start(play: (socket: Socket) => void, ...lines: string[]): Promise<number> {
  origin = createServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => undefined);
    play(socket);
  });
  const port = await listenAnywhere(origin);
  proxy = await proxyHere(`
    defaults
      mode http
      timeout connect 1s
      ${lines.join('\n      ')}
    listen l
      bind 127.0.0.1:0
      server s 127.0.0.1:${port}`);
  return portOf(proxy, 'l');
}

function client(port: number): Socket {
  const socket = connect({ port, host: '127.0.0.1' });
  sockets.push(socket);
  socket.on('error', () => undefined);
  return socket;
}

const answer = (socket: Socket): void => {
  socket.once('data', () => {
    socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${SIZE}\r\n\r\n`);
    socket.write(Buffer.alloc(SIZE, 'x'));
  });
};
const closed = (socket: Socket): Promise<void> => new Promise((resolve) => void socket.once('close', () => resolve()));

test("a client that pauses longer than the server's time gets all", async () => {
  const port = await start(answer, 'timeout client 10s', 'timeout server 300ms');
  const one = client(port);
  let size = 0;
  one.write('GET / HTTP/1.1\r\nHost: h\r\n\r\n');
  for (let i = 0; i < 2; i++) {
    one.pause();
    await sleep(900);
    one.resume();
    await new Promise((resolve) => one.once('data', resolve));
  }
  one.on('data', (part) => (size += part.length));
  one.resume();
  while (size < SIZE - (4 << 20)) await sleep(20);
  expect(one.destroyed).toBe(false);
  one.destroy();
  await settled(proxy);
});

test('a client that stops reading is given up, with its server', async () => {
  const port = await start(answer, 'timeout client 400ms', 'timeout server 20s');
  const one = client(port);
  one.pause();
  one.write('GET / HTTP/1.1\r\nHost: h\r\n\r\n');
  await until('the answer to be on its way', () => proxy.stats().activeServerStreams === 1);
  await settled(proxy);
  const others = sockets.filter((socket) => socket !== one);
  await until('the origin to see its connection closed', () =>
    others.every((socket) => socket.destroyed || socket.readyState !== 'open'),
  );
});

test("a server that pauses longer than the client's time gets all", async () => {
  let size = 0;
  const port = await start(
    (socket) => {
      socket.pause();
      void sleep(1500).then(() => {
        socket.on('data', (part) => {
          size += part.length;
          if (size > SIZE) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
        });
        socket.resume();
      });
    },
    'timeout client 500ms',
    'timeout server 10s',
  );
  const one = client(port);
  let text = '';
  one.setEncoding('latin1').on('data', (part) => (text += String(part)));
  one.write(`POST / HTTP/1.1\r\nHost: h\r\nContent-Length: ${SIZE}\r\n\r\n`);
  one.write(Buffer.alloc(SIZE, 'y'));
  const gone = closed(one);
  while (!text.endsWith('ok') && !one.destroyed && !/ 50[0-9] /.test(text)) await sleep(20);
  expect(text).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*ok$/);
  one.destroy();
  await gone;
  await settled(proxy);
});

test('a server that stops reading is given up', async () => {
  const port = await start((socket) => void socket.pause(), 'timeout client 20s', 'timeout server 400ms');
  const one = client(port);
  let text = '';
  one.setEncoding('latin1').on('data', (part) => (text += String(part)));
  one.write(`POST / HTTP/1.1\r\nHost: h\r\nContent-Length: ${SIZE}\r\n\r\n`);
  one.write(Buffer.alloc(SIZE, 'y'));
  // The request is in the server's hands, half of it: there is nothing left to say.
  while (!one.destroyed) await sleep(20);
  expect(text).toBe('');
  one.destroy();
  await settled(proxy);
});
