import { setTimeout as sleep } from 'node:timers/promises';

/** Something whose state changes with events, and that tells when. */
export class Changing {
  #waiters = new Set<() => void>();

  /** Wakes everybody who waits. */
  protected changed(): void {
    const waiters = [...this.#waiters];
    this.#waiters.clear();
    for (const wake of waiters) wake();
  }

  /** Resolves true once `condition` holds, false when `ms` milliseconds passed without. */
  async when(condition: () => boolean, ms = 5000): Promise<boolean> {
    const deadline = Date.now() + ms;
    while (!condition()) {
      const left = deadline - Date.now();
      if (left <= 0) return false;
      await this.#next(left);
    }
    return true;
  }

  #next(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        clearTimeout(timer);
        this.#waiters.delete(wake);
        resolve();
      };
      const timer = setTimeout(wake, ms);
      this.#waiters.add(wake);
    });
  }
}

/** Asks again every few milliseconds until `condition` answers true; throws, naming `what`, after `ms` milliseconds. */
export async function until(what: string, condition: () => boolean | Promise<boolean>, ms = 10_000): Promise<void> {
  const deadline = Date.now() + ms;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`waited ${ms} ms in vain for: ${what}`);
    await sleep(10);
  }
}

export { sleep };
