import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freePorts } from '../support/free-port.ts';
import { type RunningProxy, startProxy } from '../support/proxy.ts';
import { missing, title } from '../support/which.ts';
import { echo, Peer } from './peers.ts';
import { createServer, type Server } from 'node:http';

/**
 * Each filter writes what it sees into fields of the response, or changes messages: what clients and the origin get is what is compared.
 * Callbacks without anything to do may come more often in HAProxy, which is not.
 */
const SCRIPT = `
local function define(name, methods, make)
  local class = { id = name, flags = filter.FLT_CFG_FL_HTX }
  class.__index = class
  function class:new() return setmetatable({ seen = "", args = self.args }, class) end
  for key, method in pairs(methods) do class[key] = method end
  core.register_filter(name, class, make or function(flt, args) flt.args = args return flt end)
end
local function both(self, txn, chn) filter.register_data_filter(self, chn) end
local function answers(self, txn, chn) if chn:is_resp() then filter.register_data_filter(self, chn) end end
local function asks(self, txn, chn) if not chn:is_resp() then filter.register_data_filter(self, chn) end end
local function any_length(self, txn, msg)
  msg:del_header("content-length") msg:add_header("transfer-encoding", "chunked") return filter.CONTINUE
end
define("constants", { http_headers = function(self, txn, msg)
  if msg:is_resp() then msg:add_header("x-constants", table.concat({ filter.CONTINUE, filter.WAIT, filter.ERROR, filter.FLT_CFG_FL_HTX }, " ")) end
end })
define("arguments", { http_headers = function(self, txn, msg)
  if msg:is_resp() then msg:add_header("x-args", #self.args .. " " .. table.concat(self.args, "|")) end
end })
define("order", {
  start_analyze = function(self, txn, chn) both(self, txn, chn) txn:set_var("txn.log", (txn:get_var("txn.log") or "") .. "s" .. tostring(chn:is_resp()):sub(1, 1)) end,
  http_headers = function(self, txn, msg)
    txn:set_var("txn.log", txn:get_var("txn.log") .. "h" .. tostring(msg:is_resp()):sub(1, 1))
    if msg:is_resp() then msg:add_header("x-order", txn:get_var("txn.log")) end
    return filter.CONTINUE
  end,
  http_payload = function(self, txn, msg) if not msg:is_resp() and not self.p then self.p = true txn:set_var("txn.log", txn:get_var("txn.log") .. "p") end end,
  http_end = function(self, txn, msg) if not msg:is_resp() then txn:set_var("txn.log", txn:get_var("txn.log") .. "e") end return filter.CONTINUE end,
})
define("request", { http_headers = function(self, txn, msg)
  if msg:is_resp() then
    for i, line in ipairs(self) do msg:add_header("x-" .. i, line) end
    return filter.CONTINUE
  end
  local line, h = txn.http_req:get_stline(), msg:get_headers()
  self[1] = line.method .. " " .. line.uri .. " " .. line.version
  self[2] = h["x-two"][0] .. "," .. h["x-two"][1] .. " " .. tostring(h["x-two"][2]) .. tostring(h["none"])
  self[3] = tostring(msg:set_method("PUT")) .. tostring(msg:set_path("/new")) .. tostring(msg:set_query("q=1"))
  msg:add_header("X-Add", "v1") msg:add_header("x-add", "v2") msg:set_header("x-set", "s") msg:del_header("x-two")
  msg:rep_header("x-rep", "a(.)c", "<\\\\1>") msg:rep_value("x-vals", "b", "B")
  self[4] = tostring(msg:is_resp()) .. tostring(msg.channel:is_resp())
  local ok, problem = pcall(msg.channel.data, msg.channel) self[5] = tostring(problem)
  return filter.CONTINUE
end })
define("whole-uri", { http_headers = function(self, txn, msg) if not msg:is_resp() then msg:set_uri("/whole?x=y") end return filter.CONTINUE end })
define("status", { http_headers = function(self, txn, msg)
  if msg:is_resp() then
    local line = msg:get_stline() msg:add_header("x-line", line.version .. " " .. line.code .. " " .. line.reason) msg:set_status(201, "Made")
  end
  return filter.CONTINUE
end })
define("status-only", { http_headers = function(self, txn, msg) if msg:is_resp() then msg:set_status(404) end return filter.CONTINUE end })
define("edit", { start_analyze = answers, http_headers = any_length, http_payload = function(self, txn, msg)
  if self.done or msg:input() == 0 then return end
  self.done = true
  local out = {}
  local function add(...) local v = table.pack(...) for i = 1, v.n do out[#out + 1] = tostring(v[i]) end end
  add(msg:body(), msg:body(1), msg:body(-2), msg:body(1, 2), msg:body(0, -1))
  add(pcall(msg.body, msg, 1000)) add(pcall(msg.remove, msg, 0, 1000)) add(pcall(msg.insert, msg, "x", 1000))
  add(msg:prepend("<"), msg:append(">"), msg:insert("I", 2), msg:insert("N", -1), msg:body())
  add(msg:remove(0, 1), msg:set("SET", 1, 2), msg:set("ALL", -2), msg:body())
  add(msg:send("SENT"), msg:forward(2), msg:body(), msg:input())
  msg:append("|" .. table.concat(out, ","))
end })
define("upper", { start_analyze = asks, http_headers = any_length, http_payload = function(self, txn, msg)
  local body = msg:body()
  if body and #body > 0 then msg:set(body:upper() .. "!") end
end })
define("hold", { start_analyze = answers, http_headers = any_length, http_payload = function(self, txn, msg)
  if not msg:eom() then return 0 end
  msg:set("[" .. (msg:body() or "") .. "]")
end })
define("drop", { start_analyze = answers, http_headers = any_length, http_payload = function(self, txn, msg) msg:remove() end })
define("left", { start_analyze = answers, http_headers = any_length, http_payload = function(self, txn, msg) msg:append("+") filter.unregister_data_filter(self, msg.channel) end })
define("length", { start_analyze = answers, http_headers = function(self, txn, msg) if msg:is_resp() then msg:set_body_len(3) end return filter.CONTINUE end,
  http_payload = function(self, txn, msg) if msg:input() > 0 then msg:set("abc") end end })
define("error", { http_headers = function(self, txn, msg) if not msg:is_resp() then return filter.ERROR end end })
define("error-late", { http_headers = function(self, txn, msg) if msg:is_resp() then return filter.ERROR end end })
define("throws", { http_headers = function(self, txn, msg) error("boom") end })
define("waits", { http_headers = function(self, txn, msg) if not msg:is_resp() then core.msleep(1) end return filter.CONTINUE end })
define("later", { http_headers = function(self, txn, msg)
  if msg:is_resp() then return filter.CONTINUE end
  self.tries = (self.tries or 0) + 1
  if self.tries < 3 then filter.wake_time(20) return filter.WAIT end
  msg:add_header("x-add", "tries " .. self.tries)
  return filter.CONTINUE
end })
define("none", {}, function() return nil end)
local bare = { id = "bare" }
core.register_filter("bare", bare, function(flt) return flt end)
define("tcp", { start_analyze = both, tcp_payload = function(self, txn, chn)
  if chn:input() == 0 then return end
  if chn:is_resp() then chn:append("!") else chn:prepend(">") chn:set("XY", 1, 2) end
end })
define("tcp-upper", { start_analyze = asks, tcp_payload = function(self, txn, chn)
  local text = chn:data()
  if text and #text > 0 then chn:remove() chn:send(text:upper()) end
end })
`;

