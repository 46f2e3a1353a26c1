/** CRC32c (Castagnoli; RFC 4960 appendix B), the checksum of the PROXY protocol's header. */

/** PP2_TYPE_CRC32C: the TLV that carries the checksum (proxy-protocol.txt, section 2.2.3). */
export const CRC32C_TYPE = 0x03 as const;

let table: Uint32Array | undefined;

function makeTable(): Uint32Array {
  const made = new Uint32Array(256);
  for (let byte = 0; byte < 256; byte++) {
    let value = byte;
    for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0x82f63b78 : value >>> 1;
    made[byte] = value;
  }
  return made;
}

/** The checksum as uint32; made of a table of 1 KiB that exists from the first call on. */
export function crc32c(bytes: Uint8Array): number {
  table ??= makeTable();
  let crc = 0xffffffff;
  for (let i = 0; i < bytes.length; i++) crc = table[(crc ^ bytes[i]!) & 255]! ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}
