import type { Backend, Server } from 'sluice/plugin';
import type { Finder } from './finder.ts';
import { Group, hasRoom } from './group.ts';
import { LoadBound } from './load-bound.ts';
import { Ring } from './ring.ts';
import { baseOf, hashingOf } from './settings.ts';

/** Servers on the ring of consistent hashing. */
export class Consistent implements Finder {
  readonly #group: Group;
  readonly #ring = new Ring();
  readonly #members = new Set<Server>();
  readonly #bound: LoadBound | undefined;
  readonly #passes: ((server: Server) => boolean) | undefined;

  constructor(backend: Backend) {
    const { factor, affinity } = hashingOf(backend);
    this.#bound = factor > 0 ? new LoadBound(factor) : undefined;
    if (affinity === 'maxconn') this.#passes = (server) => !hasRoom(server);
    if (affinity === 'maxqueue') this.#passes = queueFull;
    this.#group = new Group(backend, this);
    this.#group.begin();
  }

  get only(): Server | undefined {
    return this.#members.size === 1 ? this.#members.values().next().value : undefined;
  }

  changed(server: Server): void {
    this.#group.changed(server);
  }

  removed(server: Server): void {
    this.#bound?.removed(server);
    this.#ring.remove(server);
    this.#group.removed(server);
  }

  joined(server: Server): void {
    this.#members.add(server);
    this.#ring.set(server, baseOf(server), server.fineWeight);
    this.#bound?.set(server, this.#group.indexOf(server), server.fineWeight);
  }

  left(server: Server): void {
    this.#members.delete(server);
    this.#ring.set(server, baseOf(server), 0);
    this.#bound?.set(server, this.#group.indexOf(server), 0);
  }

  reweighed(server: Server): void {
    this.joined(server);
  }

  took(): void {
    this.#bound?.took();
  }

  dropped(): void {
    this.#bound?.dropped();
  }

  find(hash: number, avoid: Server | undefined): Server | undefined {
    const ring = this.#ring;
    const own = ring.nearest(hash);
    if (own < 0) return undefined;
    const server = ring.serverAt(own);
    if (!this.#unwanted(server, avoid)) return server;
    return this.#after(own, (other) => !this.#unwanted(other, avoid)) ?? this.#last(own, server, avoid);
  }

  /** Nobody is wanted: the one before on the ring where all are saturated, else whose the hash is. */
  #last(own: number, server: Server, avoid: Server | undefined): Server {
    if (this.#passes === undefined) return server;
    const before = this.#ring.serverAt(this.#ring.previous(own - 1));
    return before === avoid ? server : before;
  }

  #unwanted(server: Server, avoid: Server | undefined): boolean {
    if (server === avoid) return true;
    if (this.#bound !== undefined && !this.#bound.allows(server)) return true;
    return this.#passes !== undefined && this.#passes(server);
  }

  /** The first server after a point of the ring that is wanted. */
  #after(point: number, wanted: (server: Server) => boolean): Server | undefined {
    const ring = this.#ring;
    for (let next = ring.next(point + 1); next !== point; next = ring.next(next + 1)) {
      const server = ring.serverAt(next);
      if (wanted(server)) return server;
    }
    return undefined;
  }

  turn(avoid: Server | undefined): Server | undefined {
    const ring = this.#ring;
    let spare: Server | undefined;
    let left = ring.points;
    while (left-- > 0) {
      const server = ring.serverAt(ring.turn());
      if (!hasRoom(server)) continue;
      if (server !== avoid) return server;
      spare = server;
    }
    return spare;
  }
}

/** `hash-preserve-affinity maxqueue`: no more may wait for it. */
function queueFull({ maxconn, maxqueue, queued }: Server): boolean {
  return maxconn > 0 && maxqueue > 0 && queued >= maxqueue;
}