const HTTP = [
  'constants',
  'arguments one "two words"',
  'order',
  'request',
  'whole-uri',
  'status',
  'status-only',
  'edit',
  'upper',
  'hold',
  'drop',
  'left',
  'length',
  'error',
  'error-late',
  'throws',
  'waits',
  'later',
  'none',
  'bare',
];
const TCP = ['tcp', 'tcp-upper'];
const absent = missing('haproxy');

describe(title('Filters written in Lua', absent), () => {
  const running = new Map<string, RunningProxy>();
  const peer = new Peer(echo);
  let origin: Server;
  let folder: string;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'lua-filters-'));
    const file = join(folder, 'filters.lua');
    writeFileSync(file, SCRIPT);
    const echoPort = await peer.start();
    const [originPort] = await freePorts(1);
    origin = createServer((asked, answer) => {
      let body = '';
      asked.on('data', (piece: Buffer) => (body += piece.latin1Slice()));
      asked.on('end', () => {
        const fields = ['x-add', 'x-set', 'x-two', 'x-rep', 'x-vals'].map(
          (name) => `${name}=${String(asked.headers[name])}`,
        );
        const text = `${asked.method} ${asked.url} [${body}] ${fields.join(' ')}`;
        answer.sendDate = false;
        if (asked.url === '/pieces') {
          answer.write('one');
          setTimeout(() => answer.end('two'), 60);
        } else {
          answer.writeHead(200, { 'content-length': text.length });
          answer.end(text);
        }
      });
    });
    await new Promise<void>((resolve) => void origin.listen(originPort, '127.0.0.1', resolve));
    const configuration = (ports: readonly number[]): string => `global
  nbthread 1
  lua-load ${file}
defaults
  timeout connect 5s
  timeout client 5s
  timeout server 5s
${HTTP.map((line, i) => `listen h${i}\n  mode http\n  bind 127.0.0.1:${ports[i]}\n  filter lua.${line}\n  server s 127.0.0.1:${originPort}`).join('\n')}
${TCP.map((line, i) => `listen t${i}\n  mode tcp\n  bind 127.0.0.1:${ports[HTTP.length + i]}\n  filter lua.${line}\n  server s 127.0.0.1:${echoPort}`).join('\n')}
`;
    for (const program of absent.length === 0 ? ['sluice', 'haproxy'] : ['sluice'])
      running.set(program, await startProxy(HTTP.length + TCP.length, configuration, program));
  });
  afterAll(async () => {
    for (const proxy of running.values()) await proxy.stop();
    origin.close();
    origin.closeAllConnections();
    await peer.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  /** `alone`: HAProxy 2.6 has nothing of the kind, or gets it wrong: bytes put at the wrong end, and connections that hang. */
  const duel = (
    name: string,
    scenario: (port: number) => Promise<unknown>,
    line: string = name,
    alone = false,
  ): void => {
    test(name, async () => {
      const at = HTTP.includes(line) ? HTTP.indexOf(line) : HTTP.length + TCP.indexOf(line);
      const [ours, theirs] = await Promise.all(
        [...running.values()].slice(0, alone ? 1 : 2).map(({ ports }) => scenario(ports[at]!)),
      );
      if (theirs !== undefined) expect(ours, 'Sluice beside HAProxy').toEqual(theirs);
      expect(ours).toMatchSnapshot();
    });
  };
  for (const line of HTTP)
    duel(
      line,
      (port) => ask(port, 'POST', '/a?b=c', 'hello', { 'x-two': ['1', '2'], 'x-rep': 'xabcx', 'x-vals': 'a, b, c' }),
      line,
      line === 'length',
    );
  for (const line of ['hold', 'edit', 'drop', 'left', 'order', 'length'])
    duel(
      `${line}, of an answer in pieces`,
      (port) => ask(port, 'GET', '/pieces', undefined, {}).then(lastly),
      line,
      line === 'length',
    );
  for (const line of ['hold', 'upper', 'order'])
    duel(`${line}, of a request without a body`, (port) => ask(port, 'GET', '/x', undefined, {}), line);
  duel('tcp', (port) => converse(port, 'hello'), 'tcp', true);
  duel('tcp-upper', (port) => converse(port, 'hello'), 'tcp-upper', true);
});

