import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { freePorts } from './free-port.ts';
import { RunningProcess } from './process.ts';
import { which } from './which.ts';

/** The program a suite runs against: ours as built into dist/, or `haproxy`, or any command line. */
export type ProxyProgram = 'sluice' | 'haproxy' | (string & {});

/** What PROXY_UNDER_TEST says, ours by default. */
export function proxyUnderTest(): ProxyProgram {
  return process.env['PROXY_UNDER_TEST'] ?? 'sluice';
}

/** The words that start `program`, without `-f`. Throws when it is not installed. */
export function commandLine(program: ProxyProgram): string[] {
  if (program === 'sluice') return [process.execPath, resolve(import.meta.dirname, '../../dist/core/cli/main.js')];
  const [name, ...rest] = program.split(' ');
  const path = name!.includes('/') ? name : which(name!);
  if (path === undefined) throw new Error(`${name} is not installed`);
  return [path, ...rest];
}

export interface RunningProxy {
  readonly process: RunningProcess;
  /** The frontends' ports, in the order in which the configuration asked for them. */
  readonly ports: readonly number[];
  readonly configuration: string;
  stop(): Promise<void>;
}

/**
 * Starts `program` on a configuration made for `count` free ports, and resolves when all of them accept connections.
 * A port can be taken by somebody else in between: then it is tried again with others, three times in all.
 */
export async function startProxy(
  count: number,
  configuration: (ports: readonly number[]) => string,
  program: ProxyProgram = proxyUnderTest(),
): Promise<RunningProxy> {
  const [command, ...args] = commandLine(program);
  for (let attempt = 1; ; attempt++) {
    const ports = await freePorts(count);
    const folder = mkdtempSync(join(tmpdir(), 'sluice-test-'));
    const file = join(folder, 'proxy.cfg');
    const text = configuration(ports);
    writeFileSync(file, text, 'latin1');
    const running = new RunningProcess(command!, [...args, '-f', file]);
    const stop = async (): Promise<void> => {
      await running.stop();
      rmSync(folder, { recursive: true, force: true });
    };
    try {
      await running.listening(ports);
      return { process: running, ports, configuration: text, stop };
    } catch (error) {
      await stop();
      if (attempt === 3) throw error;
    }
  }
}
