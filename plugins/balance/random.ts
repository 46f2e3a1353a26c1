import type { Backend, Clock, BalanceFactory, Balancer, Server, Transaction } from 'sluice/plugin';
import { Group, hasRoom } from './group.ts';
import { LoadBound } from './load-bound.ts';
import { Ring } from './ring.ts';
import { baseOf, hashingOf } from './settings.ts';

const SECOND = 1000;

/** How often a server was taken lately. */
interface Rate {
  /** Whole seconds of the clock. */
  second: number;
  count: number;
  before: number;
}

/**
 * A random place on the ring of consistent hashing, or the least loaded of several such; configuration.txt 4.2, `balance random`.
 * Of two with the same load the one that was taken less within the last second.
 */
class Random implements Balancer {
  readonly #group: Group;
  readonly #ring = new Ring();
  readonly #draws: number;
  readonly #bound: LoadBound | undefined;
  readonly #members = new Set<Server>();
  readonly #clock: Clock;
  readonly #rates = new Map<Server, Rate>();

  constructor(backend: Backend, draws: number) {
    this.#draws = draws;
    this.#clock = backend.clock;
    const { factor } = hashingOf(backend);
    this.#bound = factor > 0 ? new LoadBound(factor) : undefined;
    this.#group = new Group(backend, this);
    this.#group.begin();
  }

  changed(server: Server): void {
    this.#group.changed(server);
    this.#show(server);
  }

  removed(server: Server): void {
    this.#bound?.removed(server);
    this.#ring.remove(server);
    this.#group.removed(server);
  }

  joined(server: Server): void {
    this.#members.add(server);
    this.#rates.set(server, { second: 0, count: 0, before: 0 });
    this.#bound?.set(server, this.#group.indexOf(server), server.fineWeight);
    this.#show(server);
  }

  left(server: Server): void {
    this.#members.delete(server);
    this.#rates.delete(server);
    this.#bound?.set(server, this.#group.indexOf(server), 0);
    this.#show(server);
  }

  reweighed(server: Server): void {
    this.#bound?.set(server, this.#group.indexOf(server), server.fineWeight);
    this.#show(server);
  }

  /** Servers that are full are not on the ring: nobody has to pass them by. */
  #show(server: Server): void {
    this.#ring.set(server, baseOf(server), this.#members.has(server) && hasRoom(server) ? server.fineWeight : 0);
  }

  took(server: Server): void {
    this.#bound?.took();
    if (server.maxconn !== 0) this.#show(server);
    if (this.#draws === 1) return;
    const rate = this.#rates.get(server);
    if (rate === undefined) return;
    roll(rate, Math.floor(this.#clock.now() / SECOND));
    rate.count++;
  }

  dropped(server: Server): void {
    this.#bound?.dropped();
    if (server.maxconn !== 0) this.#show(server);
  }

  pick({ avoid }: Transaction): Server | undefined {
    let best: Server | undefined;
    for (let draw = 0; draw < this.#draws; draw++) {
      const server = this.#draw(avoid);
      if (best === undefined || (server !== undefined && server !== best && this.#better(server, best))) best = server;
    }
    return best;
  }

  #draw(avoid: Server | undefined): Server | undefined {
    const ring = this.#ring;
    const own = ring.nearest((Math.random() * 0x1_0000_0000) >>> 0);
    if (own < 0) return undefined;
    const server = ring.serverAt(own);
    if (this.#wanted(server, avoid)) return server;
    for (let next = ring.next(own + 1); next !== own; next = ring.next(next + 1)) {
      const other = ring.serverAt(next);
      if (this.#wanted(other, avoid)) return other;
    }
    return server;
  }

  #wanted(server: Server, avoid: Server | undefined): boolean {
    return server !== avoid && hasRoom(server) && (this.#bound === undefined || this.#bound.allows(server));
  }

  #better(a: Server, b: Server): boolean {
    const loadA = (a.active + a.queued) * b.fineWeight;
    const loadB = (b.active + b.queued) * a.fineWeight;
    if (loadA !== loadB) return loadA < loadB;
    return this.#rateOf(a) * b.fineWeight < this.#rateOf(b) * a.fineWeight;
  }

  /** Over the last second: the count of this one and what is left of the one before. */
  #rateOf(server: Server): number {
    const rate = this.#rates.get(server)!;
    const now = this.#clock.now();
    roll(rate, Math.floor(now / SECOND));
    return rate.count + rate.before * (1 - (now % SECOND) / SECOND);
  }
}

function roll(rate: Rate, second: number): void {
  if (rate.second === second) return;
  rate.before = rate.second === second - 1 ? rate.count : 0;
  rate.count = 0;
  rate.second = second;
}

export const random =
  (draws: number): BalanceFactory =>
  (backend) =>
    new Random(backend, draws);
