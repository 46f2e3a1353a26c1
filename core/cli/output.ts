import { writeSync } from 'node:fs';

/** Writes at once and whole: the process may end before an event loop turns. */
export function writeAll(fd: number, text: string, encoding: 'latin1' | 'utf8' = 'latin1'): void {
  let bytes = Buffer.from(text, encoding);
  while (bytes.length > 0) {
    try {
      bytes = bytes.subarray(writeSync(fd, bytes));
    } catch (error) {
      // A slow reader is waited for; one that is gone misses it.
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') return;
    }
  }
}
