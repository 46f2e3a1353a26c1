import {
  constants,
  createPrivateKey,
  createPublicKey,
  createSign,
  createVerify,
  generateKeyPairSync,
  privateDecrypt,
  publicEncrypt,
  type JsonWebKey,
  type KeyObject,
} from 'node:crypto';
import type { HostFunction, LuaCall } from '../engine/engine.ts';
import { bigintOf, bignumAt, bytesOf, pushBignum } from './bignum.ts';
import { digestClass } from './digests.ts';
import { classOf, module } from './library.ts';

/** luaossl's pkey: a public key, or both halves. */
export interface Key {
  public: KeyObject | undefined;
  private: KeyObject | undefined;
}

function publicHalf(call: LuaCall, { public: key }: Key): KeyObject {
  return key ?? call.fail('the key is empty');
}
function privateHalf(call: LuaCall, { private: key }: Key): KeyObject {
  return key ?? call.fail('not a private key');
}

/** Reads PEM or DER, of either half. */
export function readKey(bytes: Buffer): Key {
  const text = bytes.toString('latin1');
  if (text.includes('-----BEGIN')) {
    if (!/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(text)) return { public: createPublicKey(text), private: undefined };
    const key = createPrivateKey(text);
    return { public: createPublicKey(key), private: key };
  }
  for (const type of ['pkcs8', 'pkcs1', 'sec1'] as const) {
    try {
      const key = createPrivateKey({ key: bytes, format: 'der', type });
      return { public: createPublicKey(key), private: key };
    } catch {
      // It is of another type, or the public half.
    }
  }
  try {
    return { public: createPublicKey({ key: bytes, format: 'der', type: 'spki' }), private: undefined };
  } catch {
    return { public: createPublicKey({ key: bytes, format: 'der', type: 'pkcs1' }), private: undefined };
  }
}

/** By the names that luaossl knows of the curves. */
const CURVES: Readonly<Record<string, string>> = { 'P-256': 'prime256v1', 'P-384': 'secp384r1', 'P-521': 'secp521r1' };
/** Keys are made while nothing else runs. */
const MOST_BITS = 4096;

function generated(call: LuaCall): Key {
  const field = (name: string): string | undefined => {
    const kind = call.getField(1, name);
    const value = kind === 'nil' ? undefined : call.text(-1);
    call.pop();
    return value;
  };
  const type = (field('type') ?? 'RSA').toUpperCase();
  if (type === 'EC') {
    const curve = field('curve') ?? 'prime256v1';
    const pair = generateKeyPairSync('ec', { namedCurve: CURVES[curve] ?? curve });
    return { public: pair.publicKey, private: pair.privateKey };
  }
  if (type === 'ED25519' || type === 'ED448' || type === 'X25519' || type === 'X448') {
    const pair = generateKeyPairSync(type.toLowerCase() as 'ed25519');
    return { public: pair.publicKey, private: pair.privateKey };
  }
  if (type !== 'RSA') call.failArgument(1, `${type}: unsupported key type`);
  // Without a size, and with no parameters to come, luaossl makes one of 1024 bits; `e` and `n` are set later otherwise.
  const bits = Number(field('bits') ?? 1024);
  if (!(bits >= 512 && bits <= MOST_BITS)) call.failArgument(1, `${bits}: invalid number of bits`);
  const pair = generateKeyPairSync('rsa', { modulusLength: bits, publicExponent: Number(field('exp') ?? 65_537) });
  return { public: pair.publicKey, private: pair.privateKey };
}

const NAMES: Readonly<Record<string, string>> = {
  rsa: 'rsaEncryption',
  'rsa-pss': 'rsassaPss',
  ec: 'id-ecPublicKey',
  dsa: 'dsaEncryption',
  ed25519: 'ED25519',
  ed448: 'ED448',
  x25519: 'X25519',
  x448: 'X448',
};

/** The text of one half as the names of luaossl's `toPEM` have them. */
function pem(call: LuaCall, key: Key, which: string): string {
  switch (which) {
    case 'public':
    case 'publicKey':
    case 'PublicKey':
      return publicHalf(call, key).export({ format: 'pem', type: 'spki' }) as string;
    case 'private':
    case 'privateKey':
    case 'PrivateKey':
      return privateHalf(call, key).export({ format: 'pem', type: 'pkcs8' }) as string;
    default:
      return call.failArgument(1, `invalid option '${which}'`);
  }
}

