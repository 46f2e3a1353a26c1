import { afterEach, expect, test } from 'vitest';
import type { Plugin } from '../../core/api/index.ts';
import { createProxy, type ProxyHandle } from '../../core/index.ts';
import { portOf, settled } from '../reliability/in-process.ts';
import { RawClient } from '../support/raw-client.ts';
import { RawOrigin } from '../support/raw-origin.ts';

let proxy: ProxyHandle | undefined;
let origin: RawOrigin | undefined;
afterEach(async () => {
  await proxy?.stop();
  await origin?.stop();
});

test.each(['setup', 'start'] as const)(
  'a plugin that fails in %s refuses the reload, and is stopped',
  async (where) => {
    origin = await RawOrigin.start(async (conversation) => {
      await conversation.sees('\r\n\r\n');
      conversation.send('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
    });
    const calls: string[] = [];
    let generation = 0;
    const plugin: Plugin = {
      name: 'moody',
      api: 1,
      setup() {
        const mine = ++generation;
        calls.push(`setup ${mine}`);
        if (where === 'setup' && mine === 2) throw new Error('not today');
        return {
          start() {
            calls.push(`start ${mine}`);
            if (where === 'start' && mine === 2) throw new Error('not today');
          },
          stop() {
            calls.push(`stop ${mine}`);
          },
        };
      },
    };
    const text = `
    defaults
      mode http
      timeout connect 1s
      timeout client 5s
      timeout server 5s
    listen l
      bind 127.0.0.1:0
      server s 127.0.0.1:${origin.port}
`;
    proxy = await createProxy({
      config: { name: 'test.cfg', text },
      plugins: [plugin],
    });
    await proxy.start();
    const port = portOf(proxy, 'l');
    const client = await RawClient.connect(port);
    await expect(proxy.reload()).rejects.toThrow(/moody.*not today/);
    client.send('GET / HTTP/1.1\r\nHost: h\r\n\r\n');
    expect(await client.sees('\r\n\r\nok')).toBe(true);
    await proxy.reload();
    client.destroy();
    await settled(proxy);
    expect(calls).toEqual(
      where === 'setup'
        ? ['setup 1', 'start 1', 'setup 2', 'setup 3', 'start 3', 'stop 1']
        : ['setup 1', 'start 1', 'setup 2', 'start 2', 'stop 2', 'setup 3', 'start 3', 'stop 1'],
    );
  },
);
