import {
  type KeyObject,
  X509Certificate,
  constants,
  createHmac,
  createPublicKey,
  timingSafeEqual,
  verify,
} from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Arguments, Extension } from 'sluice/plugin';
import { type Convert, type ConverterTable, converter } from './define.ts';
import { jsonQuery } from './json-query.ts';
import { textOrVariable } from './variables.ts';

/** What {@link verifyToken} answers; the numbers are HAProxy's. */
const VERIFIED = 1;
const FAILED = 0;
const UNKNOWN_ALGORITHM = -1;
const UNMANAGED_ALGORITHM = -2;
const INVALID_TOKEN = -3;
const UNKNOWN_KEY = -5;

const ALGORITHM = /^(HS|RS|ES|PS)(256|384|512)$/;

const decode = (part: string): Buffer => Buffer.from(part, 'base64url');

/** The parts of a token in compact form; undefined when it has not as many, or they are no base64url. */
function partsOf(token: string, ...counts: readonly number[]): string[] | undefined {
  const parts = token.split('.');
  return counts.includes(parts.length) && /^[A-Za-z0-9_.-]*$/.test(token) ? parts : undefined;
}

function query(part: number, ...counts: readonly number[]): (args: Arguments) => Convert {
  return (args) => {
    const path = args.optionalText(0);
    const type = args.optionalText(1);
    if (type !== undefined && type !== 'int') args.fail('output_type only supports "int" as argument');
    return (value) => {
      const encoded = partsOf((value as Buffer).toString('latin1'), ...counts)?.[part];
      if (encoded === undefined) return undefined;
      const text = decode(encoded).toString('latin1');
      return path === undefined ? text : jsonQuery(text, path, type === 'int');
    };
  };
}

function loadKey(file: string): KeyObject | undefined {
  try {
    return createPublicKey(readFileSync(file));
  } catch {
    return undefined;
  }
}

function verifyToken(
  token: string,
  algorithm: string,
  secret: string,
  keyOf: (file: string) => KeyObject | undefined,
): number {
  const parts = partsOf(token, 3);
  if (!parts) return INVALID_TOKEN;
  const [header, payload, signature] = parts as [string, string, string];
  if (algorithm === 'none') return signature === '' ? VERIFIED : FAILED;
  const [, family, bits] = ALGORITHM.exec(algorithm) ?? [];
  if (family === undefined) return UNKNOWN_ALGORITHM;
  const signed = Buffer.from(`${header}.${payload}`, 'latin1');
  const given = decode(signature);
  const digest = `sha${bits}`;
  if (family === 'HS') {
    const expected = createHmac(digest, Buffer.from(secret, 'latin1')).update(signed).digest();
    return expected.length === given.length && timingSafeEqual(expected, given) ? VERIFIED : FAILED;
  }
  const key = keyOf(secret);
  if (!key) return UNKNOWN_KEY;
  try {
    const options =
      family === 'ES'
        ? { key, dsaEncoding: 'ieee-p1363' as const }
        : family === 'PS'
          ? { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_AUTO }
          : { key, padding: constants.RSA_PKCS1_PADDING };
    return verify(digest, signed, options, given) ? VERIFIED : FAILED;
  } catch {
    return UNMANAGED_ALGORITHM;
  }
}

/** Public keys by file: those a line names are read when the configuration loads, and a variable may name only those. */
interface Keys {
  readonly byFile: Map<string, KeyObject>;
  readonly byCertificate: Map<string, KeyObject>;
}
const KEYS: Extension<Keys> = {
  name: 'converters.jwt-keys',
  create: () => ({ byFile: new Map(), byCertificate: new Map() }),
};

function jwtVerify(args: Arguments): Convert {
  const algorithm = textOrVariable(args, 0);
  const secret = textOrVariable(args, 1);
  if (algorithm.fixed !== undefined && algorithm.fixed !== 'none' && !ALGORITHM.test(algorithm.fixed))
    args.fail(`unknown JWT algorithm: ${algorithm.fixed}`);
  const keys = (args.scope?.global.extension(KEYS) ?? KEYS.create()).byFile;
  if (secret.fixed !== undefined && algorithm.fixed?.startsWith('HS') !== true) {
    const key = loadKey(secret.fixed);
    if (key) keys.set(secret.fixed, key);
  }
  return (value, transaction) => {
    const [chosen, key] = [algorithm.read(transaction), secret.read(transaction)];
    if (chosen === undefined || key === undefined) return undefined;
    return verifyToken((value as Buffer).toString('latin1'), chosen, key, (file) => keys.get(file));
  };
}

/** The same with the key of a certificate. HMAC has no certificates. */
function jwtVerifyCertificate(args: Arguments): Convert {
  const algorithm = textOrVariable(args, 0);
  const certificate = textOrVariable(args, 1);
  if (
    algorithm.fixed !== undefined &&
    algorithm.fixed !== 'none' &&
    !/^(?:RS|ES|PS)(?:256|384|512)$/.test(algorithm.fixed)
  )
    args.fail(`unknown JWT algorithm: ${algorithm.fixed}`);
  const keys = (args.scope?.global.extension(KEYS) ?? KEYS.create()).byCertificate;
  if (certificate.fixed !== undefined) keys.set(certificate.fixed, loadCertificate(args, certificate.fixed));
  return (value, transaction) => {
    const [chosen, file] = [algorithm.read(transaction), certificate.read(transaction)];
    if (chosen === undefined || file === undefined) return undefined;
    if (chosen.startsWith('HS')) return UNMANAGED_ALGORITHM;
    return verifyToken((value as Buffer).toString('latin1'), chosen, file, (name) => keys.get(name));
  };
}

/** Read when the configuration loads: it must be there then. */
function loadCertificate(args: Arguments, file: string): KeyObject {
  try {
    return new X509Certificate(readFileSync(file)).publicKey;
  } catch (error) {
    return args.fail(
      `unable to load the certificate '${file}': ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

/** JSON Web Tokens in compact form. configuration.txt 7.3.1, RFC 7515. */
export const jwtConverters: ConverterTable = {
  ...converter(
    'jwt_header_query',
    '[string],[string]',
    'bin => any',
    "A token's header, or a value in it.",
    query(0, 3, 5),
  ),
  ...converter(
    'jwt_payload_query',
    '[string],[string]',
    'bin => any',
    "A token's payload, or a value in it.",
    query(1, 3),
  ),
  ...converter(
    'jwt_verify',
    'string,string',
    'bin => sint',
    "1 if a token's signature is right, 0 if not, below 0 for errors.",
    jwtVerify,
  ),
  ...converter(
    'jwt_verify_cert',
    'string,string',
    'bin => sint',
    'As jwt_verify, by the key of a certificate.',
    jwtVerifyCertificate,
  ),
};
