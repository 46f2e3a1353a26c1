/** Bytes from `first` to `last`, both inclusive. */
export interface ByteRange {
  readonly first: number;
  readonly last: number;
}

/** A number longer than this is beyond any body. */
const digits = (text: string): number => (text.length > 15 ? Number.MAX_SAFE_INTEGER : Number(text));

/**
 * Reads a Range field for a body of `size` bytes (RFC 9110 14.1.2): one range, `unsatisfiable` (416), or `whole`: what is malformed, in
 * another unit, or has several ranges is answered with the whole body (14.2 allows that).
 */
export function readRange(value: string, size: number): ByteRange | 'unsatisfiable' | 'whole' {
  const unit = /^bytes=(.*)$/i.exec(value.trim());
  if (unit === null) return 'whole';
  const specs = unit[1]!.split(',').map((spec) => spec.trim());
  const wanted = specs.filter((spec) => spec !== '');
  if (wanted.length === 0 || !wanted.every((spec) => /^(?:\d+-\d*|-\d+)$/.test(spec))) return 'whole';
  const ranges = wanted.map((spec) => resolve(spec, size));
  if (ranges.includes('malformed')) return 'whole';
  const real = ranges.filter((range): range is ByteRange => typeof range === 'object');
  if (real.length === 0) return 'unsatisfiable';
  return real.length === 1 ? real[0]! : 'whole';
}

function resolve(spec: string, size: number): ByteRange | 'malformed' | undefined {
  const [from, to] = spec.split('-') as [string, string];
  if (from === '') {
    const length = digits(to);
    return length === 0 || size === 0 ? undefined : { first: Math.max(0, size - length), last: size - 1 };
  }
  const first = digits(from);
  if (to !== '' && digits(to) < first) return 'malformed';
  if (first >= size) return undefined;
  return { first, last: to === '' ? size - 1 : Math.min(digits(to), size - 1) };
}

/** The bytes of a range, where they are: nothing is copied. */
export function cut(parts: readonly Uint8Array[], { first, last }: ByteRange): Uint8Array[] {
  const found: Uint8Array[] = [];
  let at = 0;
  for (const part of parts) {
    const from = Math.max(first - at, 0);
    const to = Math.min(last + 1 - at, part.length);
    if (from < to) found.push(part.subarray(from, to));
    at += part.length;
  }
  return found;
}
