/** The hash of the sdbm database library, over bytes, as an unsigned 32-bit number. */
export function sdbm(bytes: Uint8Array): number {
  let hash = 0;
  for (const byte of bytes) hash = (byte + (hash << 6) + (hash << 16) - hash) | 0;
  return hash >>> 0;
}

/** Full avalanche over 32 bits: every bit of the input moves every bit of the output. */
export function avalanche(hash: number): number {
  let a = hash | 0;
  a = (a + 0x7ed55d16 + (a << 12)) | 0;
  a = (a ^ 0xc761c23c ^ (a >>> 19)) | 0;
  a = (a + 0x165667b1 + (a << 5)) | 0;
  a = ((a + 0xd3a2646c) ^ (a << 9)) | 0;
  a = (a + 0xfd7046c5 + (a << 3)) | 0;
  a = (a ^ 0xb55a4f09 ^ (a >>> 16)) | 0;
  return Math.imul(a, 0xc0000001) >>> 0;
}

export function sdbmAvalanche(bytes: Uint8Array): number {
  return avalanche(sdbm(bytes));
}
