import { rangeStands } from './conditions.ts';
import type { Lookable } from './fields.ts';
import { type ByteRange, readRange } from './ranges.ts';

/** The part of a representation that a stored 206 has. */
export interface StoredRange extends ByteRange {
  /** Of the whole, in bytes. */
  readonly size: number;
}

/** The Content-Range of a part whose bounds and whole are known (RFC 9110 14.4); undefined for any other. */
export function parseContentRange(value: string | undefined): StoredRange | undefined {
  const parts = /^bytes (\d{1,15})-(\d{1,15})\/(\d{1,15})$/i.exec(value ?? '');
  if (parts === null) return undefined;
  const [first, last, size] = [Number(parts[1]), Number(parts[2]), Number(parts[3])];
  return first <= last && last < size ? { first, last, size } : undefined;
}

/** RFC 9111 3.3: a stored part answers a request for a range that lies in it. */
export function covers(stored: StoredRange, headers: Lookable): ByteRange | undefined {
  const ranges = headers.all('range');
  const range = ranges.length === 1 ? readRange(ranges[0]!, stored.size) : 'whole';
  if (typeof range === 'string') return undefined;
  return range.first >= stored.first && range.last <= stored.last ? range : undefined;
}

/** The same, and the condition under which the client wants a range at all holds. */
export function partWanted(
  stored: StoredRange,
  fields: readonly (readonly [string, string])[],
  headers: Lookable,
): ByteRange | undefined {
  return rangeStands(headers, fields) ? covers(stored, headers) : undefined;
}
