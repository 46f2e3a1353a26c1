import { execFileSync, spawnSync } from 'node:child_process';
import { createPrivateKey, generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CompactEncrypt, CompactSign, importJWK } from 'jose';
import { afterAll, describe, expect, test } from 'vitest';
import { Refusal, contextOf, evaluate, textOf, transactionOf } from './fixture.ts';
import { ALLOWED } from '../../plugins/converters/jwe-settings.ts';

const folder = mkdtempSync(join(tmpdir(), 'tokens-'));
afterAll(() => rmSync(folder, { recursive: true }));

const CONTENT = 'Live long and prosper.';

/** Opens a token that stands in a variable, with a key in another. */
function open(token: string, converter: string, key: string, context = contextOf()): string | undefined {
  const transaction = transactionOf();
  transaction.setVariable('txn', 'token', token);
  transaction.setVariable('txn', 'key', key);
  return textOf(evaluate(`var(txn.token),${converter}(txn.key)`, transaction, context));
}

async function seal(alg: string, enc: string, jwk: Record<string, unknown>): Promise<string> {
  const key = await importJWK(jwk, alg);
  return new CompactEncrypt(Buffer.from(CONTENT)).setProtectedHeader({ alg, enc }).encrypt(key);
}

const ENCRYPTIONS = ['A128CBC-HS256', 'A192CBC-HS384', 'A256CBC-HS512', 'A128GCM', 'A192GCM', 'A256GCM'];
/** Bytes of the key, by its number of bits: both a MAC's and a cipher's for CBC. */
const sizeOf = (name: string): number => (Number(/\d+/.exec(name)) / 8) * (name.includes('CBC') ? 2 : 1);
const WRAPPERS = ['A128KW', 'A192KW', 'A256KW', 'A128GCMKW', 'A192GCMKW', 'A256GCMKW'];

