import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RunningProcess } from '../support/process.ts';
import { commandLine } from '../support/proxy.ts';

/** Our program, running on a configuration that can be rewritten under it. */
export class LivingProxy {
  readonly folder: string = mkdtempSync(join(tmpdir(), 'sluice-life-'));
  readonly file: string = join(this.folder, 'proxy.cfg');
  readonly process: RunningProcess;

  private constructor(text: string, args: readonly string[], program: string) {
    this.write(text);
    const [command, ...first] = commandLine(program);
    this.process = new RunningProcess(command!, [...first, ...args, '-f', this.file]);
  }

  static async start(
    text: string,
    ports: readonly number[],
    args: readonly string[] = [],
    program = 'sluice',
  ): Promise<LivingProxy> {
    const proxy = new LivingProxy(text, args, program);
    try {
      await proxy.process.listening(ports);
    } catch (error) {
      await proxy.stop();
      throw error;
    }
    return proxy;
  }

  write(text: string): void {
    writeFileSync(this.file, `${text}\n`, 'latin1');
  }

  signal(signal: NodeJS.Signals): void {
    this.process.child.kill(signal);
  }

  /** Asks for a reload and waits for its outcome, which is said on stderr. */
  async reload(): Promise<'taken' | 'refused'> {
    const from = this.process.stderr.length;
    this.signal('SIGUSR2');
    const said = (): string => this.process.stderr.slice(from);
    await this.process.when(() => /The new configuration (is in use|was refused)/.test(said()), 10_000);
    if (said().includes('The new configuration is in use')) return 'taken';
    if (said().includes('The new configuration was refused')) return 'refused';
    throw new Error(`no word about the reload: ${said()}`);
  }

  async stop(): Promise<void> {
    await this.process.stop('SIGKILL');
    rmSync(this.folder, { recursive: true, force: true });
  }
}
