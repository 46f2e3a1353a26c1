import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { ConfigurationError, createProxy, type ProxyHandle } from '../../core/index.ts';

const folder = mkdtempSync(join(tmpdir(), 'sluice-lua-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let files = 0;
const write = (text: string): string => {
  const file = join(folder, `f${files++}.lua`);
  writeFileSync(file, text, 'latin1');
  return file;
};

const proxies: ProxyHandle[] = [];
afterAll(async () => {
  for (const proxy of proxies) await proxy.stop();
});

interface Loaded {
  readonly proxy: ProxyHandle;
  readonly messages: readonly string[];
}

async function load(global: string, rules = ''): Promise<Loaded> {
  const messages: string[] = [];
  const text = `global
  ${global}
defaults
  mode http
  timeout client 5s
  timeout server 5s
  timeout connect 1s
frontend web
  bind 127.0.0.1:0
  ${rules}
  http-request return status 200 content-type text/plain lf-string "%[var(txn.v)]"
`;
  const proxy = await createProxy({
    config: { name: 'test.cfg', text },
    on: {
      message: ({ severity, text: message }) => void messages.push(`${severity}: ${message.replaceAll(folder, '')}`),
    },
  });
  proxies.push(proxy);
  await proxy.start();
  return { proxy, messages };
}

async function refused(global: string, rules = ''): Promise<string> {
  try {
    await load(global, rules);
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    const found = error.diagnostics.find(({ severity }) => severity === 'alert')!;
    return `${found.line ?? ''}: ${found.message.replaceAll(`${folder}/`, '').replaceAll(/f\d+\.lua/g, 'F')}`;
  }
  return 'accepted';
}

async function ask({ proxy }: Loaded, path = '/'): Promise<string> {
  const response = await fetch(`${proxy.address().url}${path}`, { headers: { connection: 'close' } });
  return response.text();
}

describe('loading of Lua scripts', () => {
  // The words of HAProxy 2.6 for the same.
  test.each([
    ['x = = 1', "2: error in Lua file 'F': F:1: unexpected symbol near '='"],
    ['error("boom")', '2: Lua runtime error: F:1: boom'],
    ['error({})', '2: Lua runtime error: (null)'],
    ['local t t.x = 1', "2: Lua runtime error: F:1: attempt to index a nil value (local 't')"],
    ['\n\nlocal function f() error("deep") end f()', '2: Lua runtime error: F:3: deep'],
    ['coroutine.yield(1)', '2: Lua runtime error: attempt to yield from outside a coroutine'],
    ['core.register_action("a")', "2: Lua runtime error: F:1: 'register_action' needs between 3 and 4 arguments"],
    [
      'core.register_action("a", "http-req", print)',
      '2: Lua runtime error: F:1: register_action: second argument must be a table of strings',
    ],
    [
      'core.register_fetches("a", 1)',
      "2: Lua runtime error: F:1: bad argument #2 to 'register_fetches' (function expected, got number)",
    ],
    [
      'core.register_service("a", "htp", print)',
      "2: Lua runtime error: F:1: Lua service environment 'htp' is unknown. 'tcp' or 'http' are expected.",
    ],
    [
      'core.register_cli("x", "y", print)',
      "2: Lua runtime error: F:1: bad argument #1 to 'register_cli' (1st argument must be a table)",
    ],
    [
      'core.register_init(1)',
      "2: Lua runtime error: F:1: bad argument #1 to 'register_init' (function expected, got number)",
    ],
    [
      'core.register_task(1)',
      "2: Lua runtime error: F:1: bad argument #1 to 'register_task' (function expected, got number)",
    ],
  ])('%s', async (script, wanted) => {
    expect(await refused(`lua-load ${write(script)}`)).toBe(wanted);
  });

  test('a file that is not there', async () => {
    expect(await refused('lua-load /nowhere/none.lua')).toBe(
      "2: error in Lua file '/nowhere/none.lua': cannot open /nowhere/none.lua: No such file or directory",
    );
    expect(await refused('lua-load')).toContain("'lua-load' expects a file name as parameter.");
  });

  test('words that no script has are refused where they stand, with the nearest', async () => {
    const script = write(`core.register_action("hello", { "http-res" }, function() end)
core.register_action("greet", { "http-req" }, function() end, 1)
core.register_fetches("value", function() end)
core.register_converters("change", function(v) return v end)
core.register_service("answer", "tcp", function() end)`);
    const wrong = async (line: string): Promise<string> => refused(`lua-load ${script}`, line);
    expect(await wrong('http-request lua.gret x')).toContain("unknown Lua action 'lua.gret'");
    expect(await wrong('http-request lua.gret x')).toContain("'lua.greet'");
    expect(await wrong('http-request lua.hello')).toContain(
      "has not been registered for 'http-request' but for http-response",
    );
    expect(await wrong('http-request lua.greet')).toContain("expects 1 argument(s) behind 'lua.greet'");
    expect(await wrong('http-request set-var(txn.v) lua.vlue')).toContain(
      "unknown fetch method 'lua.vlue' (did you mean 'lua.value'?)",
    );
    expect(await wrong('http-request set-var(txn.v) str(x),lua.chang')).toContain(
      "unknown converter 'lua.chang' (did you mean 'lua.change'?)",
    );
    expect(await wrong('http-request use-service lua.answr')).toContain("'lua.answr'");
    expect(await wrong('http-request use-service lua.answer')).toContain(
      'has been registered for tcp, not for http rules',
    );
    expect(await wrong('http-request set-var(txn.v) lua.value(1,2,3,4,5,6,7,8,9,10,11,12,13)')).toContain(
      "expected ')' before ',13)'",
    );
  });

  test('arguments, a first line for the system, and other scripts', async () => {
    writeFileSync(join(folder, 'mine.lua'), 'return { word = "module" }');
    const script = write(`#!/usr/bin/env lua
local a, b = ...
local mine = require("mine")
core.register_fetches("all", function() return a .. b .. mine.word end)`);
    const loaded = await load(
      `lua-prepend-path ${folder}/?.lua\n  lua-load ${script} one two`,
      'http-request set-var(txn.v) lua.all',
    );
    expect(await ask(loaded)).toBe('onetwomodule');
  });

  test('lua-prepend-path is checked', async () => {
    expect(await refused('lua-prepend-path')).toContain("'lua-prepend-path' expects to receive a <path> as argument");
    expect(await refused('lua-prepend-path /x/?.lua foo')).toContain(
      "'lua-prepend-path' expects <type> to either be 'path' or 'cpath'",
    );
  });

  test('a state of its own for each kind of loading', async () => {
    const shared = write(
      'shared = "here" core.register_fetches("one", function() return tostring(shared) .. tostring(core.thread) end)',
    );
    const own = write('core.register_fetches("two", function() return tostring(shared) .. tostring(core.thread) end)');
    const loaded = await load(
      `lua-load ${shared}\n  lua-load-per-thread ${own}`,
      'http-request set-var(txn.v) lua.one if { path /one }\n  http-request set-var(txn.v) lua.two if { path /two }',
    );
    expect(await ask(loaded, '/one')).toBe('here0');
    expect(await ask(loaded, '/two')).toBe('nil1');
  });

  test('two proxies do not meet, and a reload begins anew', async () => {
    const script = write('count = 0 core.register_fetches("count", function() count = count + 1 return count end)');
    const rule = 'http-request set-var(txn.v) lua.count';
    const [first, second] = [await load(`lua-load ${script}`, rule), await load(`lua-load ${script}`, rule)];
    expect([await ask(first), await ask(first), await ask(second)]).toEqual(['1', '2', '1']);
    await first.proxy.reload();
    expect(await ask(first)).toBe('1');
  });

  test('init runs before tasks, and neither error ends anything', async () => {
    const script = write(`order = ""
core.register_init(function() order = order .. "i" core.msleep(5) order = order .. "j" end)
core.register_init(function() error("bad init") end)
core.register_task(function() order = order .. "t" core.msleep(5) order = order .. "u" error("bad task") end)
core.register_task(function(a, b) order = order .. a .. b end, "x", "y")
core.register_fetches("order", function() return order end)`);
    const loaded = await load(`lua-load ${script}`, 'http-request set-var(txn.v) lua.order');
    await expect.poll(() => ask(loaded)).toBe('ijtxyu');
    expect(loaded.messages.filter((message) => message.startsWith('alert'))).toEqual([
      expect.stringMatching(/^alert: Lua init: \[state-id 0\] runtime error: .*bad init from /),
      expect.stringMatching(/^alert: Lua task: \[state-id 0\] runtime error: .*bad task from /),
    ]);
  });

  test('a task may begin others, and ends with its configuration', async () => {
    const script = write(`beats = 0
core.register_task(function() core.register_task(function(step) while true do beats = beats + step core.msleep(1) end end, 2) end)
core.register_fetches("beats", function() return beats end)`);
    const loaded = await load(`lua-load ${script}`, 'http-request set-var(txn.v) lua.beats');
    await expect.poll(async () => Number(await ask(loaded))).toBeGreaterThan(10);
    await loaded.proxy.stop();
  });

  test('registering while traffic flows is refused', async () => {
    const script = write(`core.register_action("late", { "http-req" }, function(txn)
  local _, why = pcall(core.register_fetches, "x", print)
  txn:set_var("txn.v", (why:gsub("^.-: ", "")))
end)`);
    const loaded = await load(`lua-load ${script}`, 'http-request lua.late');
    expect(await ask(loaded)).toContain('not available outside of body context');
  });
});

describe('tune.lua', () => {
  test('bool-sample-conversion', async () => {
    const script = write(
      'core.register_action("kind", { "http-req" }, function(txn) txn:set_var("txn.v", type(txn.f:always_true())) end)',
    );
    const normal = await load(`tune.lua.bool-sample-conversion normal\n  lua-load ${script}`, 'http-request lua.kind');
    expect(await ask(normal)).toBe('boolean');
    const old = await load(
      `tune.lua.bool-sample-conversion pre-3.1-bug\n  lua-load ${script}`,
      'http-request lua.kind',
    );
    expect(await ask(old)).toBe('number');
  });

  test('openlibs', async () => {
    const script = write(
      'core.register_fetches("have", function() return tostring(io) .. tostring(os) .. type(string.rep) end)',
    );
    const loaded = await load(
      `tune.lua.openlibs string,table\n  lua-load ${script}`,
      'http-request set-var(txn.v) lua.have',
    );
    expect(await ask(loaded)).toBe('nilnilfunction');
    expect(await refused('tune.lua.openlibs strng')).toContain("unknown library 'strng'");
    expect(await refused(`lua-load ${script}\n  tune.lua.openlibs none`)).toContain('must be set before any');
  });

  test('maxmem keeps a script from taking all', async () => {
    expect(
      await refused(`tune.lua.maxmem 10\n  lua-load ${write('local s = "x" while true do s = s .. s end')}`),
    ).toMatch(/^3: .*memory/);
  });

  test('values are checked', async () => {
    expect(await refused('tune.lua.maxmem foo')).toContain('expects a number of megabytes');
    expect(await refused('tune.lua.session-timeout 5x')).toContain('unexpected character');
    expect(await refused('tune.lua.log.stderr maybe')).toContain("'on', 'auto' or 'off'");
    expect(await refused('tune.lua.forced-yield')).toContain('expects a number of instructions');
  });
});

describe('commands of the Runtime API', () => {
  test('a script answers', async () => {
    const script = write(`core.register_cli({ "show", "lua-test" }, "Shows a test", function(applet, ...)
  applet:send(table.concat({ ... }, "+") .. "\\n")
  core.msleep(2)
  applet:send("done\\n")
end)`);
    const socket = join(folder, 'cli.sock');
    await load(`stats socket ${socket} level admin\n  lua-load ${script}`);
    const { connect } = await import('node:net');
    const answer = await new Promise<string>((resolve, reject) => {
      let text = '';
      const client = connect(socket, () => client.end('show lua-test a b\n'));
      client
        .on('data', (bytes) => (text += bytes.toString()))
        .on('end', () => resolve(text))
        .on('error', reject);
    });
    expect(answer.trim()).toBe('show+lua-test+a+b\ndone');
  });
});
