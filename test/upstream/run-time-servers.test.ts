import { createServer, type Server as HttpServer } from 'node:http';
import { afterEach, beforeAll, afterAll, describe, expect, it, test } from 'vitest';
import type { Backend, Plugin, Server } from '../../core/api/index.ts';
import { createProxy, type ProxyHandle } from '../../core/index.ts';
import { freePort, listenAnywhere } from '../support/free-port.ts';
import { until } from '../support/wait.ts';

/** The backends as a plugin gets them. */
let backends: readonly Backend[] = [];
const watcher: Plugin = {
  name: 'watcher',
  api: 1,
  setup(context) {
    backends = context.backends;
  },
  balance: {
    'in-order': {
      usage: 'balance in-order',
      summary: 'The first usable server of the list as it is now.',
      parse: () => (backend) => ({ pick: () => backend.servers.find((server) => server.usable) }),
    },
  },
};

let proxy: ProxyHandle | undefined;
let origins: HttpServer[] = [];
let ports: number[] = [];
let held: (() => void)[] = [];

beforeAll(async () => {
  for (const name of ['one', 'two', 'three']) {
    const origin = createServer((request, response) => {
      if (request.url === '/slow') held.push(() => response.end(name));
      else response.end(name);
    });
    origins.push(origin);
    ports.push(await listenAnywhere(origin));
  }
});
afterAll(() => {
  for (const origin of origins) origin.close();
});
afterEach(async () => {
  await proxy?.stop();
  proxy = undefined;
  held = [];
});

const said: string[] = [];

async function start(backend: string): Promise<Backend> {
  said.length = 0;
  proxy = await createProxy({
    config: {
      name: 'run-time.cfg',
      text: `global\ndefaults\n mode http\n timeout client 5s\n timeout server 5s\n timeout connect 5s\n timeout queue 5s
frontend f\n bind 127.0.0.1:0\n default_backend b\nbackend b\n${backend}\n`,
    },
    plugins: [watcher],
    on: { message: ({ severity, text }) => void said.push(`${severity}: ${text}`) },
  });
  await proxy.start();
  return backends.find(({ name }) => name === 'b')!;
}

async function ask(path = '/', headers: Record<string, string> = {}): Promise<string> {
  const response = await fetch(`http://127.0.0.1:${proxy!.addresses[0]!.port}${path}`, {
    headers: { connection: 'close', ...headers },
  });
  return response.ok ? response.text() : String(response.status);
}

async function askMany(count: number): Promise<Record<string, number>> {
  const seen: Record<string, number> = {};
  for (let i = 0; i < count; i++) {
    const answer = await ask(`/${i}`);
    seen[answer] = (seen[answer] ?? 0) + 1;
  }
  return seen;
}

function added(backend: Backend, name: string, port: number, ...words: string[]): Server {
  const server = backend.addServer(name, `127.0.0.1:${port}`, words);
  if (typeof server === 'string') throw new Error(server);
  return server;
}

