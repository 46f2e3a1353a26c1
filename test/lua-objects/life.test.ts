import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { get } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createProxy, type ProxyHandle } from '../../core/index.ts';
import { echo, http, Peer } from './peers.ts';

/** What scripts open is closed: with its object, its task, its client, its configuration. */
describe('What becomes of what Lua opened', () => {
  const peer = new Peer(echo);
  const origin = new Peer(http);
  let folder: string;
  let proxy: ProxyHandle | undefined;
  let ports: [number, number];
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'lua-life-'));
    if (peer.open === 0) ports ??= [await peer.start(), await origin.start()];
  });
  afterEach(async () => {
    await proxy?.stop();
    proxy = undefined;
    rmSync(folder, { recursive: true, force: true });
  });

  async function start(script: string): Promise<number> {
    const file = join(folder, 'script.lua');
    writeFileSync(
      file,
      script.replaceAll('{echo}', `127.0.0.1:${ports[0]}`).replaceAll('{http}', `127.0.0.1:${ports[1]}`),
    );
    const text = `global
  lua-load ${file}
defaults
  mode http
  timeout client 5s
  timeout server 5s
  timeout connect 5s
frontend f
  bind 127.0.0.1:0
  http-request lua.act
  http-request return status 200
`;
    proxy = await createProxy({ config: text });
    await proxy.start();
    return proxy.addresses[0]!.port!;
  }
  const ask = (port: number): Promise<void> =>
    new Promise((resolve, reject) => {
      get({ host: '127.0.0.1', port, agent: false }, (answer) => answer.resume().on('end', resolve)).on(
        'error',
        reject,
      );
    });

  test('a socket that an action left open is closed', async () => {
    const port = await start(
      'core.register_action("act", {"http-req"}, function(txn) local s = core.tcp() s:connect("{echo}") s:send("x") s:receive(1) end)',
    );
    await ask(port);
    await expect.poll(() => peer.open, { timeout: 5000 }).toBe(0);
  });

  test('a socket that a script keeps stays open, and can be used by others', async () => {
    const port = await start(`local kept
      core.register_action("act", {"http-req"}, function(txn)
        if not kept then kept = core.tcp() kept:connect("{echo}") end
        local lost = core.tcp() lost:connect("{echo}")
        kept:send("x") assert(kept:receive(1) == "x")
      end)`);
    await ask(port);
    await expect.poll(() => peer.open, { timeout: 5000 }).toBe(1);
    await ask(port);
    await expect.poll(() => peer.open, { timeout: 5000 }).toBe(1);
  });

  test('what tasks wait for ends with the configuration', async () => {
    const port = await start(`core.register_action("act", {"http-req"}, function(txn) end)
      core.register_task(function() local s = core.tcp() s:connect("{echo}") s:receive("*l") end)
      core.register_task(function() core.httpclient():get{url = "http://{http}/slow", timeout = 60000} end)
      core.register_task(function() core.queue():pop_wait() end)
      core.event_sub({"SERVER"}, function() end)`);
    await ask(port);
    await expect.poll(() => peer.open + origin.open, { timeout: 5000 }).toBe(2);
    await proxy!.stop();
    await expect.poll(() => peer.open + origin.open, { timeout: 5000 }).toBe(0);
  });

  test('what an action waits for ends with its client', async () => {
    const port = await start(
      'core.register_action("act", {"http-req"}, function(txn) core.httpclient():get{url = "http://{http}/slow", timeout = 60000} end)',
    );
    const sent = get({ host: '127.0.0.1', port, agent: false });
    sent.on('error', () => undefined);
    await expect.poll(() => origin.open, { timeout: 5000 }).toBe(1);
    sent.destroy();
    await expect.poll(() => origin.open, { timeout: 5000 }).toBe(0);
  });
});
