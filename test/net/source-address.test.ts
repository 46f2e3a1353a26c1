import net from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { SourceAddress } from '../../core/net/source-address.ts';
import type { SourceReader } from '../../core/net/source-address.ts';
import type { ReadSocket } from '../../core/net/fast-socket.ts';
import { Recorder, eventually } from './helpers.ts';

class Outgoing extends Recorder implements SourceReader {
  sockets: ReadSocket[] = [];
  onSocket(socket: ReadSocket): void {
    this.sockets.push(socket);
  }
}

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup();
});

async function listen(host = '127.0.0.1', port = 0): Promise<net.Server> {
  const server = net.createServer((socket) => {
    socket.on('error', () => undefined);
    socket.write(`${socket.remoteAddress}:${socket.remotePort}`);
  });
  await new Promise<void>((resolve) => void server.listen(port, host, resolve));
  cleanups.push(() => server.close());
  return server;
}

function portOf(server: net.Server): number {
  return (server.address() as net.AddressInfo).port;
}

/** Ports next to each other that nothing on 127.0.0.2 uses. */
async function freePorts(count: number): Promise<number> {
  for (;;) {
    const probe = net.createServer();
    await new Promise<void>((resolve) => void probe.listen(0, '127.0.0.2', resolve));
    const low = portOf(probe);
    await new Promise((resolve) => probe.close(resolve));
    if (low + count < 65536) return low;
  }
}

function connect(source: SourceAddress, port: number): Outgoing {
  const reader = new Outgoing();
  expect(source.connect({ host: '127.0.0.1', port }, reader)).toBe(true);
  cleanups.push(() => reader.sockets.at(-1)?.destroy());
  return reader;
}

// 127.0.0.2 is there without being configured on Linux alone.
describe.runIf(process.platform === 'linux')('a source address', () => {
  it('is used without a port', async () => {
    const port = portOf(await listen());
    const reader = connect(new SourceAddress('127.0.0.2'), port);
    await reader.event('data');
    expect(reader.data).toMatch(/^127\.0\.0\.2:\d+$/);
    expect(reader.sockets).toHaveLength(1);
  });

  it('gives each connection a port of its range, and takes it back', async () => {
    const port = portOf(await listen());
    const low = await freePorts(3);
    const source = new SourceAddress('127.0.0.2', low, low + 2);
    const readers = [connect(source, port), connect(source, port), connect(source, port)];
    for (const reader of readers) await reader.event('data');
    expect(readers.map((reader) => reader.data)).toEqual([0, 1, 2].map((i) => `127.0.0.2:${low + i}`));
    expect(source.free).toBe(0);
    expect(source.connect({ host: '127.0.0.1', port }, new Outgoing())).toBe(false);
    // RST leaves no TIME_WAIT, so that the port can be had at once.
    readers[1]!.sockets[0]!.resetAndDestroy();
    await readers[1]!.event('close');
    expect(source.free).toBe(1);
    await eventually(() => readers[1]!.sockets[0]!.destroyed);
    const again = connect(source, port);
    await again.event('data');
    expect(again.data).toBe(`127.0.0.2:${low + 1}`);
  });

  it('passes over a port that another program listens on', async () => {
    const port = portOf(await listen());
    const low = await freePorts(2);
    await listen('127.0.0.2', low);
    const source = new SourceAddress('127.0.0.2', low, low + 1);
    const reader = connect(source, port);
    await reader.event('data');
    expect(reader.data).toBe(`127.0.0.2:${low + 1}`);
    expect(reader.events).toEqual(['connect', 'data']);
    expect(reader.sockets).toHaveLength(2);
    expect(source.free).toBe(1);
  });

  it('reports the failure when no port can be had, and other failures at once', async () => {
    const server = await listen();
    const low = await freePorts(1);
    await listen('127.0.0.2', low);
    const source = new SourceAddress('127.0.0.2', low);
    const reader = connect(source, portOf(server));
    await reader.event('close');
    expect(reader.error?.code).toBe('EADDRINUSE');
    expect(reader.events).toEqual(['error', 'close']);
    expect(source.free).toBe(1);
    const port = portOf(server);
    await new Promise((resolve) => server.close(resolve));
    const refused = connect(new SourceAddress('127.0.0.2', await freePorts(2), 65535), port);
    await refused.event('close');
    expect(refused.error?.code).toBe('ECONNREFUSED');
    expect(refused.sockets).toHaveLength(1);
  });
});
