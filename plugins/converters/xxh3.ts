/** XXH3, 64 bits, after the xxHash specification (doc/xxhash_spec.md of that project), little-endian. */

const P32_1 = 0x9e3779b1n;
const P32_2 = 0x85ebca77n;
const P32_3 = 0xc2b2ae3dn;
const P64_1 = 0x9e3779b185ebca87n;
const P64_2 = 0xc2b2ae3d27d4eb4fn;
const P64_3 = 0x165667b19e3779f9n;
const P64_4 = 0x85ebca77c2b2ae63n;
const P64_5 = 0x27d4eb2f165667c5n;
const MX1 = 0x165667919e3779f9n;
const MX2 = 0x9fb21c651e98df25n;

const DEFAULT_SECRET: Buffer = Buffer.from(
  'b8fe6c3923a44bbe7c01812cf721ad1cded46de9839097db7240a4a4b7b3671fcb79e64eccc0e578825ad07dccff7221' +
    'b8084674f743248ee03590e6813a264c3c2852bb91c300cb88d0658b1b532ea371644897a20df94e3819ef46a9deacd8a8' +
    'fa763fe39c343ff9dcbbc7c70b4f1d8a51e04bcdb45931c89f7ec9d9787364eac5ac8334d3ebc3c581a0fffa1363eb17' +
    '0ddd51b7f0da49d316552629d4689e2b16be587d47a1fc8ff8b8d17ad031ce45cb3a8f95160428afd7fbcabb4b407e',
  'hex',
);

const STRIPE = 64;
const SECRET_SIZE = 192;
const STRIPES_PER_BLOCK = (SECRET_SIZE - STRIPE) / 8;

const u64 = (value: bigint): bigint => BigInt.asUintN(64, value);
const rotate = (value: bigint, bits: bigint): bigint => u64((value << bits) | (value >> (64n - bits)));
const read64 = (bytes: Buffer, at: number): bigint => bytes.readBigUInt64LE(at);
const secret64 = (at: number): bigint => read64(DEFAULT_SECRET, at);
const swap32 = (value: number): number => Buffer.from(Uint32Array.of(value).buffer).readUInt32BE();
const swap64 = (value: bigint): bigint => Buffer.from(BigUint64Array.of(value).buffer).readBigUInt64BE();

/** The two halves of the 128-bit product, one over the other. */
function fold(a: bigint, b: bigint): bigint {
  const product = a * b;
  return u64(product) ^ (product >> 64n);
}

function avalanche(hash: bigint): bigint {
  const mixed = u64((hash ^ (hash >> 37n)) * MX1);
  return mixed ^ (mixed >> 32n);
}

function avalanche64(hash: bigint): bigint {
  let mixed = u64((hash ^ (hash >> 33n)) * P64_2);
  mixed = u64((mixed ^ (mixed >> 29n)) * P64_3);
  return mixed ^ (mixed >> 32n);
}

function upTo16(bytes: Buffer, seed: bigint): bigint {
  const length = bytes.length;
  if (length > 8) {
    const low = read64(bytes, 0) ^ u64((secret64(24) ^ secret64(32)) + seed);
    const high = read64(bytes, length - 8) ^ u64((secret64(40) ^ secret64(48)) - seed);
    return avalanche(u64(BigInt(length) + swap64(low) + high + fold(low, high)));
  }
  if (length >= 4) {
    const turned = seed ^ (BigInt(swap32(Number(seed & 0xffffffffn))) << 32n);
    const input = BigInt(bytes.readUInt32LE(length - 4)) + (BigInt(bytes.readUInt32LE(0)) << 32n);
    let hash = input ^ u64((secret64(8) ^ secret64(16)) - turned);
    hash ^= rotate(hash, 49n) ^ rotate(hash, 24n);
    hash = u64(hash * MX2);
    hash = u64((hash ^ ((hash >> 35n) + BigInt(length))) * MX2);
    return hash ^ (hash >> 28n);
  }
  if (length === 0) return avalanche64(seed ^ secret64(56) ^ secret64(64));
  const combined = (bytes[0]! << 16) | (bytes[length >> 1]! << 24) | bytes[length - 1]! | (length << 8);
  const flip = BigInt((DEFAULT_SECRET.readUInt32LE(0) ^ DEFAULT_SECRET.readUInt32LE(4)) >>> 0);
  return avalanche64(BigInt(combined >>> 0) ^ u64(flip + seed));
}