function parameters(key: Key): Readonly<Record<string, bigint>> {
  const jwk = (key.private ?? key.public!).export({ format: 'jwk' }) as Record<string, unknown>;
  const names: Readonly<Record<string, string>> = { dp: 'dmp1', dq: 'dmq1', qi: 'iqmp' };
  return Object.fromEntries(
    Object.entries(jwk)
      .filter(([name, value]) => /^(?:n|e|d|p|q|dp|dq|qi|x|y)$/.test(name) && typeof value === 'string')
      .map(([name, value]) => [names[name] ?? name, bigintOf(Buffer.from(value as string, 'base64url'))]),
  );
}

/** The table's `n` and `e` become the public key: how a JWK gets to be one. */
function assign(call: LuaCall, key: Key): void {
  const encoded = (name: string): string | undefined => {
    const kind = call.getField(2, name);
    const value = kind === 'nil' ? undefined : bytesOf(bignumAt(call, call.count)).toString('base64url');
    call.pop();
    return value;
  };
  const [n, e] = [encoded('n'), encoded('e') ?? 'AQAB'];
  if (n === undefined) return call.fail('only n and e of an RSA key can be set');
  const jwk: JsonWebKey = { kty: 'RSA', n, e };
  key.public = createPublicKey({ key: jwk, format: 'jwk' });
  key.private = undefined;
}

const method =
  (run: (call: LuaCall, key: Key) => number): HostFunction =>
  (call) =>
    run(call, call.object(1, keyClass(call.state)));

export const keyClass: ReturnType<typeof classOf<Key>> = classOf({
  name: 'EVP_PKEY*',
  methods: {
    type: method((call, key) => {
      const type = publicHalf(call, key).asymmetricKeyType ?? '';
      call.pushString(NAMES[type] ?? type);
      return 1;
    }),
    sign: method((call, key) => {
      const { algorithm, parts } = call.object(2, digestClass(call.state));
      const signer = createSign(algorithm);
      for (const part of parts) signer.update(part);
      call.pushBytes(signer.sign(privateHalf(call, key)));
      return 1;
    }),
    verify: method((call, key) => {
      const signature = call.bytes(2);
      const { algorithm, parts } = call.object(3, digestClass(call.state));
      const verifier = createVerify(algorithm);
      for (const part of parts) verifier.update(part);
      call.pushBoolean(verifier.verify(publicHalf(call, key), signature));
      return 1;
    }),
    encrypt: method((call, key) => {
      call.pushBytes(
        publicEncrypt({ key: publicHalf(call, key), padding: constants.RSA_PKCS1_PADDING }, call.bytes(2)),
      );
      return 1;
    }),
    decrypt: method((call, key) => {
      // OAEP: Node refuses the older padding, whose failures tell an attacker too much.
      const options = { key: privateHalf(call, key), padding: constants.RSA_PKCS1_OAEP_PADDING };
      call.pushBytes(privateDecrypt(options, call.bytes(2)));
      return 1;
    }),
    toPEM: method((call, key) => {
      const wanted = call.count < 2 ? ['public'] : [];
      for (let index = 2; index <= call.count; index++) wanted.push(call.string(index));
      for (const which of wanted) call.pushString(pem(call, key, which));
      return wanted.length;
    }),
    tostring: method((call, key) => {
      call.pushString(pem(call, key, 'public'));
      return 1;
    }),
    getParameters: method((call, key) => {
      publicHalf(call, key);
      call.newTable();
      for (const [name, value] of Object.entries(parameters(key))) {
        pushBignum(call, value);
        call.setField(-2, name);
      }
      return 1;
    }),
    setParameters: method((call, key) => {
      assign(call, key);
      return 0;
    }),
    setPublicKey: method((call, key) => {
      key.public = readKey(call.bytes(2)).public;
      return 0;
    }),
    setPrivateKey: method((call, key) => {
      Object.assign(key, readKey(call.bytes(2)));
      return 0;
    }),
    getDefaultDigestName: method((call) => {
      call.pushString('SHA256');
      return 1;
    }),
  },
  meta: {
    __tostring: method((call, key) => {
      call.pushString(pem(call, key, 'public'));
      return 1;
    }),
  },
});

/** `openssl.pkey`, of luaossl. */
export const pkey: HostFunction = module({
  new: (call) => {
    if (call.kind(1) === 'table') {
      call.pushObject(keyClass(call.state), generated(call));
      return 1;
    }
    const bytes = call.bytes(1);
    let key: Key;
    try {
      key = readKey(bytes);
    } catch (error) {
      return call.fail(`pkey.new: ${(error as Error).message}`);
    }
    call.pushObject(keyClass(call.state), key);
    return 1;
  },
});
