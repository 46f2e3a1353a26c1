/** The processes named by `-sf` and `-st`; management.txt chapter 4. */
export class OldProcesses {
  readonly #finish: readonly number[];
  readonly #terminate: readonly number[];

  constructor(finish: readonly number[], terminate: readonly number[]) {
    this.#finish = finish;
    this.#terminate = terminate;
  }

  get any(): boolean {
    return this.#finish.length + this.#terminate.length > 0;
  }

  /** An address is taken: they let go of theirs for a moment. */
  pause(): void {
    for (const pid of [...this.#finish, ...this.#terminate]) signal(pid, 'SIGTTOU');
  }

  /** It was of no use: they go on as if nothing had happened. */
  resume(): void {
    for (const pid of [...this.#finish, ...this.#terminate]) signal(pid, 'SIGTTIN');
  }

  /** The new process is bound: they finish what they have, or end. */
  replace(): void {
    for (const pid of this.#finish) signal(pid, 'SIGUSR1');
    for (const pid of this.#terminate) signal(pid, 'SIGTERM');
  }
}

/** A process that is gone already is as good as one that goes. */
function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ESRCH' && code !== 'EPERM') throw error;
  }
}
