import { engine } from './engine/index.ts';
import type { LuaHost } from './host.ts';
import { nativeModules, installFallbacks } from './modules/index.ts';
import { libraries } from './libraries.ts';
import { World } from './world.ts';

/** Instructions between two looks at the limits; configuration.txt 3.2, tune.lua.forced-yield. */
const FORCED_YIELD = 10_000;
/** No script can exhaust the process with one string. */
const MAX_STRING = 256 * 1024 * 1024;

/** A state with all that HAProxy gives to scripts. */
export function newState(host: LuaHost, id: number): World {
  const { settings } = host;
  const state = engine.newState({
    ...(settings.libraries === undefined ? {} : { libraries: settings.libraries }),
    maxMemory: settings.maxMemory,
    maxString: MAX_STRING,
    preload: nativeModules,
    forcedYield: settings.forcedYield ?? FORCED_YIELD,
  });
  const world = new World(host, id, state);
  for (const library of libraries) library(world);
  if (settings.libraries?.includes('package') !== false) installFallbacks(state);
  for (const { pattern, which } of host.paths) state.prependPath(pattern, which);
  return world;
}
