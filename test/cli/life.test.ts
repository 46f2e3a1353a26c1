import { readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { listenAnywhere } from '../support/free-port.ts';
import { RawClient } from '../support/raw-client.ts';
import type { RunningProcess } from '../support/process.ts';
import { until } from '../support/wait.ts';
import { answering, file, folder, run, start } from './support.ts';

/** The status that a GET of `path` is answered with; undefined when nobody listens. */
async function status(port: number, path: string): Promise<string | undefined> {
  try {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, { headers: { connection: 'close' } });
    return String(response.status);
  } catch {
    return undefined;
  }
}
const serves = (port: number, path: string): Promise<void> =>
  until(`${path} to be served`, async () => (await status(port, path)) === '200');
const isGone = (port: number): Promise<void> =>
  until('nobody to listen', () =>
    RawClient.connect(port).then(
      (client) => {
        client.destroy();
        return false;
      },
      () => true,
    ),
  );
const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

describe('in the foreground', () => {
  test.each([
    ['SIGTERM', 143],
    ['SIGINT', 130],
    ['SIGUSR1', 0],
  ] as const)('%s ends it with %i, and the pid file names it', async (signal, code) => {
    const { port, text } = await answering('x');
    const pidfile = join(folder(), 'pid');
    const running = start(['-f', file(text), '-p', pidfile]);
    await serves(port, '/x');
    expect(readFileSync(pidfile, 'latin1')).toBe(`${running.child.pid}\n`);
    running.child.kill(signal);
    expect(await running.ended()).toBe(code);
  });

  test('SIGUSR1 lets a connection finish and nobody in', async () => {
    const origin = createServer();
    const originPort = await listenAnywhere(origin);
    const { port, text } = await answering('x');
    const running = start(['-f', file(`${text}  default_backend b\nbackend b\n  server s 127.0.0.1:${originPort}\n`)]);
    await serves(port, '/x');
    const client = await RawClient.connect(port);
    const accepted = new Promise<Socket>((resolve) => origin.once('connection', resolve));
    client.send('GET /slow HTTP/1.1\r\nHost: x\r\n\r\n');
    const upstream = await accepted;
    running.child.kill('SIGUSR1');
    await isGone(port);
    expect(running.exit).toBeUndefined();
    upstream.end('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
    expect(await running.ended()).toBe(0);
    expect(client.received).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*ok$/);
    client.destroy();
    origin.close();
  });

  test('hard-stop-after ends a soft stop that takes too long', async () => {
    const origin = createServer();
    const originPort = await listenAnywhere(origin);
    const { port, text } = await answering('x', 'global\n  hard-stop-after 300ms\n');
    const running = start(['-f', file(`${text}  default_backend b\nbackend b\n  server s 127.0.0.1:${originPort}\n`)]);
    await serves(port, '/x');
    const client = await RawClient.connect(port);
    const accepted = new Promise<Socket>((resolve) => origin.once('connection', resolve));
    client.send('GET /never HTTP/1.1\r\nHost: x\r\n\r\n');
    const upstream = await accepted;
    upstream.on('error', () => {});
    running.child.kill('SIGUSR1');
    expect(await running.ended()).toBe(0);
    client.destroy();
    origin.close();
  });

  test('SIGUSR2 takes the new configuration, or keeps the old', async () => {
    const { port, text } = await answering('old');
    const path = file(text);
    const running = start(['-f', path]);
    await serves(port, '/old');
    writeFileSync(path, `${text}  no-such-word\n`);
    running.child.kill('SIGUSR2');
    await until('the refusal', () => running.stderr.includes('The new configuration was refused'));
    expect(running.stderr).toContain(`unknown keyword 'no-such-word'`);
    expect(await status(port, '/old')).toBe('200');
    writeFileSync(path, text.replace('/old', '/new'));
    running.child.kill('SIGUSR2');
    await serves(port, '/new');
    expect(await status(port, '/old')).toBe('503');
  });

  test('SIGHUP and SIGQUIT show the state and change nothing', async () => {
    const { port, text } = await answering('x');
    const running = start(['-f', file(text)]);
    await serves(port, '/x');
    running.child.kill('SIGHUP');
    await until('the state', () => running.stderr.includes('SIGHUP: {"connections"'));
    running.child.kill('SIGQUIT');
    await until('the state', () => running.stderr.includes('SIGQUIT: {"connections"'));
    expect(await status(port, '/x')).toBe('200');
  });

  test('an address that is taken is named, exit code 1', async () => {
    const other = createServer();
    const port = await listenAnywhere(other);
    const { exit, stderr } = await run(['-f', file(`${(await answering('x')).text}  bind 127.0.0.1:${port}\n`)]);
    expect(exit).toBe(1);
    expect(stderr).toMatch(new RegExp(`\\[ALERT\\] .*127\\.0\\.0\\.1:${port}`));
    other.close();
  });

  test('a promise that a plugin forgot ends nothing', async () => {
    const { port, text } = await answering('x', 'global\n  plugin-load ./careless.mjs\n');
    const path = file(text);
    writeFileSync(
      join(path, '../careless.mjs'),
      `export default { name: 'careless', api: 1, setup() { return { start() {
        setTimeout(() => Promise.reject(new Error('forgotten')), 1);
        setTimeout(() => { throw new Error('thrown'); }, 2);
      } }; } }`,
    );
    const running = start(['-f', path]);
    await until('both to be logged', () => /unhandled rejection[^]*uncaught exception/.test(running.stderr));
    expect(await status(port, '/x')).toBe('200');
  });

  test('a plugin that fails in setup refuses the configuration', async () => {
    const { text } = await answering('x', 'global\n  plugin-load ./broken.mjs\n');
    const path = file(text);
    writeFileSync(
      join(path, '../broken.mjs'),
      `export default { name: 'broken', api: 1, setup() { throw new Error('no'); } }`,
    );
    const { exit, stderr } = await run(['-f', path]);
    expect(exit).toBe(1);
    expect(stderr).toContain(`plugin 'broken' failed in setup: no`);
  });
});

