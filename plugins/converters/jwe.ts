import {
  type KeyObject,
  constants,
  createDecipheriv,
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  privateDecrypt,
  timingSafeEqual,
} from 'node:crypto';
import type { Arguments, Transaction } from 'sluice/plugin';
import { type Convert, type ConverterTable, converter } from './define.ts';
import { ALLOWED, type Allowed } from './jwe-settings.ts';
import { textOrVariable } from './variables.ts';

/** What opens tokens: a shared secret, or the private half of a key pair. */
type Key = { readonly kind: 'secret'; readonly bytes: Buffer } | { readonly kind: 'private'; readonly key: KeyObject };

interface Header {
  readonly alg: string;
  readonly enc: string;
  readonly iv?: unknown;
  readonly tag?: unknown;
  readonly epk?: unknown;
  readonly apu?: unknown;
  readonly apv?: unknown;
  readonly zip?: unknown;
}

const unbase64 = (text: unknown): Buffer => {
  if (typeof text !== 'string' || !/^[A-Za-z0-9_-]*$/.test(text)) throw new TypeError('no base64url');
  return Buffer.from(text, 'base64url');
};

/** Bytes of the content key by the name of the content's encryption; RFC 7518 section 5.1. */
const CONTENT_KEYS: Readonly<Record<string, number>> = {
  A128GCM: 16,
  A192GCM: 24,
  A256GCM: 32,
  'A128CBC-HS256': 32,
  'A192CBC-HS384': 48,
  'A256CBC-HS512': 64,
};

function gcm(key: Buffer, iv: Buffer, tag: Buffer, aad: Buffer | undefined, sealed: Buffer): Buffer {
  const decipher = createDecipheriv(`aes-${key.length * 8}-gcm` as 'aes-128-gcm', key, iv, { authTagLength: 16 });
  decipher.setAuthTag(tag);
  if (aad) decipher.setAAD(aad);
  return Buffer.concat([decipher.update(sealed), decipher.final()]);
}

/** RFC 7518 section 5.2.2.2: the first half of the key authenticates, the second encrypts. */
function cbc(key: Buffer, iv: Buffer, tag: Buffer, aad: Buffer, sealed: Buffer): Buffer {
  const half = key.length / 2;
  const length = Buffer.alloc(8);
  length.writeBigUInt64BE(BigInt(aad.length) * 8n);
  const expected = createHmac(`sha${half * 16}`, key.subarray(0, half))
    .update(Buffer.concat([aad, iv, sealed, length]))
    .digest()
    .subarray(0, half);
  if (expected.length !== tag.length || !timingSafeEqual(expected, tag)) throw new TypeError('the tag is wrong');
  const decipher = createDecipheriv(`aes-${half * 8}-cbc`, key.subarray(half), iv);
  return Buffer.concat([decipher.update(sealed), decipher.final()]);
}

/** RFC 3394, with its default initial value. */
function unwrap(bits: number, key: Buffer, wrapped: Buffer): Buffer {
  const decipher = createDecipheriv(`aes${bits}-wrap`, key, Buffer.alloc(8, 0xa6));
  return Buffer.concat([decipher.update(wrapped), decipher.final()]);
}

/** RFC 7518 section 4.6.2: the Concat KDF over a Diffie-Hellman shared, with SHA-256. */
function agree(header: Header, key: KeyObject, name: string, length: number): Buffer {
  const theirs = createPublicKey({ key: header.epk as Record<string, string>, format: 'jwk' });
  const shared = diffieHellman({ privateKey: key, publicKey: theirs });
  const prefixed = (bytes: Buffer): Buffer => {
    const size = Buffer.alloc(4);
    size.writeUInt32BE(bytes.length);
    return Buffer.concat([size, bytes]);
  };
  const bits = Buffer.alloc(4);
  bits.writeUInt32BE(length * 8);
  const party = (text: unknown): Buffer => prefixed(text === undefined ? Buffer.alloc(0) : unbase64(text));
  const info = Buffer.concat([prefixed(Buffer.from(name)), party(header.apu), party(header.apv), bits]);
  const rounds: Buffer[] = [];
  for (let round = 1; rounds.length * 32 < length; round++) {
    const counter = Buffer.alloc(4);
    counter.writeUInt32BE(round);
    rounds.push(createHash('sha256').update(counter).update(shared).update(info).digest());
  }
  return Buffer.concat(rounds).subarray(0, length);
}

