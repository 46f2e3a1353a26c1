import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import dgram from 'node:dgram';
import { once } from 'node:events';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { DatagramSender } from '../../core/net/datagram-sender.ts';
import { descriptorOf } from '../../core/net/fast-socket.ts';
import { enableKeepAlive, keepAliveProblem } from '../../core/net/keepalive.ts';
import { loadLibc } from '../../core/net/libc.ts';
import { ListeningSocket } from '../../core/net/listening-socket.ts';
import { getSocketOption, lingerZero, setSocketOption, setSocketTextOption } from '../../core/net/socket-options.ts';
import { dial, eventually, readAll } from './helpers.ts';

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0).toReversed()) cleanup();
});

async function pair(): Promise<{ client: net.Socket; server: net.Socket }> {
  const listening = net.createServer();
  await new Promise<void>((resolve) => void listening.listen(0, '127.0.0.1', resolve));
  cleanups.push(() => listening.close());
  const accepted = once(listening, 'connection') as Promise<[net.Socket]>;
  const client = await dial((listening.address() as net.AddressInfo).port);
  const [server] = await accepted;
  cleanups.push(
    () => client.destroy(),
    () => server.destroy(),
  );
  return { client, server };
}

it('native calls that are not there are an answer, not a failure', () => {
  const state = loadLibc();
  expect(state.libc === undefined).toBe(typeof state.reason === 'string');
  expect(loadLibc()).toBe(state);
});

it('keep-alive can be turned on without native calls, but not its times', async () => {
  const missing = { libc: undefined, reason: 'not there' };
  expect(keepAliveProblem({}, () => missing)).toBeUndefined();
  expect(keepAliveProblem({ count: 3 }, () => missing)).toBe('not there');
  const { client } = await pair();
  enableKeepAlive(client, { idle: 7 }, () => missing);
  expect(client.destroyed).toBe(false);
});

const { libc } = loadLibc();

