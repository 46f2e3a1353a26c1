import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type RunningProxy, startProxy } from '../support/proxy.ts';
import { missing, title } from '../support/which.ts';
import { echo, Peer } from './peers.ts';

/** Actions of TCP rules that look at and change bytes; the client sends `one\ntwo\n`, and the server echoes. */
const ACTIONS: Readonly<Record<string, string>> = {
  counts: `local c = txn.req local t = c:data() txn.res:send(table.concat({ tostring(c:is_resp()), tostring(txn.res:is_resp()), c:input(), c:output(), c:get_in_len(), c:get_out_len(), tostring(c:may_recv()), tostring(c:is_full()), #t }, " ") .. "\\n")`,
  data: `local c = txn.req local out = {} for _, args in ipairs{ {}, { 1 }, { -3 }, { 1, 2 }, { 0, 3 } } do out[#out + 1] = c:data(table.unpack(args)) end txn.res:send(table.concat(out, "|"))`,
  lines: `local c = txn.req local first, second = c:line(), c:line(4) txn.res:send(first .. second)`,
  ranges: `local c = txn.req local out = {} for _, f in ipairs{ function() return c:data(100) end, function() return c:remove(0, 100) end, function() return c:insert("x", 100) end } do local ok, e = pcall(f) out[#out + 1] = tostring(e):gsub("^[^ ]+:%d+: ", "") end txn.res:send(table.concat(out, "|"))`,
  prepend: 'txn.req:prepend("<")',
  remove: 'txn.req:remove(0, 4)',
  set: 'txn.req:set("all")',
  'set-part': 'txn.req:set("ONE", 0, 3)',
  insert: 'txn.req:insert("-", 3)',
  forward: 'txn.req:forward(4) txn.res:send(txn.req:data())',
  dup: 'txn.res:send(txn.req:dup() .. txn.req:input())',
  banner: 'txn.res:send("banner\\n")',
};
/** What HAProxy 2.6 gets wrong, or what it ends in an abort of its own. */
const ALONE: Readonly<Record<string, string>> = {
  append: 'txn.req:append(">")',
  get: 'local t = txn.req:get() txn.res:send("got " .. #t .. "\\n")',
  getline: 'local t = txn.req:getline() txn.res:send("line " .. t)',
  waits: 'txn.req:data(0, 20) txn.res:send("waited " .. txn.req:input() .. "\\n")',
  ends: 'local line = "" while line do line = txn.req:getline() if line then txn.res:send("<" .. line) end end',
};

const absent = missing('haproxy');

describe(title('Channels of Lua', absent), () => {
  const running = new Map<string, RunningProxy>();
  const peer = new Peer(echo);
  const names = [...Object.keys(ACTIONS), ...Object.keys(ALONE)];
  let folder: string;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'lua-channels-'));
    const file = join(folder, 'channels.lua');
    writeFileSync(
      file,
      Object.entries({ ...ACTIONS, ...ALONE })
        .map(([name, body]) => `core.register_action("${name}", { "tcp-req" }, function(txn) ${body} end)\n`)
        .join(''),
    );
    const port = await peer.start();
    const configuration = (ports: readonly number[]): string => `global
  nbthread 1
  lua-load ${file}
defaults
  mode tcp
  timeout connect 5s
  timeout client 5s
  timeout server 5s
${names
  .map(
    (name, i) => `listen c${i}
  bind 127.0.0.1:${ports[i]}
  tcp-request inspect-delay 2s
  tcp-request content accept if WAIT_END { req.len eq 0 }
  tcp-request content lua.${name} if { req.len ge 8 }
  server s 127.0.0.1:${port}`,
  )
  .join('\n')}
`;
    for (const program of absent.length === 0 ? ['sluice', 'haproxy'] : ['sluice'])
      running.set(program, await startProxy(names.length, configuration, program));
  });
  afterAll(async () => {
    for (const proxy of running.values()) await proxy.stop();
    await peer.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  for (const name of names) {
    test(name, async () => {
      const programs = [...running.values()].slice(0, Object.hasOwn(ALONE, name) ? 1 : 2);
      const [ours, theirs] = await Promise.all(programs.map(({ ports }) => converse(ports[names.indexOf(name)]!)));
      if (theirs !== undefined) expect(ours, 'Sluice beside HAProxy').toEqual(theirs);
      expect(ours).toMatchSnapshot();
    });
  }
});

/** All that comes back for two lines, and another 12 bytes somewhat later. */
function converse(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    let got = '';
    socket.setEncoding('latin1').on('data', (piece: string) => (got += piece));
    socket.on('error', reject);
    socket.on('end', () => socket.end());
    socket.on('close', () => resolve(got));
    socket.write('one\ntwo\n');
    setTimeout(() => socket.end('more, later\n'), 150);
  });
}
