import { Ip } from './ip.ts';
import { DATA, DATA_TYPES, type DataType } from './protocol.ts';
import type { SpopReader } from './reader.ts';
import type { SpopValue } from './values.ts';

class Arg {
  readonly name: string;
  readonly value: SpopValue;
  readonly type: number;
  /** Where its bytes are in the frame; for strings, bytes and addresses only. */
  readonly start: number;
  readonly end: number;

  constructor(name: string, value: SpopValue, type: number, start: number, end: number) {
    this.name = name;
    this.value = value;
    this.type = type;
    this.start = start;
    this.end = end;
  }
}

/**
 * The arguments of a message, in the order of the `args` line; a key is a name, or a position from 0. What the proxy could not
 * evaluate (a header that is not there) comes as NULL.
 *
 * The getters with a type answer `undefined` for what is missing or NULL, and throw a `TypeError` for what is of another type:
 * that is a mistake in the `args` line, and is better seen in the log than guessed around.
 */
export class Args {
  readonly #frame: Buffer;
  readonly #all: readonly Arg[];
  readonly #message: string;

  private constructor(frame: Buffer, message: string, all: readonly Arg[]) {
    this.#frame = frame;
    this.#message = message;
    this.#all = all;
  }

  /** @internal Reads a count and so many arguments; `frame` is what the reader stands in. */
  static read(reader: SpopReader, frame: Buffer, message: string): Args {
    const count = reader.uint8();
    const all: Arg[] = [];
    for (let i = 0; i < count; i++) {
      const name = reader.name();
      const value = reader.value();
      all.push(new Arg(name, value, reader.type, reader.start, reader.offset));
    }
    return new Args(frame, message, all);
  }

  /** @internal The same arguments but those of these names. */
  without(...names: readonly string[]): Args {
    const rest = this.#all.filter(({ name }) => !names.includes(name));
    return new Args(this.#frame, this.#message, rest);
  }

  get length(): number {
    return this.#all.length;
  }

  has(key: string | number): boolean {
    return this.#find(key) !== undefined;
  }

  /** The value whatever it is; `undefined` when there is no such argument, `null` when it is NULL. */
  get(key: string | number): SpopValue | undefined {
    return this.#find(key)?.value;
  }

  /** The type on the wire; HAProxy sends integers as `int64`. */
  type(key: string | number): DataType | undefined {
    const arg = this.#find(key);
    return arg && DATA_TYPES[arg.type];
  }

  /** A STR as text (UTF-8). */
  string(key: string | number): string | undefined {
    const value = this.#value(key);
    return value === undefined || typeof value === 'string' ? value : this.#refuse(key, 'a string');
  }

  /** The bytes of a STR or BIN as they came. A view: copy what is to be kept beyond the request. */
  bytes(key: string | number): Buffer | undefined {
    const arg = this.#find(key);
    if (!arg || arg.type === DATA.NULL) return undefined;
    if (arg.type !== DATA.STR && arg.type !== DATA.BIN) return this.#refuse(key, 'a string or binary');
    return this.#frame.subarray(arg.start, arg.end);
  }

  /** Any integer that a number holds exactly; a larger one is refused, see `bigint`. */
  number(key: string | number): number | undefined {
    const value = this.#value(key);
    return value === undefined || typeof value === 'number'
      ? value
      : this.#refuse(key, 'an integer between -2^53 and 2^53');
  }

  /** Any integer. */
  bigint(key: string | number): bigint | undefined {
    const value = this.#value(key);
    if (value === undefined) return undefined;
    return typeof value === 'number' || typeof value === 'bigint' ? BigInt(value) : this.#refuse(key, 'an integer');
  }

  boolean(key: string | number): boolean | undefined {
    const value = this.#value(key);
    return value === undefined || typeof value === 'boolean' ? value : this.#refuse(key, 'a boolean');
  }

  ip(key: string | number): Ip | undefined {
    const value = this.#value(key);
    return value === undefined || value instanceof Ip ? value : this.#refuse(key, 'an IP address');
  }

  /** Names (empty for those without) with their values, in order. */
  *[Symbol.iterator](): Generator<[name: string, value: SpopValue], void, undefined> {
    for (const { name, value } of this.#all) yield [name, value];
  }

  #find(key: string | number): Arg | undefined {
    if (typeof key === 'number') return this.#all[key];
    for (const arg of this.#all) if (arg.name === key) return arg;
    return undefined;
  }

  /** With NULL as `undefined`. */
  #value(key: string | number): Exclude<SpopValue, null> | undefined {
    return this.#find(key)?.value ?? undefined;
  }

  #refuse(key: string | number, wanted: string): never {
    const name = typeof key === 'number' ? `argument ${key}` : `argument '${key}'`;
    throw new TypeError(`${name} of message '${this.#message}' is ${this.type(key)}, not ${wanted}`);
  }
}
