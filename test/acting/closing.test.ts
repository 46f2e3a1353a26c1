import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { arena } from '../http/arena.ts';
import { Side } from '../http/side.ts';
import { get } from '../http/wire.ts';
import { commandLine } from '../support/proxy.ts';
import { missing } from '../support/which.ts';

/** Only who may put a socket into repair mode can close it without a packet. */
const silent = process.getuid?.() === 0;

const tcp = (...lines: string[]): string =>
  ['listen {name}', 'bind {bind}', 'mode tcp', 'log-format "%ft"', 'server s {origin}', ...lines].join('\n  ');

/** What a client sees of the end of its connection in the time in which it would have seen one. */
async function end(side: Side, bytes: string): Promise<unknown> {
  const client = await side.client(bytes);
  await client.sawClose(Side.QUIET);
  return [client.received, client.closed];
}

arena('closing without a word', ({ agree }) => {
  if (silent) {
    for (const [place, configuration, bytes] of [
      ['http-request', 'http-request silent-drop', get('/')],
      ['http-response', 'http-response silent-drop', get('/')],
      // What a client sends afterwards, the system resets: there is no such connection.
      ['tcp-request content', tcp('tcp-request content silent-drop'), ''],
      ['tcp-request connection', 'tcp-request connection silent-drop', ''],
      ['tcp-response content', tcp('tcp-response content silent-drop'), ''],
    ] as const) {
      agree(
        `${place} silent-drop: the client sees nothing`,
        configuration,
        (side) => end(side, bytes),
        (seen, expect) => expect(seen).toEqual(['', 'open']),
      );
    }
  }

  agree(
    'expect-proxy, and something else comes',
    'tcp-request connection expect-proxy layer4',
    (side) => end(side, get('/')),
    (seen, expect) => expect(seen).toEqual(['', 'reset']),
  );

  agree(
    'accept-proxy, and something else comes',
    ['listen {name}', 'bind {bind} accept-proxy', 'server s {origin}'].join('\n  '),
    (side) => end(side, get('/')),
    (seen, expect) => expect(seen).toEqual(['', 'reset']),
  );
});

const DEFAULTS = 'defaults\n  mode http\n  timeout client 1s\n  timeout server 1s\n  timeout connect 1s\n';
const programs = ['sluice', ...(missing('haproxy').length > 0 ? [] : ['haproxy'])];

/** The output and exit code of a check of a configuration. */
function check(program: string, text: string): { code: number; output: string } {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-test-'));
  const file = join(folder, 'test.cfg');
  writeFileSync(file, text);
  const [command, ...args] = commandLine(program);
  try {
    return {
      code: 0,
      output: execFileSync(command!, [...args, '-c', '-f', file], { encoding: 'latin1', stdio: 'pipe' }),
    };
  } catch (error) {
    const { status, stderr } = error as { status: number; stderr: string };
    return { code: status, output: stderr };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe.each(programs)('what %s refuses', (program) => {
  test('port 0', () => {
    const { code, output } = check(program, `${DEFAULTS}frontend f\n  bind 127.0.0.1:0\n`);
    expect(code).toBe(1);
    expect(output).toContain(`invalid port '0'`);
  });

  test('http_auth_group with a group that is not there', () => {
    const lists = 'userlist L\n  group G\n  user a insecure-password b groups G\n';
    const rules = (group: string): string =>
      `${lists}${DEFAULTS}frontend f\n  bind :1234\n  acl x http_auth_group(L) G ${group}\n  http-request deny if x\n`;
    expect(check(program, rules('')).code).toBe(0);
    const { code, output } = check(program, rules('nope'));
    expect(code).toBe(1);
    expect(output).toContain(`http_auth_group(): invalid group 'nope'.`);
  });
});
