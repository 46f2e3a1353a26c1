import { getFips } from 'node:crypto';
import { VERSION, hasFeature, optionEnabled } from './features.ts';
import { compareVersions } from './versions.ts';

/** What conditions ask about. */
export interface ConditionContext {
  defined(name: string): boolean;
}

export interface Predicate {
  /** How many arguments it needs. */
  readonly needs: 0 | 1 | 2;
  /** A string says why it cannot be answered. */
  answer(args: readonly string[], context: ConditionContext): boolean | string;
}

const library = (): string => process.versions.openssl ?? '0';

/** The predicates of configuration.txt 2.4. */
export const PREDICATES: Readonly<Record<string, Predicate>> = {
  defined: { needs: 1, answer: ([name = ''], context) => context.defined(name) },
  feature: { needs: 1, answer: ([name = '']) => hasFeature(name) },
  enabled: { needs: 1, answer: ([name = '']) => optionEnabled(name) ?? `unknown run-time option '${name}'` },
  streq: { needs: 2, answer: ([a, b]) => a === b },
  strneq: { needs: 2, answer: ([a, b]) => a !== b },
  strstr: { needs: 2, answer: ([a = '', b = '']) => a.includes(b) },
  version_atleast: { needs: 1, answer: ([version = '']) => compareVersions(VERSION, version) >= 0 },
  version_before: { needs: 1, answer: ([version = '']) => compareVersions(VERSION, version) < 0 },
  // The library is Node's, which is OpenSSL and never AWS-LC.
  openssl_version_atleast: { needs: 1, answer: ([version = '']) => compareVersions(library(), version) >= 0 },
  openssl_version_before: { needs: 1, answer: ([version = '']) => compareVersions(library(), version) < 0 },
  ssllib_name_startswith: { needs: 1, answer: ([name = '']) => 'OpenSSL'.startsWith(name) },
  awslc_api_atleast: { needs: 1, answer: () => false },
  awslc_api_before: { needs: 1, answer: () => false },
  fips_mode: { needs: 0, answer: () => getFips() === 1 },
};
