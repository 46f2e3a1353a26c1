import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { Origin } from '../reliability/origin.ts';
import { freePorts } from '../support/free-port.ts';
import { RawClient } from '../support/raw-client.ts';
import { missing } from '../support/which.ts';
import { LivingProxy } from './on-disk.ts';

const GET = 'GET /length/5 HTTP/1.1\r\nHost: h\r\n\r\n';

describe.each(['sluice', ...(missing('haproxy').length > 0 ? [] : ['haproxy'])])('%s', (program) => {
  let origin: Origin;
  let proxy: LivingProxy;
  let port: number;
  beforeAll(async () => {
    origin = await Origin.start();
  });
  afterAll(() => origin.kill());
  afterEach(() => proxy.stop());

  async function start(...global: string[]): Promise<void> {
    [port] = (await freePorts(1)) as [number];
    const text = [
      'global',
      ...global,
      'defaults',
      '  mode http',
      '  timeout connect 1s',
      '  timeout client 10s',
      '  timeout server 10s',
      'listen l',
      `  bind 127.0.0.1:${port}`,
      `  server s 127.0.0.1:${origin.port}`,
    ];
    proxy = await LivingProxy.start(text.join('\n'), [port], ['-db'], program);
  }

  async function busy(): Promise<RawClient> {
    const client = await RawClient.connect(port);
    client.send('POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 6\r\n\r\nabc');
    // The origin has it when another request on a new connection has been served.
    const other = await RawClient.connect(port);
    other.send(GET);
    await other.sees('\r\n\r\n');
    other.destroy();
    return client;
  }

  const refused = (): Promise<boolean> =>
    RawClient.connect(port).then(
      (client) => {
        client.destroy();
        return false;
      },
      () => true,
    );

  test('SIGUSR1: idle connections are closed, busy ones finish, then the process ends with 0', async () => {
    await start();
    const idle = await RawClient.connect(port);
    idle.send(GET);
    expect(await idle.sees('\r\n\r\n')).toBe(true);
    const worker = await busy();
    proxy.signal('SIGUSR1');
    expect(await idle.sawClose()).toBe(true);
    expect(await refused()).toBe(true);
    expect(proxy.process.exit).toBeUndefined();
    worker.send('def');
    expect(await worker.sees('abcdef')).toBe(true);
    expect(worker.received).toMatch(/connection: close/i);
    expect(await worker.sawClose()).toBe(true);
    worker.destroy();
    idle.destroy();
    expect(await proxy.process.ended()).toBe(0);
  });

  test('hard-stop-after ends those who do not finish', async () => {
    await start('  hard-stop-after 300ms');
    const worker = await busy();
    proxy.signal('SIGUSR1');
    expect(await worker.sawClose()).toBe(true);
    worker.destroy();
    expect(await proxy.process.ended()).toBe(0);
  });

  test('grace: new connections are still taken for a while', async () => {
    await start('  grace 700ms');
    proxy.signal('SIGUSR1');
    await new Promise((resolve) => setTimeout(resolve, 50));
    const late = await RawClient.connect(port);
    late.send('GET /length/5 HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n');
    expect(await late.sawClose()).toBe(true);
    expect(late.received).toMatch(/^HTTP\/1\.1 200 OK/);
    late.destroy();
    expect(await proxy.process.ended()).toBe(0);
  });

  test.each([
    ['SIGTERM', 143],
    ['SIGINT', 130],
  ] as const)('%s ends everything at once', async (signal, code) => {
    await start();
    const worker = await busy();
    proxy.signal(signal);
    expect(await worker.sawClose()).toBe(true);
    worker.destroy();
    // HAProxy dies of the signal itself; a shell sees no difference.
    expect([code, signal]).toContain(await proxy.process.ended());
  });
});
