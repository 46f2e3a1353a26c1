import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { Origin } from '../reliability/origin.ts';
import { freePorts } from '../support/free-port.ts';
import { RunningProcess } from '../support/process.ts';
import { RawClient } from '../support/raw-client.ts';
import { missing, title } from '../support/which.ts';
import { LivingProxy } from './on-disk.ts';

const GET = 'GET /length/5 HTTP/1.1\r\nHost: h\r\n\r\n';
const defaults = 'defaults\n  mode http\n  timeout connect 1s\n  timeout client 5s\n  timeout server 5s\n';
const listen = (name: string, port: number, origin: number, ...lines: string[]): string =>
  [
    `listen ${name}`,
    `  bind 127.0.0.1:${port}`,
    ...lines.map((line) => `  ${line}`),
    `  server s 127.0.0.1:${origin}\n`,
  ].join('\n');
const refuses = (port: number): Promise<boolean> =>
  RawClient.connect(port).then(
    (client) => {
      client.destroy();
      return false;
    },
    () => true,
  );
/** The status line of one request on a connection of its own. */
async function status(port: number): Promise<string> {
  const client = await RawClient.connect(port);
  client.send('GET /length/5 HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n');
  await client.sawClose();
  client.destroy();
  return client.received.split('\r\n')[0]!;
}

describe('a reload', () => {
  let origin: Origin;
  let proxy: LivingProxy | undefined;
  beforeAll(async () => {
    origin = await Origin.start();
  });
  afterAll(() => origin.kill());
  afterEach(async () => {
    await proxy?.stop();
    proxy = undefined;
  });

  const absent = missing('wrk');
  test.skipIf(absent.length > 0).each([
    { how: 'kept connections', args: [] },
    { how: 'a connection per request', args: ['-H', 'Connection: close'] },
  ])(
    title('twenty times under load on $how, and not one request fails', absent),
    { timeout: 60_000 },
    async ({ args }) => {
      const [port] = await freePorts(1);
      const text = defaults + listen('l', port!, origin.port, 'retries 3');
      proxy = await LivingProxy.start(text, [port!]);
      const load = new RunningProcess('wrk', ['-t1', '-c16', '-d60s', ...args, `http://127.0.0.1:${port}/length/100`]);
      try {
        for (let turn = 0; turn < 20; turn++) {
          proxy.write(`${text}# ${turn}\n`);
          expect(await proxy.reload()).toBe('taken');
          await new Promise((resolve) => setTimeout(resolve, 50));
        }
      } finally {
        load.child.kill('SIGINT');
        await load.ended();
      }
      expect(load.stdout).toMatch(/[1-9]\d* requests in/);
      expect(load.stdout).not.toMatch(/Socket errors|Non-2xx/);
    },
  );

  test('a broken configuration is refused, and the old one serves on', async () => {
    const [port] = await freePorts(1);
    proxy = await LivingProxy.start(defaults + listen('l', port!, origin.port), [port!]);
    const kept = await RawClient.connect(port!);
    kept.send(GET);
    expect(await kept.sees('\r\n\r\n')).toBe(true);
    proxy.write(`${defaults}${listen('l', port!, origin.port)}  no such word\n`);
    expect(await proxy.reload()).toBe('refused');
    expect(proxy.process.stderr).toMatch(/\[ALERT\] .*proxy\.cfg:\d+\]/);
    const before = kept.received.length;
    kept.send(GET);
    expect(await kept.when(() => kept.received.length > before)).toBe(true);
    expect(kept.closed).toBe('open');
    expect(await status(port!)).toBe('HTTP/1.1 200 OK');
    kept.destroy();
  });

  test('an address that cannot be bound refuses it all', async () => {
    const [port, free] = await freePorts(2);
    proxy = await LivingProxy.start(defaults + listen('l', port!, origin.port), [port!]);
    proxy.write(
      defaults + listen('l', port!, origin.port) + listen('m', free!, origin.port) + listen('n', origin.port, 1),
    );
    expect(await proxy.reload()).toBe('refused');
    expect(proxy.process.stderr).toContain(
      `cannot bind socket (Address already in use) for [127.0.0.1:${origin.port}]`,
    );
    expect(await status(port!)).toBe('HTTP/1.1 200 OK');
    expect(await refuses(free!)).toBe(true);
  });

  test('listeners come and go', async () => {
    const [one, two] = await freePorts(2);
    proxy = await LivingProxy.start(defaults + listen('l', one!, origin.port), [one!]);
    const kept = await RawClient.connect(one!);
    kept.send(GET);
    expect(await kept.sees('\r\n\r\n')).toBe(true);
    proxy.write(defaults + listen('l', two!, origin.port));
    expect(await proxy.reload()).toBe('taken');
    expect(await refuses(one!)).toBe(true);
    expect(await status(two!)).toBe('HTTP/1.1 200 OK');
    // Who came before is served to the end, and told so.
    kept.received = '';
    kept.send(GET);
    expect(await kept.sawClose()).toBe(true);
    expect(kept.received).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*connection: close\r\n/i);
    proxy.write(defaults + listen('l', one!, origin.port) + listen('m', two!, origin.port));
    expect(await proxy.reload()).toBe('taken');
    expect(await status(one!)).toBe('HTTP/1.1 200 OK');
    expect(await status(two!)).toBe('HTTP/1.1 200 OK');
  });

  test('a request under way ends as it began', async () => {
    const [port] = await freePorts(1);
    proxy = await LivingProxy.start(defaults + listen('l', port!, origin.port), [port!]);
    const slow = await RawClient.connect(port!);
    slow.send('POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 6\r\n\r\nabc');
    // The new configuration has no server at all.
    proxy.write(`${defaults}frontend l\n  bind 127.0.0.1:${port}`);
    expect(await proxy.reload()).toBe('taken');
    expect(await status(port!)).toBe('HTTP/1.1 503 Service Unavailable');
    slow.send('def');
    expect(await slow.sawClose()).toBe(true);
    expect(slow.received).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*abcdef$/);
  });

  test('a session in TCP mode outlives it', async () => {
    const [port] = await freePorts(1);
    const text = `defaults\n  mode tcp\n  timeout connect 1s\n  timeout client 5s\n  timeout server 5s\n`;
    proxy = await LivingProxy.start(text + listen('l', port!, origin.port), [port!]);
    const client = await RawClient.connect(port!);
    for (let turn = 0; turn < 3; turn++) {
      expect(await proxy.reload()).toBe('taken');
      client.received = '';
      client.send(GET);
      expect(await client.sees('\r\n\r\n')).toBe(true);
    }
    client.destroy();
  });
});
