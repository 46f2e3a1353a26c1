import type { Backend, Balancer, Server, Transaction } from 'sluice/plugin';
import { Group } from './group.ts';
import { Line, type Place } from './line.ts';

const smallerId = (a: Place, b: Place): boolean => a.server.id < b.server.id;

/** The server with the smallest id that has room: the others can be switched off. configuration.txt 4.2, `balance`. */
export class First implements Balancer {
  readonly #group: Group;
  readonly #places = new Map<Server, Place>();
  readonly #line = new Line<Place>(smallerId);

  constructor(backend: Backend) {
    this.#group = new Group(backend, this);
    this.#group.begin();
  }

  changed(server: Server): void {
    this.#group.changed(server);
    this.#loadChanged(server);
  }

  removed(server: Server): void {
    this.#group.removed(server);
  }

  joined(server: Server): void {
    const place = { server, heapSlot: -1 };
    this.#places.set(server, place);
    this.#line.add(place);
  }

  left(server: Server): void {
    this.#line.remove(this.#places.get(server)!);
    this.#places.delete(server);
  }

  took(server: Server): void {
    this.#loadChanged(server);
  }

  dropped(server: Server): void {
    this.#loadChanged(server);
  }

  pick({ avoid }: Transaction): Server | undefined {
    return this.#line.first(avoid)?.server;
  }

  #loadChanged(server: Server): void {
    const place = this.#places.get(server);
    if (place !== undefined) this.#line.moved(place);
  }
}
