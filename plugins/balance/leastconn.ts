import type { Backend, Balancer, Server, Transaction } from 'sluice/plugin';
import { Group } from './group.ts';
import { Line, type Place } from './line.ts';

/** Where a server stands, the least loaded first. */
interface Standing extends Place {
  load: number;
  /** When it got its load: of two with the same the one that has had it longer goes first, and so they take turns. */
  since: number;
}

const lessLoaded = (a: Standing, b: Standing): boolean => (a.load === b.load ? a.since < b.since : a.load < b.load);

/** What the load of HAProxy's servers is measured in. */
const SCALE = 4096;

/**
 * The server with the least to do for its weight, pick for pick as HAProxy's (found by measuring it): one that serves n has the
 * load `floor((n + 1) × 4096 / weight in sixteenths)`, or 0 when it serves none.
 */
export class LeastConnections implements Balancer {
  readonly #group: Group;
  readonly #standings = new Map<Server, Standing>();
  readonly #line = new Line<Standing>(lessLoaded);
  #moves = 0;

  constructor(backend: Backend) {
    this.#group = new Group(backend, this);
    this.#group.begin();
  }

  changed(server: Server): void {
    this.#group.changed(server);
    const standing = this.#standings.get(server);
    if (standing !== undefined) this.#line.moved(standing);
  }

  removed(server: Server): void {
    this.#group.removed(server);
  }

  joined(server: Server): void {
    const standing = { server, load: 0, since: 0, heapSlot: -1 };
    this.#measure(standing);
    this.#standings.set(server, standing);
    this.#line.add(standing);
  }

  left(server: Server): void {
    this.#line.remove(this.#standings.get(server)!);
    this.#standings.delete(server);
  }

  reweighed(server: Server): void {
    const standing = this.#standings.get(server)!;
    this.#line.remove(standing);
    this.#measure(standing);
    this.#line.add(standing);
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
    const standing = this.#standings.get(server);
    if (standing === undefined) return;
    this.#measure(standing);
    this.#line.moved(standing);
  }

  #measure(standing: Standing): void {
    const { active, queued, fineWeight } = standing.server;
    const busy = active + queued;
    standing.load = busy === 0 ? 0 : Math.floor(((busy + 1) * SCALE) / fineWeight);
    standing.since = ++this.#moves;
  }
}
