import type { Timing, Transaction } from '../api/traffic.ts';

type Stamp = keyof Timing;

/** Whole milliseconds between two events; -1 while one of them has not happened. Sums of such differences stay exact. */
function between(timing: Timing, from: Stamp, to: Stamp): number {
  const start = timing[from];
  const end = timing[to];
  return start < 0 || end < 0 ? -1 : Math.floor(end - timing.start) - Math.floor(start - timing.start);
}

/** The end, or the present when it is not over yet. */
function now({ timing, process }: Transaction): number {
  return Math.floor((timing.end < 0 ? process.clock.now() : timing.end) - timing.start);
}

/** When the first byte came, counted from the start. */
function sinceStart({ start, firstByte }: Timing): number {
  return firstByte < 0 ? 0 : Math.floor(firstByte - start);
}

/** The timers of configuration.txt 8.4, in milliseconds; -1 when the phase did not end. */
export const timers: {
  readonly [Name in 'Th' | 'Ti' | 'TR' | 'Tq' | 'Tw' | 'Tc' | 'Tr' | 'Td' | 'Ta' | 'Tt' | 'Tu']: (
    transaction: Transaction,
  ) => number;
} = {
  Th: ({ timing }) => Math.max(0, between(timing, 'start', 'handshake')),
  Ti: ({ timing }) => between(timing, 'handshake', 'firstByte'),
  TR: ({ timing }) => between(timing, 'firstByte', 'request'),
  Tq: ({ timing }) => between(timing, 'start', 'request'),
  Tw: ({ timing }) => between(timing, timing.request < 0 ? 'start' : 'request', 'queue'),
  Tc: ({ timing }) => between(timing, 'queue', 'connect'),
  Tr: ({ timing }) => between(timing, 'connect', 'response'),
  Td: (transaction) => {
    const { timing, frontend } = transaction;
    // Without a response's head, what follows the connection is data.
    const begun = frontend.settings.mode === 'http' ? timing.response : timing.connect;
    return begun < 0 ? -1 : now(transaction) - Math.floor(begun - timing.start);
  },
  Ta: (transaction) => now(transaction) - sinceStart(transaction.timing),
  Tt: now,
  Tu: (transaction) => now(transaction) - Math.max(0, between(transaction.timing, 'handshake', 'firstByte')),
};

/** When the transaction was accepted, and when its first byte came, in milliseconds since 1970. */
export function acceptDate(transaction: Transaction): number {
  return transaction.startedAt;
}

export function requestDate(transaction: Transaction): number {
  const { start, firstByte } = transaction.timing;
  return firstByte < 0 ? transaction.startedAt : transaction.startedAt + Math.floor(firstByte - start);
}
