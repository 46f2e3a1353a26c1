import type { Server } from 'sluice/plugin';
import { avalanche } from '../fetches/sdbm.ts';
import { BitTree } from './bit-tree.ts';

/** A server's part of the ring. */
interface Arc {
  readonly server: Server;
  /** The number of which the position of its first point is made; those of the others count up from there. */
  readonly base: number;
  /** How many points it has when it is in the ring: its weight in sixteenths. */
  points: number;
  /** Where each of its points stands in the ring, those for a greater weight than now included. */
  places: Uint32Array;
}

/**
 * The ring of consistent hashing, point for point HAProxy's (found by measuring it): a server of weight w has 16 × w points,
 * point j at the full avalanche of `base + j`. A hash belongs to the nearest point, the lower one of two as near.
 *
 * All points are sorted once; of who comes, goes or changes its weight only bits are set or cleared.
 */
export class Ring {
  readonly #arcs = new Map<Server, Arc>();
  #positions = new Uint32Array(0);
  #owners: Arc[] = [];
  #ownerOf = new Uint32Array(0);
  #alive = new BitTree(0);
  #stale = true;
  /** The position after which {@link turn} goes on, -1 at the beginning. */
  #turn = -1;
  /** Those in the ring. */
  points = 0;

  /** Makes a server known, with the points it has now: 0 for none. */
  set(server: Server, base: number, points: number): void {
    let arc = this.#arcs.get(server);
    if (arc !== undefined && arc.base !== base) {
      this.#show(arc, 0);
      arc = undefined;
      this.#stale = true;
    }
    if (arc === undefined) {
      arc = { server, base, points: 0, places: new Uint32Array(0) };
      this.#arcs.set(server, arc);
    }
    this.#show(arc, points);
  }

  /** Forgets a server. */
  remove(server: Server): void {
    const arc = this.#arcs.get(server);
    if (arc === undefined) return;
    this.#show(arc, 0);
    this.#arcs.delete(server);
    this.#stale = true;
  }

  #show(arc: Arc, points: number): void {
    this.points += points - arc.points;
    const before = arc.points;
    arc.points = points;
    if (points > arc.places.length) this.#stale = true;
    if (this.#stale) return;
    for (let j = before; j < points; j++) this.#alive.add(arc.places[j]!);
    let turnLost = false;
    for (let j = points; j < before; j++) {
      const place = arc.places[j]!;
      this.#alive.delete(place);
      turnLost ||= this.#positions[place] === this.#turn;
    }
    // The next turn is lost with the point of the last one, as with HAProxy.
    if (turnLost) this.#turn = this.points === 0 ? -1 : this.#positions[this.next(this.#lowerBound(this.#turn))]!;
  }

  #build(): void {
    this.#stale = false;
    const owners = [...this.#arcs.values()];
    let count = 0;
    for (const arc of owners) {
      arc.places = new Uint32Array(Math.max(arc.points, arc.places.length, 16 * arc.server.weight));
      count += arc.places.length;
    }
    const unsorted = new Uint32Array(count);
    const first = new Uint32Array(owners.length);
    let next = 0;
    owners.forEach(({ base, places }, index) => {
      first[index] = next;
      for (let j = 0; j < places.length; j++) unsorted[next++] = avalanche((base + j) | 0);
    });
    const order = sortedOrder(unsorted);
    this.#positions = order.map((from) => unsorted[from]!);
    const rank = new Uint32Array(count);
    order.forEach((from, to) => (rank[from] = to));
    this.#owners = owners;
    this.#ownerOf = new Uint32Array(count);
    this.#alive = new BitTree(count);
    owners.forEach((arc, index) => {
      for (let j = 0; j < arc.places.length; j++) {
        const place = rank[first[index]! + j]!;
        arc.places[j] = place;
        this.#ownerOf[place] = index;
        if (j < arc.points) this.#alive.add(place);
      }
    });
  }

  /** The point that a hash belongs to, -1 if there is none. */
  nearest(hash: number): number {
    if (this.#stale) this.#build();
    if (this.points === 0) return -1;
    const positions = this.#positions;
    const index = this.#lowerBound(hash);
    const above = this.next(index);
    const below = this.previous(index - 1);
    const up = (positions[above]! - hash) >>> 0;
    const down = (hash - positions[below]!) >>> 0;
    return down <= up ? below : above;
  }

  /** The first place of a position that is `position` or greater. */
  #lowerBound(position: number): number {
    const positions = this.#positions;
    let low = 0;
    let high = positions.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (positions[middle]! < position) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** The point at `index` or the next one after it, round the ring. */
  next(index: number): number {
    const found = this.#alive.next(index);
    return found >= 0 ? found : this.#alive.next(0);
  }

  previous(index: number): number {
    const found = this.#alive.previous(index);
    return found >= 0 ? found : this.#alive.previous(this.#positions.length - 1);
  }

  serverAt(point: number): Server {
    return this.#owners[this.#ownerOf[point]!]!.server;
  }

  /** Goes on by one point from where it was: the turns of requests without a key. -1 if there is none. */
  turn(): number {
    if (this.#stale) this.#build();
    if (this.points === 0) return -1;
    const point = this.next(this.#lowerBound(this.#turn + 1));
    this.#turn = this.#positions[point]!;
    return point;
  }
}

/** The indexes of the numbers in ascending order of those; two passes of a radix sort. */
function sortedOrder(numbers: Uint32Array): Uint32Array {
  let order = Uint32Array.from(numbers, (_, index) => index);
  for (const shift of [0, 16]) {
    const starts = new Uint32Array(65_537);
    for (const number of numbers) starts[((number >>> shift) & 0xffff) + 1]!++;
    for (let i = 0; i < 65_536; i++) starts[i + 1]! += starts[i]!;
    const next = new Uint32Array(order.length);
    for (const index of order) next[starts[(numbers[index]! >>> shift) & 0xffff]!++] = index;
    order = next;
  }
  return order;
}
