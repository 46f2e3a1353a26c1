import type { Backend, BalanceFactory, Balancer, Server, Transaction } from 'sluice/plugin';
import { Consistent } from './consistent.ts';
import type { Finder } from './finder.ts';
import { hashingOf, type HashSettings } from './settings.ts';
import { Slots } from './slots.ts';

/** The hash of a transaction's key, unsigned and of 32 bits; undefined when it has none: then servers take turns. */
export type TransactionHash = (transaction: Transaction) => number | undefined;

/** Whoever has the same key gets the same server. */
class Hashed implements Balancer {
  readonly #finder: Finder;
  readonly #hash: TransactionHash;

  constructor(finder: Finder, hash: TransactionHash) {
    this.#finder = finder;
    this.#hash = hash;
  }

  pick(transaction: Transaction): Server | undefined {
    const { only } = this.#finder;
    if (only !== undefined) return only;
    const hash = this.#hash(transaction);
    const { avoid } = transaction;
    return hash === undefined ? this.#finder.turn(avoid) : this.#finder.find(hash, avoid);
  }

  get fixed(): boolean {
    return this.#finder.fixed === true;
  }

  changed(server: Server): void {
    this.#finder.changed(server);
  }

  removed(server: Server): void {
    this.#finder.removed(server);
  }

  took(server: Server): void {
    this.#finder.took?.(server);
  }

  dropped(server: Server): void {
    this.#finder.dropped?.(server);
  }
}

/** An algorithm by hash; `hash-type` may stand anywhere in the backend, so it is looked at when the backend is made. */
export function hashed(make: (settings: Readonly<HashSettings>) => TransactionHash): BalanceFactory {
  return (backend: Backend) => {
    const settings = hashingOf(backend);
    const finder = settings.consistent ? new Consistent(backend) : new Slots(backend);
    return new Hashed(finder, make(settings));
  };
}
