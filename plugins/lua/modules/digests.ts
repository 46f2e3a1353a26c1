import { createHash, createHmac, getHashes, type Hash, type Hmac } from 'node:crypto';
import type { HostFunction, LuaCall } from '../engine/engine.ts';
import { classOf, library, module } from './library.ts';

const algorithms = new Set(getHashes().map((name) => name.toLowerCase()));

/** The name as node:crypto has it; undefined if it knows none like it. */
export function algorithmNamed(name: string): string | undefined {
  const lower = name.toLowerCase();
  return algorithms.has(lower) ? lower : undefined;
}

function requested(call: LuaCall, index: number): string {
  const name = call.optionalString(index, 'sha1');
  return algorithmNamed(name) ?? call.failArgument(index, `${name}: invalid digest type`);
}

/** luaossl's digest. What it was given is kept for `pkey:sign` and `pkey:verify`, which hash it themselves. */
export interface Digest {
  readonly algorithm: string;
  readonly hash: Hash | Hmac;
  readonly parts: Buffer[];
}

function feed(call: LuaCall, digest: Digest): void {
  for (let index = 2; index <= call.count; index++) {
    const part = call.bytes(index);
    digest.hash.update(part);
    digest.parts.push(Buffer.from(part));
  }
}

const methods = (type: () => ReturnType<typeof classOf<Digest>>): Record<string, HostFunction> => ({
  update: (call) => {
    feed(call, call.object(1, type()(call.state)));
    call.pushCopy(1);
    return 1;
  },
  final: (call) => {
    const digest = call.object(1, type()(call.state));
    feed(call, digest);
    call.pushBytes(digest.hash.digest());
    return 1;
  },
});

export const digestClass: ReturnType<typeof classOf<Digest>> = classOf({
  name: 'EVP_MD_CTX*',
  methods: methods(() => digestClass),
});
const hmacClass: ReturnType<typeof classOf<Digest>> = classOf({ name: 'HMAC_CTX*', methods: methods(() => hmacClass) });

/** `openssl.digest`, of luaossl. */
export const digest: HostFunction = module({
  new: (call) => {
    const algorithm = requested(call, 1);
    call.pushObject(digestClass(call.state), { algorithm, hash: createHash(algorithm), parts: [] });
    return 1;
  },
});

/** `openssl.hmac`, of luaossl. */
export const hmac: HostFunction = module({
  new: (call) => {
    const key = call.bytes(1);
    const algorithm = requested(call, 2);
    call.pushObject(hmacClass(call.state), { algorithm, hash: createHmac(algorithm, key), parts: [] });
    return 1;
  },
});

const hashed =
  (algorithm: string, encoding: 'hex' | 'binary'): HostFunction =>
  (call) => {
    call.pushString(createHash(algorithm).update(call.bytes(1)).digest(encoding));
    return 1;
  };
const keyed =
  (algorithm: string, encoding: 'hex' | 'binary'): HostFunction =>
  (call) => {
    call.pushString(createHmac(algorithm, call.bytes(1)).update(call.bytes(2)).digest(encoding));
    return 1;
  };

const callable = classOf<object>({
  name: 'sha1',
  methods: {},
  meta: {
    __call: (call) => {
      call.pushString(createHash('sha1').update(call.bytes(2)).digest('hex'));
      return 1;
    },
  },
});

/** `sha1`: a table that can be called. */
export const sha1: HostFunction = (call) => {
  call.pushObject(callable(call.state), {});
  for (const [name, run] of Object.entries({
    sha1: hashed('sha1', 'hex'),
    binary: hashed('sha1', 'binary'),
    hmac: keyed('sha1', 'hex'),
    hmac_binary: keyed('sha1', 'binary'),
  })) {
    call.pushFunction(run, name);
    call.setField(-2, name);
  }
  return 1;
};

/** `md5`: kepler's library. */
export const md5: HostFunction = module({
  sum: hashed('md5', 'binary'),
  sumhexa: hashed('md5', 'hex'),
});

/** The functions of the pure-Lua `sha2`, by node:crypto's names. */
const SHA2: Readonly<Record<string, string>> = {
  md5: 'md5',
  sha1: 'sha1',
  sha224: 'sha224',
  sha256: 'sha256',
  sha384: 'sha384',
  sha512: 'sha512',
  sha512_224: 'sha512-224',
  sha512_256: 'sha512-256',
  sha3_224: 'sha3-224',
  sha3_256: 'sha3-256',
  sha3_384: 'sha3-384',
  sha3_512: 'sha3-512',
  blake2b: 'blake2b512',
  blake2s: 'blake2s256',
};

/** With a message its digest; without one a function that takes pieces, and gives the digest when called without any. */
const piecewise =
  (algorithm: string): HostFunction =>
  (call) => {
    if (call.kind(1) !== 'nil' && call.kind(1) !== 'none') return hashed(algorithm, 'hex')(call);
    const hash = createHash(algorithm);
    const partial: HostFunction = (piece) => {
      if (piece.kind(1) === 'nil' || piece.kind(1) === 'none') {
        piece.pushString(hash.copy().digest('hex'));
        return 1;
      }
      hash.update(piece.bytes(1));
      piece.pushFunction(partial, 'partial');
      return 1;
    };
    call.pushFunction(partial, 'partial');
    return 1;
  };

const EMPTY_DIGESTS = new Map(
  Object.values(SHA2).map((algorithm) => [createHash(algorithm).digest('hex'), algorithm] as const),
);

/** `hmac(function, key, message)`: the function is known by its digest of nothing. */
const sha2Hmac: HostFunction = (call) => {
  if (call.kind(1) !== 'function') call.failArgument(1, 'hash function expected');
  call.pushCopy(1);
  call.pushString('');
  call.invoke(1);
  const algorithm = EMPTY_DIGESTS.get(call.string(-1));
  if (algorithm === undefined) return call.failArgument(1, 'unknown hash function');
  call.pushString(createHmac(algorithm, call.bytes(2)).update(call.bytes(3)).digest('hex'));
  return 1;
};

const converted =
  (from: 'hex' | 'base64' | 'latin1', to: 'hex' | 'base64' | 'latin1'): HostFunction =>
  (call) => {
    call.pushString(Buffer.from(call.string(1), from).toString(to));
    return 1;
  };

/** `sha2`: names of the pure-Lua library and of the smaller one that has `sha256hex`. */
export const sha2: HostFunction = (call) => {
  const functions: Record<string, HostFunction> = {
    hmac: sha2Hmac,
    hex_to_bin: converted('hex', 'latin1'),
    hex2bin: converted('hex', 'latin1'),
    bin_to_hex: converted('latin1', 'hex'),
    bin2hex: converted('latin1', 'hex'),
    bin_to_base64: converted('latin1', 'base64'),
    bin2base64: converted('latin1', 'base64'),
    base64_to_bin: converted('base64', 'latin1'),
    base642bin: converted('base64', 'latin1'),
  };
  for (const [name, algorithm] of Object.entries(SHA2)) {
    if (!algorithms.has(algorithm)) continue;
    functions[name] = piecewise(algorithm);
    functions[`${name}hex`] = hashed(algorithm, 'hex');
  }
  library(call, functions);
  return 1;
};
