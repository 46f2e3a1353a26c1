import {
  createCipheriv,
  createDecipheriv,
  getCipherInfo,
  pbkdf2Sync,
  type CipherGCM,
  type DecipherGCM,
} from 'node:crypto';
import type { HostFunction, LuaCall } from '../engine/engine.ts';
import { algorithmNamed } from './digests.ts';
import { classOf, module } from './library.ts';

interface Cipher {
  readonly algorithm: string;
  readonly keyLength: number;
  readonly ivLength: number;
  engine: CipherGCM | DecipherGCM | undefined;
}

/** Answers as luaossl does for what OpenSSL refuses: nil and a text. */
function refused(call: LuaCall, error: unknown): number {
  call.pushNil();
  call.pushString(error instanceof Error ? error.message : String(error));
  return 2;
}

const keyed =
  (encrypts: boolean): HostFunction =>
  (call) => {
    const cipher = call.object(1, cipherClass(call.state));
    const key = call.bytes(2);
    if (key.length !== cipher.keyLength) {
      call.failArgument(1, `${key.length}: invalid key length (should be ${cipher.keyLength})`);
    }
    const given = call.kind(3) === 'none' || call.kind(3) === 'nil' ? undefined : call.bytes(3);
    // AES-GCM takes other lengths, too; of the rest a wrong one would be an error of OpenSSL's.
    if (given !== undefined && given.length !== cipher.ivLength && !cipher.algorithm.includes('gcm')) {
      call.failArgument(2, `${given.length}: invalid IV length (should be ${cipher.ivLength})`);
    }
    const iv = given ?? (cipher.ivLength === 0 ? null : Buffer.alloc(cipher.ivLength));
    // The names are checked by `new`; the types only know those of the modes with tags.
    const algorithm = cipher.algorithm as 'aes-128-gcm';
    cipher.engine = encrypts ? createCipheriv(algorithm, key, iv!) : createDecipheriv(algorithm, key, iv!);
    if (call.kind(4) !== 'none' && call.kind(4) !== 'nil') cipher.engine.setAutoPadding(call.boolean(4));
    call.pushCopy(1);
    return 1;
  };

function engineOf(call: LuaCall): CipherGCM | DecipherGCM {
  return call.object(1, cipherClass(call.state)).engine ?? call.fail('cipher has no key yet');
}

function fed(call: LuaCall): Buffer[] {
  const engine = engineOf(call);
  const parts: Buffer[] = [];
  for (let index = 2; index <= call.count; index++) parts.push(engine.update(call.bytes(index)));
  return parts;
}

const cipherClass: ReturnType<typeof classOf<Cipher>> = classOf({
  name: 'EVP_CIPHER_CTX*',
  methods: {
    encrypt: keyed(true),
    decrypt: keyed(false),
    update: (call) => {
      try {
        call.pushBytes(Buffer.concat(fed(call)));
        return 1;
      } catch (error) {
        return refused(call, error);
      }
    },
    final: (call) => {
      const engine = engineOf(call);
      try {
        call.pushBytes(Buffer.concat([...fed(call), engine.final()]));
        return 1;
      } catch (error) {
        return refused(call, error);
      }
    },
    getTag: (call) => {
      const engine = engineOf(call);
      if (!('getAuthTag' in engine)) return call.fail('only a cipher that encrypts has a tag to give');
      call.pushBytes(engine.getAuthTag().subarray(0, call.optionalInt(2, 16)));
      return 1;
    },
    setTag: (call) => {
      const engine = engineOf(call);
      if (!('setAuthTag' in engine)) return call.fail('only a cipher that decrypts takes a tag');
      engine.setAuthTag(call.bytes(2));
      call.pushCopy(1);
      return 1;
    },
  },
});

/** `openssl.cipher`, of luaossl. */
export const cipher: HostFunction = module({
  new: (call) => {
    const algorithm = call.string(1).toLowerCase();
    const info = getCipherInfo(algorithm);
    if (info === undefined) return call.failArgument(1, `${call.string(1)}: invalid cipher type`);
    call.pushObject(cipherClass(call.state), {
      algorithm,
      keyLength: info.keyLength,
      ivLength: info.ivLength ?? 0,
      engine: undefined,
    });
    return 1;
  },
});

/** At most so many rounds at once: they run while nothing else does. */
const MOST_ROUNDS = 1_000_000;

/** `openssl.kdf`, of luaossl: PBKDF2. */
export const kdf: HostFunction = module({
  derive: (call) => {
    const field = (name: string): string | undefined => {
      const kind = call.getField(1, name);
      const value = kind === 'nil' ? undefined : call.string(-1);
      call.pop();
      return value;
    };
    if (field('type')?.toUpperCase() !== 'PBKDF2') return call.failArgument(1, 'only PBKDF2 is there');
    const rounds = Number(field('iter') ?? 1);
    if (!(rounds >= 1 && rounds <= MOST_ROUNDS)) return call.failArgument(1, 'iter out of range');
    const hash = algorithmNamed(field('md') ?? 'sha1') ?? call.failArgument(1, 'invalid digest type');
    const bytes = (name: string): Buffer => Buffer.from(field(name) ?? '', 'latin1');
    const length = Math.min(Number(field('outlen') ?? 32), 1 << 16);
    call.pushBytes(pbkdf2Sync(bytes('pass'), bytes('salt'), rounds, length, hash));
    return 1;
  },
});
