import type { HeaderList } from 'sluice/plugin';
import type { Algorithm } from './settings.ts';

/** The content coding (RFC 9110 8.4.1) by which clients know an algorithm. */
export const CODINGS: Readonly<Record<Algorithm, string>> = {
  identity: 'identity',
  gzip: 'gzip',
  deflate: 'deflate',
  'raw-deflate': 'deflate',
  br: 'br',
  zstd: 'zstd',
};

const ITEM = /^([^;\s]*)\s*(?:;\s*q\s*=\s*([0-9.]*))?/i;

/** What a client takes, in its order, and how much it likes it: 0 is refused; RFC 9110 12.5.3. What is no weight counts as 1. */
function accepted(fields: readonly string[]): Map<string, number> {
  const weights = new Map<string, number>();
  for (const field of fields) {
    for (const item of field.split(',')) {
      const [, coding, weight] = ITEM.exec(item.trim())!;
      const name = coding!.toLowerCase();
      if (name === '' || weights.has(name)) continue;
      const number = weight === undefined || weight === '' ? 1 : Number(weight);
      weights.set(name, Number.isNaN(number) ? 1 : Math.min(1, number));
    }
  }
  return weights;
}

/** The newer ones compress better at the same cost. */
const MODERN: readonly Algorithm[] = ['br', 'zstd'];

/**
 * The algorithm for a client, of those that the configuration has: what the client likes best. Among equals `preference` decides; without one
 * brotli and zstd win, and then the order in which the client names them (found by trying HAProxy), where `*` stands for the one that was
 * configured last. `identity` stands in for all others.
 */
export function chooseAlgorithm(
  headers: HeaderList,
  configured: readonly Algorithm[],
  preference: readonly Algorithm[] | undefined,
): Algorithm | undefined {
  const fallback = configured.includes('identity') ? 'identity' : undefined;
  if (!headers.has('accept-encoding')) return fallback;
  const weights = accepted(headers.all('accept-encoding'));
  const named = [...weights.keys()];
  const place = (algorithm: Algorithm): number => {
    if (preference !== undefined) {
      const at = preference.indexOf(algorithm);
      return at < 0 ? preference.length : at;
    }
    return MODERN.includes(algorithm) ? 0 : 1;
  };
  let best: Algorithm | undefined;
  let bestRank: readonly number[] = [];
  for (const [index, algorithm] of configured.entries()) {
    const coding = CODINGS[algorithm];
    const weight = weights.get(coding) ?? (algorithm === 'identity' ? 0 : (weights.get('*') ?? 0));
    if (weight === 0) continue;
    const order = named.indexOf(weights.has(coding) ? coding : '*');
    const rank = [-weight, place(algorithm), order, -index];
    if (best !== undefined && !before(rank, bestRank)) continue;
    best = algorithm;
    bestRank = rank;
  }
  return best ?? fallback;
}

function before(a: readonly number[], b: readonly number[]): boolean {
  for (const [index, value] of a.entries()) if (value !== b[index]) return value < b[index]!;
  return false;
}
