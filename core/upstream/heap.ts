/** What can lie in a {@link Heap}: it remembers where, so that it can be taken out or moved from the middle. */
export interface Heaped {
  /** Its index in the heap, -1 outside. */
  heapSlot: number;
}

/** A binary heap: the first in order at hand, adding, removing and moving in O(log n). */
export class Heap<T extends Heaped> {
  readonly #items: T[] = [];
  readonly #before: (a: T, b: T) => boolean;

  /** `before` is a strict order in which no two are alike. */
  constructor(before: (a: T, b: T) => boolean) {
    this.#before = before;
  }

  get first(): T | undefined {
    return this.#items[0];
  }

  get size(): number {
    return this.#items.length;
  }

  /** All, in no order. */
  values(): IterableIterator<T> {
    return this.#items.values();
  }

  add(item: T): void {
    this.#rise(item, this.#items.push(item) - 1);
  }

  remove(item: T): void {
    const slot = item.heapSlot;
    if (slot < 0) return;
    item.heapSlot = -1;
    const last = this.#items.pop()!;
    if (last === item) return;
    this.#items[slot] = last;
    last.heapSlot = slot;
    this.moved(last);
  }

  /** What the order looks at has changed. */
  moved(item: T): void {
    if (item.heapSlot < 0) return;
    this.#rise(item, item.heapSlot);
    this.#sink(item, item.heapSlot);
  }

  #rise(item: T, from: number): void {
    const items = this.#items;
    let slot = from;
    while (slot > 0) {
      const parent = (slot - 1) >> 1;
      const above = items[parent]!;
      if (!this.#before(item, above)) break;
      items[slot] = above;
      above.heapSlot = slot;
      slot = parent;
    }
    items[slot] = item;
    item.heapSlot = slot;
  }

  #sink(item: T, from: number): void {
    const items = this.#items;
    let slot = from;
    for (;;) {
      let child = 2 * slot + 1;
      if (child >= items.length) break;
      if (child + 1 < items.length && this.#before(items[child + 1]!, items[child]!)) child++;
      const below = items[child]!;
      if (!this.#before(below, item)) break;
      items[slot] = below;
      below.heapSlot = slot;
      slot = child;
    }
    items[slot] = item;
    item.heapSlot = slot;
  }
}
