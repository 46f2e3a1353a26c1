/**
 * Names a kind of Lua object across states: each {@link World} makes its own {@link LuaClass} of it. `T` is what stands behind
 * the objects.
 */
export interface ClassKey<T extends object> {
  /** As error texts and `tostring` have it: `HAProxy class TXN`. */
  readonly name: string;
  /** For the compiler only. */
  readonly host?: T;
}

export function classKey<T extends object>(name: string): ClassKey<T> {
  return { name };
}
