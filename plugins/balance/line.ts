import { Heap, type Heaped, type Server } from 'sluice/plugin';
import { hasRoom } from './group.ts';

/** A server that stands in a {@link Line}. */
export interface Place extends Heaped {
  readonly server: Server;
}

/**
 * Servers in an order, of which the first with room is wanted. Those that serve as many as they ever may stand aside, so that
 * a thousand full servers cost nothing to pass by; those that are full for now (`minconn`, slow start) are passed by.
 */
export class Line<P extends Place> {
  readonly #heap: Heap<P>;
  readonly #aside = new Set<P>();
  readonly #passed: P[] = [];

  constructor(before: (a: P, b: P) => boolean) {
    this.#heap = new Heap(before);
  }

  get size(): number {
    return this.#heap.size + this.#aside.size;
  }

  has(place: P): boolean {
    return place.heapSlot >= 0 || this.#aside.has(place);
  }

  add(place: P): void {
    if (saturated(place.server)) this.#aside.add(place);
    else this.#heap.add(place);
  }

  remove(place: P): void {
    if (place.heapSlot >= 0) this.#heap.remove(place);
    else this.#aside.delete(place);
  }

  /** The place's rank, or the load of its server has changed. */
  moved(place: P): void {
    if (place.heapSlot >= 0) {
      if (!saturated(place.server)) {
        this.#heap.moved(place);
        return;
      }
      this.#heap.remove(place);
      this.#aside.add(place);
    } else if (this.#aside.size > 0 && !saturated(place.server) && this.#aside.delete(place)) this.#heap.add(place);
  }

  /** The first whose server has room, `avoid` only if there is no other. */
  first(avoid: Server | undefined): P | undefined {
    const heap = this.#heap;
    const { first } = heap;
    if (first === undefined || (first.server !== avoid && hasRoom(first.server))) return first;
    const passed = this.#passed;
    let spare: P | undefined;
    let found: P | undefined;
    for (let place = heap.first; place !== undefined; place = heap.first) {
      if (hasRoom(place.server)) {
        if (place.server !== avoid) {
          found = place;
          break;
        }
        spare = place;
      }
      heap.remove(place);
      passed.push(place);
    }
    for (const place of passed) heap.add(place);
    passed.length = 0;
    return found ?? spare;
  }
}

/** Serves as many as it ever may. */
function saturated(server: Server): boolean {
  const { maxconn } = server;
  return maxconn !== 0 && server.active >= maxconn;
}
