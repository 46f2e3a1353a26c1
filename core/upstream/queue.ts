import type { ProxyClock } from '../kernel/proxy-clock.ts';
import { Heap, type Heaped } from './heap.ts';
import type { UpstreamServer } from './server.ts';

/** What can wait for a server: a transaction, in one queue at a time. */
export interface Queued extends Heaped {
  queue: WaitQueue | null;
  /** Grows with time over all queues, so that the one who waited longest is known. */
  queueTicket: number;
  /** Smaller classes are served first; configuration.txt 4.4, `set-priority-class`. */
  priorityClass: number;
  /** Milliseconds by which it counts as having come later; `set-priority-offset`. */
  priorityOffset: number;
  /** When it counts as having come: in milliseconds of the clock. */
  queueDate: number;
  /** How many had been served from the queue when it came. */
  queueBefore: number;
  /** Rules or persistence named the server it waits for. */
  assigned: boolean;
  /** It leaves a queue, as the `position`th since it came: what `%sq` and `%bq` show (configuration.txt 8.2.3). */
  onQueueLeft(queue: WaitQueue, position: number): void;
  /** A server has room now; it has been counted as taken already. */
  onServerFree(server: UpstreamServer): void;
  /** The server it waited for is gone, and it is in no queue any more. */
  onServerLost(server: UpstreamServer): void;
}

let tickets = 0;

/** Whether `a` is served before `b`, be they in the same queue or not. */
export function isBefore(a: Queued, b: Queued): boolean {
  if (a.priorityClass !== b.priorityClass) return a.priorityClass < b.priorityClass;
  return a.queueDate === b.queueDate ? a.queueTicket < b.queueTicket : a.queueDate < b.queueDate;
}

/** By class, then by the time of coming and its offset. Leaving from the middle (a client that went away, a timeout) costs no more. */
export class WaitQueue {
  /** The queue of one server, not of a backend. */
  readonly ofServer: boolean;
  readonly #clock: ProxyClock;
  readonly #waiting = new Heap<Queued>(isBefore);
  #served = 0;

  constructor(ofServer: boolean, clock: ProxyClock) {
    this.#clock = clock;
    this.ofServer = ofServer;
  }

  get length(): number {
    return this.#waiting.size;
  }

  /** The one whose turn it is. */
  get first(): Queued | null {
    return this.#waiting.first ?? null;
  }

  /** Those who wait, in the order of their turns. */
  inOrder(): Queued[] {
    return [...this.#waiting.values()].toSorted((a, b) => (isBefore(a, b) ? -1 : 1));
  }

  add(waiter: Queued): void {
    waiter.queue = this;
    waiter.queueTicket = ++tickets;
    waiter.queueDate = this.#clock.now() + waiter.priorityOffset;
    waiter.queueBefore = this.#served;
    this.#waiting.add(waiter);
  }

  /** Takes the first one out, as it is its turn. */
  serve(waiter: Queued): void {
    this.remove(waiter);
    this.#served++;
  }

  remove(waiter: Queued): void {
    if (waiter.queue !== this) return;
    waiter.onQueueLeft(this, this.#served + 1 - waiter.queueBefore);
    waiter.queue = null;
    this.#waiting.remove(waiter);
  }
}
