import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { expect, test } from 'vitest';
import { listenAnywhere } from '../support/free-port.ts';
import { startProxy } from '../support/proxy.ts';
import { sleep, until } from '../support/wait.ts';

const MEGABYTE = 1 << 20;
const SIZE = 48 * MEGABYTE;

/** Sends SIZE bytes that depend on `seed`, as fast as they are taken, then ends. Answers their hash. */
async function pour(socket: Socket, seed: number): Promise<string> {
  const hash = createHash('sha256');
  const part = Buffer.alloc(MEGABYTE);
  for (let i = 0; i < SIZE / MEGABYTE; i++) {
    for (let at = 0; at < part.length; at += 4) part.writeUInt32BE((Math.imul(at + i, 2654435761) ^ seed) >>> 0, at);
    hash.update(part);
    if (!socket.write(Buffer.from(part))) await new Promise((resolve) => socket.once('drain', resolve));
  }
  socket.end();
  return hash.digest('hex');
}

/** Counts and hashes what comes. */
class Sink {
  readonly #hash = createHash('sha256');
  size = 0;
  readonly done: Promise<string>;

  constructor(socket: Socket) {
    this.done = new Promise((resolve, reject) => {
      socket.on('data', (part) => {
        this.size += part.length;
        this.#hash.update(part);
      });
      socket.on('end', () => resolve(this.#hash.digest('hex')));
      socket.on('error', reject);
    });
  }
}

const resident = (pid: number): number =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))![1]) / 1024;

test('floods both ways, and readers that take their time', { timeout: 60_000 }, async () => {
  let atOrigin: Socket | undefined;
  const sockets: Socket[] = [];
  const origin = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (socket) => {
    atOrigin = socket;
    sockets.push(socket);
    socket.on('error', () => undefined);
  });
  const port = await listenAnywhere(origin);
  const proxy = await startProxy(
    1,
    ([front]) => `
defaults
  mode tcp
  timeout connect 5s
  timeout client 20s
  timeout server 20s
listen l
  bind 127.0.0.1:${front}
  server s 127.0.0.1:${port}
`,
    'sluice',
  );
  try {
    // The starter's own connection has come and gone.
    await until('the first connection', () => atOrigin !== undefined);
    atOrigin = undefined;
    const pid = proxy.process.child.pid!;
    const before = resident(pid);
    const client = connect({ port: proxy.ports[0]!, host: '127.0.0.1', allowHalfOpen: true });
    sockets.push(client);
    client.pause();
    await until('the connection', () => atOrigin !== undefined);
    const server = atOrigin as unknown as Socket;
    const [atClient, atServer] = [new Sink(client), new Sink(server)];
    client.pause();
    server.pause();
    const sent = [pour(server, 1), pour(client, 2)];
    // Nobody reads: after what the system's own buffers hold, nothing moves, and the proxy holds little.
    let last = -1;
    await until('everything to stand still', async () => {
      const now = server.bytesWritten - server.writableLength + client.bytesWritten - client.writableLength;
      const still = now === last;
      last = now;
      await sleep(200);
      return still && now > 0;
    });
    expect(resident(pid) - before).toBeLessThan(40);
    expect(atClient.size + atServer.size).toBe(0);
    expect(last).toBeLessThan(SIZE);
    server.resume();
    client.resume();
    const [down, up] = await Promise.all(sent);
    expect(await atClient.done).toBe(down);
    expect(await atServer.done).toBe(up);
    expect(atClient.size).toBe(SIZE);
    expect(resident(pid) - before).toBeLessThan(120);
  } finally {
    await proxy.stop();
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => origin.close(resolve));
  }
});
