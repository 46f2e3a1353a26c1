import { type Arguments, pure, wrap, xxh32, xxh64 } from 'sluice/plugin';
import { avalanche, sdbm } from '../fetches/sdbm.ts';
import { type Convert, type ConverterTable, converter } from './define.ts';
import { xxh3 } from './xxh3.ts';

function crcTable(polynomial: number): Uint32Array {
  return Uint32Array.from({ length: 256 }, (_, index) => {
    let value = index;
    for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ polynomial : value >>> 1;
    return value >>> 0;
  });
}

function crc(polynomial: number): (bytes: Uint8Array) => number {
  const table = crcTable(polynomial);
  return (bytes) => {
    let value = 0xffffffff;
    for (const byte of bytes) value = table[(value ^ byte) & 255]! ^ (value >>> 8);
    return (value ^ 0xffffffff) >>> 0;
  };
}

/** Ethernet's and gzip's polynomial, and Castagnoli's (RFC 4960, Appendix B), bits reversed. */
const crc32 = crc(0xedb88320);
const crc32c = crc(0x82f63b78);

function djb2(bytes: Uint8Array): number {
  let hash = 5381;
  for (const byte of bytes) hash = (Math.imul(hash, 33) + byte) | 0;
  return hash >>> 0;
}

/** With the argument 1 every bit of the hash is spread over all others. */
function spread(hash: (bytes: Uint8Array) => number): (args: Arguments) => Convert {
  return (args) => {
    const full = args.integer(0, 0) !== 0;
    return pure((value) => (full ? avalanche(hash(value as Buffer)) : hash(value as Buffer)));
  };
}

/** Hashes, none of them for secrets. configuration.txt 7.3.1. */
export const hashConverters: ConverterTable = {
  ...converter('crc32', '[integer]', 'bin => sint', 'The CRC-32 of Ethernet and gzip.', spread(crc32)),
  ...converter('crc32c', '[integer]', 'bin => sint', 'The CRC-32C of iSCSI and SCTP.', spread(crc32c)),
  ...converter('djb2', '[integer]', 'bin => sint', "Bernstein's hash.", spread(djb2)),
  ...converter('sdbm', '[integer]', 'bin => sint', 'The hash of the sdbm library.', spread(sdbm)),
  ...converter('xxh32', '[integer]', 'bin => sint', 'XXH32, 32 bits.', (args) => {
    const seed = args.integer(0, 0);
    return pure((value) => xxh32(value as Buffer, seed));
  }),
  ...converter('xxh3', '[integer]', 'bin => sint', 'XXH3, 64 bits.', (args) => {
    const seed = BigInt(args.integer(0, 0));
    return pure((value) => wrap(xxh3(value as Buffer, seed)));
  }),
  ...converter('xxh64', '[integer]', 'bin => sint', 'XXH64, 64 bits.', (args) => {
    const seed = BigInt(args.integer(0, 0));
    return pure((value) => wrap(xxh64(value as Buffer, seed)));
  }),
};
