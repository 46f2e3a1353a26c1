/**
 * What scripts allocate, by our own count: V8 tells nobody what belongs to whom, and dies when its heap is full. Every allocation is
 * added up; when as much was allocated as was alive at the last count, what is alive is counted anew (alive.ts).
 */
import { machine } from './machine.ts';

/** Bytes of V8's heap, measured on Node 20. */
export const TABLE_COST = 160;
export const NODE_COST = 130;
export const SLOT_COST = 48;
export const CLOSURE_COST = 100;
/** What a library's iterator or file has behind it. */
export const HOST_STATE_COST = 600;
export const PROTO_COST = 2000;
export const INSTRUCTION_COST = 200;
export const THREAD_COST = 2200;
export const STRING_COST = 72;

export function account(bytes: number): void {
  machine.allocated += bytes;
  if (machine.allocated > machine.allowance) machine.budget = 0;
}
