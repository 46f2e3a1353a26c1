import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { RunningProcess } from '../support/process.ts';
import { until } from '../support/wait.ts';
import { which } from '../support/which.ts';
import { answering, file, folder, run, start } from './support.ts';

const status = (port: number, path: string): Promise<number | undefined> =>
  fetch(`http://127.0.0.1:${port}${path}`, { headers: { connection: 'close' } }).then(
    (response) => response.status,
    () => undefined,
  );
const serves = (port: number, path: string): Promise<void> =>
  until(`${path} to be served`, async () => (await status(port, path)) === 200);

async function worker(master: RunningProcess): Promise<number> {
  await until('the worker', () => /New worker \((\d+)\) forked/.test(master.stderr));
  return Number(/New worker \((\d+)\) forked/.exec(master.stderr)![1]);
}

/** Whether a process has a handler for the signal of that number; proc(5), SigCgt. */
function catches(pid: number, signal: number): boolean {
  const mask = /^SigCgt:\s*([0-9a-f]+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1] ?? '0';
  return ((BigInt(`0x${mask}`) >> BigInt(signal - 1)) & 1n) === 1n;
}

describe('-W', () => {
  test.each([
    ['SIGTERM', 143],
    ['SIGINT', 130],
    ['SIGUSR1', 0],
  ] as const)('%s ends worker and master with %i', async (signal, code) => {
    const { port, text } = await answering('x');
    const pidfile = join(folder(), 'pid');
    const master = start(['-W', '-f', file(text), '-p', pidfile]);
    await serves(port, '/x');
    const pid = await worker(master);
    expect(pid).not.toBe(master.child.pid);
    expect(readFileSync(pidfile, 'latin1')).toBe(`${master.child.pid}\n`);
    master.child.kill(signal);
    expect(await master.ended()).toBe(code);
    expect(() => process.kill(pid, 0)).toThrow();
  });

  test.each(['SIGUSR2', 'SIGHUP'] as const)('%s takes the new configuration', async (signal) => {
    const { port, text } = await answering('old');
    const path = file(text);
    const master = start(['-W', '-f', path]);
    await serves(port, '/old');
    await worker(master);
    writeFileSync(path, text.replace('/old', '/new'));
    master.child.kill(signal);
    await serves(port, '/new');
  });

  test('signals that come early are kept', async () => {
    const { text } = await answering('x');
    const path = file(text);
    for (const how of [['-W'], []]) {
      const running = start([...how, '-f', path]);
      await until('its command line to be there', () =>
        readFileSync(`/proc/${running.child.pid}/cmdline`).includes('-f'),
      );
      // Node itself has to be up, or the system's default applies; this is as early as one can be heard.
      await until('it to catch signals', () => catches(running.child.pid!, 12));
      running.child.kill('SIGUSR2');
      running.child.kill('SIGUSR1');
      expect(await running.ended()).toBe(0);
      expect(running.stderr).not.toContain('Debugger');
    }
  });

  test('a worker that dies takes the master with it, as HAProxy', async () => {
    const { port, text } = await answering('x');
    const path = file(text);
    const end = async (program: 'sluice' | 'haproxy'): Promise<number | string | undefined> => {
      const master = start(['-W', '-f', path], program);
      await serves(port, '/x');
      process.kill(await worker(master), 'SIGKILL');
      return master.ended();
    };
    const ours = await end('sluice');
    expect(ours).toBe(137);
    expect(ours).toBe(await end('haproxy'));
  });

  test('a configuration that is wrong ends the master with 1', async () => {
    const { text } = await answering('x');
    const { exit, stderr } = await run(['-W', '-f', file(`${text}  no-such-word\n`)]);
    expect(exit).toBe(1);
    expect(stderr).toContain(`unknown keyword 'no-such-word'`);
  });

  test('a worker whose master is killed ends', async () => {
    const { port, text } = await answering('x');
    const master = start(['-W', '-f', file(text)]);
    await serves(port, '/x');
    const pid = await worker(master);
    master.child.kill('SIGKILL');
    await until('the worker to end', () => !existsSync(`/proc/${pid}`));
  });
});

describe('-Ws', () => {
  test.runIf(which('socat'))('tells systemd how it is', async () => {
    const path = join(folder(), 'notify');
    const manager = new RunningProcess(which('socat')!, ['-u', `UNIX-RECV:${path}`, 'STDOUT']);
    onTestFinished(() => manager.stop());
    await until('the socket', () => existsSync(path));
    const { port, text } = await answering('x');
    const cfg = file(text);
    const master = start(['-Ws', '-f', cfg], 'sluice', { NOTIFY_SOCKET: path });
    await serves(port, '/x');
    await until('READY', () => manager.stdout.includes('READY=1\n'));
    expect(manager.stdout).toContain(`MAINPID=${master.child.pid}\n`);

    manager.stdout = '';
    master.child.kill('SIGUSR2');
    await until('READY after the reload', () => manager.stdout.includes('READY=1\n'));
    expect(manager.stdout).toMatch(/RELOADING=1\n[^]*MONOTONIC_USEC=\d+\n[^]*READY=1\nSTATUS=Ready\.\n/);

    manager.stdout = '';
    writeFileSync(cfg, `${text}  no-such-word\n`);
    master.child.kill('SIGUSR2');
    await until('the failure', () => manager.stdout.includes('STATUS=Reload failed!\n'));

    master.child.kill('SIGTERM');
    await until('STOPPING', () => manager.stdout.includes('STOPPING=1\n'));
    expect(await master.ended()).toBe(143);
  });
});
