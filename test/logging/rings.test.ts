import { createServer, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { Ring } from '../../plugins/logging/ring.ts';
import type { RingServer } from '../../plugins/logging/ring-forwarder.ts';
import { freePort, listenAnywhere } from '../support/free-port.ts';
import { startProxy } from '../support/proxy.ts';
import { until } from '../support/wait.ts';

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const one of open.splice(0).toReversed()) await one.close();
});

/** A server of streams that keeps what it gets. */
async function collector(paused = false, at?: number): Promise<{ port: number; got: () => string; sockets: Socket[] }> {
  const sockets: Socket[] = [];
  let got = '';
  const server: Server = createServer({ pauseOnConnect: paused }, (socket) => {
    sockets.push(socket);
    socket.on('data', (bytes: Buffer) => (got += bytes.toString('latin1')));
    socket.on('error', () => {});
    if (paused) socket.pause();
  });
  const port = at ?? (await listenAnywhere(server));
  if (at !== undefined) await new Promise<void>((resolve) => server.listen(at, '127.0.0.1', resolve));
  open.push({
    close: () => {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => server.close(resolve));
    },
  });
  return { port, got: () => got, sockets };
}

async function ringTo(port: number, changes: { size?: number; framing?: RingServer['framing'] } = {}): Promise<Ring> {
  const ring = new Ring({
    name: 'r',
    size: changes.size ?? 16_384,
    servers: [{ name: 's', to: { host: '127.0.0.1', port, family: 4 }, framing: changes.framing ?? 'newline' }],
    connectTimeout: 1000,
    serverTimeout: 5000,
    announce: (count) => `${count} dropped`,
  });
  await ring.open();
  open.push(ring);
  return ring;
}

describe('a ring', () => {
  test('frames with a newline, or with the length in front', async () => {
    const { port, got } = await collector();
    const ring = await ringTo(port);
    ring.write('one \xe9\n');
    ring.write('two\n');
    await until('both', () => got() === 'one \xe9\ntwo\n');
    const counted = await collector();
    (await ringTo(counted.port, { framing: 'octet-count' })).write('one\n');
    await until('one', () => counted.got() === '3 one');
  });

  test('keeps the last messages for a server that is away', async () => {
    const port = await freePort();
    const ring = await ringTo(port, { size: 1000 });
    for (let count = 0; count < 100; count++) ring.write(`message ${count}${' '.repeat(80)}\n`);
    const { got } = await collector(false, port);
    await until('the last', () => got().includes('message 99'));
    const numbers = [...got().matchAll(/message (\d+)/g)].map(([, number]) => Number(number));
    expect(numbers[0]).toBe(100 - numbers.length);
    expect(numbers.length).toBeGreaterThan(5);
    expect(numbers.length).toBeLessThanOrEqual(11);
    expect(ring.dropped).toBe(0);
  });

  test('loses new messages while a server that is connected does not read, and says how many', async () => {
    const { port, got, sockets } = await collector(true);
    const ring = await ringTo(port, { size: 20_000 });
    await until('the connection', () => sockets.length === 1);
    const text = 'x'.repeat(5000);
    let written = 0;
    while (ring.dropped < 10) {
      ring.write(`${written++} ${text}\n`);
      if (written % 50 === 0) await new Promise((resolve) => setImmediate(resolve));
      expect(written).toBeLessThan(20_000);
    }
    sockets[0]!.resume();
    await until('what was kept', () => got().includes(`${written - 11} `));
    ring.write('again\n');
    await until('the next', () => got().endsWith('again\n'));
    const lines = got().split('\n').slice(0, -1);
    const lost = lines
      .flatMap((line) => /^(\d+) dropped$/.exec(line)?.[1] ?? [])
      .reduce((sum, n) => sum + Number(n), 0);
    expect(lost).toBe(ring.dropped);
    expect(lines.filter((line) => line.endsWith('x'))).toHaveLength(written - ring.dropped);
  });

  test('connects again when the server has gone', async () => {
    const { port, got, sockets } = await collector();
    const ring = await ringTo(port);
    await until('the connection', () => sockets.length === 1);
    sockets[0]!.destroy();
    await until('another', () => {
      ring.write('again\n');
      return sockets.length === 2 && got().includes('again\n');
    });
  });

  test('sends what it has when it is closed', async () => {
    const { port, got, sockets } = await collector();
    const ring = await ringTo(port);
    await until('the connection', () => sockets.length === 1);
    ring.write('last words\n');
    await ring.close();
    await until('them', () => got() === 'last words\n');
  });
});

test('log ring@ and log tcp@, the section with its own format and length', async () => {
  const [counted, plain] = [await collector(), await collector()];
  const proxy = await startProxy(
    1,
    ([port]) => `
defaults
  mode http
  timeout client 2s
ring r
  description "of this test"
  format rfc5424
  maxlen 100
  size 32764
  timeout connect 1s
  timeout server 2s
  server s 127.0.0.1:${counted.port} log-proto octet-count
frontend f
  bind 127.0.0.1:${port}
  option dontlognull
  log ring@r len 80 format short local0
  log tcp@127.0.0.1:${plain.port} format priority local0
  log-format "line %HU"
  http-request return status 200
`,
  );
  open.push({ close: () => proxy.stop() });
  await fetch(`http://127.0.0.1:${proxy.ports[0]}/${'x'.repeat(100)}`);
  await until('the line', () => plain.got() === `<134>line /${'x'.repeat(100)}\n`);
  await until('the counted one', () => counted.got().length >= 104);
  expect(counted.got()).toMatch(/^100 <134>1 \S+ - haproxy \d+ - - line \/x+$/);
  expect(counted.got()).toHaveLength(104);
});
