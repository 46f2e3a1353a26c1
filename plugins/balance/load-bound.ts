import type { Server } from 'sluice/plugin';
import { Shares } from './shares.ts';

/**
 * Consistent hashing with bounded loads, bound for bound as HAProxy has it (found by measuring it). With n requests being
 * served there are `ceil((n + 1) × factor / 100)` places, dealt out along the running sum of the weights: a server has those
 * between the rounded down shares of the servers before it, without it and with it, and one at least.
 * configuration.txt 4.2, `hash-balance-factor`.
 */
export class LoadBound {
  readonly #factor: number;
  readonly #weights = new Shares();
  readonly #indexes = new Map<Server, number>();
  #served = 0;

  /** `factor` in percent. */
  constructor(factor: number) {
    this.#factor = factor;
  }

  /** `index` is the server's place in the backend; `weight` 0 leaves it out. */
  set(server: Server, index: number, weight: number): void {
    this.#indexes.set(server, index);
    this.#weights.set(index, weight);
  }

  removed(server: Server): void {
    this.#indexes.delete(server);
  }

  took(): void {
    this.#served++;
  }

  dropped(): void {
    this.#served--;
  }

  allows(server: Server): boolean {
    if (server.active === 0) return true;
    const index = this.#indexes.get(server)!;
    const { total } = this.#weights;
    const places = Math.ceil(((this.#served + 1) * this.#factor) / 100);
    const before = this.#weights.before(index);
    const upTo = before + this.#weights.get(index);
    return server.active < Math.floor((places * upTo) / total) - Math.floor((places * before) / total);
  }
}
