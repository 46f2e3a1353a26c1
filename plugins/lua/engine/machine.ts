/**
 * The registers that all scripts of a JavaScript thread share: what may still be done before somebody looks. In one object, so that the
 * machine's inner loop reaches them without a call.
 */
import { getHeapStatistics } from 'node:v8';

export interface Machine {
  /** Instructions left; only jumps backwards and calls count, each as several. At 0 `interrupt` is called before the next of them. */
  budget: number;
  /** Bytes allocated since what is alive was counted last, and how many that may be. */
  allocated: number;
  allowance: number;
  /** Bytes that were alive at the last count, of all states; and how many may be. */
  alive: number;
  limit: number;
  /** The longest string. */
  maxString: number;
  /** What `pairs` and `ipairs` give as iterators: the machine does their work itself when it meets them in a loop. */
  next: unknown;
  nextIndex: unknown;
  /** All open states: what they hold counts together. */
  readonly states: Set<object>;
}

/** V8 cannot make a string longer than 2^29 - 24; room is left for what is put around it. */
export const LONGEST_STRING = 0x10_00_00_00;

/** Without a limit of its own a script may fill this much of V8's heap, which would take the whole process with it. */
export const SAFE_LIMIT: number = getHeapStatistics().heap_size_limit * 0.5;

export const machine: Machine = {
  budget: 10_000,
  allocated: 0,
  allowance: 16 << 20,
  alive: 0,
  limit: SAFE_LIMIT,
  maxString: LONGEST_STRING,
  next: undefined,
  nextIndex: undefined,
  states: new Set(),
};
