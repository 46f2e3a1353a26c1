import { afterEach, describe, expect, test } from 'vitest';
import type { ProxyHandle } from '../../core/index.ts';
import { createProxy } from '../../core/index.ts';
import { proxyHere, settled } from '../reliability/in-process.ts';
import { RawClient } from '../support/raw-client.ts';
import { RawOrigin } from '../support/raw-origin.ts';
import { until } from '../support/wait.ts';

let proxy: ProxyHandle;
let origin: RawOrigin;
let clients: RawClient[];
afterEach(async () => {
  for (const client of clients) client.destroy();
  await proxy.stop();
  await origin.stop();
});

/** Starts an origin that greets each connection, and a proxy whose configuration is made for its port. */
async function start(configuration: (origin: number) => string, maxconn?: number): Promise<number[]> {
  clients = [];
  origin = await RawOrigin.start(async (conversation) => {
    conversation.send('hello');
    await conversation.when(() => conversation.closed !== 'open', 60_000);
    conversation.end();
  });
  const text = `${configuration(origin.port)}\n`;
  if (maxconn === undefined) proxy = await proxyHere(text);
  else {
    proxy = await createProxy({ config: { name: 'test.cfg', text }, maxconn });
    await proxy.start();
  }
  return proxy.addresses.map(({ port }) => port!);
}

async function connect(port: number): Promise<RawClient> {
  const client = await RawClient.connect(port);
  clients.push(client);
  return client;
}

const defaults =
  'defaults\n mode tcp\n timeout connect 5s\n timeout client 20s\n timeout server 20s\n timeout queue 20s\n';
const greeted = (): number =>
  clients.filter(({ received, closed }) => received === 'hello' && closed === 'open').length;

describe('connections over a limit wait, are served when places are free, and none is lost', () => {
  test.each([
    { where: 'of the process', text: `global\n maxconn 3\n${defaults}listen l\n bind 127.0.0.1:0\n` },
    { where: 'of a frontend', text: `${defaults}listen l\n maxconn 3\n backlog 20\n bind 127.0.0.1:0\n` },
    {
      where: 'of a frontend with two listeners',
      text: `${defaults}listen l\n maxconn 3\n bind 127.0.0.1:0\n bind [::1]:0\n`,
      two: true,
    },
    { where: 'of a bind line', text: `${defaults}listen l\n bind 127.0.0.1:0 maxconn 3\n` },
    { where: 'of the command line', text: `global\n maxconn 50\n${defaults}listen l\n bind 127.0.0.1:0\n`, maxconn: 3 },
    { where: 'of a server', text: `${defaults}listen l\n bind 127.0.0.1:0\n`, server: ' maxconn 3' },
  ])('$where', async ({ text, maxconn, server = '', two }) => {
    const ports = await start((port) => `${text} server s 127.0.0.1:${port}${server}`, maxconn);
    for (let i = 0; i < 12; i++) {
      const client =
        two === true && i % 2 === 1
          ? await RawClient.connect(ports[1]!, { host: '::1' })
          : await RawClient.connect(ports[0]!);
      clients.push(client);
    }
    // One more than the limit may be let in by a second listener, whose connection came in the same turn.
    const most = two === true ? 4 : 3;
    let served = 0;
    while (clients.length > 0) {
      const full = Math.min(clients.length, 3);
      await until(`${full} to be served`, () => greeted() >= full);
      expect(greeted()).toBeLessThanOrEqual(most);
      const done = clients.find(({ received }) => received === 'hello')!;
      done.destroy();
      clients.splice(clients.indexOf(done), 1);
      served++;
    }
    expect(served).toBe(12);
    await settled(proxy);
  });

  test('more than the backlog: the system keeps them waiting', async () => {
    const [port] = await start(
      (at) => `${defaults}listen l\n maxconn 2\n backlog 2\n bind 127.0.0.1:0\n server s 127.0.0.1:${at}`,
    );
    // Two are served, two held, three are in the system's queue; the last has to knock again.
    const all = Array.from({ length: 8 }, async () => {
      const client = await connect(port!);
      // Whose last packet of the handshake found the queue full is known to the system only when he speaks.
      client.send('knock');
    });
    for (let done = 0; done < 8; done++) {
      await until('somebody to be served', () => greeted() > 0);
      const one = clients.find(({ received }) => received === 'hello')!;
      clients.splice(clients.indexOf(one), 1);
      one.destroy();
    }
    await Promise.all(all);
    await settled(proxy);
  });

  test('who leaves a queue gives up his place', async () => {
    const [port] = await start((at) => `${defaults}listen l\n bind 127.0.0.1:0\n server s 127.0.0.1:${at} maxconn 1`);
    const first = await connect(port!);
    expect(await first.sees('hello')).toBe(true);
    const leaver = await connect(port!);
    await until('one to wait', () => proxy.stats().queued === 1);
    const patient = await connect(port!);
    await until('two to wait', () => proxy.stats().queued === 2);
    leaver.destroy();
    await until('one to have left', () => proxy.stats().queued === 1);
    first.destroy();
    expect(await patient.sees('hello')).toBe(true);
    expect(origin.conversations.length).toBe(2);
  });

  test('timeout queue', async () => {
    const [port] = await start(
      (at) => `${defaults}listen l\n timeout queue 200ms\n bind 127.0.0.1:0\n server s 127.0.0.1:${at} maxconn 1`,
    );
    const first = await connect(port!);
    expect(await first.sees('hello')).toBe(true);
    const second = await connect(port!);
    expect(await second.sawClose()).toBe(true);
    expect(second.received).toBe('');
    expect(first.closed).toBe('open');
    expect(proxy.stats().queued).toBe(0);
  });

  test('a place that a refused connection leaves is not lost', async () => {
    // Nobody answers at the server: each session ends by itself.
    const [port] = await start(
      () => `${defaults}listen l\n retries 0\n maxconn 2\n bind 127.0.0.1:0\n server s 127.0.0.1:1`,
    );
    for (let i = 0; i < 20; i++) await connect(port!);
    for (const client of clients) expect(await client.sawClose()).toBe(true);
    await settled(proxy);
  });
});

test('rate-limit sessions lets the others in later', { timeout: 15_000 }, async () => {
  const [port] = await start(
    (at) => `${defaults}listen l\n rate-limit sessions 5\n bind 127.0.0.1:0\n server s 127.0.0.1:${at}`,
  );
  for (let i = 0; i < 12; i++) await connect(port!);
  await until('five to be served', () => greeted() >= 5);
  const times: number[] = [];
  await until('all to be served', () => {
    times.push(greeted());
    return greeted() === 12;
  });
  // It was no crowd at once: between two looks there were never more than two seconds' worth.
  expect(times[0]).toBeLessThan(12);
});

test('a reload while the limit is reached loses nobody who waits', async () => {
  const text = (at: number): string => `${defaults}listen l\n maxconn 2\n bind 127.0.0.1:0\n server s 127.0.0.1:${at}`;
  const [port] = await start(text);
  for (let i = 0; i < 6; i++) await connect(port!);
  await until('two to be served', () => greeted() === 2);
  await proxy.reload();
  await until('the new generation to serve two more', () => greeted() === 4);
  while (clients.length > 0) {
    await until('somebody to be served', () => greeted() > 0);
    const done = clients.find(({ received }) => received === 'hello')!;
    done.destroy();
    clients.splice(clients.indexOf(done), 1);
  }
  await settled(proxy);
});
