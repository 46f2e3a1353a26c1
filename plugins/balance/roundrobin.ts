import type { Backend, Balancer, Server, Transaction } from 'sluice/plugin';

/**
 * Weighted round robin, smooth: among the usable servers with room, the one that has fallen furthest behind its share. Each pick
 * adds to all what they are due and takes the whole from the one picked, so heavy servers are spread between light ones.
 */
export class RoundRobin implements Balancer {
  readonly #backend: Backend;
  readonly #credit = new Map<Server, number>();
  #group: Server[] = [];
  #equal = true;
  #next = 0;

  constructor(backend: Backend) {
    this.#backend = backend;
    this.changed();
  }

  /** Backups stand in, the first of them alone, when no other server is usable. */
  changed(): void {
    const usable = this.#backend.servers.filter((server) => server.usable && server.effectiveWeight > 0);
    const active = usable.filter((server) => !server.backup);
    const all = this.#backend.settings.options.get('allbackups') === true;
    this.#group = active.length > 0 ? active : all ? usable : usable.slice(0, 1);
    const weight = this.#group[0]?.effectiveWeight;
    this.#equal = this.#group.every((server) => server.effectiveWeight === weight);
  }

  pick(_transaction: Transaction): Server | undefined {
    return this.#equal ? this.#inTurn() : this.#weighted();
  }

  #inTurn(): Server | undefined {
    const group = this.#group;
    for (let tried = 0; tried < group.length; tried++) {
      const server = group[this.#next++ % group.length]!;
      if (server.limit === 0 || server.active < server.limit) return server;
    }
    return undefined;
  }

  #weighted(): Server | undefined {
    let best: Server | undefined;
    let most = -Infinity;
    let total = 0;
    for (const server of this.#group) {
      total += server.effectiveWeight;
      const credit = (this.#credit.get(server) ?? 0) + server.effectiveWeight;
      this.#credit.set(server, credit);
      if (server.limit !== 0 && server.active >= server.limit) continue;
      if (credit > most) {
        most = credit;
        best = server;
      }
    }
    if (best !== undefined) this.#credit.set(best, most - total);
    return best;
  }
}
