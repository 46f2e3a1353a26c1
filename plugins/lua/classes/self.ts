import type { LuaCall, LuaClass } from '../engine/engine.ts';

/** The object of a method call, with HAProxy's own words where it is none: `bad argument #1 to 'add' ((null))`. */
export function self<T extends object>(call: LuaCall, type: LuaClass<T>): T {
  if (!call.isObject(1, type)) call.failArgument(1, '(null)');
  return call.object(1, type);
}

/** The same of any argument. */
export function objectAt<T extends object>(call: LuaCall, index: number, type: LuaClass<T>): T {
  if (!call.isObject(index, type)) call.failArgument(index, '(null)');
  return call.object(index, type);
}
