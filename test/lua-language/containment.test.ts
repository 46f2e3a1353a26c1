/** What a script must not be able to do: keep the process busy, fill its memory, exhaust its stack, or hide an error of ours. */
import { afterEach, describe, expect, it } from 'vitest';
import type { LuaState, LuaThread, Outcome, StateOptions } from '../../plugins/lua/engine/engine.ts';
import { engine } from '../../plugins/lua/engine/index.ts';

const states: LuaState[] = [];

function start(source: string, options: StateOptions = {}): { state: LuaState; thread: LuaThread } {
  const state = engine.newState({ print: () => undefined, ...options });
  states.push(state);
  const thread = state.newThread();
  thread.begin(state.load(Buffer.from(source), 'test.lua'));
  return { state, thread };
}

/** Runs to the end; how often it was suspended because its instructions were used up. */
function finish(thread: LuaThread): { outcome: Outcome; forced: number } {
  for (let forced = 0; ; forced++) {
    const outcome = thread.resume();
    if (outcome !== 'forced') return { outcome, forced };
  }
}

afterEach(() => {
  for (const state of states.splice(0)) state.close();
});

describe('CPU time', () => {
  const endless = {
    'a loop': 'while true do end',
    'a loop of calls': 'local function f() end while true do f() end',
    'a repeat with a condition': 'local n = 0 repeat n = n + 1 until n < 0',
    goto: '::a:: goto a',
    'a numeric for': 'for i = 1, math.huge do end',
    'a generic for': 'for _ in function() return 1 end do end',
    'tail calls': 'local function f() return f() end f()',
    'ever more arguments': 'local function f(...) return f(1, ...) end f()',
    'errors in error handlers':
      'local function h() error("x") end local function r() return xpcall(r, h) and r() end while true do r() end',
    metamethods: 'local t = setmetatable({}, { __index = function() return 1 end }) while true do local x = t.y end',
    coroutines: 'local co = coroutine.wrap(function() while true do coroutine.yield() end end) while true do co() end',
    'a loop in a coroutine': 'coroutine.wrap(function() while true do end end)()',
    'pcall around the loop': 'while true do pcall(function() while true do end end) end',
    'pcall inside pcall': 'local function f() pcall(f) while true do pcall(f) end end f()',
    'a sort with a slow order':
      'local t = {} for i = 1, 1e4 do t[i] = i end table.sort(t, function(a, b) while true do end end)',
    'a gsub callback': '("x"):gsub("x", function() while true do end end)',
    'a catastrophic pattern': '(("a"):rep(200)):find(".-.-.-.-.-.-.-.-b")',
    'a catastrophic match of captures': '(("a"):rep(500)):match("(.*)(.*)(.*)(.*)(.*)x")',
    'a pattern started anew everywhere': '(("a"):rep(300000)):find("a*b")',
    'nested balances': '(("("):rep(200000)):find("%b()")',
    'moving a million elements': 'while true do table.move({ 1 }, 1, 1000000, 2) end',
    'concat of nothing':
      'local t = setmetatable({}, { __index = function() return "" end }) table.concat(t, "", 1, 1e9)',
    'load with an endless reader': 'while true do load(function() return " " end) end',
    'an error handler that loops': 'while true do xpcall(error, function() while true do end end) end',
    'tostring that loops': 'tostring(setmetatable({}, { __tostring = function() while true do end end }))',
  } as const;
  for (const yieldable of [true, false])
    it.each(Object.entries(endless))(`ends %s, ${yieldable ? 'yieldable' : 'not yieldable'}`, (_name, source) => {
      const { thread } = start(source, { maxString: 1 << 24 });
      thread.yieldable = yieldable;
      thread.totalLimit = 60;
      const before = performance.now();
      const { outcome, forced } = finish(thread);
      expect(outcome).toBe('failed');
      expect(thread.error?.fault).toBe('execution timeout');
      expect(thread.error?.text).toContain('execution timeout');
      expect(performance.now() - before).toBeLessThan(5000);
      if (!yieldable) expect(forced).toBe(0);
    });

  it('suspends a yieldable thread again and again, and loses nothing', () => {
    const { thread } = start(
      'local s = 0 for i = 1, 100000 do s = s + i end local t = {} for k, v in pairs({1,2,3}) do t[k] = v end return s, #t',
    );
    const { outcome, forced } = finish(thread);
    expect(outcome).toBe('finished');
    expect(forced).toBeGreaterThan(5);
    expect(thread.stack.pull(1)).toBe(5000050000);
    expect(thread.stack.pull(2)).toBe(3);
  });

  it('suspends in every construct without changing what it computes', () => {
    const source = `
      local log = {}
      local mt = { __lt = function(a, b) return a.v < b.v end, __index = function(t, k) return k * 2 end,
        __concat = function(a, b) return 'c' end, __eq = function() return true end, __call = function(_, x) return x + 1 end }
      local a, b = setmetatable({ v = 1 }, mt), setmetatable({ v = 2 }, mt)
      local co = coroutine.wrap(function() for i = 1, 40 do coroutine.yield(i) end return 'end' end)
      local n = 0
      for i = 1, 40 do
        if a < b and a <= b and not (b < a) then n = n + a[i] end
        if a == b then n = n + a(i) end
        n = n + #(a .. 'x') + co()
        local ok, v = pcall(function(x) if x % 2 == 0 then error({ x }) end return x end, i)
        n = n + (ok and v or v[1])
        n = n + select('#', table.unpack({ 1, 2, 3 })) + #("x,y"):gsub(',', function() return ';' end)
        while n % 7 ~= 0 do n = n + 1 end
      end
      return n`;
    const whole = start(source, { forcedYield: 1e9 });
    expect(finish(whole.thread).outcome).toBe('finished');
    for (const forcedYield of [1, 17, 23, 100]) {
      const { thread } = start(source, { forcedYield });
      expect(finish(thread).outcome).toBe('finished');
      expect(thread.stack.pull(1)).toBe(whole.thread.stack.pull(1));
    }
  });

  it('limits one go with the burst limit', () => {
    const { thread } = start('while true do end');
    thread.yieldable = false;
    thread.burstLimit = 40;
    expect(thread.resume()).toBe('failed');
    expect(thread.error?.fault).toBe('burst timeout');
  });

  it('does not count what the host waits for', async () => {
    const { state, thread } = start('wait() return 5');
    state.setGlobal('wait', (call) => call.pushFunction((inner) => inner.wait(() => 0), 'wait'));
    thread.totalLimit = 30;
    thread.burstLimit = 30;
    expect(thread.resume()).toBe('waits');
    await new Promise((done) => setTimeout(done, 80));
    expect(thread.resume()).toBe('finished');
  });

  it('can be used again after a timeout', () => {
    const { state, thread } = start('while true do end');
    thread.totalLimit = 30;
    expect(finish(thread).outcome).toBe('failed');
    thread.begin(state.load(Buffer.from('return 1 + 1'), 'again.lua'));
    expect(thread.resume()).toBe('finished');
    expect(thread.stack.pull(1)).toBe(2);
  });
});

