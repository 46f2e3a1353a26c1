import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { commandLine } from '../support/proxy.ts';
import { missing } from '../support/which.ts';

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
