/** The engine on fengari: the only thing that the rest of the plugin takes from this folder, besides engine.ts. */
import type { LuaEngine, LuaState, StateOptions } from './engine.ts';
import { start } from './start.ts';
import { State } from './state.ts';

export const engine: LuaEngine = {
  version: 'fengari 0.1.5, Lua 5.3',
  newState(options: StateOptions): LuaState {
    start();
    return new State(options);
  },
};
