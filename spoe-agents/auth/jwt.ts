import { readFile } from 'node:fs/promises';
import type * as Jose from 'jose';
import type { JWTPayload, JWTVerifyGetKey, JWTVerifyOptions } from 'jose';
import type { AgentLogger } from '../sdk/index.ts';
import { optionalPackage } from '../shared/optional-package.ts';
import { WatchedFiles } from '../shared/watched-file.ts';

/** Signatures that need no shared secret: with one, who can check a token can make one. */
const ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
];

export interface JwtOptions {
  /** Where the keys are: a URL, or the path of a file. */
  readonly jwks: string;
  readonly issuer: string | undefined;
  readonly audience: readonly string[];
  readonly algorithms: readonly string[];
  /** Seconds by which clocks may differ. */
  readonly leeway: number;
  /** Milliseconds to fetch keys. */
  readonly timeoutMs: number;
}

/** Why a token is not taken, as `txn.auth_error` says it. */
export type Refusal = 'missing' | 'expired' | 'claims' | 'invalid' | 'unavailable';

export type Verdict = { readonly claims: JWTPayload } | { readonly refusal: Refusal; readonly reason: string };

/** Checks tokens (RFC 7519) with the keys of a JWKS (RFC 7517), from a URL (fetched again as keys change) or a file (watched). */
export class JwtChecker {
  readonly #jose: typeof Jose;
  readonly #keys: () => JWTVerifyGetKey;
  readonly #options: JWTVerifyOptions;
  readonly #file: WatchedFiles<JWTVerifyGetKey> | undefined;

  private constructor(
    jose: typeof Jose,
    keys: JWTVerifyGetKey | WatchedFiles<JWTVerifyGetKey>,
    { issuer, audience, algorithms, leeway }: JwtOptions,
  ) {
    this.#jose = jose;
    this.#file = keys instanceof WatchedFiles ? keys : undefined;
    this.#keys = keys instanceof WatchedFiles ? () => keys.value : () => keys;
    this.#options = {
      algorithms: algorithms.length > 0 ? [...algorithms] : ALGORITHMS,
      clockTolerance: leeway,
      ...(issuer === undefined ? {} : { issuer }),
      ...(audience.length === 0 ? {} : { audience: [...audience] }),
    };
  }

  static async open(options: JwtOptions, logger: AgentLogger): Promise<JwtChecker> {
    const jose = await optionalPackage('jose', 'auth', () => import('jose'));
    const { jwks, timeoutMs } = options;
    if (/^https?:/.test(jwks)) {
      const keys = jose.createRemoteJWKSet(new URL(jwks), { timeoutDuration: timeoutMs });
      return new JwtChecker(jose, keys, options);
    }
    const read = async (): Promise<JWTVerifyGetKey> =>
      jose.createLocalJWKSet(JSON.parse(await readFile(jwks, 'utf8')) as Parameters<typeof jose.createLocalJWKSet>[0]);
    return new JwtChecker(jose, await WatchedFiles.open([jwks], read, logger), options);
  }

  /** @param given a token, or the value of an `authorization` header with it. */
  async check(given: string | undefined): Promise<Verdict> {
    const token = given?.replace(/^bearer +/i, '').trim() ?? '';
    if (token === '') return { refusal: 'missing', reason: 'there is no token' };
    try {
      return { claims: (await this.#jose.jwtVerify(token, this.#keys(), this.#options)).payload };
    } catch (error) {
      return { refusal: this.#refusal(error), reason: (error as Error).message };
    }
  }

  async reload(): Promise<void> {
    await this.#file?.reload();
  }

  close(): void {
    this.#file?.close();
  }

  #refusal(error: unknown): Refusal {
    const { errors } = this.#jose;
    if (error instanceof errors.JWTExpired) return 'expired';
    if (error instanceof errors.JWTClaimValidationFailed) return 'claims';
    // Fetching fails with what fetch throws, or with these; all others tell of the token.
    if (error instanceof errors.JWKSTimeout || error instanceof errors.JWKSInvalid) return 'unavailable';
    const generic = error instanceof errors.JOSEError && error.code === 'ERR_JOSE_GENERIC';
    return error instanceof errors.JOSEError && !generic ? 'invalid' : 'unavailable';
  }
}
