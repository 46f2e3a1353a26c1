import type { HostFunction, LuaCall, LuaClass, LuaState } from '../engine/engine.ts';
import type { ClassSpec } from '../engine/engine.ts';

/** Pushes a table of functions. */
export function library(call: LuaCall, functions: Readonly<Record<string, HostFunction>>): void {
  call.newTable();
  for (const [name, run] of Object.entries(functions)) {
    call.pushFunction(run, name);
    call.setField(-2, name);
  }
}

/** A loader of a module that is a table of functions. */
export const module =
  (functions: Readonly<Record<string, HostFunction>>): HostFunction =>
  (call) => {
    library(call, functions);
    return 1;
  };

/** Classes belong to a state; a module defines its own when a state first needs it. */
export function classOf<T extends object>(spec: ClassSpec): (state: LuaState) => LuaClass<T> {
  const classes = new WeakMap<LuaState, LuaClass<T>>();
  return (state) => {
    let type = classes.get(state);
    if (type === undefined) {
      type = state.defineClass<T>(spec);
      classes.set(state, type);
    }
    return type;
  };
}

/** A loader of a module that is written in Lua. */
export const written =
  (source: string, name: string): HostFunction =>
  (call) => {
    call.pushRef(call.state.load(Buffer.from(source, 'latin1'), name));
    call.pushString(name);
    call.invoke(1);
    return 1;
  };
