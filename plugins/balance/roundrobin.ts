import type { Backend, Balancer, Server, Transaction } from 'sluice/plugin';
import { Group } from './group.ts';
import { Line, type Place } from './line.ts';

/** Where a server stands on the line of turns: due at `turn`, the fraction `rest / weight` of a turn later. */
interface Turn extends Place {
  readonly index: number;
  weight: number;
  fresh: boolean;
  turn: number;
  rest: number;
  /** When it was placed: of two that are due alike the one placed first goes first. */
  placed: number;
}

function dueBefore(a: Turn, b: Turn): boolean {
  if (a.turn !== b.turn) return a.turn < b.turn;
  const ahead = a.weight - a.rest - (b.weight - b.rest);
  return ahead === 0 ? a.placed < b.placed : ahead > 0;
}

const heavier = (a: Turn, b: Turn): boolean => (a.weight === b.weight ? a.index < b.index : a.weight > b.weight);

/**
 * HAProxy's dynamic weighted round robin, turn for turn (found by measuring it). With W for the sum of all weights, a server
 * of weight w is due every W / w turns. Servers that have not had a turn yet wait apart, the heaviest first, and take the
 * turns in which nobody is due. Among those due in one turn the one with the greatest `w - rest` goes first.
 */
export class RoundRobin implements Balancer {
  readonly #group: Group;
  readonly #turns = new Map<Server, Turn>();
  readonly #due = new Line<Turn>(dueBefore);
  /** Those that have not had a turn. */
  readonly #fresh = new Line<Turn>(heavier);
  #total = 0;
  #turn = 0;
  #placings = 0;

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
    const index = this.#group.indexOf(server);
    const weight = server.fineWeight;
    const turn: Turn = { server, index, weight, fresh: true, turn: 0, rest: 0, placed: 0, heapSlot: -1 };
    this.#turns.set(server, turn);
    this.#total += weight;
    this.#fresh.add(turn);
  }

  left(server: Server): void {
    const turn = this.#turns.get(server)!;
    this.#lineOf(turn).remove(turn);
    this.#turns.delete(server);
    this.#total -= turn.weight;
  }

  reweighed(server: Server): void {
    const turn = this.#turns.get(server)!;
    const line = this.#lineOf(turn);
    line.remove(turn);
    this.#total += server.fineWeight - turn.weight;
    turn.weight = server.fineWeight;
    turn.rest %= turn.weight;
    line.add(turn);
  }

  took(server: Server): void {
    if (server.maxconn !== 0) this.#loadChanged(server);
  }

  dropped(server: Server): void {
    if (server.maxconn !== 0) this.#loadChanged(server);
  }

  #loadChanged(server: Server): void {
    const turn = this.#turns.get(server);
    if (turn !== undefined) this.#lineOf(turn).moved(turn);
  }

  #lineOf(turn: Turn): Line<Turn> {
    return turn.fresh ? this.#fresh : this.#due;
  }

  pick({ avoid }: Transaction): Server | undefined {
    let turn = this.#due.first(avoid);
    if (turn === undefined || turn.turn > this.#turn) turn = this.#fresh.first(avoid) ?? turn;
    if (turn === undefined) return undefined;
    this.#advance(turn);
    this.#turn += 1;
    return turn.server;
  }

  #advance(turn: Turn): void {
    if (turn.fresh) {
      this.#fresh.remove(turn);
      turn.fresh = false;
      turn.turn = this.#turn;
    } else this.#due.remove(turn);
    const sum = this.#total + turn.rest;
    turn.turn += Math.floor(sum / turn.weight);
    turn.rest = sum % turn.weight;
    turn.placed = this.#placings++;
    this.#due.add(turn);
  }
}
