import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { createProxy, type ProxyHandle } from '../../core/index.ts';
import { RawClient } from '../support/raw-client.ts';

const folder = mkdtempSync(join(tmpdir(), 'sluice-lua-'));
const proxies: ProxyHandle[] = [];
afterAll(async () => {
  for (const proxy of proxies) await proxy.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function start(script: string, rules: string): Promise<ProxyHandle> {
  const file = join(folder, `w${proxies.length}.lua`);
  writeFileSync(file, script);
  const proxy = await createProxy({
    config: `global
  lua-load ${file}
defaults
  mode http
  timeout client 30s
  timeout server 30s
  timeout connect 1s
frontend web
  bind 127.0.0.1:0
  ${rules}
  http-request return status 200 content-type text/plain lf-string "%[var(txn.v)]"
`,
    on: { message: () => undefined },
  });
  proxies.push(proxy);
  await proxy.start();
  return proxy;
}

const ask = async (proxy: ProxyHandle, path: string): Promise<string> =>
  (await fetch(`${proxy.address().url}${path}`, { headers: { connection: 'close' } })).text();

test('who leaves takes his code with him', async () => {
  const proxy = await start(
    `begun, woken = 0, 0
core.register_action("sleep", { "http-req" }, function() begun = begun + 1 core.msleep(300) woken = woken + 1 end)
core.register_fetches("count", function() return begun .. "," .. woken end)`,
    'http-request lua.sleep if { path /sleep }\n  http-request set-var(txn.v) lua.count',
  );
  const client = await RawClient.connect(proxy.address().port!);
  client.send('GET /sleep HTTP/1.1\r\nHost: h\r\n\r\n');
  await expect.poll(() => ask(proxy, '/')).toBe('1,0');
  // An end in order would leave the request as it is, without `option abortonclose`.
  client.socket.resetAndDestroy();
  expect(await ask(proxy, '/sleep')).toBe('2,1');
  expect(await ask(proxy, '/')).toBe('2,1');
});

test('hundreds sleep side by side', async () => {
  const proxy = await start(
    `asleep, most = 0, 0
core.register_action("sleep", { "http-req" }, function()
  asleep = asleep + 1 if asleep > most then most = asleep end
  core.msleep(400)
  asleep = asleep - 1
end)
core.register_fetches("most", function() return most .. "," .. asleep end)`,
    'http-request lua.sleep if { path /sleep }\n  http-request set-var(txn.v) lua.most',
  );
  await Promise.all(Array.from({ length: 300 }, () => ask(proxy, '/sleep')));
  const [most, asleep] = (await ask(proxy, '/')).split(',').map(Number);
  expect(asleep).toBe(0);
  expect(most).toBeGreaterThan(50);
});

test('a task that never gives way does not keep others from theirs', async () => {
  const proxy = await start(
    `turns = 0
core.register_task(function() while true do turns = turns + 1 end end)
core.register_fetches("turns", function() return turns end)`,
    'http-request set-var(txn.v) lua.turns',
  );
  const first = Number(await ask(proxy, '/'));
  expect(Number(await ask(proxy, '/'))).toBeGreaterThan(first);
});

test('act.YIELD runs the action again when its time has come', async () => {
  const proxy = await start(
    `runs = 0
core.register_action("again", { "http-req" }, function(txn)
  runs = runs + 1
  if runs < 3 then act.wake_time(10) return act.YIELD end
  txn:set_var("txn.v", runs)
end)`,
    'http-request lua.again',
  );
  expect(await ask(proxy, '/')).toBe('3');
});

test('what a script keeps of a transaction is of no use afterwards', async () => {
  const proxy = await start(
    `core.register_action("keep", { "http-req" }, function(txn) kept = kept or txn end)
core.register_fetches("use", function() local ok, why = pcall(kept.get_var, kept, "txn.v") return tostring(ok) .. why:gsub("^.-: ", "") end)`,
    'http-request lua.keep if { path /keep }\n  http-request set-var(txn.v) lua.use if { path /use }',
  );
  await ask(proxy, '/keep');
  expect(await ask(proxy, '/use')).toBe('falsethe transaction is over');
});

test('a service whose client does not read waits', async () => {
  const proxy = await start(
    `sent = 0
core.register_service("flood", "http", function(applet)
  applet:set_status(200) applet:start_response()
  local piece = string.rep("x", 65536)
  for i = 1, 2000 do applet:send(piece) sent = i end
end)
core.register_fetches("sent", function() return sent end)`,
    'http-request use-service lua.flood if { path /flood }\n  http-request set-var(txn.v) lua.sent',
  );
  const client = await RawClient.connect(proxy.address().port!);
  client.socket.pause();
  client.send('GET /flood HTTP/1.1\r\nHost: h\r\n\r\n');
  await expect.poll(async () => Number(await ask(proxy, '/'))).toBeGreaterThan(0);
  let before = -1;
  let now = Number(await ask(proxy, '/'));
  for (let round = 0; round < 50 && now !== before; round++) {
    before = now;
    await new Promise((resolve) => setTimeout(resolve, 100));
    now = Number(await ask(proxy, '/'));
  }
  expect(now).toBe(before);
  expect(now).toBeLessThan(2000);
  client.destroy();
});
