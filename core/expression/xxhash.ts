/** XXH32 and XXH64 after the xxHash specification (doc/xxhash_spec.md of that project), little-endian. */

const P32_1 = 0x9e3779b1;
const P32_2 = 0x85ebca77;
const P32_3 = 0xc2b2ae3d;
const P32_4 = 0x27d4eb2f;
const P32_5 = 0x165667b1;

const rotate32 = (value: number, bits: number): number => (value << bits) | (value >>> (32 - bits));
const round32 = (lane: number, input: number): number =>
  Math.imul(rotate32((lane + Math.imul(input, P32_2)) | 0, 13), P32_1);

/** The unsigned 32-bit hash. */
export function xxh32(bytes: Buffer, seed: number): number {
  let at = 0;
  let hash: number;
  if (bytes.length >= 16) {
    let [a, b, c, d] = [(seed + P32_1 + P32_2) | 0, (seed + P32_2) | 0, seed | 0, (seed - P32_1) | 0];
    for (; at + 16 <= bytes.length; at += 16) {
      a = round32(a, bytes.readInt32LE(at));
      b = round32(b, bytes.readInt32LE(at + 4));
      c = round32(c, bytes.readInt32LE(at + 8));
      d = round32(d, bytes.readInt32LE(at + 12));
    }
    hash = (rotate32(a, 1) + rotate32(b, 7) + rotate32(c, 12) + rotate32(d, 18)) | 0;
  } else hash = (seed + P32_5) | 0;
  hash = (hash + bytes.length) | 0;
  for (; at + 4 <= bytes.length; at += 4)
    hash = Math.imul(rotate32((hash + Math.imul(bytes.readInt32LE(at), P32_3)) | 0, 17), P32_4);
  for (; at < bytes.length; at++) hash = Math.imul(rotate32((hash + Math.imul(bytes[at]!, P32_5)) | 0, 11), P32_1);
  hash = Math.imul(hash ^ (hash >>> 15), P32_2);
  hash = Math.imul(hash ^ (hash >>> 13), P32_3);
  return (hash ^ (hash >>> 16)) >>> 0;
}

const P64_1 = 0x9e3779b185ebca87n;
const P64_2 = 0xc2b2ae3d27d4eb4fn;
const P64_3 = 0x165667b19e3779f9n;
const P64_4 = 0x85ebca77c2b2ae63n;
const P64_5 = 0x27d4eb2f165667c5n;

const u64 = (value: bigint): bigint => BigInt.asUintN(64, value);
const rotate64 = (value: bigint, bits: bigint): bigint => u64((value << bits) | (value >> (64n - bits)));
const round64 = (lane: bigint, input: bigint): bigint => u64(rotate64(u64(lane + input * P64_2), 31n) * P64_1);
const merge64 = (hash: bigint, lane: bigint): bigint => u64((hash ^ round64(0n, lane)) * P64_1 + P64_4);

/** The unsigned 64-bit hash. */
export function xxh64(bytes: Buffer, seed: bigint): bigint {
  let at = 0;
  let hash: bigint;
  if (bytes.length >= 32) {
    const lanes = [u64(seed + P64_1 + P64_2), u64(seed + P64_2), u64(seed), u64(seed - P64_1)];
    for (; at + 32 <= bytes.length; at += 32)
      for (let lane = 0; lane < 4; lane++) lanes[lane] = round64(lanes[lane]!, bytes.readBigUInt64LE(at + lane * 8));
    const [a, b, c, d] = lanes as [bigint, bigint, bigint, bigint];
    hash = u64(rotate64(a, 1n) + rotate64(b, 7n) + rotate64(c, 12n) + rotate64(d, 18n));
    for (const lane of [a, b, c, d]) hash = merge64(hash, lane);
  } else hash = u64(seed + P64_5);
  hash = u64(hash + BigInt(bytes.length));
  for (; at + 8 <= bytes.length; at += 8)
    hash = u64(rotate64(hash ^ round64(0n, bytes.readBigUInt64LE(at)), 27n) * P64_1 + P64_4);
  if (at + 4 <= bytes.length) {
    hash = u64(rotate64(hash ^ u64(BigInt(bytes.readUInt32LE(at)) * P64_1), 23n) * P64_2 + P64_3);
    at += 4;
  }
  for (; at < bytes.length; at++) hash = u64(rotate64(hash ^ u64(BigInt(bytes[at]!) * P64_5), 11n) * P64_1);
  hash = u64((hash ^ (hash >> 33n)) * P64_2);
  hash = u64((hash ^ (hash >> 29n)) * P64_3);
  return hash ^ (hash >> 32n);
}
