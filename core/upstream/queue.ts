import type { UpstreamServer } from './server.ts';

/** What can wait for a server: a transaction, linked into one queue at a time. */
export interface Queued {
  queue: WaitQueue | null;
  queuePrevious: Queued | null;
  queueNext: Queued | null;
  /** Grows with time over all queues, so that the one who waited longest is known. */
  queueTicket: number;
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

/** First in, first out; leaving from the middle (a client that went away, a timeout) costs the same. */
export class WaitQueue {
  length = 0;
  /** The queue of one server, not of a backend. */
  readonly ofServer: boolean;
  #served = 0;
  #first: Queued | null = null;
  #last: Queued | null = null;

  constructor(ofServer: boolean) {
    this.ofServer = ofServer;
  }

  /** The one who waited longest. */
  get first(): Queued | null {
    return this.#first;
  }

  add(waiter: Queued): void {
    waiter.queue = this;
    waiter.queueTicket = ++tickets;
    waiter.queueBefore = this.#served;
    waiter.queueNext = null;
    waiter.queuePrevious = this.#last;
    if (this.#last === null) this.#first = waiter;
    else this.#last.queueNext = waiter;
    this.#last = waiter;
    this.length++;
  }

  /** Takes the first one out, as it is its turn. */
  serve(waiter: Queued): void {
    this.remove(waiter);
    this.#served++;
  }

  remove(waiter: Queued): void {
    if (waiter.queue !== this) return;
    waiter.onQueueLeft(this, this.#served + 1 - waiter.queueBefore);
    if (waiter.queuePrevious === null) this.#first = waiter.queueNext;
    else waiter.queuePrevious.queueNext = waiter.queueNext;
    if (waiter.queueNext === null) this.#last = waiter.queuePrevious;
    else waiter.queueNext.queuePrevious = waiter.queuePrevious;
    waiter.queue = null;
    waiter.queuePrevious = null;
    waiter.queueNext = null;
    this.length--;
  }
}
