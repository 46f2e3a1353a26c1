import type { Backend, Balancer, Server, Transaction } from 'sluice/plugin';
import type { Finder } from './finder.ts';
import { Group, hasRoom } from './group.ts';
import { slotMap } from './slot-map.ts';

/**
 * Servers in the slots of a static map, made anew when it is needed after one has come or gone. Only configured weights count:
 * those that change later are not looked at, save 0. configuration.txt 4.2, `balance static-rr` and `hash-type map-based`.
 */
export class Slots implements Finder {
  readonly fixed = true;
  readonly #backend: Backend;
  readonly #group: Group;
  readonly #members = new Set<Server>();
  #servers: Server[] = [];
  #map: Uint32Array = new Uint32Array(0);
  #stale = true;
  /** The slot that is next in turn. It stays when the map changes, as with HAProxy. */
  #next = 0;

  /** What the weights of all servers have in common is divided out. */
  readonly #common: number;

  constructor(backend: Backend) {
    this.#backend = backend;
    this.#common = backend.servers.reduce((common, { weight }) => divisor(common, weight), 0) || 1;
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
    this.#group.removed(server);
  }

  joined(server: Server): void {
    this.#members.add(server);
    this.#stale = true;
  }

  left(server: Server): void {
    this.#members.delete(server);
    this.#stale = true;
  }

  #build(): void {
    this.#stale = false;
    this.#servers = this.#backend.servers.filter((server) => this.#members.has(server));
    this.#map = slotMap(this.#servers.map(({ weight }) => weight / this.#common));
  }

  find(hash: number): Server | undefined {
    if (this.#stale) this.#build();
    if (this.#map.length === 0) return undefined;
    return this.#servers[this.#map[hash % this.#map.length]!];
  }

  turn(avoid: Server | undefined): Server | undefined {
    if (this.#stale) this.#build();
    const map = this.#map;
    if (map.length === 0) return undefined;
    if (this.#next >= map.length) this.#next = 0;
    let spare = -1;
    for (let count = 0, slot = this.#next; count < map.length; count++, slot = slot + 1 === map.length ? 0 : slot + 1) {
      const server = this.#servers[map[slot]!]!;
      if (!hasRoom(server)) continue;
      if (server !== avoid) {
        this.#next = slot + 1;
        return server;
      }
      if (spare < 0) spare = slot;
    }
    if (spare < 0) return undefined;
    this.#next = spare + 1;
    return avoid;
  }
}

function divisor(a: number, b: number): number {
  return b === 0 ? a : divisor(b, a % b);
}

/** Each server in turn as often as its weight says, by the static map. */
export class StaticRoundRobin implements Balancer {
  readonly fixed = true;
  readonly #slots: Slots;

  constructor(backend: Backend) {
    this.#slots = new Slots(backend);
  }

  pick({ avoid }: Transaction): Server | undefined {
    return this.#slots.turn(avoid);
  }

  changed(server: Server): void {
    this.#slots.changed(server);
  }

  removed(server: Server): void {
    this.#slots.removed(server);
  }
}
