import type { Place, Transaction } from 'sluice/plugin';
import { classKey, type ClassKey } from '../class-key.ts';
import type { LuaCall } from '../engine/engine.ts';

/** What stands behind `txn`, and behind what hangs on it: a transaction, and where in it the code runs. */
export class Txn {
  readonly #transaction: Transaction;
  readonly #id: number;
  /** Where samples are evaluated. */
  readonly places: readonly Place[];
  /** In rules of the response. */
  readonly response: boolean;

  constructor(transaction: Transaction, places: readonly Place[], response: boolean) {
    this.#transaction = transaction;
    this.#id = transaction.id;
    this.places = places;
    this.response = response;
  }

  /** Raises an error when it is over: scripts may keep the object longer than there is anything behind it. */
  transaction(call: LuaCall): Transaction {
    if (this.#transaction.id !== this.#id) call.fail('the transaction is over');
    return this.#transaction;
  }
}

export const TXN: ClassKey<Txn> = classKey('TXN');

/** How a field of `txn` is made when a script first asks for it; pushes one value. See {@link World.txnAttributes}. */
export type TxnAttribute = (call: LuaCall, txn: Txn) => void;
