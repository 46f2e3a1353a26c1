/** Header fields as a test writes them: by name, or in their order. A list of values makes several fields of one name. */
export type FieldsInput =
  | Readonly<Record<string, string | number | readonly string[]>>
  | readonly (readonly [name: string, value: string])[];

/** Header fields as they arrived: in order, names as they were written. Values are byte strings. */
export class Fields implements Iterable<readonly [name: string, value: string]> {
  /** All of them, in order. */
  readonly list: readonly (readonly [name: string, value: string])[];

  constructor(list: readonly (readonly [string, string])[]) {
    this.list = list;
  }

  /** Every value of that name, in order; case does not matter. */
  all(name: string): string[] {
    const wanted = name.toLowerCase();
    return this.list.filter(([one]) => one.toLowerCase() === wanted).map(([, value]) => value);
  }

  /** The values of that name joined by `, `; undefined without any. */
  get(name: string): string | undefined {
    const all = this.all(name);
    return all.length === 0 ? undefined : all.join(', ');
  }

  has(name: string): boolean {
    return this.all(name).length > 0;
  }

  /** The names in lower case, in order, one for each field. */
  get names(): string[] {
    return this.list.map(([name]) => name.toLowerCase());
  }

  /** Plain, for a comparison: by lower-case name, values joined by `, `. */
  toJSON(): Record<string, string> {
    return Object.fromEntries(this.names.map((name) => [name, this.get(name)!]));
  }

  [Symbol.iterator](): Iterator<readonly [string, string]> {
    return this.list[Symbol.iterator]();
  }
}

/** The fields of a message to send, in order. */
export function listFields(input: FieldsInput = []): [name: string, value: string][] {
  if (Array.isArray(input)) return input.map(([name, value]: readonly [string, string]) => [name, value]);
  return Object.entries(input as Readonly<Record<string, string | number | readonly string[]>>).flatMap(
    ([name, value]): [string, string][] =>
      typeof value === 'object' ? value.map((one) => [name, one]) : [[name, String(value)]],
  );
}

/** Bytes of a string in a test: what it says in UTF-8. */
export function bytesOf(data: string | Uint8Array): Buffer {
  return typeof data === 'string'
    ? Buffer.from(data, 'utf8')
    : Buffer.from(data.buffer, data.byteOffset, data.byteLength);
}
