import { type Field, type Lookable, lowerList, valuesOf } from './fields.ts';

/** A request header that selected a response, as the request had it; undefined where it was absent. */
export type Selector = readonly [name: string, value: string | undefined];

/** Values of these mean the same whatever case they are in (RFC 9110 12.5.3, 12.5.4). */
const CASELESS: ReadonlySet<string> = new Set(['accept-encoding', 'accept-language', 'accept-charset']);

/** The fields that Vary names, sorted; `*` for a response that no other request can match (RFC 9110 12.5.5). */
export function varyNames(fields: readonly Field[]): readonly string[] | '*' {
  const names = new Set(valuesOf(fields, 'vary').flatMap(lowerList));
  return names.has('*') ? '*' : [...names].toSorted();
}

/** All values of a request's field as one, blanks around commas aside (RFC 9111 4.1). */
export function selecting(headers: Lookable, name: string): string | undefined {
  const values = headers.all(name);
  if (values.length === 0) return undefined;
  const value = values
    .join(',')
    .split(',')
    .map((member) => member.trim())
    .filter((member) => member !== '')
    .join(',');
  return CASELESS.has(name) ? value.toLowerCase() : value;
}

export function selectorsOf(names: readonly string[], headers: Lookable): readonly Selector[] {
  return names.map((name) => [name, selecting(headers, name)] as const);
}

/** RFC 9111 4.1: every field that Vary named must match, the absent ones by their absence. */
export function selects(selectors: readonly Selector[], headers: Lookable): boolean {
  for (const [name, value] of selectors) if (selecting(headers, name) !== value) return false;
  return true;
}

export function sameSelectors(a: readonly Selector[], b: readonly Selector[]): boolean {
  return a.length === b.length && a.every(([name, value], index) => b[index]![0] === name && b[index]![1] === value);
}
