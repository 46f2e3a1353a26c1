import { spawn } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { ListenError } from '../../core/net/listen-target.ts';
import type { ListenTarget } from '../../core/net/listen-target.ts';
import type { PlainSocket } from '../../core/net/fast-socket.ts';
import { ListeningSocket } from '../../core/net/listening-socket.ts';
import type { ListenOptions } from '../../core/net/listening-socket.ts';
import { ListeningSockets } from '../../core/net/listening-sockets.ts';
import { dial, eventually, readAll } from './helpers.ts';

const loopback: ListenTarget = { kind: 'inet', host: '127.0.0.1', port: 0 };
const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup();
});

async function open(options: ListenOptions): Promise<ListeningSocket> {
  const socket = await ListeningSocket.open(options);
  cleanups.push(() => socket.close());
  return socket;
}

function folder(): string {
  const made = fs.mkdtempSync(path.join(os.tmpdir(), 'sluice-net-'));
  cleanups.push(() => fs.rmSync(made, { recursive: true, force: true }));
  return made;
}

function say(text: string) {
  return (socket: PlainSocket): void => void socket.end(text, 'latin1');
}

async function ask(target: number | string | net.NetConnectOpts): Promise<string> {
  const socket = await dial(target);
  socket.end();
  return readAll(socket);
}

async function fail(target: ListenTarget): Promise<ListenError> {
  return ListeningSocket.open({ target }).then(
    () => Promise.reject(new Error('bound')),
    (error: unknown) => error as ListenError,
  );
}

describe('a listening socket', () => {
  it('gives out sockets that do not read, allow half-open and have no delay', async () => {
    const listening = await open({ target: loopback });
    let got: net.Socket | undefined;
    listening.accept((socket) => (got = socket as net.Socket));
    const client = await dial(listening.port!);
    client.end('hello');
    await eventually(() => got !== undefined);
    expect(got!.isPaused()).toBe(true);
    expect(got!.allowHalfOpen).toBe(true);
    expect(got!.bytesRead).toBe(0);
    expect(await readAll(got!)).toBe('hello');
    got!.end('still open');
    expect(await readAll(client)).toBe('still open');
  });

  it('waits for a handler, and changes it while running', async () => {
    const listening = await open({ target: loopback });
    const early = ask(listening.port!);
    await eventually(() => listening.held === 1);
    listening.accept(say('one'));
    expect(await early).toBe('one');
    listening.accept(say('two'));
    expect(await ask(listening.port!)).toBe('two');
  });

  it('holds connections in order while paused', async () => {
    const listening = await open({ target: loopback });
    const order: string[] = [];
    listening.accept((socket) => {
      order.push(String(socket.remotePort));
      socket.end();
      if (order.length === 2) listening.pause();
    });
    listening.pause();
    const clients: net.Socket[] = [];
    for (let i = 0; i < 4; i++) clients.push(await dial(listening.port!));
    await eventually(() => listening.held === 4);
    listening.resume();
    expect(order).toEqual(clients.slice(0, 2).map((client) => String(client.localPort)));
    expect(listening.held).toBe(2);
    listening.resume();
    expect(order).toEqual(clients.map((client) => String(client.localPort)));
    for (const client of clients) client.destroy();
  });

  it('survives a held client that resets', async () => {
    const listening = await open({ target: loopback });
    const client = await dial(listening.port!);
    await eventually(() => listening.held === 1);
    client.resetAndDestroy();
    let closed = false;
    listening.accept((socket) => {
      (socket as net.Socket).on('error', () => undefined);
      (socket as net.Socket).on('close', () => (closed = true));
      socket.resume();
    });
    await eventually(() => closed);
    listening.accept(say('alive'));
    expect(await ask(listening.port!)).toBe('alive');
  });

  it('resets what exceeds the backlog when it cannot stop', async () => {
    const listening = await open({ target: loopback, backlog: 1 });
    const first = await dial(listening.port!);
    await eventually(() => listening.held === 1);
    const second = net.connect(listening.port!, '127.0.0.1').resume();
    const error = await new Promise((resolve) => second.on('error', resolve));
    expect(error).toMatchObject({ code: 'ECONNRESET' });
    expect(listening.overflowed).toBe(1);
    first.destroy();
  });

  it('refuses connections once closed, and ends those held', async () => {
    const listening = await open({ target: loopback });
    const port = listening.port!;
    const client = await dial(port);
    await eventually(() => listening.held === 1);
    listening.close();
    await readAll(client);
    await expect(dial(port)).rejects.toThrow('ECONNREFUSED');
    client.destroy();
  });

  it('listens on IPv6 alone or on both families', async () => {
    const both = await open({ target: { kind: 'inet', host: '::', port: 0, v6only: false } });
    both.accept((socket) => void socket.end(socket.remoteAddress ?? '', 'latin1'));
    expect(await ask(both.port!)).toBe('::ffff:127.0.0.1');
    const alone = await open({ target: { kind: 'inet', host: '::', port: 0, v6only: true } });
    alone.accept((socket) => void socket.end(socket.remoteAddress ?? '', 'latin1'));
    expect(await ask({ host: '::1', port: alone.port! })).toBe('::1');
    await expect(dial(alone.port!)).rejects.toThrow('ECONNREFUSED');
  });

  it("says in HAProxy's words what cannot be bound", async () => {
    const listening = await open({ target: loopback });
    const port = listening.port!;
    const busy = await fail({ kind: 'inet', host: '127.0.0.1', port });
    expect(busy).toBeInstanceOf(ListenError);
    expect(busy.code).toBe('EADDRINUSE');
    expect(busy.message).toBe(`cannot bind socket (Address already in use) for [127.0.0.1:${port}]`);
    expect((await fail({ kind: 'inet', host: '192.0.2.1', port: 1234 })).message).toBe(
      'cannot bind socket (Cannot assign requested address) for [192.0.2.1:1234]',
    );
    expect((await fail({ kind: 'unix', path: '/nonexistent/a' })).message).toBe(
      'cannot bind UNIX socket (No such file or directory) [/nonexistent/a]',
    );
    expect((await fail({ kind: 'unix', path: `/tmp/${'x'.repeat(100)}` })).message).toMatch(/File name too long/);
    expect((await fail({ kind: 'fd', fd: 9999 })).message).toBe(
      "cannot use file descriptor '9999' : Bad file descriptor.",
    );
  });
});