function mix16(bytes: Buffer, at: number, secretAt: number, seed: bigint): bigint {
  return fold(
    read64(bytes, at) ^ u64(secret64(secretAt) + seed),
    read64(bytes, at + 8) ^ u64(secret64(secretAt + 8) - seed),
  );
}

function upTo240(bytes: Buffer, seed: bigint): bigint {
  const length = bytes.length;
  let sum = BigInt(length) * P64_1;
  if (length <= 128) {
    for (let i = Math.floor((length - 1) / 32); i >= 0; i--)
      sum += mix16(bytes, 16 * i, 32 * i, seed) + mix16(bytes, length - 16 * (i + 1), 32 * i + 16, seed);
    return avalanche(u64(sum));
  }
  for (let i = 0; i < 8; i++) sum += mix16(bytes, 16 * i, 16 * i, seed);
  sum = avalanche(u64(sum));
  for (let i = 8; i < Math.floor(length / 16); i++) sum += mix16(bytes, 16 * i, 16 * (i - 8) + 3, seed);
  return avalanche(u64(sum + mix16(bytes, length - 16, 136 - 17, seed)));
}

function seededSecret(seed: bigint): Buffer {
  if (seed === 0n) return DEFAULT_SECRET;
  const secret = Buffer.allocUnsafe(SECRET_SIZE);
  for (let at = 0; at < SECRET_SIZE; at += 16) {
    secret.writeBigUInt64LE(u64(secret64(at) + seed), at);
    secret.writeBigUInt64LE(u64(secret64(at + 8) - seed), at + 8);
  }
  return secret;
}

function accumulate(lanes: bigint[], bytes: Buffer, at: number, secret: Buffer, secretAt: number): void {
  for (let i = 0; i < 8; i++) {
    const data = read64(bytes, at + 8 * i);
    const key = data ^ read64(secret, secretAt + 8 * i);
    lanes[i ^ 1] = u64(lanes[i ^ 1]! + data);
    lanes[i] = u64(lanes[i]! + (key & 0xffffffffn) * (key >> 32n));
  }
}

function long(bytes: Buffer, seed: bigint): bigint {
  const secret = seededSecret(seed);
  const lanes = [P32_3, P64_1, P64_2, P64_3, P64_4, P32_2, P64_5, P32_1];
  const stripes = Math.floor((bytes.length - 1) / STRIPE);
  for (let stripe = 0; stripe < stripes; stripe++) {
    const within = stripe % STRIPES_PER_BLOCK;
    accumulate(lanes, bytes, stripe * STRIPE, secret, within * 8);
    if (within < STRIPES_PER_BLOCK - 1) continue;
    for (const [i, lane] of lanes.entries())
      lanes[i] = u64((lane ^ (lane >> 47n) ^ read64(secret, SECRET_SIZE - STRIPE + 8 * i)) * P32_1);
  }
  accumulate(lanes, bytes, bytes.length - STRIPE, secret, SECRET_SIZE - STRIPE - 7);
  let sum = BigInt(bytes.length) * P64_1;
  for (let i = 0; i < 4; i++)
    sum += fold(lanes[2 * i]! ^ read64(secret, 11 + 16 * i), lanes[2 * i + 1]! ^ read64(secret, 19 + 16 * i));
  return avalanche(u64(sum));
}

/** The unsigned 64-bit hash. */
export function xxh3(bytes: Buffer, seed: bigint): bigint {
  const unsigned = u64(seed);
  if (bytes.length <= 16) return upTo16(bytes, unsigned);
  return bytes.length <= 240 ? upTo240(bytes, unsigned) : long(bytes, unsigned);
}
