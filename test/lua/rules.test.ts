import { arena } from '../http/arena.ts';
import type { Side } from '../http/side.ts';
import { scriptFile, told } from './harness.ts';

const file = scriptFile(`
local function action(name, run) core.register_action(name, { "http-req", "http-res" }, run) end
for _, name in ipairs({ "CONTINUE", "STOP", "ERROR", "DENY", "INVALID" }) do
  action(name, function() return act[name] end)
end
action("two", function() return act.CONTINUE, act.DENY end)
action("text", function() return "x" end)
action("odd", function() return 99 end)
core.register_action("args", { "http-req" }, function(txn, a, b) txn:set_var("txn.args", a .. "+" .. b) end, 2)
action("reply", function(txn)
  local r = txn:reply({ status = 404, headers = {}, body = "no" })
  r:add_header("x-b", "q")
  txn:done(r)
end)
action("raw", function(txn) txn:done({ status = 201, headers = { a = { "b" } }, body = "raw" }) end)
action("caught", function(txn) pcall(txn.done, txn, { status = 202, body = "c" }) end)
action("done", function(txn) core.done("x") error("never") end)
action("field", function(txn)
  if txn.f:status() then txn.http:res_set_header("x-lua", "res") else txn.http:req_set_header("x-lua", "req") end
end)
action("status", function(txn) txn.http:res_set_status(299, "Fine") txn.http:res_add_header("x-n", tostring(txn.f:status())) end)
action("sleep", function(txn) core.msleep(5) txn.http:req_set_header("x-slept", "yes") end)
local function fails(name, run) action(name, run) end
fails("index", function() local t = nil; t.x = 1 end)
fails("raise", function() error("boom") end)
fails("object", function() error({}) end)
fails("nested", function() local function inner() error("deep") end inner() end)
fails("spin", function() while true do end end)
core.register_fetches("text", function() return "abc" end)
core.register_fetches("number", function() return 5 end)
core.register_fetches("yes", function() return true end)
core.register_fetches("none", function() end)
core.register_fetches("null", function() return nil end)
core.register_fetches("args", function(txn, ...) return select("#", ...) .. ":" .. table.concat({ ... }, "|") end)
core.register_fetches("path", function(txn) return txn.f:path() end)
core.register_fetches("waits", function() core.msleep(1) return "x" end)
core.register_fetches("sly", function() pcall(core.msleep, 1) return "x" end)
core.register_fetches("fails", function() error("bad fetch") end)
core.register_converters("wrap", function(value, a, b) return "<" .. value .. (a or "") .. (b or "") .. ">" end)
core.register_converters("kind", function(value) return type(value) end)
core.register_converters("broken", function() error("bad converter") end)
`);

const get = (path = '/'): string => `GET ${path} HTTP/1.1\r\nHost: h\r\n\r\n`;
const asked = async (side: Side): Promise<string> => side.ask(get());
const RETURN = 'http-request return status 200 content-type text/plain lf-string';

/** What a log-format of the proxy makes of an expression. */
const shows = (expression: string): string => `${RETURN} "%[${expression}]"`;
const body = async (side: Side): Promise<string> => (await asked(side)).split('\n\n').slice(1).join('\n\n');

