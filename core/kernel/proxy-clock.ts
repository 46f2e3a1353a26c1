import type { Clock, Timer } from '../api/index.ts';
import { newEvent, now as machineNow } from '../net/clock.ts';
import { PluginTimer } from './plugin-timer.ts';
import type { Timed } from './timers.ts';

/** The longest that Node's timers can be set for, in milliseconds. */
const LONGEST = 2_000_000_000;

/**
 * The time of one proxy, with its deadlines. It is the machine's time unless somebody has moved it, which tests do. The deadlines
 * are a binary heap with one setTimeout of Node, armed for the earliest: idle connections cost nothing.
 */
export class ProxyClock implements Clock {
  /** 1, or 0 while time stands still: a factor, so that reading the clock has nothing to decide. */
  #pace = 1;
  #offset = 0;
  #wallShift = 0;
  #wallOffset: number = performance.timeOrigin;
  #wallChecked = 0;
  readonly #heap: Timed[] = [];
  #handle: NodeJS.Timeout | undefined = undefined;
  #armedFor = Infinity;

  now(): number {
    return machineNow() * this.#pace + this.#offset;
  }

  /** Follows corrections of the system's clock once a second. */
  wall(at: number = this.now()): number {
    if (at - this.#wallChecked > 1000) this.#readWall(at);
    return at + this.#wallOffset;
  }

  #readWall(at: number): void {
    this.#wallChecked = at;
    this.#wallOffset = Date.now() - performance.now() + this.#wallShift;
  }

  timer(run: () => void, failed?: (error: unknown) => void): Timer {
    return new PluginTimer(this, run, failed);
  }

  /** The earliest time at which something may be due; Infinity: nothing is. */
  get next(): number {
    return this.#heap[0]?.wakeAt ?? Infinity;
  }

  /** Time stands still. */
  get frozen(): boolean {
    return this.#pace === 0;
  }

  /** Lets time stand still from now on: deadlines come only when it is moved. */
  freeze(): void {
    newEvent();
    this.#offset = this.now();
    this.#pace = 0;
    this.#disarm();
  }

  /** Time goes on from where it stands. */
  thaw(): void {
    newEvent();
    this.#offset = this.now() - machineNow();
    this.#pace = 1;
    this.#arm();
  }

  /** Moves the time that stands still ahead to a moment, and runs what is due then. */
  moveTo(at: number): void {
    // Set, not added to: a deadline is met at exactly its time.
    this.#offset = Math.max(this.#offset, at);
    this.#fire();
  }

  /** Sets the wall clock, as an operator sets the machine's: nothing is due because of it. */
  setWall(milliseconds: number): void {
    const at = this.now();
    this.#wallChecked = at;
    this.#wallOffset = milliseconds - at;
    this.#wallShift = this.#wallOffset - (Date.now() - performance.now());
  }

  schedule(timed: Timed, milliseconds: number | undefined, at: number): void {
    const deadline = milliseconds === undefined || milliseconds === 0 ? Infinity : at + milliseconds;
    timed.deadline = deadline;
    if (deadline >= timed.wakeAt) return;
    timed.wakeAt = deadline;
    if (timed.heapIndex === -1) {
      timed.heapIndex = this.#heap.length;
      this.#heap.push(timed);
    }
    up(this.#heap, timed.heapIndex);
    this.#arm();
  }

  unschedule(timed: Timed): void {
    const index = timed.heapIndex;
    timed.deadline = Infinity;
    if (index !== -1) this.#remove(index);
  }

  /** Nothing of the proxy is left: whatever somebody forgot is not waited for. */
  end(): void {
    this.#disarm();
    for (const timed of this.#heap.splice(0)) {
      timed.heapIndex = -1;
      timed.wakeAt = Infinity;
      timed.deadline = Infinity;
    }
  }

  #remove(index: number): void {
    const heap = this.#heap;
    const timed = heap[index]!;
    const last = heap.pop()!;
    timed.heapIndex = -1;
    timed.wakeAt = Infinity;
    if (last === timed) return;
    heap[index] = last;
    last.heapIndex = index;
    up(heap, index);
    down(heap, last.heapIndex);
  }

  #arm(): void {
    const first = this.#heap[0];
    if (first === undefined || first.wakeAt >= this.#armedFor || this.#pace === 0) return;
    if (this.#handle !== undefined) clearTimeout(this.#handle);
    this.#armedFor = first.wakeAt;
    // A timer of Node fires up to a millisecond early; one more makes sure that the deadline has passed.
    const wait = Math.min(Math.max(0, first.wakeAt - this.now()) + 1, LONGEST);
    this.#handle = setTimeout(() => {
      newEvent();
      this.#fire();
    }, wait);
  }

  #disarm(): void {
    clearTimeout(this.#handle);
    this.#handle = undefined;
    this.#armedFor = Infinity;
  }

  #fire(): void {
    this.#handle = undefined;
    this.#armedFor = Infinity;
    const heap = this.#heap;
    const at = this.now();
    for (let first = heap[0]; first !== undefined && first.wakeAt <= at; first = heap[0]) {
      if (first.deadline > at) {
        if (first.deadline === Infinity) this.#remove(0);
        else {
          first.wakeAt = first.deadline;
          down(heap, 0);
        }
        continue;
      }
      this.#remove(0);
      first.deadline = Infinity;
      try {
        first.onTimeout(at);
      } catch (error) {
        first.onFault(error);
      }
    }
    this.#arm();
  }
}

function up(heap: Timed[], from: number): void {
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

function down(heap: Timed[], from: number): void {
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
