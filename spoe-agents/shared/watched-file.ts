import { unwatchFile, watchFile } from 'node:fs';
import type { AgentLogger } from '../sdk/index.ts';

/** How often a file is looked at, in milliseconds. Asking for its state works where notifications do not: across mounts and renames. */
const INTERVAL = 1000;

/** Keeps what is read from files, and reads them again when one has changed. What cannot be read leaves what was there. */
export class WatchedFiles<T> {
  #value: T;
  readonly #files: readonly string[];
  readonly #read: () => Promise<T>;
  readonly #logger: AgentLogger;
  readonly #changed = (): void => void this.reload();
  #reading: Promise<void> = Promise.resolve();

  private constructor(files: readonly string[], read: () => Promise<T>, logger: AgentLogger, value: T) {
    this.#files = files;
    this.#read = read;
    this.#logger = logger;
    this.#value = value;
    for (const file of files) watchFile(file, { interval: INTERVAL, persistent: false }, this.#changed);
  }

  /** @throws what reading the first time throws. */
  static async open<T>(
    files: readonly string[],
    read: () => Promise<T>,
    logger: AgentLogger,
  ): Promise<WatchedFiles<T>> {
    return new WatchedFiles(files, read, logger, await read());
  }

  get value(): T {
    return this.#value;
  }

  /** Reads them now; one reading after the other. */
  reload(): Promise<void> {
    this.#reading = this.#reading.then(async () => {
      try {
        this.#value = await this.#read();
        this.#logger.info({ files: this.#files }, 'read again');
      } catch (error) {
        this.#logger.error({ files: this.#files, reason: (error as Error).message }, 'not read; what was there stays');
      }
    });
    return this.#reading;
  }

  close(): void {
    for (const file of this.#files) unwatchFile(file, this.#changed);
  }
}