arena(
  'Lua: actions, fetches and converters',
  ({ agree, differ }) => {
    for (const [title, name, status] of [
      ['CONTINUE', 'CONTINUE', 200],
      ['ERROR', 'ERROR', 500],
      ['DENY', 'DENY', 403],
      ['INVALID', 'INVALID', 400],
      ['the last result counts', 'two', 403],
      ['a string is no verdict', 'text', 200],
      ['a number that is no verdict', 'odd', 200],
      ['an error lets the request go on', 'raise', 200],
      ['core.done lets it go on', 'done', 200],
    ] as const) {
      agree(`action: ${title}`, `http-request lua.${name}\n  http-request return status 200`, asked, (seen, expect) =>
        expect(seen).toContain(`HTTP/1.1 ${status} `),
      );
    }
    agree('action: STOP ends the rules', 'http-request lua.STOP\n  http-request deny', asked, (seen, expect) =>
      expect(seen).toContain('HTTP/1.1 200'),
    );
    agree(
      'action: arguments are words',
      `http-request lua.args %[path] b\n  ${shows('var(txn.args)')}`,
      body,
      (seen, expect) => expect(seen).toBe('%[path]+b'),
    );
    agree('action: a reply', 'http-request lua.reply', asked, (seen, expect) =>
      expect(seen).toMatch(/^HTTP\/1.1 404 Not Found\n[^]*x-b: q\ncontent-length: 2\n\nno$/),
    );
    agree('action: a table as reply', 'http-request lua.raw', asked, (seen, expect) =>
      expect(seen).toMatch(/^HTTP\/1.1 201 Created\n[^]*a: b\n[^]*\n\nraw$/),
    );
    differ('action: done is not to be caught', 'http-request lua.caught\n  http-request deny', asked, {
      sluice: (seen, expect) => expect(seen).toContain('HTTP/1.1 202'),
      haproxy: (seen, expect) => expect(seen).toBe('(closed)'),
    });
    agree('action: sleeps', `http-request lua.sleep\n  ${shows('req.hdr(x-slept)')}`, body, (seen, expect) =>
      expect(seen).toBe('yes'),
    );

    agree('fetch: text', shows('lua.text'), body, (seen, expect) => expect(seen).toBe('abc'));
    agree('fetch: a number', shows('lua.number,add(1)'), body, (seen, expect) => expect(seen).toBe('6'));
    agree('fetch: a boolean', shows('lua.yes'), body, (seen, expect) => expect(seen).toBe('1'));
    agree('fetch: nothing', `${RETURN} "[%[lua.none]]"`, body, (seen, expect) => expect(seen).toBe('[]'));
    agree('fetch: nil is false', shows('lua.null'), body, (seen, expect) => expect(seen).toBe('0'));
    agree('fetch: arguments', shows('lua.args(a,b)'), body, (seen, expect) => expect(seen).toBe('2:a|b'));
    agree('fetch: no arguments', shows('lua.args'), body, (seen, expect) => expect(seen).toBe('0:'));
    agree('fetch: an empty argument', shows('lua.args(,b)'), body, (seen, expect) => expect(seen).toBe('2:|b'));
    agree('fetch: looks at the request', shows('lua.path'), body, (seen, expect) => expect(seen).toBe('/'));
    agree(
      'fetch: in an ACL, as text',
      `http-request deny if { lua.text abc }\n  ${shows('str(no)')}`,
      asked,
      (seen, expect) => expect(seen).toContain(' 403 '),
    );
    agree(
      'fetch: in an ACL, as a boolean',
      `http-request deny if { lua.yes -m bool }\n  ${shows('str(no)')}`,
      asked,
      (seen, expect) => expect(seen).toContain(' 403 '),
    );
    agree(
      'fetch: in an ACL, as a number',
      `http-request deny if { lua.number -m int gt 4 }\n  ${shows('str(no)')}`,
      asked,
      (seen, expect) => expect(seen).toContain(' 403 '),
    );
    agree(
      'fetch: in an ACL, found',
      `http-request deny if { lua.none -m found }\n  ${shows('str(no)')}`,
      body,
      (seen, expect) => expect(seen).toBe('no'),
    );
    agree('converter', shows('str(x),lua.wrap'), body, (seen, expect) => expect(seen).toBe('<x>'));
    agree('converter: arguments', shows('str(x),lua.wrap(1,2)'), body, (seen, expect) => expect(seen).toBe('<x12>'));
    agree('converter: of a number', shows('int(3),lua.kind'), body, (seen, expect) => expect(seen).toBe('string'));
    agree('converter: in a row', shows('str(x),lua.wrap,upper,lua.wrap'), body, (seen, expect) =>
      expect(seen).toBe('<<X>>'),
    );

    const said = (name: string, wanted: string): void => {
      const line = `http-request lua.${name}\n  http-request return status 200`;
      agree(
        `error: ${name}`,
        line,
        async (side) => {
          await asked(side);
          return (await told(side, name))[0];
        },
        (seen, expect) => expect(seen).toBe(wanted),
      );
    };
    said(
      'index',
      "Lua function 'index': [state-id 0] runtime error: s.lua:24: attempt to index a nil value (local 't') from s.lua:24: in function line 24.",
    );
    said('object', "Lua function 'object': [state-id 0] unknown runtime error from s.lua:26: in function line 26.");
    said(
      'nested',
      "Lua function 'nested': [state-id 0] runtime error: s.lua:27: deep from s.lua:27: in local 'inner', s.lua:27: in function line 27.",
    );
    for (const [name, wanted] of [
      ['waits', "Lua sample-fetch 'waits': yield not allowed."],
      ['sly', "Lua sample-fetch 'sly': yield not allowed."],
      [
        'fails',
        "Lua sample-fetch 'fails': [state-id 0] runtime error: s.lua:38: bad fetch from s.lua:38: in function line 38.",
      ],
    ] as const) {
      agree(
        `error: fetch ${name}`,
        `${RETURN} "[%[lua.${name}]]"`,
        async (side) => [await body(side), (await told(side, name))[0]],
        (seen, expect) => expect(seen).toEqual(['[]', wanted]),
      );
    }
    agree(
      'error: converter',
      `${RETURN} "[%[str(x),lua.broken]]"`,
      async (side) => [await body(side), (await told(side, 'broken'))[0]],
      (seen, expect) =>
        expect(seen).toEqual([
          '[]',
          "Lua converter 'broken': [state-id 0] runtime error: s.lua:41: bad converter from s.lua:41: in function line 41.",
        ]),
    );
    differ(
      'error: code that never ends',
      'http-request lua.spin\n  http-request return status 200',
      async (side) => [(await asked(side)).slice(0, 12), (await told(side, 'spin'))[0]?.replace(/ from .*/, '')],
      {
        sluice: (seen, expect) => expect(seen).toEqual(['HTTP/1.1 200', "Lua function 'spin': execution timeout."]),
        haproxy: (seen, expect) =>
          expect(seen).toEqual(['HTTP/1.1 200', "Lua function 'spin': [state-id 0] runtime error: execution timeout"]),
      },
    );
    agree(
      'while one script spins, others are served',
      'http-request lua.spin if { path /spin }\n  http-request return status 200',
      async (side) => {
        const slow = side.ask(get('/spin'));
        const quick = await side.ask(get('/'));
        await slow;
        return quick.slice(0, 12);
      },
      (seen, expect) => expect(seen).toBe('HTTP/1.1 200'),
    );
  },
  { global: `lua-load ${file}\n  tune.lua.session-timeout 300` },
);