describe('memory', () => {
  const greedy = {
    'growing tables': 'local t = {} for i = 1, 1e9 do t[i] = i end',
    'tables in tables': 'local t = {} for i = 1, 1e9 do t[i] = {} end',
    keys: 'local t = {} for i = 1, 1e9 do t["k" .. i] = i end',
    'a chain of tables': 'local t = {} while true do t = { t } end',
    closures: 'local t = {} for i = 1, 1e9 do t[i] = function() return i end end',
    coroutines: 'local t = {} for i = 1, 1e9 do t[i] = coroutine.create(print) end',
    strings: 'local t = {} for i = 1, 1e9 do t[i] = ("x"):rep(10000) .. i end',
    doubling: 'local s = "x" while true do s = s .. s end',
    'doubling by rep': 'local s = "x" while true do s = s:rep(2) end',
    'doubling by gsub': 'local s = "x" while true do s = s:gsub(".", "%0%0") end',
    'doubling by format': 'local s = "x" while true do s = ("%s%s"):format(s, s) end',
    'doubling by concat': 'local s = "x" while true do s = table.concat({ s, s }) end',
    'one huge string': 'return ("x"):rep(1e10)',
    pack: 'return string.pack("c" .. 2000000000, "x")',
  } as const;
  it.each(Object.entries(greedy))('stops %s', (_name, source) => {
    const { thread } = start(source, { maxMemory: 20 << 20 });
    const { outcome } = finish(thread);
    expect(outcome).toBe('failed');
    expect(thread.error?.text).toBe('not enough memory');
    expect(thread.error?.fault).toBe('memory');
  });

  it('can be caught, but not kept', () => {
    const { thread } = start(
      'local ok, m = pcall(function() local t = {} while true do t[#t + 1] = ("x"):rep(1000) .. #t end end) return ok, m, #("y"):rep(100)',
      { maxMemory: 16 << 20 },
    );
    expect(finish(thread).outcome).toBe('finished');
    expect([thread.stack.pull(1), thread.stack.pull(2), thread.stack.pull(3)]).toEqual([
      false,
      'not enough memory',
      100,
    ]);
  });

  it('is not used up by what is no longer held', () => {
    const { thread } = start('for i = 1, 300000 do local t = { i, {}, "s" .. i } end return 1', { maxMemory: 8 << 20 });
    expect(finish(thread).outcome).toBe('finished');
  });

  it('has a longest string', () => {
    const { thread } = start('return pcall(string.rep, "x", 2000)', { maxString: 1000 });
    expect(finish(thread).outcome).toBe('finished');
    expect(thread.stack.pull(1)).toBe(false);
    expect(thread.stack.pull(2)).toBe('not enough memory');
  });
});