describe.runIf(libc !== undefined)('native calls', () => {
  const native = libc!;

  it('set and read socket options', async () => {
    const { client, server } = await pair();
    expect(getSocketOption(native, client, 'keepAlive')).toBe(0);
    const { client: untouched } = await pair();
    enableKeepAlive(client, { idle: 77, interval: 11, count: 3 }, () => ({ libc: native }));
    expect(getSocketOption(native, client, 'keepAlive')).not.toBe(0);
    expect(getSocketOption(native, client, 'keepIdle')).toBe(77);
    expect(getSocketOption(native, client, 'keepInterval')).toBe(11);
    expect(getSocketOption(native, client, 'keepCount')).toBe(3);
    // What is not said keeps the system's value.
    enableKeepAlive(server, { idle: 5 }, () => ({ libc: native }));
    expect(getSocketOption(native, server, 'keepIdle')).toBe(5);
    expect(getSocketOption(native, server, 'keepInterval')).toBe(getSocketOption(native, untouched, 'keepInterval'));
    enableKeepAlive(untouched, {}, () => ({ libc: native }));
    expect(getSocketOption(native, untouched, 'keepAlive')).not.toBe(0);
    expect(getSocketOption(native, untouched, 'keepIdle')).not.toBe(77);
    expect(setSocketOption(native, client, 'typeOfService', 0x10)).toBeUndefined();
    expect(getSocketOption(native, client, 'typeOfService')).toBe(0x10);
    expect(setSocketOption(native, -1, 'keepIdle', 1)).toBe('EBADF');
    expect(getSocketOption(native, -1, 'keepIdle')).toBeUndefined();
  });

  it.runIf(process.platform === 'linux')('set what only Linux has', async () => {
    const { client } = await pair();
    expect(setSocketOption(native, client, 'userTimeout', 1234)).toBeUndefined();
    expect(getSocketOption(native, client, 'userTimeout')).toBe(1234);
    expect(setSocketTextOption(native, client, 'congestion', 'reno')).toBeUndefined();
    expect(setSocketTextOption(native, client, 'congestion', 'no-such')).toBe('ENOENT');
    const listening = net.createServer();
    await new Promise<void>((resolve) => void listening.listen(0, '127.0.0.1', resolve));
    cleanups.push(() => listening.close());
    for (const option of ['deferAccept', 'fastOpen', 'maxSegment'] as const) {
      expect(setSocketOption(native, listening, option, 600)).toBeUndefined();
      expect(getSocketOption(native, listening, option)).toBeGreaterThan(0);
    }
  });

  it('close with RST', async () => {
    const { client, server } = await pair();
    expect(lingerZero(native, server)).toBeUndefined();
    client.resume();
    const failed = once(client, 'error');
    server.destroy();
    expect((await failed)[0]).toMatchObject({ code: 'ECONNRESET' });
  });

  it('duplicate a descriptor, which is then listened on', async () => {
    const first = net.createServer();
    await new Promise<void>((resolve) => void first.listen(0, '127.0.0.1', resolve));
    const { port } = first.address() as net.AddressInfo;
    const fd = native.duplicate(descriptorOf(first)!)!;
    await new Promise((resolve) => first.close(resolve));
    const listening = await ListeningSocket.open({ target: { kind: 'fd', fd } });
    cleanups.push(() => listening.close());
    expect(listening.port).toBe(port);
    listening.accept((socket) => void socket.end('inherited', 'latin1'));
    expect(await readAll(await dial(port))).toBe('inherited');
    expect(native.duplicate(-1)).toBeUndefined();
  });

  it('let a paused listening socket stop in earnest, and lose nobody', async () => {
    const listening = await ListeningSocket.open({
      target: { kind: 'inet', host: '127.0.0.1', port: 0 },
      backlog: 2,
      duplicate: (fd) => native.duplicate(fd),
    });
    cleanups.push(() => listening.close());
    const { port } = listening;
    const clients: Promise<string>[] = [];
    for (let i = 0; i < 4; i++) clients.push(dial(port!).then(readAll));
    await eventually(() => listening.held === 2);
    for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
    expect(listening.held).toBe(2);
    expect(listening.overflowed).toBe(0);
    listening.accept((socket) => void socket.end('served', 'latin1'));
    expect(await Promise.all(clients)).toEqual(['served', 'served', 'served', 'served']);
    expect(listening.port).toBe(port);
  });

  it('close a socket that has stopped in earnest', async () => {
    const listening = await ListeningSocket.open({
      target: { kind: 'inet', host: '127.0.0.1', port: 0 },
      backlog: 1,
      duplicate: (fd) => native.duplicate(fd),
    });
    const port = listening.port!;
    const client = await dial(port);
    await eventually(() => listening.held === 1);
    listening.close();
    client.destroy();
    await expect(dial(port)).rejects.toThrow('ECONNREFUSED');
  });

  it('read and set the limit on open files', () => {
    const limit = native.openFiles();
    expect(limit.soft).toBeGreaterThan(10);
    expect(limit.hard).toBeGreaterThanOrEqual(limit.soft);
    const lower = { ...limit, soft: Math.min(limit.soft, 4096) - 1 };
    expect(native.setOpenFiles(lower)).toBeUndefined();
    expect(native.openFiles()).toEqual(lower);
    expect(native.setOpenFiles(limit)).toBeUndefined();
    expect(native.setOpenFiles({ soft: 100, hard: 50 })).toBe('EINVAL');
  });

  it('answer why the root cannot be changed', () => {
    expect(native.chroot('/nonexistent')).toMatch(/^(ENOENT|EPERM)$/);
    expect(native.setDumpable(true)).toBe(process.platform === 'linux' ? undefined : 'ENOSYS');
  });

  it('send UDP datagrams', async () => {
    const receiver = dgram.createSocket('udp4');
    receiver.bind(0, '127.0.0.1');
    await once(receiver, 'listening');
    const sender = new DatagramSender(native, { host: '127.0.0.1', port: receiver.address().port });
    cleanups.push(
      () => receiver.close(),
      () => sender.close(),
    );
    const got = once(receiver, 'message');
    expect(sender.send(Buffer.from('hello, rest'), 5)).toBeUndefined();
    expect(String((await got)[0])).toBe('hello');
    expect(sender.lost).toBe(0);
    expect(() => new DatagramSender(native, { host: 'name', port: 1 })).toThrow(TypeError);
  });

  it('send UNIX datagrams, and find a receiver that was restarted', async () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'sluice-dgram-'));
    const at = path.join(folder, 'log');
    const out = path.join(folder, 'out');
    const sender = new DatagramSender(native, { path: at });
    let child: ChildProcess | undefined;
    cleanups.push(
      () => fs.rmSync(folder, { recursive: true, force: true }),
      () => sender.close(),
      () => child?.kill('SIGKILL'),
    );
    const restart = async (): Promise<void> => {
      if (child !== undefined) {
        const exited = once(child, 'exit');
        child.kill('SIGKILL');
        await exited;
      }
      fs.rmSync(at, { force: true });
      child = spawn('socat', ['-u', `unix-recv:${at}`, `open:${out},creat,append`], { stdio: 'ignore' });
      while (!fs.existsSync(at)) await new Promise((resolve) => setTimeout(resolve, 5));
    };
    const received = async (text: string): Promise<void> => {
      while (!fs.existsSync(out) || fs.readFileSync(out, 'utf8') !== text) {
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    };
    expect(sender.send(Buffer.from('nobody'))).toBe('ENOENT');
    await restart();
    expect(sender.send(Buffer.from('one '))).toBeUndefined();
    await received('one ');
    await restart();
    expect(sender.send(Buffer.from('two '))).toBeUndefined();
    expect(sender.send(Buffer.from('three'))).toBeUndefined();
    await received('one two three');
    expect(sender.lost).toBe(1);
  });
});
