import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { connect as connectSocket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { ConfigurationError, createProxy, type ProxyHandle } from 'sluice';
import type { Plugin } from 'sluice/plugin';
import { connect, origin, request } from 'sluice/testing';

const handles: ProxyHandle[] = [];
afterEach(async () => {
  for (const handle of handles.splice(0)) await handle.stop();
});

const saying = (word: string): string => `
defaults
    mode http
    timeout client  5s
    timeout server  5s
    timeout connect 5s
frontend web
    bind 127.0.0.1:0
    http-request return status 200 content-type text/plain string ${word}`;

async function started(...args: Parameters<typeof createProxy>): Promise<ProxyHandle> {
  const handle = await createProxy(...args);
  handles.push(handle);
  await handle.start();
  return handle;
}

const ask = async (proxy: ProxyHandle, path = '/'): Promise<string> =>
  (await fetch(`${proxy.address().url}${path}`, { headers: { connection: 'close' } })).text();

describe('createProxy', () => {
  test('runs a text, and says where it listens', async () => {
    const proxy = await started({ config: saying('hello') });
    expect(await ask(proxy)).toBe('hello');
    const [address] = proxy.addresses;
    expect(address).toMatchObject({ frontend: 'web', host: '127.0.0.1', configured: '127.0.0.1:0', path: undefined });
    expect(address!.url).toBe(`http://127.0.0.1:${address!.port}`);
    expect(proxy.address('web')).toEqual(address);
    expect(() => proxy.address('wep')).toThrow("no frontend 'wep' listens; those that do are 'web'");
  });

  test('runs files, with texts behind them', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'sluice-programmatic-'));
    writeFileSync(join(folder, 'a.cfg'), `${saying('from a file')}\n`.replace(/frontend[^]*/, ''));
    const proxy = await started({
      file: join(folder, 'a.cfg'),
      config: [saying('text').replace(/^[^]*frontend/, 'frontend'), { name: 'more', text: '\nbackend b' }],
    });
    rmSync(folder, { recursive: true });
    expect(await ask(proxy)).toBe('text');
    expect(proxy.config.files.slice(1)).toEqual(['config', 'more']);
  });

  test('letters beyond ASCII are what they are in a file', async () => {
    const proxy = await started({ config: saying('"žluť – 水"') });
    expect(await ask(proxy)).toBe('žluť – 水');
  });

  test('two ports that the system chooses are two', async () => {
    const text = saying('x').replace('bind 127.0.0.1:0', 'bind 127.0.0.1:0\n    bind 127.0.0.1:0 name second');
    const proxy = await started({ config: text });
    const ports = proxy.addresses.map(({ port }) => port);
    expect(new Set(ports).size).toBe(2);
    await proxy.reload();
    expect(proxy.addresses.map(({ port }) => port)).toEqual(ports);
    expect(proxy.addresses[1]!.name).toBe('second');
  });

  test('UNIX sockets have a path and no port', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'sluice-programmatic-'));
    const path = join(folder, 's');
    const proxy = await started({ config: saying('unix').replace('127.0.0.1:0', path) });
    expect(proxy.addresses[0]).toMatchObject({ path, port: undefined, url: undefined });
    expect((await request(path, '/')).text).toBe('unix');
    rmSync(folder, { recursive: true });
  });

  test('a configuration that is refused says where and why, in the message, too', async () => {
    const refusal = await createProxy({ config: `${saying('x')}\n    http-request denny\n    bnd :80` }).catch(
      (error: unknown) => error,
    );
    expect(refusal).toBeInstanceOf(ConfigurationError);
    const { message, name, diagnostics } = refusal as ConfigurationError;
    expect(name).toBe('ConfigurationError');
    expect(message).toContain('parsing [config:10]');
    expect(message).toContain('parsing [config:11]');
    expect(message.split('\n').length).toBe(2);
    expect(diagnostics.find(({ line }) => line === 11)).toMatchObject({ severity: 'alert', file: 'config', column: 5 });
    await expect(createProxy({})).rejects.toThrow('createProxy needs a configuration');
  });

  test('an address that is taken refuses the start', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    const proxy = await createProxy({ config: saying('x').replace('127.0.0.1:0', `127.0.0.1:${port}`) });
    await expect(proxy.start()).rejects.toThrow(/Address already in use/);
    await proxy.stop();
    server.close();
  });

  test('plugins get their arguments; two of one word are refused', async () => {
    const got: (readonly string[])[] = [];
    const plugin: Plugin = { name: 'p', api: 1, setup: ({ args }) => void got.push(args) };
    await started({ config: saying('x'), plugins: [{ plugin, args: ['a', 'b'] }] });
    expect(got).toEqual([['a', 'b']]);
    await expect(createProxy({ config: saying('x'), plugins: [plugin, plugin] })).rejects.toThrow(ConfigurationError);
  });

  test('the environment is the one that is given', async () => {
    const proxy = await started({ config: saying('"$WORD"'), env: { WORD: 'given' } });
    expect(await ask(proxy)).toBe('given');
  });
});