/** The key of the content; RFC 7518 section 4. Throws when this key cannot give it. */
function contentKey(header: Header, wrapped: Buffer, key: Key): Buffer {
  const { alg, enc } = header;
  const length = CONTENT_KEYS[enc]!;
  if (key.kind === 'secret') {
    if (alg === 'dir') {
      if (wrapped.length > 0) throw new TypeError('a key where there is none to be');
      return key.bytes;
    }
    const [, bits, family] = /^A(128|192|256)(KW|GCMKW)$/.exec(alg) ?? [];
    if (bits === undefined || key.bytes.length * 8 !== Number(bits)) throw new TypeError('not for this key');
    if (family === 'KW') return unwrap(Number(bits), key.bytes, wrapped);
    return gcm(key.bytes, unbase64(header.iv), unbase64(header.tag), undefined, wrapped);
  }
  if (alg === 'RSA-OAEP' || alg === 'RSA-OAEP-256') {
    const oaepHash = alg === 'RSA-OAEP' ? 'sha1' : 'sha256';
    return privateDecrypt({ key: key.key, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash }, wrapped);
  }
  if (alg === 'ECDH-ES') return agree(header, key.key, enc, length);
  const bits = /^ECDH-ES\+A(128|192|256)KW$/.exec(alg)?.[1];
  if (bits === undefined) throw new TypeError('not for this key');
  return unwrap(Number(bits), agree(header, key.key, alg, Number(bits) / 8), wrapped);
}

/** Opens a token in compact form, RFC 7516 section 7.1. Throws for all that is wrong with it. */
function open(token: string, key: Key, allowed: Allowed): Buffer {
  const parts = token.split('.');
  if (parts.length !== 5) throw new TypeError('not five parts');
  const [head, wrapped, iv, sealed, tag] = parts.map(unbase64) as [Buffer, Buffer, Buffer, Buffer, Buffer];
  const header = JSON.parse(head.toString('utf8')) as Header;
  if (!allowed.algorithms.has(header.alg) || !allowed.encryptions.has(header.enc)) throw new TypeError('not allowed');
  // Compressed content is none of what the manual names.
  if (header.zip !== undefined) throw new TypeError('compressed');
  const content = contentKey(header, wrapped, key);
  if (content.length !== CONTENT_KEYS[header.enc]) throw new TypeError('a key of the wrong length');
  const aad = Buffer.from(parts[0]!, 'latin1');
  if (tag.length !== (header.enc.endsWith('GCM') ? 16 : content.length / 2)) throw new TypeError('no such tag');
  return header.enc.endsWith('GCM') ? gcm(content, iv, tag, aad, sealed) : cbc(content, iv, tag, aad, sealed);
}

/** A JSON Web Key, RFC 7517: `oct`, or the private half of an `RSA` or `EC` one. */
function jwk(text: string): Key | undefined {
  try {
    const parsed = JSON.parse(text) as { readonly kty?: unknown; readonly k?: unknown };
    if (parsed.kty === 'oct') return { kind: 'secret', bytes: unbase64(parsed.k) };
    if (parsed.kty !== 'RSA' && parsed.kty !== 'EC') return undefined;
    return { kind: 'private', key: createPrivateKey({ key: parsed as Record<string, string>, format: 'jwk' }) };
  } catch {
    return undefined;
  }
}

function secret(text: string): Key | undefined {
  return /^[A-Za-z0-9+/_-]*={0,2}$/.test(text) ? { kind: 'secret', bytes: Buffer.from(text, 'base64') } : undefined;
}

/** Whatever is wrong, the answer is an empty text; configuration.txt 7.3.1. */
function decrypt(read: (text: string) => Key | undefined, what: string): (args: Arguments) => Convert {
  return (args) => {
    const keyText = textOrVariable(args, 0);
    const known = keyText.fixed === undefined ? undefined : (read(keyText.fixed) ?? args.fail(`${what} is expected`));
    const allowed = args.scope?.global.extension(ALLOWED) ?? ALLOWED.create();
    const keyOf = (transaction: Transaction): Key | undefined => {
      const text = keyText.read(transaction);
      return text === undefined ? undefined : read(text);
    };
    return (value, transaction) => {
      const key = known ?? keyOf(transaction);
      if (!key) return Buffer.alloc(0);
      try {
        return open((value as Buffer).toString('latin1'), key, allowed);
      } catch {
        return Buffer.alloc(0);
      }
    };
  };
}

/** Encrypted JSON Web Tokens, RFC 7516. configuration.txt 7.3.1. */
export const encryptedTokenConverters: ConverterTable = {
  ...converter(
    'jwt_decrypt_secret',
    'string',
    'bin => bin',
    'The content of an encrypted token, by a shared secret.',
    decrypt(secret, 'a secret in base64'),
  ),
  ...converter(
    'jwt_decrypt_jwk',
    'string',
    'bin => bin',
    'The content of an encrypted token, by a JSON Web Key.',
    decrypt(jwk, "a JSON Web Key of type 'oct', 'RSA' or 'EC'"),
  ),
};
