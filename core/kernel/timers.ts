import { newEvent, now } from '../net/clock.ts';

/**
 * Timeouts for many connections at little cost. Each owner has one entry in a binary heap; moving its deadline later, which is what
 * traffic does all the time, is a plain store: the entry comes up at its old time, is seen to be early, and sinks back. One
 * setTimeout is armed for the earliest entry, so idle connections cost nothing.
 */
export interface Timed {
  /** Milliseconds of `now()`; Infinity for none. Set it through `schedule`. */
  deadline: number;
  /** When the heap will look at it, and where it stands there (-1: nowhere). Kept by the timers. */
  wakeAt: number;
  heapIndex: number;
  /** The deadline has passed. */
  onTimeout(now: number): void;
  /** `onTimeout` threw: its owner ends, the other deadlines stay. */
  onFault(error: unknown): void;
}

export { now };

let wallOffset = performance.timeOrigin;
let wallChecked = 0;

/** Milliseconds since 1970 of a monotonic time; follows corrections of the system's clock once a second. */
export function wallClock(at: number): number {
  if (at - wallChecked > 1000) {
    wallChecked = at;
    wallOffset = Date.now() - performance.now();
  }
  return at + wallOffset;
}

const heap: Timed[] = [];
let handle: NodeJS.Timeout | undefined;
let armedFor = Infinity;

/** Sets a deadline in `milliseconds` from `at`; 0 or undefined means none. */
export function schedule(timed: Timed, milliseconds: number | undefined, at: number): void {
  const deadline = milliseconds === undefined || milliseconds === 0 ? Infinity : at + milliseconds;
  timed.deadline = deadline;
  if (deadline >= timed.wakeAt) return;
  timed.wakeAt = deadline;
  if (timed.heapIndex === -1) {
    timed.heapIndex = heap.length;
    heap.push(timed);
  }
  up(timed.heapIndex);
  arm();
}

/** Forgets the owner; to be called when it is closed. */
export function unschedule(timed: Timed): void {
  const index = timed.heapIndex;
  timed.deadline = Infinity;
  if (index === -1) return;
  remove(index);
}

function remove(index: number): void {
  const timed = heap[index]!;
  const last = heap.pop()!;
  timed.heapIndex = -1;
  timed.wakeAt = Infinity;
  if (last === timed) return;
  heap[index] = last;
  last.heapIndex = index;
  up(index);
  down(last.heapIndex);
}

function up(from: number): void {
  let index = from;
  const timed = heap[index]!;
  while (index > 0) {
    const parent = (index - 1) >> 1;
    const other = heap[parent]!;
    if (other.wakeAt <= timed.wakeAt) break;
    heap[index] = other;
    other.heapIndex = index;
    index = parent;
  }
  heap[index] = timed;
  timed.heapIndex = index;
}

function down(from: number): void {
  let index = from;
  const timed = heap[index]!;
  for (;;) {
    let child = 2 * index + 1;
    if (child >= heap.length) break;
    if (child + 1 < heap.length && heap[child + 1]!.wakeAt < heap[child]!.wakeAt) child++;
    const other = heap[child]!;
    if (other.wakeAt >= timed.wakeAt) break;
    heap[index] = other;
    other.heapIndex = index;
    index = child;
  }
  heap[index] = timed;
  timed.heapIndex = index;
}

function arm(): void {
  const first = heap[0];
  if (first === undefined || first.wakeAt >= armedFor) return;
  if (handle !== undefined) clearTimeout(handle);
  armedFor = first.wakeAt;
  // A timer of Node fires up to a millisecond early; one more makes sure that the deadline has passed.
  handle = setTimeout(fire, Math.min(Math.max(0, first.wakeAt - now()) + 1, 2_000_000_000));
}

function fire(): void {
  handle = undefined;
  armedFor = Infinity;
  newEvent();
  const at = now();
  for (let first = heap[0]; first !== undefined && first.wakeAt <= at; first = heap[0]) {
    if (first.deadline > at) {
      if (first.deadline === Infinity) remove(0);
      else {
        first.wakeAt = first.deadline;
        down(0);
      }
      continue;
    }
    remove(0);
    first.deadline = Infinity;
    try {
      first.onTimeout(at);
    } catch (error) {
      first.onFault(error);
    }
  }
  arm();
}