describe('the stack', () => {
  const deep = {
    recursion: 'local function f() return 1 + f() end f()',
    'recursion through pcall': 'local function f() local ok, m = pcall(f) if not ok then error(m, 0) end end f()',
    'recursion of metamethods':
      'local t t = setmetatable({}, { __index = function(_, k) return t[k .. 1] end }) return t.x',
    'recursion through gsub': 'local function f() ("x"):gsub("x", f) end f()',
    'recursion through sort': 'local function f() table.sort({ 2, 1 }, f) end f()',
    'recursion through tostring':
      'local t t = setmetatable({}, { __tostring = function() return tostring(t) end }) tostring(t)',
    'recursion of coroutines': 'local function f() coroutine.wrap(f)() end f()',
    'recursion of load': 'local function f() load(f) error("x") end f() ',
    'recursion of error handlers': 'local function h() error("x") end local ok, m = xpcall(error, h) error(m .. "x")',
  } as const;
  it.each(Object.entries(deep))('survives %s', (_name, source) => {
    const { thread } = start(source);
    thread.totalLimit = 4000;
    expect(finish(thread).outcome).toBe('failed');
    expect(thread.error?.fault).toBe('runtime');
    expect(thread.error?.text).toMatch(/stack overflow|error in error handling|x$|too many/);
  });

  it.each(['(', '{', 'function() ', '- ', 'not ', '"" .. ', '1 ^ ', 'a.b[', 'if x then '])(
    'compiles no endless %s',
    (part) => {
      const state = engine.newState({});
      states.push(state);
      const lead = part.startsWith('if') ? '' : 'return ';
      expect(() => state.load(Buffer.from(lead + part.repeat(100_000)), 'deep.lua')).toThrow(/deep.lua:1: .*/);
    },
  );

  it('compares, counts and joins long chains', () => {
    const many = Array.from({ length: 150 }, () => 'x').join(' .. ');
    const { thread } = start(`local x = 'ab' local s = ${many} return #s`);
    expect(finish(thread).outcome).toBe('finished');
    expect(thread.stack.pull(1)).toBe(300);
  });

  it('ends a pattern that is too complex', () => {
    const { thread } = start('return pcall(string.find, ("x"):rep(1000), ("x?"):rep(1000) .. "y")');
    thread.totalLimit = 3000;
    expect(finish(thread).outcome).toBe('finished');
    expect(thread.stack.pull(1)).toBe(false);
    expect(thread.stack.pull(2)).toBe('pattern too complex');
  });
});

describe('what the host throws', () => {
  it('is a Lua error with its text', () => {
    const { state, thread } = start('return pcall(bad)');
    state.setGlobal('bad', (call) =>
      call.pushFunction(() => {
        throw new TypeError('a fault of ours');
      }, 'bad'),
    );
    expect(thread.resume()).toBe('finished');
    expect(thread.stack.pull(1)).toBe(false);
    expect(thread.stack.pull(2)).toContain('a fault of ours');
  });

  it('reaches xpcall handlers, and the host with a traceback', () => {
    const { state, thread } = start(
      'local function inner() bad() end\nlocal ok, m = xpcall(inner, function(m) return "H:" .. m end)\nassert(m == "H:test.lua:1: oops", m)\ninner()',
    );
    state.setGlobal('bad', (call) =>
      call.pushFunction(() => {
        throw new Error('oops');
      }, 'bad'),
    );
    expect(thread.resume()).toBe('failed');
    expect(thread.error?.text).toBe('test.lua:1: oops');
    expect(thread.error?.traceback).toEqual(
      ["test.lua:1: in upvalue 'inner'", 'test.lua:4: in main chunk'].map((line) =>
        expect.stringMatching(line.replace(/upvalue|local/, '(upvalue|local)')),
      ),
    );
  });
});
