import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { startProxy } from '../support/proxy.ts';
import { sleep, until } from '../support/wait.ts';
import { Crowd, misbehave } from './clients.ts';
import { Origin } from './origin.ts';

const SECONDS = 12;

const descriptors = (pid: number): number => readdirSync(`/proc/${pid}/fd`).length;
const residentMegabytes = (pid: number): number =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))![1]) / 1024;

test('everything at once for a while, and then nothing is left of it', { timeout: 90_000 }, async () => {
  const [steady, shaky] = [await Origin.start(), await Origin.start()];
  const proxy = await startProxy(
    2,
    ([good, bad]) => `
global
  maxconn 500
defaults
  mode http
  timeout connect 500ms
  timeout client 2s
  timeout server 1s
  timeout queue 2s
  timeout http-keep-alive 3s
frontend good
  bind 127.0.0.1:${good}
  default_backend steady
frontend bad
  bind 127.0.0.1:${bad}
  default_backend shaky
backend steady
  timeout server 5s
  timeout queue 5s
  server s 127.0.0.1:${steady.port} maxconn 10 pool-purge-delay 200ms
backend shaky
  option redispatch 1
  http-reuse always
  server a 127.0.0.1:${shaky.port} maxconn 10 pool-purge-delay 200ms
  server b 127.0.0.1:${shaky.port} pool-purge-delay 200ms
`,
    'sluice',
  );
  const { child } = proxy.process;
  const pid = child.pid!;
  const [good, bad] = proxy.ports as [number, number];
  try {
    const before = descriptors(pid);
    const upload = Buffer.alloc(300_000, 'upload');
    const decent = ['/length/100', '/chunked/20000', '/length/200000', '/echo', '/chunked/3', '/length/0'];
    const hard = ['/length/50000', '/cut/20000', '/reset/30000', '/garbage', '/silent', '/chunked/9000', '/echo'];
    const fine = [new Crowd(12, true, [good], decent, upload), new Crowd(4, false, [good], decent, upload)];
    const rough = [new Crowd(10, true, [bad], hard, upload), new Crowd(4, false, [bad], hard, upload)];
    const rude: Promise<void>[] = [];
    for (let second = 0; second < SECONDS; second++) {
      for (let kind = 0; kind < 12; kind++) rude.push(misbehave(kind % 2 === 0 ? good : bad, kind, 1500));
      await sleep(400);
      await shaky.kill();
      await sleep(200);
      await shaky.restart();
      child.kill('SIGUSR2');
      await sleep(400);
    }
    await Promise.all(rude);
    for (const crowd of fine) {
      const outcomes = await crowd.stop();
      expect([...outcomes.keys()], JSON.stringify([...outcomes])).toEqual([200]);
      expect(outcomes.get(200)).toBeGreaterThan(100);
    }
    for (const crowd of rough) {
      const outcomes = await crowd.stop();
      expect(outcomes.has('wrong'), JSON.stringify([...outcomes])).toBe(false);
      expect(outcomes.has('hung'), JSON.stringify([...outcomes])).toBe(false);
      expect(outcomes.get(200)).toBeGreaterThan(10);
    }
    expect(proxy.process.exit).toBeUndefined();

    // What the process says of itself, each time it is asked.
    const nothing =
      /"connections":0,.*"generations":1,.*"sessions":0,.*"queued":0,.*"idleServerConnections":0,.*"activeServerStreams":0/;
    const told = (): string =>
      proxy.process.stderr
        .split('\n')
        .filter((line) => line.includes('SIGHUP'))
        .at(-1) ?? '';
    await until(
      'the counts to return to zero',
      async () => {
        child.kill('SIGHUP');
        await sleep(200);
        return nothing.test(told());
      },
      20_000,
    ).catch((error: Error) => {
      throw new Error(`${error.message}: ${told()}`);
    });
    expect(descriptors(pid)).toBeLessThanOrEqual(before + 2);
    expect(steady.connections + shaky.connections).toBe(0);
    expect(residentMegabytes(pid)).toBeLessThan(400);
    const odd = proxy.process.stderr.split('\n').filter((line) => !/^$|NOTICE|SIGHUP|Proxy .* stopped/.test(line));
    expect(odd).toEqual([]);
    expect(proxy.process.stdout).not.toMatch(/uncaught|unhandled/);
  } finally {
    await proxy.stop();
    await steady.kill();
    await shaky.kill();
  }
});
