import type { Backend, Balancer, Server, Transaction } from 'sluice/plugin';
import { electable, hasRoom } from './group.ts';

/** Where a server stands on the line of turns: due at `turn`, the fraction `rest / weight` of a turn later. */
interface Place {
  turn: number;
  rest: number;
  /** When it was placed: of two that are due alike the one placed first goes first. */
  placed: number;
}

/**
 * HAProxy's dynamic weighted round robin, turn for turn (found by measuring it). With W for the sum of all weights, a server
 * of weight w is due every W / w turns. Servers that have not had a turn yet wait apart, the heaviest first, and take the
 * turns in which nobody is due. Among those due in one turn the one with the greatest `w - rest` goes first.
 */
export class RoundRobin implements Balancer {
  readonly #backend: Backend;
  readonly #places = new Map<Server, Place>();
  /** Those that have not had a turn. */
  #fresh: Server[] = [];
  #total = 0;
  #turn = 0;
  #placings = 0;

  constructor(backend: Backend) {
    this.#backend = backend;
    this.changed();
  }

  changed(): void {
    const group = electable(this.#backend);
    this.#total = group.reduce((sum, server) => sum + server.effectiveWeight, 0);
    for (const [server, place] of this.#places) {
      if (group.includes(server)) place.rest %= server.effectiveWeight;
      else this.#places.delete(server);
    }
    this.#fresh = group
      .filter((server) => !this.#places.has(server))
      .toSorted((a, b) => b.effectiveWeight - a.effectiveWeight);
  }

  pick(_transaction: Transaction): Server | undefined {
    const due = this.#next();
    let server: Server | undefined;
    if (due !== undefined && this.#places.get(due)!.turn <= this.#turn) server = due;
    else {
      const index = this.#fresh.findIndex(hasRoom);
      if (index >= 0) [server] = this.#fresh.splice(index, 1);
      else server = due;
    }
    if (server === undefined) return undefined;
    this.#advance(server);
    this.#turn += 1;
    return server;
  }

  /** The one with room that is due first, be it in a later turn. */
  #next(): Server | undefined {
    let best: Server | undefined;
    let bestPlace: Place | undefined;
    for (const [server, place] of this.#places) {
      if (bestPlace !== undefined && place.turn > bestPlace.turn) continue;
      if (!hasRoom(server)) continue;
      if (bestPlace !== undefined && place.turn === bestPlace.turn) {
        const ahead = server.effectiveWeight - place.rest - (best!.effectiveWeight - bestPlace.rest);
        if (ahead < 0 || (ahead === 0 && place.placed > bestPlace.placed)) continue;
      }
      best = server;
      bestPlace = place;
    }
    return best;
  }

  #advance(server: Server): void {
    const weight = server.effectiveWeight;
    let place = this.#places.get(server);
    if (place === undefined) {
      place = { turn: this.#turn, rest: 0, placed: 0 };
      this.#places.set(server, place);
    }
    const sum = this.#total + place.rest;
    place.turn += Math.floor(sum / weight);
    place.rest = sum % weight;
    place.placed = this.#placings++;
  }
}