describe('a server that is added at run time', () => {
  it.each(['roundrobin', 'leastconn', 'first', 'random', 'uri\n hash-type consistent', 'in-order'])(
    'is in maintenance at first, then works, and can be removed again (%s)',
    async (algorithm) => {
      const backend = await start(` balance ${algorithm}\n server s1 127.0.0.1:${ports[0]}`);
      const s2 = added(backend, 's2', ports[1]!);
      expect([s2.id, s2.usable, s2.state.text]).toEqual([2, false, 'MAINT']);
      expect(await askMany(4)).toEqual({ one: 4 });
      s2.state.set('ready');
      backend.servers[0]!.state.set('maint');
      expect(await askMany(4)).toEqual({ two: 4 });
      backend.servers[0]!.state.set('ready');
      s2.state.set('maint');
      expect(backend.removeServer(s2)).toBeUndefined();
      expect(backend.servers.map(({ name }) => name)).toEqual(['s1']);
      expect(await askMany(4)).toEqual({ one: 4 });
      expect(proxy!.stats()).toMatchObject({ activeServerStreams: 0 });
    },
  );

  test('shares the traffic with the others', async () => {
    const backend = await start(` balance roundrobin\n server s1 127.0.0.1:${ports[0]}`);
    added(backend, 's2', ports[1]!, 'enabled', 'weight', '2');
    expect([backend.usable, backend.totalWeight]).toEqual([2, 3]);
    expect(await askMany(9)).toEqual({ one: 3, two: 6 });
  });

  test('gets those who waited', async () => {
    const backend = await start(` balance roundrobin\n server s1 127.0.0.1:${ports[0]} maxconn 1`);
    const first = ask('/slow');
    await until('the first to be served', () => held.length === 1);
    const second = ask('/');
    await until('the second to wait', () => backend.queued === 1);
    added(backend, 's2', ports[1]!).state.set('ready');
    expect(await second).toBe('two');
    held[0]!();
    expect(await first).toBe('one');
  });

  test('makes a backend that had none answer', async () => {
    const backend = await start('');
    expect(await ask()).toBe('503');
    added(backend, 's1', ports[2]!).state.set('ready');
    expect(await ask()).toBe('three');
    expect(said.join('\n')).toContain('Server b/s1 is UP/READY (leaving forced maintenance).');
  });

  test('takes the first number that is free, whichever came and went', async () => {
    const backend = await start(` server s1 127.0.0.1:${ports[0]} id 3`);
    const [a, b] = [added(backend, 'a', ports[1]!), added(backend, 'b', ports[1]!)];
    expect([a.id, b.id]).toEqual([1, 2]);
    expect(backend.removeServer(a)).toBeUndefined();
    expect(added(backend, 'c', ports[1]!).id).toBe(1);
    expect(added(backend, 'a', ports[1]!, 'id', '77').id).toBe(77);
  });

  test('is checked once its checks are enabled', async () => {
    const dead = await freePort();
    const backend = await start(` server s1 127.0.0.1:${ports[0]}`);
    const s2 = added(backend, 's2', dead, 'check', 'inter', '20', 'fall', '2');
    s2.state.set('ready');
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(s2.usable).toBe(true);
    expect(s2.state.enable('health', true)).toBeUndefined();
    await until('it to be found dead', () => !s2.usable);
    expect(s2.state.text).toBe('DOWN');
    s2.state.set('maint');
    expect(backend.removeServer(s2)).toBeUndefined();
  });

  test('is found by a use-server rule that reads its name from the request', async () => {
    const backend = await start(
      ` balance first\n use-server %[req.hdr(to)] if { req.hdr(to) -m found }\n server s1 127.0.0.1:${ports[0]}`,
    );
    expect(await ask('/', { to: 's2' })).toBe('one');
    added(backend, 's2', ports[1]!).state.set('ready');
    expect(await ask('/', { to: 's2' })).toBe('two');
  });

  test('has a dynamic cookie', async () => {
    const backend = await start(
      ` balance first\n cookie S insert dynamic\n dynamic-cookie-key k\n server s1 127.0.0.1:${ports[0]}`,
    );
    await ask();
    const s2 = added(backend, 's2', ports[1]!, 'enabled');
    backend.servers[0]!.state.set('maint');
    const response = await fetch(`http://127.0.0.1:${proxy!.addresses[0]!.port}/`);
    const cookie = response.headers.get('set-cookie')!.split(';')[0]!;
    expect(await response.text()).toBe('two');
    backend.servers[0]!.state.set('ready');
    expect(await ask('/', { cookie })).toBe('two');
    s2.state.set('maint');
    expect(backend.removeServer(s2)).toBeUndefined();
    expect(await ask('/', { cookie })).toBe('one');
  });

  test('is watched by those who asked for it', async () => {
    const backend = await start('');
    const seen: string[] = [];
    backend.onServers((server, change) => seen.push(`${server.name} ${change} ${backend.servers.length}`));
    const s1 = added(backend, 's1', ports[0]!);
    backend.removeServer(s1);
    expect(seen).toEqual(['s1 added 1', 's1 removed 0']);
  });
});

