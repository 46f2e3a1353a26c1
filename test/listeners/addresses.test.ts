import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { ProxyHandle } from '../../core/index.ts';
import { proxyHere } from '../reliability/in-process.ts';
import { freePorts, listenAnywhere } from '../support/free-port.ts';
import { RunningProcess } from '../support/process.ts';
import { commandLine } from '../support/proxy.ts';
import { RawClient } from '../support/raw-client.ts';
import { RawOrigin } from '../support/raw-origin.ts';
import { missing } from '../support/which.ts';

let origin: RawOrigin;
let folder: string;
let proxy: ProxyHandle | undefined;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-bind-'));
  origin = await RawOrigin.start((conversation) => {
    conversation.send('hello');
    conversation.end();
  });
});
afterAll(async () => {
  await origin.stop();
  rmSync(folder, { recursive: true });
});
afterEach(async () => {
  await proxy?.stop();
  proxy = undefined;
});

const listen = (...binds: string[]): string =>
  [
    'defaults',
    ' mode tcp',
    ' timeout connect 1s',
    ' timeout client 5s',
    ' timeout server 5s',
    'listen l',
    ...binds.map((bind) => ` bind ${bind}`),
    ` server s 127.0.0.1:${origin.port}\n`,
  ].join('\n');

function greeting(socket: Socket): Promise<string> {
  return new Promise((resolve) => {
    let text = '';
    socket.setEncoding('latin1').on('data', (part) => (text += String(part)));
    socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? 'error'));
    socket.on('end', () => resolve(text));
  });
}

/** `count` ports in a row that nobody has at the moment. */
async function portsInARow(count: number): Promise<number> {
  for (;;) {
    const first = await listenAndClose(0);
    const rest = await Promise.all(
      Array.from({ length: count - 1 }, (_, i) => listenAndClose(first + 1 + i).catch(() => -1)),
    );
    if (!rest.includes(-1)) return first;
  }
}

function listenAndClose(port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const server: Server = createServer().once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      const { port: bound } = server.address() as { port: number };
      server.close(() => resolve(bound));
    });
  });
}

describe('what can be bound', () => {
  test('a range, and a list on one line', async () => {
    const low = await portsInARow(4);
    const [other] = await freePorts(1);
    proxy = await proxyHere(listen(`127.0.0.1:${low}-${low + 3},127.0.0.1:${other}`));
    expect(proxy.addresses.map(({ text }) => text)).toEqual(
      [low, low + 1, low + 2, low + 3, other].map((port) => `127.0.0.1:${port}`),
    );
    for (const port of [low, low + 3, other!]) expect(await greeting(connect(port, '127.0.0.1'))).toBe('hello');
  });

  test.each([
    { bind: '[::]:0 v6only', four: 'ECONNREFUSED' },
    { bind: '[::]:0 v4v6', four: 'hello' },
    { bind: 'ipv6@:0', four: 'ECONNREFUSED' },
    { bind: ':::0 v4v6', four: 'hello' },
  ])('$bind', async ({ bind, four }) => {
    proxy = await proxyHere(listen(bind));
    const port = proxy.addresses[0]!.port!;
    expect(await greeting(connect(port, '::1'))).toBe('hello');
    const answer = await greeting(connect(port, '127.0.0.1'));
    // Somebody else may have that port of the other family.
    if (four === 'hello') expect(answer).toBe(four);
    else expect(answer).not.toBe('hello');
  });

  test('a UNIX path with its mode and owner', async () => {
    const path = join(folder, 'socket');
    proxy = await proxyHere(listen(`unix@${path} mode 640 uid ${process.getuid!()} gid ${process.getgid!()}`));
    const info = statSync(path);
    expect(info.isSocket()).toBe(true);
    expect(info.mode & 0o777).toBe(0o640);
    expect(await greeting(connect(path))).toBe('hello');
    // A reload keeps it, and a client in between finds it.
    await proxy.reload();
    expect(await greeting(connect(path))).toBe('hello');
  });

  test.skipIf(process.platform !== 'linux')('an abstract name, as HAProxy fills it up', async () => {
    const name = `sluice-${process.pid}`;
    proxy = await proxyHere(listen(`abns@${name}`));
    const full = `\0${name}`.padEnd(108, '\0');
    expect(await greeting(connect(full))).toBe('hello');
  });

  test('an inherited descriptor, by number and by the environment', async () => {
    const file = join(folder, 'fd.cfg');
    for (const bind of ['fd@3', '"fd@${LISTEN_HERE}"']) {
      writeFileSync(file, listen(bind));
      const server = createServer();
      const port = await listenAnywhere(server);
      const { fd } = (server as unknown as { _handle: { fd: number } })._handle;
      const [command, ...args] = commandLine('sluice');
      const child = spawn(command!, [...args, '-f', file], {
        stdio: ['ignore', 'inherit', 'inherit', fd],
        env: { ...process.env, LISTEN_HERE: '3' },
      });
      // From here on only the child has it; who knocks waits in the system's queue.
      server.close();
      try {
        expect(await greeting(connect(port, '127.0.0.1'))).toBe('hello');
      } finally {
        const ended = new Promise((resolve) => child.once('close', resolve));
        child.kill('SIGKILL');
        await ended;
      }
    }
  });
});

describe.each(['sluice', ...(missing('haproxy').length > 0 ? [] : ['haproxy'])])(
  'what cannot be bound by %s',
  (program) => {
    async function refusal(...binds: string[]): Promise<string> {
      const file = join(folder, `${program}.cfg`);
      writeFileSync(file, listen(...binds));
      const [command, ...args] = commandLine(program);
      const process = new RunningProcess(command!, [...args, '-db', '-f', file]);
      expect(await process.ended()).toBe(1);
      return process.stderr;
    }

    const failed = 'Some protocols failed to start their listeners! Exiting.';

    test('an address that somebody has', async () => {
      const said = await refusal(`127.0.0.1:${origin.port}`);
      expect(said).toMatch(/\[ALERT\] +\(\d+\) : Binding \[.*\.cfg:7\] for proxy l: cannot bind socket/);
      expect(said).toContain(`cannot bind socket (Address already in use) for [127.0.0.1:${origin.port}]\n`);
      expect(said).toContain(failed);
    });

    test('an address that is not here', async () => {
      const said = await refusal('192.0.2.1:8000');
      expect(said).toContain(
        ' for proxy l: cannot bind socket (Cannot assign requested address) for [192.0.2.1:8000]\n',
      );
      expect(said).toContain(failed);
    });

    test('a UNIX path in a folder that does not exist', async () => {
      const said = await refusal(`unix@${folder}/no/such`);
      expect(said).toContain(` for proxy l: cannot bind UNIX socket (No such file or directory) [${folder}/no/such]\n`);
      expect(said).toContain(failed);
    });

    test('a descriptor that is none', async () => {
      expect(await refusal('fd@77')).toMatch(
        /config : parsing \[.*\.cfg:7\] : 'bind' : cannot use file descriptor '77' : Bad file descriptor\.\n/,
      );
    });
  },
);

test('the same address twice is refused', async () => {
  const [port] = await freePorts(1);
  await expect(proxyHere(listen(`127.0.0.1:${port}`, `127.0.0.1:${port}`))).rejects.toThrow(/Address already in use/);
  // Nothing stays bound.
  await expect(RawClient.connect(port!)).rejects.toThrow(/ECONNREFUSED/);
});
