import type { Library } from './engine/engine.ts';

/** What `tune.lua.*` says; configuration.txt 3.2. Times are milliseconds of CPU, 0 is no limit. */
export interface LuaSettings {
  sessionTimeout: number;
  taskTimeout: number;
  serviceTimeout: number;
  burstTimeout: number;
  /** Instructions; undefined: HAProxy's default. */
  forcedYield: number | undefined;
  /** Bytes for all states together; 0: no limit. */
  maxMemory: number;
  logToLoggers: boolean;
  logToStderr: 'on' | 'auto' | 'off';
  /** Besides the base library and coroutines; undefined: all. */
  libraries: readonly Library[] | undefined;
  /** Boolean samples become Lua booleans, and not 0 and 1; undefined: not said yet. */
  booleans: boolean | undefined;
}

export function defaultSettings(): LuaSettings {
  return {
    sessionTimeout: 4000,
    taskTimeout: 0,
    serviceTimeout: 4000,
    burstTimeout: 1000,
    forcedYield: undefined,
    maxMemory: 0,
    logToLoggers: true,
    logToStderr: 'auto',
    libraries: undefined,
    booleans: undefined,
  };
}
