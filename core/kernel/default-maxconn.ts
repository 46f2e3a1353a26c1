import { readFileSync } from 'node:fs';

/** Descriptors that are no connections: HAProxy's figure, in which the listeners of a small configuration fit. */
export const RESERVED = 28;

/** The limit on open files, Infinity where there is none or it cannot be known. */
export function openFileLimit(): number {
  try {
    // Asking the system itself needs native calls, which cost more than this file.
    const soft = /^Max open files +(\d+)/m.exec(readFileSync('/proc/self/limits', 'latin1'))?.[1];
    return soft === undefined ? Infinity : Number(soft);
  } catch {
    return Infinity;
  }
}

/**
 * The most connections where no `maxconn` says so: each may need a descriptor for the client and one for the server
 * (configuration.txt 3.2, maxconn). 0, no limit, where the system has none.
 */
export function defaultMaxconn(descriptors: number = openFileLimit()): number {
  if (descriptors === Infinity) return 0;
  return Math.max(1, Math.floor((descriptors - RESERVED) / 2));
}
