import net from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import {
  adoptSocket,
  connectSocket,
  descriptorOf,
  pauseReading,
  readEvents,
  resetSocket,
  resumeReading,
} from '../../core/net/fast-socket.ts';
import type { ReadSocket, SocketReader } from '../../core/net/fast-socket.ts';
import { LightSocket } from '../../core/net/light-socket.ts';
import { internals } from '../../core/net/node-internals.ts';
import { ListeningSocket } from '../../core/net/listening-socket.ts';
import { Recorder, dial, eventually, readAll } from './helpers.ts';

let listening: ListeningSocket | undefined;
const clients: net.Socket[] = [];
afterEach(() => {
  listening?.close();
  for (const client of clients.splice(0)) client.destroy();
});

type Adopt = (accepted: net.Socket, reader: SocketReader) => ReadSocket;
const light = new Set<Adopt>();
const adoptLight: Adopt = (accepted, reader) => {
  expect(accepted).toBeInstanceOf(internals === undefined ? net.Socket : LightSocket);
  return adoptSocket(accepted, reader);
};
light.add(adoptLight);

async function pair(adopt: Adopt = adoptSocket): Promise<{ client: net.Socket; socket: ReadSocket; reader: Recorder }> {
  listening = await ListeningSocket.open({
    target: { kind: 'inet', host: '127.0.0.1', port: 0 },
    light: light.has(adopt),
  });
  const reader = new Recorder();
  let socket: ReadSocket | undefined;
  listening.accept((accepted) => (socket = adopt(accepted as net.Socket, reader)));
  const client = await dial(listening.port!);
  clients.push(client);
  await eventually(() => socket !== undefined);
  return { client, socket: socket!, reader };
}

describe.each<[string, Adopt]>([
  ['over the handle', adoptSocket],
  ['that is light', adoptLight],
  ["on 'data' events", readEvents],
])('an adopted socket %s', (_name, adopt) => {
  it('reads nothing before it is told to, then everything, then the end', async () => {
    const { client, socket, reader } = await pair(adopt);
    client.end('hello');
    const turn = await dial(listening!.port!);
    turn.destroy();
    expect(reader.events).toEqual([]);
    resumeReading(socket);
    await reader.event('end');
    expect(reader.data).toBe('hello');
    expect(reader.events).toEqual(['data', 'end']);
  });

  it('keeps its own side open after the peer has ended', async () => {
    const { client, socket, reader } = await pair(adopt);
    resumeReading(socket);
    client.end('ask');
    await reader.event('end');
    socket.write('ans', 'latin1');
    socket.end('wer\xff', 'latin1');
    expect(await readAll(client)).toBe('answer\xff');
    await reader.event('close');
    expect(reader.error).toBeUndefined();
  });

  it('stops and goes on reading, and holds the sender back', async () => {
    const { client, socket, reader } = await pair(adopt);
    resumeReading(socket);
    client.write('a');
    await reader.until(() => reader.data === 'a');
    pauseReading(socket);
    const block = Buffer.alloc(1 << 20, 'b');
    let sent = 0;
    while (client.write(block) || client.writableLength < 8 << 20) sent++;
    sent++;
    await new Promise((resolve) => setImmediate(resolve));
    expect(reader.data.length).toBeLessThan(2 << 20);
    resumeReading(socket);
    client.end();
    await reader.event('end');
    expect(reader.data.length).toBe(1 + sent * block.length);
  });

  it('tells of a reset, and then of the close', async () => {
    const { client, socket, reader } = await pair(adopt);
    resumeReading(socket);
    client.write('x');
    await reader.event('data');
    client.resetAndDestroy();
    await reader.event('close');
    expect(reader.error?.code).toBe('ECONNRESET');
    expect(reader.events.slice(-2)).toEqual(['error', 'close']);
  });

  it('tells when a full write queue has drained', async () => {
    const { client, socket, reader } = await pair(adopt);
    resumeReading(socket);
    const block = Buffer.alloc(1 << 20);
    let sent = 1;
    while (socket.write(block)) sent++;
    let got = 0;
    client.on('data', (chunk: Buffer) => (got += chunk.length));
    await reader.event('drain');
    socket.end();
    await new Promise((resolve) => client.once('end', resolve));
    expect(got).toBe(sent * block.length);
  });

  it('resets the peer', async () => {
    const { client, socket, reader } = await pair(adopt);
    const failed = new Promise((resolve) => client.once('error', resolve));
    client.resume();
    resetSocket(socket);
    expect(await failed).toMatchObject({ code: 'ECONNRESET' });
    await reader.event('close');
  });

  it('closes when it is reset right after its end, or while much is unsent', async () => {
    const first = await pair(adopt);
    first.client.resume();
    first.client.on('error', () => undefined);
    resumeReading(first.socket);
    first.socket.end('x', 'latin1');
    resetSocket(first.socket);
    await first.reader.event('close');
    expect(first.reader.events).toEqual(['close']);
    listening!.close();
    const second = await pair(adopt);
    second.client.on('error', () => undefined);
    while (second.socket.write(Buffer.alloc(1 << 20)));
    second.socket.end();
    await new Promise((resolve) => setImmediate(resolve));
    resetSocket(second.socket);
    await second.reader.event('close');
    expect(second.reader.events).toEqual(['close']);
  });

  it('does not take a reset behind unread data for the end', async () => {
    const { client, socket, reader } = await pair(adopt);
    client.write('half of an answer');
    await new Promise((resolve) => client.write('', resolve));
    client.resetAndDestroy();
    await new Promise((resolve) => client.once('close', resolve));
    resumeReading(socket);
    await reader.event('close');
    expect(reader.error?.code).toBe('ECONNRESET');
    expect(reader.events).not.toContain('end');
  });

  it('can change its reader between two reads', async () => {
    const { client, socket, reader } = await pair(adopt);
    const next = new Recorder();
    reader.onBytes = () => (socket.reader = next);
    resumeReading(socket);
    client.write('first');
    await reader.event('data');
    client.end('second');
    await next.event('end');
    expect(reader.data).toBe('first');
    expect(next.data).toBe('second');
    expect(reader.events).toEqual(['data']);
  });
});