describe('what is refused, in the words of the Runtime API', () => {
  const adding: [name: string, address: string, words: string, message: string][] = [
    ['s1', '1.1.1.1:1', '', 'Already exists a server with the same name in backend.'],
    ['n', '1.1.1.1:1', 'cookie a', "'cookie' option is not accepted for dynamic server"],
    ['n', '1.1.1.1:1', 'redir /', "'redir' option is not accepted for dynamic server"],
    ['n', '1.1.1.1:1', 'frob a', "unknown keyword 'frob'"],
    ['n', '1.1.1.1:1', 'wieght 3', "did you mean 'weight'"],
    ['n', '1.1.1.1:1', 'id 2', "'id' : custom id 2 already used at"],
    ['n!7', '1.1.1.1:1', '', "character '!' is not permitted in server name 'n!7'."],
    ['n', 'localhost:80', '', "'localhost' is a name, which is not resolved at run time"],
    ['n', '1.1.1.1:80000', '', "invalid port '80000'"],
    ['n', '1.1.1.1:1', 'track later', 'unable to use b/later for tracking as it is a dynamic server.'],
  ];
  it.each(adding)('adding %s %s %s', async (name, address, words, message) => {
    const backend = await start(` balance roundrobin\n server s1 127.0.0.1:1\n server s2 127.0.0.1:1 id 2`);
    added(backend, 'later', 1, 'check');
    const result = backend.addServer(name, address, words === '' ? [] : words.split(' '));
    expect(result).toContain(message);
    expect(backend.servers).toHaveLength(3);
    // Nothing of it is left behind: the name is free.
    expect(typeof backend.addServer('fresh', '127.0.0.1:1')).toBe('object');
  });

  it.each(['static-rr', 'source', 'uri\n hash-type map-based'])('adding to balance %s', async (algorithm) => {
    const backend = await start(
      ` balance ${algorithm}\n server s1 127.0.0.1:${ports[0]}\n server s2 127.0.0.1:${ports[1]}`,
    );
    expect(backend.addServer('n', '127.0.0.1:1')).toBe(
      'Backend must use a dynamic load balancing to support dynamic servers.',
    );
    // Removing is possible there, too.
    backend.servers[1]!.state.set('maint');
    expect(backend.removeServer(backend.servers[1]!)).toBeUndefined();
    expect(await askMany(3)).toEqual({ one: 3 });
  });

  test('removing what works, what is named elsewhere, what is tracked, what serves', async () => {
    const backend = await start(
      ` balance first\n use-server s2 if { path /x }\n server s1 127.0.0.1:${ports[0]} check\n server s2 127.0.0.1:1\n server s3 127.0.0.1:1 track s1\n http-request set-var(txn.x) int(1) if { srv_is_up(b/s4) }\n server s4 127.0.0.1:1`,
    );
    const remove = (name: string): string | undefined =>
      backend.removeServer(backend.servers.find((server) => server.name === name)!);
    expect(remove('s3')).toBe('Only servers in maintenance mode can be deleted.');
    for (const server of backend.servers) server.state.set('maint');
    const pointed = 'This server cannot be removed at runtime due to other configuration elements pointing to it.';
    expect([remove('s1'), remove('s2'), remove('s4')]).toEqual([pointed, pointed, pointed]);
    expect(remove('s3')).toBeUndefined();
    expect(remove('s1')).toBeUndefined();

    const busy = added(backend, 'busy', ports[0]!, 'enabled');
    const answer = ask('/slow');
    await until('it to be served', () => held.length === 1);
    busy.state.set('maint');
    expect(backend.removeServer(busy)).toBe('Server still has connections attached to it, cannot remove it.');
    held[0]!();
    expect(await answer).toBe('one');
    await until('it to be free', () => busy.active === 0);
    expect(backend.removeServer(busy)).toBeUndefined();
    expect(backend.removeServer(busy)).toBe('No such server.');
  });
});

test('a thousand that come and go leave nothing behind', async () => {
  const backend = await start(` balance random\n hash-balance-factor 150\n server s1 127.0.0.1:${ports[0]}`);
  for (let i = 0; i < 1000; i++) {
    const server = added(backend, `n${i}`, ports[1]!, 'enabled', 'backup', 'check');
    server.state.set('maint');
    expect(backend.removeServer(server)).toBeUndefined();
  }
  expect([backend.servers.length, backend.usable, backend.totalWeight, backend.backupServers]).toEqual([1, 1, 1, 0]);
  expect(await ask()).toBe('one');
  expect(proxy!.config.proxies.find(({ name }) => name === 'b')!.servers).toHaveLength(1);
});
