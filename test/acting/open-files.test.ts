import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { loadLibc } from '../../core/net/libc.ts';
import { defaultMaxconn } from '../../core/kernel/default-maxconn.ts';
import { startProxy, type RunningProxy } from '../support/proxy.ts';
import { RawClient } from '../support/raw-client.ts';
import { RawOrigin } from '../support/raw-origin.ts';
import { until } from '../support/wait.ts';

const { libc } = loadLibc();

const configuration =
  (origin: number, ...global: string[]) =>
  (ports: readonly number[]) =>
    [
      'global',
      ...global,
      'defaults',
      '  mode http',
      '  timeout client 20s',
      '  timeout server 20s',
      '  timeout connect 2s',
      'listen l',
      `  bind 127.0.0.1:${ports[0]}`,
      `  server s 127.0.0.1:${origin}`,
      '',
    ].join('\n');

const GET = 'GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n';

/** Processor time of a process so far, in ticks of 10 ms. */
function ticks(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1]!.split(' ');
  return Number(fields[11]) + Number(fields[12]);
}

async function answers(proxy: RunningProxy): Promise<boolean> {
  const client = await RawClient.connect(proxy.ports[0]!);
  client.send(GET);
  const fine = await client.sees('HTTP/1.1 200', 1000);
  client.destroy();
  return fine;
}

test('the default of maxconn, as HAProxy 2.6 derives it', () => {
  expect(defaultMaxconn(20_000)).toBe(9986);
  expect(defaultMaxconn(1000)).toBe(486);
  expect(defaultMaxconn(Infinity)).toBe(0);
});

test.skipIf(libc === undefined)('those beyond the derived limit wait', async () => {
  const origin = await RawOrigin.start(async (on) => {
    await on.sees('\r\n\r\n');
    on.send('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
  });
  const proxy = await startProxy(1, configuration(origin.port, '  ulimit-n 88'));
  const held: RawClient[] = [];
  try {
    // (88 - 28) / 2
    for (let i = 0; i < 30; i++) held.push(await RawClient.connect(proxy.ports[0]!));
    const waiting = await RawClient.connect(proxy.ports[0]!);
    waiting.send(GET);
    expect(await waiting.sees('HTTP', 300)).toBe(false);
    held.pop()!.destroy();
    expect(await waiting.sees('HTTP/1.1 200')).toBe(true);
    waiting.destroy();
  } finally {
    for (const client of held) client.destroy();
    await proxy.stop();
    await origin.stop();
  }
});

test.skipIf(libc === undefined)('no descriptors left: nothing ends, nothing spins', async () => {
  const origin = await RawOrigin.start(async (on) => {
    await on.sees('\r\n\r\n');
    on.send('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
  });
  const proxy = await startProxy(1, configuration(origin.port, '  maxconn 5000', '  ulimit-n 60'));
  const held: RawClient[] = [];
  try {
    for (let i = 0; i < 120; i++) held.push(await RawClient.connect(proxy.ports[0]!).catch(() => undefined as never));
    const before = ticks(proxy.process.child.pid!);
    await until('half a second', () => false, 500).catch(() => undefined);
    expect(ticks(proxy.process.child.pid!) - before).toBeLessThan(25);
    expect(proxy.process.exit).toBeUndefined();
    for (const client of held.splice(0)) client?.destroy();
    await until('answers again', () => answers(proxy));
  } finally {
    for (const client of held) client?.destroy();
    await proxy.stop();
    await origin.stop();
  }
});
