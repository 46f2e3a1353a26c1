/**
 * The Lua engine beside PUC Lua 5.3, both in this run: `node bench/lua-engine.js` after `npm run build`. The last column is ours divided by
 * lua5.3's; rows that only a host has stand alone.
 */
import { spawnSync } from 'node:child_process';
import { engine } from '../dist/plugins/lua/engine/index.js';

const rows = `
local function row(name, n, run)
  local best = math.huge
  for _ = 1, 4 do local start = os.clock() run(n) local took = os.clock() - start if took < best then best = took end end
  print(name .. '\\t' .. best / n * 1e9)
end
row('int loop', 1000000, function(n) local x = 0 for i = 1, n do x = x + i end end)
local function f(a) return a end
row('call', 500000, function(n) for i = 1, n do f(i) end end)
local o = { v = 1 } function o:m() return self.v end
row('method', 500000, function(n) for i = 1, n do o:m() end end)
row('field', 500000, function(n) local t = { a = 1, b = 2 } for i = 1, n do t.a = t.b end end)
row('table new', 300000, function(n) for i = 1, n do local t = { x = 1, y = 2 } end end)
row('array', 300000, function(n) local t = {} for i = 1, n do t[i] = i end end)
row('concat', 200000, function(n) for i = 1, n do local s = 'a' .. i end end)
row('match', 100000, function(n) for i = 1, n do local a, b = ('key=value'):match('^(%w+)=(%w+)$') end end)
row('find plain', 200000, function(n) local s = 'the quick brown fox' for i = 1, n do s:find('fox', 1, true) end end)
row('gsub', 100000, function(n) for i = 1, n do ('hello world'):gsub('o', '0') end end)
row('format', 100000, function(n) for i = 1, n do string.format('%d %s %5.2f', i, 'x', 1.5) end end)
row('table.concat 100', 5000, function(n) local t = {} for i = 1, 100 do t[i] = 'abc' end for i = 1, n do table.concat(t, ',') end end)
row('sort 100', 1000, function(n) for i = 1, n do local t = {} for j = 1, 100 do t[j] = (j * 7919) % 101 end table.sort(t) end end)
row('coroutine switch', 200000, function(n) local co = coroutine.wrap(function() while true do coroutine.yield() end end) for i = 1, n do co() end end)
local function fib(n) if n < 2 then return n end return fib(n - 1) + fib(n - 2) end
row('fib(20), a call', 21891, function() fib(20) end)
row('closure', 200000, function(n) for i = 1, n do local g = function() return i end end end)
row('pairs', 200000, function(n) local t = {} for i = 1, 100 do t['k' .. i] = i end for j = 1, n / 100 do for k, v in pairs(t) do end end end)
`;

function parse(text) {
  return new Map(
    text
      .trim()
      .split('\n')
      .map((line) => [line.split('\t')[0], Number(line.split('\t')[1])]),
  );
}

let printed = '';
const state = engine.newState({ print: (text) => (printed += text) });
state.run(state.load(Buffer.from(rows), 'bench'), []);
const ours = parse(printed);
const reference = spawnSync('lua5.3', ['-e', rows]);
const theirs = reference.error === undefined ? parse(reference.stdout.toString()) : new Map();

console.log(`${'row'.padEnd(34)}${'ours, ns'.padStart(10)}${'lua5.3'.padStart(10)}${'ratio'.padStart(8)}`);
for (const [name, took] of ours) {
  const other = theirs.get(name);
  console.log(
    name.padEnd(34) +
      took.toFixed(0).padStart(10) +
      (other === undefined ? '-' : other.toFixed(0)).padStart(10) +
      (other === undefined ? '-' : (took / other).toFixed(1)).padStart(8),
  );
}

function measure(name, count, run) {
  let best = Infinity;
  for (let pass = 0; pass < 5; pass++) {
    // The process's own time: the machine may be busy with others.
    const start = process.cpuUsage();
    for (let at = 0; at < count; at++) run();
    const { user, system } = process.cpuUsage(start);
    best = Math.min(best, (user + system) / 1000 / count);
  }
  console.log(name.padEnd(34) + (best * 1e6).toFixed(0).padStart(10));
}

// What HAProxy's actions are made of: a class with methods, values that cross as strings.
const headers = new Map([
  ['host', 'example.com'],
  ['user-agent', 'curl/8'],
  ['accept', '*/*'],
]);
const http = state.defineClass({
  name: 'HTTP',
  methods: {
    get(call) {
      call.object(1, http);
      call.pushString(headers.get(call.string(2)) ?? '');
      return 1;
    },
    set(call) {
      call.object(1, http);
      call.string(2);
      call.string(3);
      return 0;
    },
  },
});
state.setGlobal('noop', (call) => call.pushFunction(() => 0, 'noop'));
state.setGlobal('wait', (call) => call.pushFunction((inner) => inner.wait(() => 0), 'wait'));
const compile = (source) => {
  const thread = state.newThread();
  thread.begin(state.load(Buffer.from(source), 'row'));
  thread.resume();
  return thread.stack.ref(1);
};
const thread = state.newThread();
thread.totalLimit = 4000;
thread.burstLimit = 1000;
const empty = compile('return function() end');
measure('empty pooled call, with limits', 200_000, () => {
  thread.begin(empty);
  thread.resume();
});
const host = {};
const action = compile(
  "return function(h) local a, b, c = h:get('host'), h:get('user-agent'), h:get('accept') h:set('x-a', a .. b) h:set('x-b', c) end",
);
measure('action: 3 headers read, 2 set', 100_000, () => {
  thread.begin(action);
  thread.stack.pushObject(http, host);
  thread.resume();
});
const hundred = compile('return function() for i = 1, 100 do noop() end end');
measure('100 host calls', 10_000, () => {
  thread.begin(hundred);
  thread.resume();
});
const waits = compile('return function() for i = 1, 100 do wait() end end');
measure('100 times yield and resume', 5000, () => {
  thread.begin(waits);
  while (thread.resume() === 'waits');
});
