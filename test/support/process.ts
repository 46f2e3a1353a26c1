import { spawn, type ChildProcess } from 'node:child_process';
import { RawClient } from './raw-client.ts';
import { Changing, until } from './wait.ts';

/** A child process with its output kept. */
export class RunningProcess extends Changing {
  readonly child: ChildProcess;
  readonly command: string;
  stdout = '';
  stderr = '';
  /** Exit code, or the name of the signal that ended it; undefined while it runs. */
  exit: number | string | undefined;

  constructor(command: string, args: readonly string[], options: { env?: NodeJS.ProcessEnv; cwd?: string } = {}) {
    super();
    this.command = [command, ...args].join(' ');
    this.child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options });
    this.child.stdout!.setEncoding('latin1').on('data', (text) => this.#add('stdout', String(text)));
    this.child.stderr!.setEncoding('latin1').on('data', (text) => this.#add('stderr', String(text)));
    this.child.on('error', (error) => this.#end(error.message));
    this.child.on('close', (code, signal) => this.#end(code ?? signal ?? 'unknown'));
  }

  /** Resolves once something accepts connections on every port; throws with the output if the process ends before. */
  async listening(ports: readonly number[], ms = 15_000): Promise<void> {
    for (const port of ports) {
      await until(
        `${this.command} to listen on ${port}`,
        async () => {
          if (this.exit !== undefined) {
            throw new Error(`${this.command} ended with ${this.exit}\n${this.stdout}${this.stderr}`);
          }
          try {
            (await RawClient.connect(port)).destroy();
            return true;
          } catch {
            return false;
          }
        },
        ms,
      );
    }
  }

  /** Resolves with the exit code or signal name; undefined when it still runs after `ms` milliseconds. */
  async ended(ms = 10_000): Promise<number | string | undefined> {
    await this.when(() => this.exit !== undefined, ms);
    return this.exit;
  }

  /** Sends `signal` (SIGTERM), after two seconds SIGKILL, and waits for the end. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    if (this.exit !== undefined) return;
    this.child.kill(signal);
    if ((await this.ended(2000)) === undefined) {
      this.child.kill('SIGKILL');
      await this.ended();
    }
  }

  #add(stream: 'stdout' | 'stderr', text: string): void {
    this[stream] += text;
    this.changed();
  }

  #end(exit: number | string): void {
    this.exit ??= exit;
    this.changed();
  }
}
