import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { freePort } from '../support/free-port.ts';
import { RunningProcess } from '../support/process.ts';
import { commandLine, type ProxyProgram } from '../support/proxy.ts';

/** A folder of this test's own, gone after it. */
export function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'sluice-cli-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** A file with that text in a folder of its own. */
export function file(text: string, name = 'proxy.cfg'): string {
  const path = join(folder(), name);
  writeFileSync(path, text, 'latin1');
  return path;
}

export const DEFAULTS = `defaults
  mode http
  timeout client 5s
  timeout server 5s
  timeout connect 1s
`;

/** A configuration that answers by itself, and its port. */
export async function answering(text: string, more = ''): Promise<{ port: number; text: string }> {
  const port = await freePort();
  return { port, text: `${more}${DEFAULTS}frontend f\n  bind 127.0.0.1:${port}\n  monitor-uri /${text}\n` };
}

/** Starts the program; it is ended after the test. */
export function start(
  args: readonly string[],
  program: ProxyProgram = 'sluice',
  env?: NodeJS.ProcessEnv,
): RunningProcess {
  const [command, ...first] = commandLine(program);
  const running = new RunningProcess(command!, [...first, ...args], env ? { env: { ...process.env, ...env } } : {});
  onTestFinished(() => running.stop());
  return running;
}

/** Runs it to its end. */
export async function run(args: readonly string[], program: ProxyProgram = 'sluice'): Promise<RunningProcess> {
  const running = start(args, program);
  if ((await running.ended(15_000)) === undefined)
    throw new Error(`${running.command} does not end\n${running.stderr}`);
  return running;
}

/** What a program says, without what differs from one run or program to the next. */
export function masked(text: string): string {
  return text
    .split('\n')
    .filter((line) => !/version is|path to executable/.test(line))
    .join('\n')
    .replace(/\(\d+\)/g, '(PID)')
    .replace(/ \(column \d+\)/g, '');
}