const about = (running: RunningProcess, name: 'limits' | 'status'): string =>
  readFileSync(`/proc/${running.child.pid}/${name}`, 'latin1');

describe('limits and rights', () => {
  test.runIf(process.platform === 'linux')('ulimit-n', async () => {
    const { port, text } = await answering('x', 'global\n  ulimit-n 777\n');
    const running = start(['-f', file(text)]);
    await serves(port, '/x');
    expect(about(running, 'limits')).toMatch(/^Max open files +777 /m);
  });

  test.runIf(process.getuid?.() === 0)('user and group, once bound', async () => {
    const { port, text } = await answering('x', 'global\n  user nobody\n  group nogroup\n');
    const running = start(['-f', file(text)]);
    await serves(port, '/x');
    await until('the change', () => /^Uid:\t65534\t65534\t65534\t65534$/m.test(about(running, 'status')));
    expect(about(running, 'status')).toMatch(/^Gid:\t65534\t65534\t65534\t65534$/m);
    expect(about(running, 'status')).not.toMatch(/^Groups:.*\b0\b/m);
  });
});

describe('in the background', () => {
  test.each([['-D'], ['daemon']])('%s: the parent ends when the child serves', async (how) => {
    const { port, text } = await answering('x', how === 'daemon' ? 'global\n  daemon\n' : '');
    const pidfile = join(folder(), 'pid');
    const parent = await run(['-f', file(text), '-p', pidfile, ...(how === '-D' ? ['-D'] : [])]);
    expect(parent.exit).toBe(0);
    expect(await status(port, '/x')).toBe('200');
    const pid = Number(readFileSync(pidfile, 'latin1'));
    expect(pid).not.toBe(parent.child.pid);
    process.kill(pid, 'SIGTERM');
    await until('it to end', () => !isAlive(pid));
  });

  test('-db wins over the word', async () => {
    const { port, text } = await answering('x', 'global\n  daemon\n');
    const running = start(['-db', '-f', file(text)]);
    await serves(port, '/x');
    expect(running.exit).toBeUndefined();
  });

  test.each([['-D'], ['-DW']])('a failure is told to the terminal and is the exit code (%s)', async (how) => {
    const other = createServer();
    const port = await listenAnywhere(other);
    const { text } = await answering('x');
    const flags = how === '-D' ? ['-D'] : ['-D', '-W'];
    const taken = await run([...flags, '-f', file(`${text}  bind 127.0.0.1:${port}\n`)]);
    expect(taken.exit).toBe(1);
    expect(taken.stderr).toContain(`127.0.0.1:${port}`);
    const wrong = await run([...flags, '-f', file(`${text}  no-such-word\n`)]);
    expect(wrong.exit).toBe(1);
    expect(wrong.stderr).toContain(`unknown keyword 'no-such-word'`);
    other.close();
  });
});

describe('-sf and -st', () => {
  test.each([
    ['-sf', 'sluice', 'sluice', 0],
    ['-st', 'sluice', 'sluice', 143],
    ['-sf', 'haproxy', 'sluice', 0],
    ['-sf', 'sluice', 'haproxy', 0],
  ] as const)('%s: from %s to %s', async (option, before, after, code) => {
    const { port, text } = await answering('old');
    const old = start(['-db', '-f', file(text)], before);
    await serves(port, '/old');
    start(['-db', '-f', file(text.replace('/old', '/new')), option, String(old.child.pid)], after);
    await serves(port, '/new');
    expect(await old.ended()).toBe(code);
    expect(await status(port, '/new')).toBe('200');
  });

  test('a process that does not get its address lets the old one go on', async () => {
    const other = createServer();
    const taken = await listenAnywhere(other);
    const { port, text } = await answering('old');
    const old = start(['-f', file(text)]);
    await serves(port, '/old');
    const young = await run(['-f', file(`${text}  bind 127.0.0.1:${taken}\n`), '-sf', String(old.child.pid)]);
    expect(young.exit).toBe(1);
    await serves(port, '/old');
    other.close();
  });
});
