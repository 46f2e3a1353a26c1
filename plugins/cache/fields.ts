import type { HeaderList } from 'sluice/plugin';

/** A header field; the name in lower case. */
export type Field = readonly [name: string, value: string];

/** RFC 9111 3.1, and RFC 9110 7.6.1 for those that are for one connection only. */
const NEVER_STORED: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'proxy-authenticate',
  'proxy-authentication-info',
  'proxy-authorization',
]);

/** What of a header list is asked for here; a copy of one has it, too. */
export type Lookable = Pick<HeaderList, 'has' | 'get' | 'all'>;

/** The fields of a request as they were: its own are gone once it has been sent. */
export class Snapshot implements Lookable {
  readonly fields: readonly Field[];

  constructor(headers: HeaderList) {
    this.fields = fieldsOf(headers);
  }

  has(name: string): boolean {
    return valueOf(this.fields, name) !== undefined;
  }

  /** The last one, as {@link HeaderList.get}. */
  get(name: string): string | undefined {
    return valuesOf(this.fields, name).at(-1);
  }

  all(name: string): string[] {
    return valuesOf(this.fields, name);
  }
}

export function fieldsOf(headers: HeaderList): Field[] {
  const fields: Field[] = [];
  for (let i = 0, n = headers.size; i < n; i++) fields.push([headers.nameAt(i), headers.valueAt(i)]);
  return fields;
}

/** Those that may be stored, without `others` (qualified `private` and `no-cache`, RFC 9111 5.2.2.4 and 5.2.2.7). */
export function storable(fields: readonly Field[], ...others: readonly (readonly string[])[]): Field[] {
  const named = fields.filter(([name]) => name === 'connection').flatMap(([, value]) => lowerList(value));
  const left = new Set([...named, ...others.flat()]);
  return fields.filter(([name]) => !NEVER_STORED.has(name) && !left.has(name));
}

/**
 * RFC 9111 3.2: fields of the newer response, a 304 or the answer to a HEAD, take the place of those of their name; the rest stays,
 * and the length with it.
 */
export function updated(stored: readonly Field[], newer: readonly Field[]): Field[] {
  const usable = storable(newer).filter(([name]) => name !== 'content-length');
  const names = new Set(usable.map(([name]) => name));
  return [...stored.filter(([name]) => !names.has(name)), ...usable];
}

export function valueOf(fields: readonly Field[], name: string): string | undefined {
  for (const [own, value] of fields) if (own === name) return value;
  return undefined;
}

export function valuesOf(fields: readonly Field[], name: string): string[] {
  const values: string[] = [];
  for (const [own, value] of fields) if (own === name) values.push(value);
  return values;
}

/** The members of a comma-separated list in lower case, empty ones left out. */
export function lowerList(value: string): string[] {
  return value
    .toLowerCase()
    .split(',')
    .map((member) => member.trim())
    .filter((member) => member !== '');
}
