export interface Decoding {
  /** Sequences longer than need be are taken. */
  readonly permissive: boolean;
  /** What is wrong is left out instead of spoiling everything. */
  readonly silent: boolean;
}

/** Code points up to U+FFFF, which is what a JSON escape can say; undefined when something is wrong and not to be ignored. */
export function decodeUtf8(bytes: Uint8Array, { permissive, silent }: Decoding): number[] | undefined {
  const codes: number[] = [];
  for (let at = 0; at < bytes.length;) {
    const first = bytes[at]!;
    const length = first < 0x80 ? 1 : first < 0xc0 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf8 ? 4 : 0;
    let code = length === 1 ? first : first & (0x7f >> length);
    let taken = 1;
    while (taken < length && (bytes[at + taken]! & 0xc0) === 0x80) code = (code << 6) | (bytes[at + taken++]! & 0x3f);
    const complete = length > 0 && taken === length;
    const overlong = length > 1 && code < [0, 0, 0x80, 0x800, 0x10000][length]!;
    const prohibited = (code >= 0xd800 && code <= 0xdfff) || code === 0xfffe || code === 0xffff;
    if (complete && !prohibited && (!overlong || permissive) && code <= 0xffff) codes.push(code);
    else if (!silent) return undefined;
    at += taken;
  }
  return codes;
}
