import net from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import type { Plugin } from '../../core/api/index.ts';
import { createProxy, type ProxyHandle } from '../../core/index.ts';

const faulty: Plugin = {
  name: 'faulty',
  api: 1,
  fetches: {
    boom: {
      usage: 'boom',
      summary: 'Throws.',
      type: 'bool',
      from: 'internal',
      compile: () => () => {
        throw new Error('fetched in vain');
      },
    },
  },
  actions: {
    explode: {
      usage: 'explode',
      summary: 'Throws.',
      in: ['http-request', 'http-response'],
      parse: () => ({
        run() {
          throw new Error('acted in vain');
        },
      }),
    },
    'explode-later': {
      usage: 'explode-later',
      summary: 'Rejects.',
      in: ['http-request'],
      parse: () => ({
        async run() {
          await new Promise((resolve) => setTimeout(resolve, 5));
          throw new Error('acted in vain, later');
        },
      }),
    },
  },
};

const said: string[] = [];
const quiet = { debug: () => undefined, info: () => undefined, warn: () => undefined };
const log = { ...quiet, error: (_fields: object, message?: string) => void said.push(message ?? '') };

let proxy: ProxyHandle | undefined;
afterEach(async () => {
  await proxy?.stop();
  proxy = undefined;
  said.length = 0;
});

async function start(rules: string, global = ''): Promise<number> {
  proxy = await createProxy({
    config: {
      name: 'faults.cfg',
      text: `global\n${global}\ndefaults\n mode http\n timeout client 5s\n timeout server 5s\n timeout connect 5s
frontend f\n bind 127.0.0.1:0\n${rules}\n default_backend none\nbackend none\n`,
    },
    plugins: [faulty],
    log,
  });
  await proxy.start();
  return proxy.addresses[0]!.port!;
}

/** Everything the proxy says until it closes. */
function ask(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = net.connect(port, '127.0.0.1');
    let text = '';
    socket.on('data', (bytes) => (text += bytes.toString('latin1')));
    socket.on('error', reject);
    socket.on('close', () => resolve(text));
    socket.write('GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n');
  });
}

describe('what a plugin throws', () => {
  it.each(['explode', 'explode-later'])('in an action (%s) answers 500 and names the plugin', async (action) => {
    const port = await start(` http-request ${action}`);
    expect(await ask(port)).toMatch(/^HTTP\/1\.1 500 /);
    expect(said[0]).toContain("plugin 'faulty' failed in");
    expect(proxy!.stats().pluginFailures).toEqual({ faulty: 1 });
  });

  it.each([
    ['ignore', 503],
    ['deny', 403],
  ])('with plugin-errors %s goes on to %d', async (policy, status) => {
    const port = await start(' http-request explode', ` plugin-errors faulty ${policy}`);
    expect(await ask(port)).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
  });

  it('with disable-after stops mattering', async () => {
    const port = await start(' http-request explode', ' plugin-errors faulty disable-after 2');
    const statuses = [];
    for (let i = 0; i < 4; i++) statuses.push((await ask(port)).slice(9, 12));
    expect(statuses).toEqual(['500', '500', '503', '503']);
  });

  it('where nobody expects it ends that connection and no other', async () => {
    const port = await start(' use_backend none if { boom }');
    expect(await ask(port)).toBe('');
    expect(await ask(port)).toBe('');
    expect(said[0]).toBe('internal error; the connection is closed');
    expect(proxy!.stats()).toMatchObject({ connections: 0, sessions: 0, queued: 0 });
  });
});
