/** Something did not come in time, or cannot come any more; the message has what there is instead. */
export class TestTimeout extends Error {
  override readonly name = 'TestTimeout';
}

/** Milliseconds of real time that everything in a test waits for something at the most. */
export const PATIENCE = 5000;

/** Something whose state changes with events, and that tells when. */
export class Changing {
  readonly #waiters = new Set<() => void>();

  /** Wakes everybody who waits. */
  protected changed(): void {
    const waiters = [...this.#waiters];
    this.#waiters.clear();
    for (const wake of waiters) wake();
  }

  /**
   * Resolves with the first answer of `look` that is not undefined, asked again after each change. Throws what `explain`
   * says when that takes longer than `milliseconds` of real time.
   */
  protected async until<T>(
    look: () => T | undefined,
    explain: () => string,
    milliseconds: number = PATIENCE,
  ): Promise<T> {
    const deadline = performance.now() + milliseconds;
    for (;;) {
      const found = look();
      if (found !== undefined) return found;
      const left = deadline - performance.now();
      if (left <= 0) throw new TestTimeout(`waited ${milliseconds} ms in vain for ${explain()}`);
      await this.#next(left);
    }
  }

  #next(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        clearTimeout(timer);
        this.#waiters.delete(wake);
        resolve();
      };
      const timer = setTimeout(wake, milliseconds);
      this.#waiters.add(wake);
    });
  }
}

/** Bytes for a message to a person: not too many, and readable. */
export function shown(bytes: Buffer): string {
  const text = bytes.toString('latin1');
  return text === '' ? 'nothing' : JSON.stringify(text.length > 500 ? `${text.slice(0, 500)}…` : text);
}
