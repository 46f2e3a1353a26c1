import type { Extension } from '../api/traffic.ts';

/** What plugins keep on a proxy, server, bind line or the global section, by their own keys. */
export class Extensions {
  readonly #states = new Map<Extension<object>, object>();

  /** The state, made now if it is not there yet. */
  get<T extends object>(key: Extension<T>): T {
    const found = this.find(key);
    if (found) return found;
    const made = key.create();
    this.#states.set(key, made);
    return made;
  }

  find<T extends object>(key: Extension<T>): T | undefined {
    return this.#states.get(key) as T | undefined;
  }

  /** The names of the keys, for dumps. */
  *entries(): IterableIterator<[string, object]> {
    for (const [key, state] of this.#states) yield [key.name, state];
  }

  /** What passes on to something that takes its defaults from here. */
  inherit(): Extensions {
    const heir = new Extensions();
    for (const [key, state] of this.#states) if (key.inherit) heir.#states.set(key, key.inherit(state));
    return heir;
  }
}
