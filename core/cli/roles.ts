import { fork, type ChildProcess } from 'node:child_process';
import { constants } from 'node:os';

/**
 * What a process is in the family that the command line began: the one that was called, the one it left in the background
 * (`-D`), the one that serves under a master (`-W`). Told by an environment variable that the configuration never sees.
 */
export type Role = 'first' | 'background' | 'worker';

const VARIABLE = 'SLUICE_ROLE';

/** Reads the role and takes it out of the environment. */
export function takeRole(): Role {
  const value = process.env[VARIABLE];
  delete process.env[VARIABLE];
  return value === 'background' || value === 'worker' ? value : 'first';
}

/** What a child tells its parent. */
export type Report =
  /** Lines for the stderr of the first process: one in the background has none of its own. */
  | { readonly kind: 'text'; readonly text: string }
  /** The listeners are bound. */
  | { readonly kind: 'ready' }
  | { readonly kind: 'reloading' }
  | { readonly kind: 'reloaded'; readonly ok: boolean }
  | { readonly kind: 'stopping' };

/** Starts this program again with the same arguments in the folder it was called in. */
export function startAs(role: Role, args: readonly string[], start: Start): ChildProcess {
  const execArgv = [...process.execArgv];
  // The only place where a limit on memory can be given to V8: before it starts. management.txt 3, -m.
  if (start.memory !== undefined) execArgv.push(`--max-old-space-size=${start.memory}`);
  const background = role === 'background';
  return fork(process.argv[1]!, args, {
    cwd: start.folder,
    execArgv,
    detached: background,
    stdio: background ? ['ignore', 'ignore', 'ignore', 'ipc'] : ['inherit', 'inherit', 'inherit', 'ipc'],
    env: { ...process.env, [VARIABLE]: role },
  });
}
export interface Start {
  /** The working directory at the beginning, before `-C`. */
  readonly folder: string;
  /** Megabytes. */
  readonly memory: number | undefined;
}

const unsent = new Set<Promise<void>>();

/** Tells the parent, if there is one that listens. */
export function report(message: Report): void {
  if (!process.connected) return;
  const sent = new Promise<void>((resolve) => {
    process.send?.(message, undefined, undefined, () => resolve());
  });
  unsent.add(sent);
  void sent.finally(() => unsent.delete(sent));
}

/** Resolves when all has been told: process.exit() does not wait for it. */
export async function reported(): Promise<void> {
  await Promise.all(unsent);
}

/** The exit code as a shell would show it. */
export function exitCode(code: number | null, signal: NodeJS.Signals | null): number {
  return code ?? 128 + (signal === null ? 0 : signalNumber(signal));
}

export function signalNumber(signal: NodeJS.Signals): number {
  return constants.signals[signal];
}
