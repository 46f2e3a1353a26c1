import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { type RunningProxy, startProxy } from '../support/proxy.ts';
import { missing, title } from '../support/which.ts';
import { echo, http, Peer } from './peers.ts';

/** What a case does in Lua. `say(…)` adds a line to what is compared; `try(f, …)` calls and says what came of it. */
type Script = string;

export interface Lab {
  /** Runs in an action of both programs; what they say must be the same, and is kept as a snapshot. */
  agree(title: string, script: Script): void;
  /** The same where HAProxy 2.6 has nothing of the kind. */
  alone(title: string, script: Script): void;
  /** The same where it answers something else: that is told by the snapshot of its own. */
  differ(title: string, script: Script): void;
}

export interface Setting {
  /** Lua that runs when the script is loaded, before the cases. */
  readonly body?: string;
  readonly global?: string;
  /** For Sluice only: what HAProxy 2.6 does not know. */
  readonly newer?: { readonly global?: string; readonly sections?: string };
  /** More sections. `{echo}` `{http}` `{tls}` are addresses of peers, `{folder}` is one for files. */
  readonly sections?: string;
}

const PRELUDE = `
local function show(v)
  local kind = type(v)
  if kind == "string" then
    if #v > 400 then v = v:sub(1, 20) .. "#" .. #v end
    return (string.format("%q", v):gsub("\\\\\\n", "\\\\n"))
  end
  if kind == "table" or kind == "function" or kind == "userdata" then
    local text = tostring(v)
    return text:find("^HAProxy") and text or kind
  end
  return tostring(v)
end
local function list(t)
  local keys, out = {}, {}
  for k in pairs(t) do keys[#keys + 1] = k end
  table.sort(keys, function(a, b) return tostring(a) < tostring(b) end)
  for _, k in ipairs(keys) do
    local v = t[k]
    out[#out + 1] = tostring(k) .. "=" .. (type(v) == "table" and not tostring(v):find("^HAProxy") and "{" .. list(v) .. "}" or show(v))
  end
  return table.concat(out, " ")
end
local cases = {}
local function run(case, txn)
  local lines = {}
  local function say(...)
    local values = table.pack(...)
    for i = 1, values.n do values[i] = show(values[i]) end
    lines[#lines + 1] = table.concat(values, " ")
  end
  local function try(f, ...)
    local values = table.pack(pcall(f, ...))
    -- Where in the script it was does not matter.
    if not values[1] then values[2] = tostring(values[2]):gsub("^[^ ]+:%d+: ", "") end
    for i = 1, values.n do values[i] = show(values[i]) end
    lines[#lines + 1] = table.concat(values, " ")
  end
  local ok, problem = pcall(case, txn, say, try, function(t) lines[#lines + 1] = list(t) end)
  if not ok then lines[#lines + 1] = "ERROR " .. tostring(problem) end
  return table.concat(lines, "\\n")
end
core.register_action("case", { "http-req" }, function(txn)
  local text = run(cases[txn.sf:req_fhdr("x-case")], txn)
  txn:done(txn:reply{ status = 200, body = text })
end)
`;

interface Case {
  readonly title: string;
  readonly script: Script;
  readonly kind: 'agree' | 'alone' | 'differ';
}

const absent = missing('haproxy');

/** Cases of one class, in one process of each program. */
export function lab(suite: string, declare: (lab: Lab) => void, setting: Setting = {}): void {
  const cases: Case[] = [];
  declare({
    agree: (name, script) => void cases.push({ title: name, script, kind: 'agree' }),
    alone: (name, script) => void cases.push({ title: name, script, kind: 'alone' }),
    differ: (name, script) => void cases.push({ title: name, script, kind: 'differ' }),
  });
  describe(title(suite, absent), () => {
    const running = new Map<string, RunningProxy>();
    const peers = [new Peer(echo), new Peer(http), new Peer(http, true), new Peer(echo)];
    let folder: string;
    const told = (line: string): string => line.replaceAll(folder, 'FOLDER');
    beforeAll(async () => {
      folder = mkdtempSync(join(tmpdir(), 'lua-lab-'));
      const unix = join(folder, 'echo.sock');
      const ports = [await peers[0]!.start(), await peers[1]!.start(), await peers[2]!.start()];
      await peers[3]!.start(unix);
      const fill = (text: string): string =>
        text
          .replaceAll('{echo}', `127.0.0.1:${ports[0]}`)
          .replaceAll('{echo-port}', String(ports[0]))
          .replaceAll('{http}', `127.0.0.1:${ports[1]}`)
          .replaceAll('{tls}', `127.0.0.1:${ports[2]}`)
          .replaceAll('{unix}', unix)
          .replaceAll('{dead}', '127.9.9.9:9')
          .replaceAll('{folder}', folder);
      for (const program of absent.length === 0 ? ['sluice', 'haproxy'] : ['sluice']) {
        const mine = cases.filter(({ kind }) => program === 'sluice' || kind !== 'alone');
        if (mine.length === 0) continue;
        const lua = mine.map(
          ({ title: name, script }) =>
            `cases[${JSON.stringify(name)}] = function(txn, say, try, list)\n${script}\nend\n`,
        );
        const file = join(folder, `${program}.lua`);
        writeFileSync(file, fill(`${setting.body ?? ''}\n${PRELUDE}${lua.join('')}`));
        running.set(
          program,
          await startProxy(1, ([port]) => fill(configuration(file, port!, program === 'sluice', setting)), program),
        );
      }
    });
    afterAll(async () => {
      for (const proxy of running.values()) await proxy.stop();
      for (const peer of peers) await peer.stop();
      rmSync(folder, { recursive: true, force: true });
    });
    for (const { title: name, kind } of cases) {
      test(name, async ({ expect }) => {
        const ours = (await ask(running.get('sluice')!, name)).map(told);
        const theirs =
          running.has('haproxy') && kind !== 'alone' ? (await ask(running.get('haproxy')!, name)).map(told) : undefined;
        if (theirs !== undefined && kind === 'agree') expect(ours, 'Sluice beside HAProxy').toEqual(theirs);
        expect(ours).toMatchSnapshot();
        if (theirs !== undefined && kind === 'differ') expect(theirs).not.toEqual(ours);
      });
    }
  });
}

function configuration(file: string, port: number, ours: boolean, setting: Setting): string {
  const newer = ours ? (setting.newer ?? {}) : {};
  return `global
  log stdout format raw local0
  nbthread 1
  ${setting.global ?? ''}
  ${newer.global ?? ''}
  lua-load ${file}
defaults
  mode http
  timeout connect 5s
  timeout client 20s
  timeout server 20s
frontend cases
  bind 127.0.0.1:${port}
  http-request lua.case
${setting.sections ?? ''}
${newer.sections ?? ''}
`;
}

function ask(proxy: RunningProxy, name: string): Promise<string[]> {
  return new Promise((resolve, reject) => {
    const sent = request(
      { host: '127.0.0.1', port: proxy.ports[0], headers: { 'x-case': name, connection: 'close' }, agent: false },
      (response) => {
        let text = '';
        response.setEncoding('latin1').on('data', (piece: string) => (text += piece));
        response.on('end', () => resolve([`status ${response.statusCode}`, ...text.split('\n')]));
      },
    );
    sent.on('error', reject);
    sent.end();
  });
}
