import { createCipheriv, createDecipheriv, createHash, createHmac } from 'node:crypto';
import { type Arguments, type Transaction, asString, pure } from 'sluice/plugin';
import { type Convert, type ConverterTable, converter, simple } from './define.ts';
import { variableName } from './variables.ts';

function algorithm(args: Arguments): string {
  const name = args.text(0);
  for (const spelling of [name, name.replace(/^sha-/i, 'sha')]) {
    try {
      createHash(spelling);
      return spelling;
    } catch {
      continue;
    }
  }
  return args.fail('algorithm must be a valid OpenSSL message digest name');
}

const isBase64 = (text: string): boolean => text.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(text);

/** Bytes given in base64, as they stand or in a variable. */
function secret(args: Arguments, index: number, what: string): (transaction: Transaction) => Buffer | undefined {
  const text = args.text(index);
  const variable = variableName(text, args);
  if (variable) {
    const { scope, name } = variable;
    return (transaction) => {
      const held = transaction.getVariable(scope, name);
      const encoded = held === undefined ? undefined : asString(held);
      return encoded === undefined || !isBase64(encoded) ? undefined : Buffer.from(encoded, 'base64');
    };
  }
  if (!isBase64(text))
    args.fail(
      `failed to parse ${what} : argument needs to be base64 encoded, and can either be a string or a variable`,
    );
  const bytes = Buffer.from(text, 'base64');
  return () => bytes;
}

function hmac(args: Arguments): Convert {
  const name = algorithm(args);
  const key = secret(args, 1, 'key');
  return (value, transaction) => {
    const bytes = key(transaction);
    return (
      bytes &&
      createHmac(name, bytes)
        .update(value as Buffer)
        .digest()
    );
  };
}

const SHA2: Readonly<Record<number, string>> = { 224: 'sha224', 256: 'sha256', 384: 'sha384', 512: 'sha512' };

function sha2(args: Arguments): Convert {
  const bits = args.integer(0, 256);
  const name = SHA2[bits] ?? args.fail(`Unsupported number of bits: '${bits}'`);
  return pure((value) =>
    createHash(name)
      .update(value as Buffer)
      .digest(),
  );
}

function keySize(args: Arguments): number {
  const bits = args.integer(0);
  return bits === 128 || bits === 192 || bits === 256 ? bits : args.fail('key size must be 128, 192 or 256 (bits)');
}

/** Gives nothing when keys do not fit or the tag is wrong. */
const orNothing = (crypt: () => Buffer | undefined): Buffer | undefined => {
  try {
    return crypt();
  } catch {
    return undefined;
  }
};

function gcmDecrypt(args: Arguments): Convert {
  const name = `aes-${keySize(args)}-gcm` as const;
  const [nonce, key, tag] = [secret(args, 1, 'nonce'), secret(args, 2, 'key'), secret(args, 3, 'aead_tag')];
  const extra = args.optionalText(4) === undefined ? undefined : secret(args, 4, 'aad');
  return (value, transaction) =>
    orNothing(() => {
      const decipher = createDecipheriv(name as 'aes-128-gcm', key(transaction)!, nonce(transaction)!);
      decipher.setAuthTag(tag(transaction)!);
      if (extra) decipher.setAAD(extra(transaction)!);
      return Buffer.concat([decipher.update(value as Buffer), decipher.final()]);
    });
}

function gcmEncrypt(args: Arguments): Convert {
  const name = `aes-${keySize(args)}-gcm` as const;
  const [nonce, key] = [secret(args, 1, 'nonce'), secret(args, 2, 'key')];
  const tag = variableName(args.text(3), args) ?? args.fail('aead_tag must be a variable');
  const extra = args.optionalText(4) === undefined ? undefined : secret(args, 4, 'aad');
  return (value, transaction) =>
    orNothing(() => {
      const cipher = createCipheriv(name as 'aes-128-gcm', key(transaction)!, nonce(transaction)!);
      if (extra) cipher.setAAD(extra(transaction)!);
      const encrypted = Buffer.concat([cipher.update(value as Buffer), cipher.final()]);
      transaction.setVariable(tag.scope, tag.name, cipher.getAuthTag().toString('base64'));
      return encrypted;
    });
}

function cbc(make: typeof createCipheriv | typeof createDecipheriv): (args: Arguments) => Convert {
  return (args) => {
    const name = `aes-${keySize(args)}-cbc`;
    const [nonce, key] = [secret(args, 1, 'nonce'), secret(args, 2, 'key')];
    return (value, transaction) =>
      orNothing(() => {
        const cipher = make(name, key(transaction)!, nonce(transaction)!);
        return Buffer.concat([cipher.update(value as Buffer), cipher.final()]);
      });
  };
}

/** Digests and ciphers. configuration.txt 7.3.1. */
export const digestConverters: ConverterTable = {
  ...simple('sha1', 'bin => bin', 'The SHA-1 digest.', (value: Buffer) => createHash('sha1').update(value).digest()),
  ...converter('sha2', '[integer]', 'bin => bin', 'A SHA-2 digest.', sha2),
  ...converter('digest', 'string', 'bin => bin', 'A digest by its name.', (args) => {
    const name = algorithm(args);
    return pure((value) =>
      createHash(name)
        .update(value as Buffer)
        .digest(),
    );
  }),
  ...converter('hmac', 'string,string', 'bin => bin', 'A digest with a key: RFC 2104.', hmac),
  ...converter(
    'aes_gcm_dec',
    'integer,string,string,string,[string]',
    'bin => bin',
    'Decrypted with AES-GCM.',
    gcmDecrypt,
  ),
  ...converter(
    'aes_gcm_enc',
    'integer,string,string,string,[string]',
    'bin => bin',
    'Encrypted with AES-GCM.',
    gcmEncrypt,
  ),
  ...converter(
    'aes_cbc_dec',
    'integer,string,string,[string]',
    'bin => bin',
    'Decrypted with AES-CBC.',
    cbc(createDecipheriv),
  ),
  ...converter(
    'aes_cbc_enc',
    'integer,string,string,[string]',
    'bin => bin',
    'Encrypted with AES-CBC.',
    cbc(createCipheriv),
  ),
};