describe('encrypted tokens', () => {
  test('the example of RFC 7516, appendix A.3', () => {
    const token =
      'eyJhbGciOiJBMTI4S1ciLCJlbmMiOiJBMTI4Q0JDLUhTMjU2In0.6KB707dM9YTIgHtLvtgWQ8mKwboJW3of9locizkDTHzBC2IlrT1oOQ.' +
      'AxY8DCtDaGlsbGljb3RoZQ.KDlTtXchhZTGufMYmOYGS4HffxPSUrfmqCHXaI9wOGY.U0m_YmjN04DJvceFICbCVQ';
    expect(open(token, 'jwt_decrypt_secret', 'GawgguFyGrWKav7AX4VKUg')).toBe(CONTENT);
    expect(textOf(evaluate(`str(${token}),jwt_decrypt_secret(GawgguFyGrWKav7AX4VKUg)`))).toBe(CONTENT);
    expect(textOf(evaluate(`str(${token}),jwt_decrypt_secret("HawgguFyGrWKav7AX4VKUg==")`))).toBe('');
  });

  test.each(WRAPPERS)('%s', async (alg) => {
    const k = randomBytes(sizeOf(alg));
    for (const enc of ENCRYPTIONS) {
      const jwk = { kty: 'oct', k: k.toString('base64url') };
      const token = await seal(alg, enc, jwk);
      expect(open(token, 'jwt_decrypt_jwk', JSON.stringify(jwk))).toBe(CONTENT);
      expect(open(token, 'jwt_decrypt_secret', k.toString('base64'))).toBe(CONTENT);
      expect(open(token, 'jwt_decrypt_secret', randomBytes(k.length).toString('base64'))).toBe('');
    }
  });

  test.each(ENCRYPTIONS)('dir with %s', async (enc) => {
    const jwk = { kty: 'oct', k: randomBytes(sizeOf(enc)).toString('base64url') };
    expect(open(await seal('dir', enc, jwk), 'jwt_decrypt_jwk', JSON.stringify(jwk))).toBe(CONTENT);
  });

  test.each(['RSA-OAEP', 'RSA-OAEP-256'])('%s', async (alg) => {
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const token = await seal(alg, 'A128GCM', publicKey.export({ format: 'jwk' }));
    expect(open(token, 'jwt_decrypt_jwk', JSON.stringify(privateKey.export({ format: 'jwk' })))).toBe(CONTENT);
  });

  test.each(['ECDH-ES', 'ECDH-ES+A128KW', 'ECDH-ES+A192KW', 'ECDH-ES+A256KW'])('%s', async (alg) => {
    for (const namedCurve of ['P-256', 'P-384', 'P-521'])
      for (const enc of ['A256GCM', 'A256CBC-HS512']) {
        const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve });
        const token = await seal(alg, enc, publicKey.export({ format: 'jwk' }));
        expect(open(token, 'jwt_decrypt_jwk', JSON.stringify(privateKey.export({ format: 'jwk' })))).toBe(CONTENT);
      }
  });

  test('a token that was changed anywhere, or is none, opens to nothing', async () => {
    const jwk = { kty: 'oct', k: randomBytes(16).toString('base64url') };
    const key = JSON.stringify(jwk);
    for (const enc of ['A128GCM', 'A128CBC-HS256']) {
      const token = await seal('A128KW', enc, jwk);
      for (let part = 0; part < 5; part++) {
        const parts = token.split('.');
        parts[part] = parts[part]!.startsWith('A') ? `B${parts[part]!.slice(1)}` : `A${parts[part]!.slice(1)}`;
        expect(open(parts.join('.'), 'jwt_decrypt_jwk', key)).toBe('');
        parts[part] = '';
        expect(open(parts.join('.'), 'jwt_decrypt_jwk', key)).toBe('');
      }
    }
    for (const token of ['', 'a.b.c', '....', 'a.b.c.d.e', '\u00ff.\u00ff.\u00ff.\u00ff.\u00ff', 'bnVsbA.....'])
      expect(open(token, 'jwt_decrypt_jwk', key)).toBe('');
    const token = await seal('A128KW', 'A128GCM', jwk);
    for (const other of ['', '{}', 'null', '{"kty":"oct"}', '{"kty":"RSA","n":"AA"}', '{"kty":"EC"}'])
      expect(open(token, 'jwt_decrypt_jwk', other)).toBe('');
  });

  test('the lists of what is allowed hold', async () => {
    const jwk = { kty: 'oct', k: randomBytes(16).toString('base64url') };
    const token = await seal('A128KW', 'A128GCM', jwk);
    const context = contextOf();
    context.scope!.global.extension(ALLOWED).encryptions.delete('A128GCM');
    expect(open(token, 'jwt_decrypt_jwk', JSON.stringify(jwk), context)).toBe('');
  });

  test('a key that is none is refused with the line', () => {
    expect(() => evaluate('str(a),jwt_decrypt_jwk(x)')).toThrow(Refusal);
    expect(() => evaluate('str(a),jwt_decrypt_secret(?)')).toThrow(Refusal);
  });
});

const hasOpenssl = spawnSync('openssl', ['version']).status === 0;
test.skipIf(!hasOpenssl)('jwt_verify_cert takes the key of a certificate (needs openssl)', async () => {
  const [certificate, keyFile] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
  execFileSync(
    'openssl',
    ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-subj', '/CN=test', '-keyout', keyFile, '-out', certificate],
    { stdio: 'ignore' },
  );
  const token = await new CompactSign(Buffer.from('{"sub":"me"}'))
    .setProtectedHeader({ alg: 'RS256' })
    .sign(createPrivateKey(readFileSync(keyFile)));
  const ask = (text: string, expression: string): string | undefined => {
    const transaction = transactionOf();
    transaction.setVariable('txn', 'token', text);
    transaction.setVariable('txn', 'cert', certificate);
    return textOf(evaluate(`var(txn.token),${expression}`, transaction));
  };
  expect(ask(token, `jwt_verify_cert(RS256,${certificate})`)).toBe('1');
  expect(ask(`${token.slice(0, -8)}AAAAAAAA`, `jwt_verify_cert(RS256,${certificate})`)).toBe('0');
  expect(ask('a.b', `jwt_verify_cert(RS256,${certificate})`)).toBe('-3');
  expect(() => evaluate(`str(a),jwt_verify_cert(HS256,${certificate})`)).toThrow(/unknown JWT algorithm/);
  writeFileSync(join(folder, 'none.pem'), 'nothing');
  expect(() => evaluate(`str(a),jwt_verify_cert(RS256,${folder}/none.pem)`)).toThrow(/unable to load the certificate/);
});
