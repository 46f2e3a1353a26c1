/** What plugins carry from one generation to the next, by plugin and key. */
export class Kept {
  #current: ReadonlyMap<string, object> = new Map();

  /** The shelf of a new generation: takes from the running one what is asked for again. */
  shelf(): Shelf {
    return new Shelf(this.#current);
  }

  /** That generation took over: what it did not ask for is let go. */
  commit(shelf: Shelf): void {
    this.#current = shelf.own;
  }
}

export class Shelf {
  readonly own: Map<string, object> = new Map();
  readonly #previous: ReadonlyMap<string, object>;

  constructor(previous: ReadonlyMap<string, object>) {
    this.#previous = previous;
  }

  keep<T extends object>(plugin: string, key: string, create: () => T): T {
    const name = `${plugin}\0${key}`;
    const value = this.own.get(name) ?? this.#previous.get(name) ?? create();
    this.own.set(name, value);
    return value as T;
  }
}
