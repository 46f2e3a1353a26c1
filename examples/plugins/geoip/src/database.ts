import { readFileSync, statSync } from 'node:fs';
import { Reader, type Response } from 'mmdb-lib';

/** A MaxMind DB file in memory, read again when it has changed. */
export class Database {
  readonly #file: string;
  #reader: Reader<Response>;
  #changedAt: number;

  /** @throws what is wrong with the file. */
  constructor(file: string) {
    this.#file = file;
    this.#changedAt = statSync(file).mtimeMs;
    this.#reader = new Reader(readFileSync(file));
  }

  /** Reads the file again if it is another one now; says whether it was. @throws and keeps the old one when it cannot be read. */
  refresh(): boolean {
    const changedAt = statSync(this.#file).mtimeMs;
    if (changedAt === this.#changedAt) return false;
    this.#reader = new Reader(readFileSync(this.#file));
    this.#changedAt = changedAt;
    return true;
  }

  /** What is known of an address at a path of keys: `country.iso_code`, `subdivisions.0.iso_code`. A byte string. */
  find(address: string, path: readonly string[]): string | undefined {
    let value: unknown = this.#reader.get(address);
    for (const key of path) {
      if (typeof value !== 'object' || value === null) return undefined;
      value = (value as Record<string, unknown>)[key];
    }
    if (typeof value === 'string') return Buffer.from(value, 'utf8').toString('latin1');
    return typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined;
  }
}