describe('the buffer of a reader', () => {
  it('is asked for when the socket is made, and after every read', async () => {
    const seen: string[] = [];
    const buffers = [Buffer.alloc(4), Buffer.alloc(2), Buffer.alloc(8)];
    let asked = 0;
    class Turning extends Recorder {
      override buffer(): Uint8Array {
        return buffers[asked++ % 3]!;
      }
      override onData(n: number, buffer: Buffer): void {
        expect(buffer).toBe(buffers[(asked - 1) % 3]);
        seen.push(buffer.toString('latin1', 0, n));
        super.onData(n, buffer);
      }
    }
    const reader = new Turning();
    const { client, socket } = await pair((accepted) => adoptSocket(accepted, reader));
    client.end('0123456789abcdef');
    resumeReading(socket);
    await reader.event('end');
    expect(seen).toEqual(['0123', '45', '6789abcd', 'ef']);
  });
});

describe('a connecting socket', () => {
  it('connects, reads by itself, and half-closes', async () => {
    const server = net.createServer({ allowHalfOpen: true }, (socket) => {
      socket.write('welcome');
      void readAll(socket).then((text) => socket.end(` ${text}`));
    });
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as net.AddressInfo;
    const reader = new Recorder();
    const socket = connectSocket({ host: '127.0.0.1', port }, reader);
    expect(reader.events).toEqual([]);
    await reader.event('data');
    expect(reader.events).toEqual(['connect', 'data']);
    expect(descriptorOf(socket)).toBeGreaterThan(0);
    socket.end('bye', 'latin1');
    await reader.event('close');
    expect(reader.data).toBe('welcome bye');
    server.close();
  });

  it('says who refuses', async () => {
    const probe = await ListeningSocket.open({ target: { kind: 'inet', host: '127.0.0.1', port: 0 } });
    const port = probe.port!;
    probe.close();
    const reader = new Recorder();
    const socket = connectSocket({ host: '127.0.0.1', port }, reader);
    await reader.event('close');
    expect(reader.error?.code).toBe('ECONNREFUSED');
    expect(reader.events).toEqual(['error', 'close']);
    expect(descriptorOf(socket)).toBeUndefined();
  });

  it('may be reset before it is connected', async () => {
    const { reader: _unused } = await pair();
    const reader = new Recorder();
    const socket = connectSocket({ host: '127.0.0.1', port: listening!.port! }, reader);
    resetSocket(socket);
    await reader.event('close');
    expect(reader.events).toEqual(['close']);
  });

  it('can be paused before it is connected', async () => {
    const { reader: _unused } = await pair();
    listening!.accept((accepted) => void accepted.end('late', 'latin1'));
    const reader = new Recorder();
    const socket = connectSocket({ host: '127.0.0.1', port: listening!.port! }, reader);
    pauseReading(socket);
    await reader.event('connect');
    expect(reader.data).toBe('');
    resumeReading(socket);
    await reader.event('end');
    expect(reader.data).toBe('late');
    socket.destroy();
  });
});
