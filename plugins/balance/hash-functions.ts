import { avalanche } from '../fetches/sdbm.ts';

/** Makes 32 bits, unsigned, of a byte string. */
export type HashFunction = (key: string) => number;

/** The hash of the sdbm database library. */
export function sdbm(key: string): number {
  let hash = 0;
  for (let i = 0; i < key.length; i++) hash = (key.charCodeAt(i) + (hash << 6) + (hash << 16) - hash) | 0;
  return hash >>> 0;
}

/** Bernstein's hash. */
function djb2(key: string): number {
  let hash = 5381;
  for (let i = 0; i < key.length; i++) hash = (Math.imul(hash, 33) + key.charCodeAt(i)) | 0;
  return hash >>> 0;
}

const CRC_TABLE = Int32Array.from({ length: 256 }, (_, index) => {
  let value = index;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value;
});

/** The CRC-32 of Ethernet and gzip. */
export function crc32(key: string): number {
  let value = -1;
  for (let i = 0; i < key.length; i++) value = CRC_TABLE[(value ^ key.charCodeAt(i)) & 255]! ^ (value >>> 8);
  return ~value >>> 0;
}

/** The key is the hash already, in decimal. */
export function none(key: string): number {
  const digits = /^\s*[+-]?\d+/.exec(key);
  return digits === null ? 0 : Number(BigInt.asUintN(32, BigInt(digits[0].trim().replace('+', ''))));
}

/** The functions of `hash-type`; configuration.txt 4.2. */
export const hashFunctions: Readonly<Record<string, HashFunction>> = { sdbm, djb2, crc32, none };

export const spread =
  (hash: HashFunction): HashFunction =>
  (key) =>
    avalanche(hash(key));