/** Where pieces come at other times, what is in them can be told apart only where filters put nothing in between. */
function lastly(answer: { status: number; headers: string[]; body: string }): object {
  return {
    status: answer.status,
    body: /^\[|^$/.test(answer.body) ? answer.body : answer.body.replaceAll(/[^a-z0-9]/gi, '').slice(0, 3),
  };
}

function ask(
  port: number,
  method: string,
  path: string,
  body: string | undefined,
  headers: Record<string, string | string[]>,
): Promise<{ status: number; headers: string[]; body: string }> {
  return new Promise((resolve, reject) => {
    const length = body === undefined ? {} : { 'content-length': body.length };
    const sent = request(
      { host: '127.0.0.1', port, method, path, headers: { ...headers, ...length, connection: 'close' }, agent: false },
      (answer) => {
        let text = '';
        answer.setEncoding('latin1').on('data', (piece: string) => (text += piece));
        const done = (): void => {
          const shown = Object.entries(answer.headers)
            .filter(([name]) => name.startsWith('x-') || name === 'content-length' || name === 'transfer-encoding')
            .map(([name, value]) => `${name}: ${String(value)}`)
            .toSorted();
          resolve({ status: answer.statusCode!, headers: [`${answer.statusMessage}`, ...shown], body: text });
        };
        answer.on('end', done);
        answer.on('error', () => resolve({ status: answer.statusCode!, headers: ['cut'], body: text }));
      },
    );
    sent.on('error', ({ code }: NodeJS.ErrnoException) => {
      if (code === 'ECONNRESET') resolve({ status: 0, headers: ['no answer'], body: '' });
      else reject(new Error(code));
    });
    sent.end(body);
  });
}

function converse(port: number, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    let got = '';
    socket.setEncoding('latin1').on('data', (piece: string) => {
      got += piece;
      socket.end();
    });
    socket.on('error', reject);
    socket.on('close', () => resolve(got));
    socket.write(text);
  });
}
