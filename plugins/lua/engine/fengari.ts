/**
 * What we use of fengari's modules, once they are loaded (machine-plan.ts fills it). Modules of ours that fengari calls are part of a
 * circle, so they reach it through this object, and only on their slower paths.
 */
import type { CallInfo, Thread, TValue } from './values.ts';

/** `lua_Debug`: what is known of a call. Texts are bytes. */
export interface DebugRecord {
  name: Uint8Array | null;
  namewhat: Uint8Array;
  what: Uint8Array;
  currentline: number;
  linedefined: number;
  short_src: Uint8Array;
  source: Uint8Array;
  istailcall: number;
  i_ci: CallInfo;
}

export type Continuation = (L: Thread, status: number, context: number) => number;

export interface Fengari {
  readonly defs: {
    readonly lua_Debug: new () => DebugRecord;
    readonly LUA_REGISTRYINDEX: number;
  };
  readonly ldebug: {
    luaG_errormsg(L: Thread): never;
    luaG_typeerror(L: Thread, value: TValue, operation: Uint8Array): never;
    luaG_opinterror(L: Thread, left: TValue, right: TValue, operation: Uint8Array): never;
    luaG_tointerror(L: Thread, left: TValue, right: TValue): never;
    luaG_concaterror(L: Thread, left: TValue, right: TValue): never;
    luaG_ordererror(L: Thread, left: TValue, right: TValue): never;
    luaG_traceexec(L: Thread): void;
    lua_getinfo(L: Thread, what: Uint8Array, record: DebugRecord): number;
    lua_getstack(L: Thread, level: number, record: DebugRecord): number;
  };
  readonly ldo: {
    luaD_throw(L: Thread, status: number): never;
    luaD_growstack(L: Thread, count: number): void;
    luaD_hook(L: Thread, event: number, line: number): void;
    luaD_call(L: Thread, at: number, results: number): void;
    luaD_callnoyield(L: Thread, at: number, results: number): void;
    luaD_pcall(L: Thread, run: (L: Thread, data: unknown) => void, data: unknown, top: number, handler: number): number;
    lua_resume(L: Thread, from: Thread | null, args: number): number;
    lua_yieldk(L: Thread, results: number, context: number, next: Continuation | null): never;
  };
  readonly lapi: {
    lua_load(L: Thread, reader: () => Uint8Array | null, data: null, name: Uint8Array, mode: Uint8Array | null): number;
    lua_pcallk(
      L: Thread,
      args: number,
      results: number,
      handler: number,
      context: number,
      next: Continuation | null,
    ): number;
    lua_callk(L: Thread, args: number, results: number, context: number, next: Continuation | null): void;
    lua_next(L: Thread, index: number): number;
    lua_checkstack(L: Thread, count: number): boolean;
    lua_dump(
      L: Thread,
      writer: (L: Thread, bytes: Uint8Array, size: number) => number,
      data: null,
      strip: boolean,
    ): number;
  };
  readonly lauxlib: {
    luaL_tolstring(L: Thread, index: number): Uint8Array;
    luaL_argerror(L: Thread, index: number, message: Uint8Array): never;
    luaL_traceback(L: Thread, of: Thread, message: Uint8Array | null, level: number): void;
    luaL_where(L: Thread, level: number): void;
    luaL_requiref(L: Thread, name: Uint8Array, open: (L: Thread) => number, global: number): void;
    luaL_getsubtable(L: Thread, index: number, name: Uint8Array): boolean;
  };
  readonly lfunc: { luaF_close(L: Thread, level: number): void };
  readonly lobject: { luaO_chunkid(source: Uint8Array, length: number): Uint8Array };
  readonly lstate: {
    lua_newstate(): Thread;
    lua_newthread(L: Thread): Thread;
  };
  readonly ltm: {
    luaT_callTM(L: Thread, method: TValue, left: TValue, right: TValue, result: TValue, has: number): void;
    luaT_trybinTM(L: Thread, left: TValue, right: TValue, result: TValue, event: number): void;
    luaT_callorderTM(L: Thread, left: TValue, right: TValue, event: number): boolean | null;
    luaT_objtypename(L: Thread, value: TValue): Uint8Array;
  };
  /** Raises a text after the place in the running Lua function. */
  runtimeError(L: Thread, message: string): never;
}

export const fengari: Fengari = {} as Fengari;