describe('a running proxy', () => {
  test('reloads in place, and stays as it was when it may not', async () => {
    const proxy = await started({ config: saying('one') });
    const { port } = proxy.address();
    await proxy.reload({ config: saying('two') });
    expect([await ask(proxy), proxy.address().port]).toEqual(['two', port]);
    await expect(proxy.reload({ config: 'nonsense' })).rejects.toThrow(ConfigurationError);
    expect(await ask(proxy)).toBe('two');
    await proxy.reload();
    expect(await ask(proxy)).toBe('two');
  });

  test('reloads that are asked for at once come one after the other', async () => {
    const proxy = await started({ config: saying('one') });
    await Promise.all(['two', 'three', 'four'].map((word) => proxy.reload({ config: saying(word) })));
    expect(await ask(proxy)).toBe('four');
    expect(proxy.addresses.length).toBe(1);
    await expect.poll(() => proxy.stats().generations).toBe(1);
  });

  test('counts, as plain objects', async () => {
    await using site = await origin(({ url }) => ({ status: url === '/bad' ? 500 : 200, body: 'x' }));
    const proxy = await started({
      config: `${saying('own')} if { path /own }
    http-request deny if { path /no }
    default_backend app
backend app
    server s1 ${site.address}
    server s2 ${site.address} disabled
`,
    });
    for (const path of ['/', '/bad', '/own', '/no']) await ask(proxy, path);
    const stats = proxy.stats();
    expect(stats).toMatchObject({ connections: 0, generations: 1, queued: 0, pluginFailures: {} });
    expect(stats.frontends['web']).toMatchObject({
      mode: 'http',
      sessions: { current: 0, total: 4 },
      requests: { total: 4 },
      responses: { '2xx': 2, '4xx': 1, '5xx': 1 },
      denied: { requests: 1 },
    });
    expect(stats.backends['app']).toMatchObject({ status: 'UP', activeServers: 1, responses: { '2xx': 1, '5xx': 1 } });
    const { s1, s2 } = stats.backends['app']!.servers;
    expect(s1).toMatchObject({ address: site.address, usable: true, sessions: { total: 2 }, check: undefined });
    expect(s2).toMatchObject({ status: 'MAINT', usable: false });
    expect(JSON.parse(JSON.stringify(stats))).toEqual(JSON.parse(JSON.stringify(proxy.stats())));
  });

  test('tells of what happens', async () => {
    const told: string[] = [];
    await using site = await origin();
    const proxy = await createProxy({
      config: `
global
    log stdout local0
${saying('x')} if { path /own }
    log global
    log-format "%ST %HU"
    default_backend app
backend app
    option httpchk
    server s1 ${site.address} check inter 20 fall 1 rise 1
`,
      sendLogs: false,
      on: { diagnostics: (list) => told.push(`diagnostics ${list.length}`) },
    });
    handles.push(proxy);
    proxy
      .on('listening', ([address]) => told.push(`listening ${address!.frontend}`))
      .on('reloaded', () => told.push('reloaded'))
      .on('stopped', () => told.push('stopped'))
      .on('log', ({ message, level, proxy: name, target }) => told.push(`${name} ${level} ${target}: ${message}`));
    const down = new Promise((resolve) => proxy.once('serverDown', resolve));
    await proxy.start();
    await ask(proxy, '/own');
    site.answer({ status: 500 });
    expect(await down).toEqual({ backend: 'app', server: 's1', status: 'DOWN' });
    const up = new Promise((resolve) => proxy.once('serverUp', resolve));
    site.answer({});
    expect(await up).toEqual({ backend: 'app', server: 's1', status: 'UP' });
    await proxy.reload();
    await proxy.stop();
    await proxy.stop();
    expect(told.filter((line) => !line.startsWith('diagnostics'))).toEqual([
      'listening web',
      'web info stdout: 200 /own',
      'web warning stdout: Proxy web stopped (cumulated conns: FE: 1, BE: 0).',
      'reloaded',
      'stopped',
    ]);
  });

  test('a plugin that throws is an event, and no uncaught error', async () => {
    const plugin: Plugin = {
      name: 'faulty',
      api: 1,
      setup: () => ({
        hooks: {
          request: {
            order: 'pre',
            handler() {
              throw new Error('on purpose');
            },
          },
        },
      }),
    };
    const quiet = (): void => undefined;
    const log = { debug: quiet, info: quiet, warn: quiet, error: quiet };
    const errors: string[] = [];
    const proxy = await started({
      config: saying('x'),
      plugins: [plugin],
      log,
      on: { error: (e) => errors.push(e.message) },
    });
    await ask(proxy);
    expect(errors).toEqual([expect.stringContaining('on purpose')]);
    const deaf = await started({ config: saying('x'), plugins: [plugin], log });
    expect((await request(deaf.address(), '/')).status).toBe(500);
  });

  test('stops at once, or when what is under way has ended, or after a while', async () => {
    const gate: { open?: () => void } = {};
    await using site = await origin(async () => {
      await new Promise<void>((resolve) => (gate.open = resolve));
      return 'done';
    });
    const config = `${saying('x')} if { path /own }\n    default_backend app\nbackend app\n    server s ${site.address}`;
    const begin = async (): Promise<{ proxy: ProxyHandle; client: Awaited<ReturnType<typeof connect>> }> => {
      const proxy = await started({ config });
      const client = await connect(proxy.address());
      client.write('/');
      await site.request();
      return { proxy, client };
    };
    const draining = await begin();
    const stopped = draining.proxy.stop({ drain: true });
    await expect(connect(draining.proxy.address().port!)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    gate.open!();
    expect((await draining.client.response()).text).toBe('done');
    await stopped;
    const limited = await begin();
    await limited.proxy.stop({ drain: 20 });
    expect(await limited.client.whenClosed()).toBeDefined();
    gate.open!();
    const hard = await begin();
    await hard.proxy.stop();
    expect(await hard.client.whenClosed()).toBeDefined();
    gate.open!();
    await expect(hard.proxy.start()).rejects.toThrow('make another one');
  });

  test('that is stopped while it starts is stopped', async () => {
    const proxy = await createProxy({ config: saying('x') });
    const starting = proxy.start();
    await proxy.stop();
    await starting;
    const { port } = proxy.addresses[0]!;
    await expect(connect(port!)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  test('listens and connects where the program says', async () => {
    await using site = await origin(({ headers }) => headers.get('x-port'));
    const seen: unknown[] = [];
    const proxy = await started({
      config: `${saying('x').replace('127.0.0.1:0', ':80 name public')} if FALSE
    http-request set-header x-port %[dst_port]
    default_backend app
backend app
    server s app.nowhere.example:8080
`,
      bind: ({ frontend, address, name }) => {
        seen.push([frontend, address, name]);
        return '127.0.0.1:0';
      },
      dial: (server) => {
        seen.push(server);
        return { host: site.host, port: site.port };
      },
    });
    expect(await ask(proxy)).toBe('80');
    expect(seen).toEqual([
      ['web', ':80', 'public'],
      { backend: 'app', server: 's', purpose: 'traffic', host: 'app.nowhere.example', port: 8080 },
    ]);
  });

  test('serves a stream of Node without a socket', async () => {
    const proxy = await started({ config: saying('streamed') });
    const stream = proxy.open({ frontend: 'web', source: { host: '192.0.2.1', port: 7 } });
    let text = '';
    stream.on('data', (bytes: Buffer) => (text += bytes.toString()));
    stream.end('GET / HTTP/1.0\r\n\r\n');
    await new Promise((resolve) => stream.once('end', resolve));
    expect(text).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*streamed$/);
  });
});

test('two proxies in one process do not meet', async () => {
  const [one, other] = [await started({ config: saying('one') }), await started({ config: saying('other') })];
  expect([await ask(one), await ask(other)]).toEqual(['one', 'other']);
  expect(one.stats().frontends['web']!.requests.total).toBe(1);
  const socket = connectSocket(other.address().port!, '127.0.0.1');
  await new Promise((resolve) => socket.once('connect', resolve));
  await one.stop();
  expect(await ask(other)).toBe('other');
  expect(socket.readyState).toBe('open');
  socket.destroy();
});

test('in front of a development server of the same process', async () => {
  const app = createServer((incoming, response) =>
    response.end(`app saw ${String(incoming.headers['x-forwarded-for'])}`),
  );
  await new Promise<void>((resolve) => app.listen(0, '127.0.0.1', resolve));
  const { port } = app.address() as { port: number };
  const proxy = await started({
    config: `${saying('x')} if { path /own }
    option forwardfor
    default_backend app
backend app
    server local 127.0.0.1:${port}
`,
  });
  expect(await ask(proxy)).toBe('app saw 127.0.0.1');
  await proxy.stop();
  app.closeAllConnections();
  await new Promise((resolve) => app.close(resolve));
});