describe('UNIX sockets', () => {
  it('get their mode, replace a stale socket, and stay when closed', async () => {
    const at = path.join(folder(), 's');
    const stale = await open({ target: { kind: 'unix', path: at } });
    const before = fs.statSync(at).ino;
    const listening = await open({ target: { kind: 'unix', path: at, mode: 0o640 } });
    listening.accept(say('new'));
    stale.accept(say('old'));
    expect(fs.statSync(at).ino).not.toBe(before);
    expect(fs.statSync(at).mode & 0o777).toBe(0o640);
    expect(await ask(at)).toBe('new');
    listening.close();
    expect(fs.readdirSync(path.dirname(at))).toEqual(['s']);
    await expect(dial(at)).rejects.toThrow('ECONNREFUSED');
  });

  it.runIf(process.getuid?.() === 0)('get their owner', async () => {
    const at = path.join(folder(), 's');
    await open({ target: { kind: 'unix', path: at, uid: 12, gid: 34 } });
    expect(fs.statSync(at)).toMatchObject({ uid: 12, gid: 34 });
  });

  it('do not replace what is no socket', async () => {
    const at = path.join(folder(), 's');
    fs.writeFileSync(at, 'precious');
    await expect(ListeningSocket.open({ target: { kind: 'unix', path: at } })).rejects.toThrow('not a socket');
    expect(fs.readFileSync(at, 'utf8')).toBe('precious');
  });

  it('may have names that are not ASCII', async () => {
    const at = path.join(folder(), 'é');
    const listening = await open({ target: { kind: 'unix', path: Buffer.from(at).toString('latin1') } });
    listening.accept(say('accents'));
    expect(await ask(at)).toBe('accents');
  });

  // Node 20 cannot bind a name shorter than sun_path (address.ts says so).
  const lengths = Number.parseInt(process.versions.node, 10) >= 22 ? [true, false] : [false];
  it.runIf(process.platform === 'linux').each(lengths)('in the abstract namespace (short: %s)', async (short) => {
    const name = `sluice-test-${process.pid}-${short}`;
    const listening = await open({ target: { kind: 'abns', name, zeroTerminated: short } });
    listening.accept(say('abstract'));
    const socat = spawn('socat', ['-u', `abstract-connect:${name},unix-tightsocklen=${short ? 1 : 0}`, '-']);
    let got = '';
    for await (const chunk of socat.stdout) got += String(chunk);
    expect(got).toBe('abstract');
  });
});

describe('the listening sockets of generations', () => {
  it('are the same for the same key, and close with their last owner', async () => {
    const sockets = new ListeningSockets();
    const probe = await open({ target: loopback });
    const port = probe.port!;
    probe.close();
    const target: ListenTarget = { kind: 'inet', host: '127.0.0.1', port };
    const one = {};
    const two = {};
    const first = await sockets.claim(one, { target });
    first.accept(say('one'));
    const second = await sockets.claim(two, { target });
    expect(second).toBe(first);
    expect(await ask(port)).toBe('one');
    second.accept(say('two'));
    await sockets.release(one);
    expect(await ask(port)).toBe('two');
    expect(sockets.keys()).toEqual([`127.0.0.1:${port}`]);
    await sockets.release(two);
    expect(first.closed).toBe(true);
    expect(sockets.keys()).toEqual([]);
    await expect(dial(port)).rejects.toThrow('ECONNREFUSED');
  });

  it('refuse an owner who binds an address twice, and forget what could not be bound', async () => {
    const sockets = new ListeningSockets();
    const owner = {};
    const at = path.join(folder(), 's');
    await sockets.claim(owner, { target: { kind: 'unix', path: at } });
    await expect(sockets.claim(owner, { target: { kind: 'unix', path: at } })).rejects.toThrow('already in use');
    await expect(sockets.claim(owner, { target: { kind: 'unix', path: '/nonexistent/s' } })).rejects.toThrow(
      ListenError,
    );
    expect(sockets.keys()).toEqual([`unix@${at}`]);
    await sockets.release(owner);
    expect(sockets.keys()).toEqual([]);
  });
});
