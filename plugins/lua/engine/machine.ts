/**
 * The registers that all scripts of a JavaScript thread share: what may still be done before somebody looks. In one object, so that the
 * machine's inner loop reaches them without a call.
 */
export interface Machine {
  /** Instructions left; only jumps backwards and calls count, each as several. At 0 `interrupt` is called before the next of them. */
  budget: number;
  /** Bytes allocated since what is alive was counted last, and how many that may be. */
  allocated: number;
  allowance: number;
  /** The longest string. */
  maxString: number;
}

/** V8 cannot make a string longer than 2^29 - 24; room is left for what is put around it. */
export const LONGEST_STRING = 0x1f_00_00_00;

export const machine: Machine = { budget: 10_000, allocated: 0, allowance: Infinity, maxString: LONGEST_STRING };
