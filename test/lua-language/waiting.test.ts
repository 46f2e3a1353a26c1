/** A host function may wait wherever Lua code can be suspended, and the script sees nothing of it. */
import { afterAll, describe, expect, it } from 'vitest';
import type { HostFunction, LuaThread } from '../../plugins/lua/engine/engine.ts';
import { engine } from '../../plugins/lua/engine/index.ts';

const state = engine.newState({ print: () => undefined, forcedYield: 50 });
afterAll(() => state.close());

/** Answers its argument, one resume later. */
const later: HostFunction = (call) => {
  if (!call.canWait) return call.fail('yield not allowed');
  return call.wait((after) => {
    after.pushCopy(1);
    return 1;
  });
};
/** Answers how often it waited: a wait's continuation may wait again. */
const thrice: HostFunction = (call) => {
  let count = 0;
  const again: HostFunction = (after) => {
    if (++count < 3) return after.wait(again);
    after.pushInteger(count);
    return 1;
  };
  return call.wait(again);
};
state.setGlobal('later', (call) => call.pushFunction(later, 'later'));
state.setGlobal('thrice', (call) => call.pushFunction(thrice, 'thrice'));

function run(source: string): { thread: LuaThread; waits: number } {
  const thread = state.newThread();
  thread.begin(state.load(Buffer.from(source), 'wait.lua'));
  for (let waits = 0; ;) {
    const outcome = thread.resume();
    if (outcome === 'waits') waits++;
    else if (outcome !== 'forced') return { thread, waits };
  }
}

const cases: Record<string, [source: string, result: unknown, waits: number]> = {
  plainly: ['return later(5)', 5, 1],
  'in a tail call': ['local function f(x) return later(x) end return f(6)', 6, 1],
  'several times in one call': ['return thrice()', 3, 3],
  'in a loop': ['local n = 0 for i = 1, 50 do n = n + later(i) end return n', 1275, 50],
  'in pcall': ['local ok, v = pcall(later, 7) return ok and v', 7, 1],
  'in pcall in pcall': ['local a, b, c = pcall(pcall, later, 8) return a and b and c', 8, 1],
  'before an error in pcall': ['local ok, m = pcall(function() later(1) error("late", 0) end) return m', 'late', 1],
  'in xpcall with a handler': [
    'local ok, m = xpcall(function() later(1) error("late", 0) end, function(m) return "H" .. m end) return m',
    'Hlate',
    1,
  ],
  'in __index': ['return setmetatable({}, { __index = function(_, k) return later(k) end }).key', 'key', 1],
  'in __newindex': [
    'local v setmetatable({}, { __newindex = function(_, k, x) v = later(x) end }).a = 9 return v',
    9,
    1,
  ],
  'in operators': [
    'local t = setmetatable({}, { __add = function(_, x) return later(x) end, __lt = function() return later(true) end, __concat = function(a, b) return later("c") end }) return (t + 1) .. (t < 1 and "y" or "n") .. (t .. "z")',
    '1yc',
    3,
  ],
  'in __call and __len': [
    'local t = setmetatable({}, { __call = function(_, x) return later(x) end, __len = function() return later(4) end }) return t(1) + #t',
    5,
    2,
  ],
  'in an iterator': [
    'local n = 0 for i in function(_, i) i = (i or 0) + 1 if i <= 5 then return later(i) end end do n = n + i end return n',
    15,
    5,
  ],
  'in a coroutine of the script': [
    'local co = coroutine.wrap(function(x) local y = coroutine.yield(later(x) + 1) return later(y) * 2 end) return co(1) * 100 + co(7)',
    214,
    2,
  ],
  'in a coroutine in a coroutine': [
    'local outer = coroutine.wrap(function() local inner = coroutine.wrap(function() coroutine.yield(later(1)) coroutine.yield(later(2)) end) coroutine.yield(inner()) coroutine.yield(inner()) end) return outer() + outer()',
    3,
    2,
  ],
  'in coroutine.resume, with an error afterwards': [
    'local co = coroutine.create(function() later(1) error("x", 0) end) local ok, m = coroutine.resume(co) return m .. coroutine.status(co)',
    'xdead',
    1,
  ],
  'while other coroutines stand still': [
    'local a = coroutine.create(function() coroutine.yield(1) end) coroutine.resume(a) later(1) return coroutine.status(a)',
    'suspended',
    1,
  ],
  'with many values on the stack': ['return select("#", 1, 2, later(3), later(4), nil)', 5, 2],
  'in arguments and constructors': ['local t = { later(1), later(2), x = later(3) } return #t + t.x', 5, 3],
  'in what dofile-like loads return': ['return load("return later(...)")(11)', 11, 1],
};

describe('a host function waits', () => {
  it.each(Object.entries(cases))('%s', (_name, [source, result, waits]) => {
    const done = run(source);
    expect(done.thread.error).toBe(undefined);
    expect(done.thread.stack.pull(1)).toBe(result);
    expect(done.waits).toBe(waits);
  });

  it.each([
    'table.sort({ 2, 1 }, function() later(1) end)',
    '("x"):gsub("x", function() later(1) end)',
    'tostring(setmetatable({}, { __tostring = function() return later("x") end }))',
  ])('but not in %s', (source) => {
    const done = run(source);
    expect(done.thread.error?.text).toContain('yield not allowed');
    expect(done.waits).toBe(0);
  });

  it('but not in a thread that cannot', () => {
    const thread = state.newThread();
    thread.yieldable = false;
    thread.begin(state.load(Buffer.from('return pcall(later, 1)'), 'wait.lua'));
    expect(thread.resume()).toBe('finished');
    expect(thread.stack.pull(2)).toBe('yield not allowed');
  });

  it('and is forgotten by a thread that is used anew', () => {
    const thread = state.newThread();
    thread.begin(state.load(Buffer.from('later(1) return "old"'), 'wait.lua'));
    expect(thread.resume()).toBe('waits');
    thread.begin(state.load(Buffer.from('return "new"'), 'wait.lua'));
    expect(thread.resume()).toBe('finished');
    expect(thread.stack.pull(1)).toBe('new');
  });

  it("tells a script's own yield from a wait", () => {
    const thread = state.newThread();
    thread.begin(state.load(Buffer.from('local x = coroutine.yield(1, 2) return later(3)'), 'wait.lua'));
    expect(thread.resume()).toBe('yielded');
    expect(thread.stack.count).toBe(2);
    expect(thread.stack.pull(2)).toBe(2);
    thread.stack.count = 0;
    expect(thread.resume()).toBe('waits');
    expect(thread.resume()).toBe('finished');
    expect(thread.stack.pull(1)).toBe(3);
  });
});
