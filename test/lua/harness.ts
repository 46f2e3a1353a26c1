import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { rmSync } from 'node:fs';
import { until } from '../support/wait.ts';
import { type Arena, arena } from '../http/arena.ts';
import type { Side } from '../http/side.ts';

/** Lua code that is run for a request; what it returns is the answer. */
export interface Case {
  readonly title: string;
  /** The body of `function(txn, …)`; what it returns is shown with `tostring`, joined by `|`. */
  readonly code: string;
  readonly expected: string;
  /** What HAProxy 2.6 answers where that is otherwise, on purpose; `alone` where it does not have it. */
  readonly haproxy?: string;
  readonly alone?: boolean;
  /** Request line and fields, without the blank line. */
  readonly request?: string;
  readonly rules?: string;
}

const GET = 'GET /p?q=1 HTTP/1.1\r\nHost: h.example\r\nX-A: one\r\nX-A: two\r\nCookie: c=1';

/** Puts a script into a file that both programs load. */
export function scriptFile(text: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-lua-'));
  const file = join(folder, 's.lua');
  writeFileSync(file, text, 'latin1');
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return file;
}

/** A script with one action for each case, named after the case's place. */
function scriptOf(cases: readonly Case[], head: string): string {
  const actions = cases.map(
    ({ code }, index) => `
core.register_action("case${index}", { "http-req" }, function(txn)
  local function run() ${code} end
  local results = table.pack(pcall(run))
  for at = 1, results.n do results[at] = tostring(results[at]):gsub("^.-s%.lua:%d+: ", "") end
  if results[1] == "true" then table.remove(results, 1) else results[1] = "error" end
  txn:done(txn:reply({ status = 200, headers = { ["content-type"] = { "text/plain" } }, body = table.concat(results, "|") }))
end)`,
  );
  return head + actions.join('\n');
}

const bodyOf = (answer: string): string => answer.split('\n\n').slice(1).join('\n\n');

/** Compares what Lua code gives in both programs. */
export function evaluations(suite: string, cases: readonly Case[], head = '', lines = ''): void {
  const file = scriptFile(scriptOf(cases, head));
  arena(
    suite,
    (place: Arena) => {
      for (const [index, one] of cases.entries()) {
        const configuration = `${one.rules ?? ''}\n  http-request lua.case${index}`;
        const scenario = async (side: Side): Promise<string> =>
          bodyOf(await side.ask(`${one.request ?? GET}\r\n\r\n`)).trimEnd();
        const is = (wanted: string) => (seen: string, expect: { (value: string): { toBe(value: string): void } }) =>
          expect(seen).toBe(wanted);
        if (one.alone === true) place.alone(one.title, configuration, scenario, is(one.expected));
        else if (one.haproxy === undefined) place.agree(one.title, configuration, scenario, is(one.expected));
        else place.differ(one.title, configuration, scenario, { sluice: is(one.expected), haproxy: is(one.haproxy) });
      }
    },
    { global: `lua-load ${file}${lines}` },
  );
}

/** Lines of the log (stdout) that tell of `name`, without the script's folder. */
export async function told(side: Side, name: string): Promise<string[]> {
  const lines = (): string[] =>
    side.proxy.process.stdout
      .split('\n')
      .filter((line) => line.includes(`'${name}'`) || line.includes(`<lua.${name}>`))
      // HAProxy lists functions that are not written in Lua, too.
      .map((line) => line.replaceAll(/\S*s\.lua/g, 's.lua').replaceAll(/\[C\]: in [^,.]*, /g, ''));
  await until(`a line about ${name}`, () => lines().length > 0, 8000);
  return lines();
}
