import type { Transaction } from 'sluice/plugin';
import type { LuaCall, LuaRef } from '../engine/engine.ts';

const PRIVATE = Symbol('lua: set_priv');
interface Private {
  value: LuaRef;
}

/** `get_priv` of transactions and applets: a value that a script keeps with the transaction. */
export function pushPrivate(call: LuaCall, transaction: Transaction): number {
  const kept = transaction.peek<Private>(PRIVATE);
  if (kept === undefined) call.pushNil();
  else call.pushRef(kept.value);
  return 1;
}

/** `set_priv`. */
export function keepPrivate(call: LuaCall, index: number, transaction: Transaction): number {
  const value = call.ref(index);
  const { state } = call;
  const kept = transaction.peek<Private>(PRIVATE);
  if (kept !== undefined) {
    state.release(kept.value);
    kept.value = value;
    return 0;
  }
  const made = transaction.data<Private>(PRIVATE, () => ({ value }));
  transaction.onEnd(() => state.release(made.value));
  return 0;
}
