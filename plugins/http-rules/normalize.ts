import type { ActionKeyword } from 'sluice/plugin';
import { NORMALIZERS } from './normalizers.ts';
import { REQUEST } from './places.ts';

export const normalizeUri: ActionKeyword = {
  usage:
    'normalize-uri { fragment-encode | fragment-strip | path-merge-slashes | path-strip-dot | path-strip-dotdot [ full ] | ' +
    'percent-decode-unreserved [ strict ] | percent-to-uppercase [ strict ] | query-sort-by-name }',
  summary: 'Writes the target in a normal form; a strict normalizer answers 400 to what is none.',
  in: REQUEST,
  experimental: true,
  parse(words) {
    const name = words.next('<normalizer>');
    const normalizer = NORMALIZERS[name] ?? words.unknown('a normalizer', Object.keys(NORMALIZERS));
    const { option } = normalizer;
    const given = words.peek();
    if (option !== undefined && given !== undefined && given !== 'if' && given !== 'unless')
      words.oneOf(`'${option}'`, [option]);
    const normalize = normalizer.make(given === option && option !== undefined);
    return {
      run(transaction) {
        const { request } = transaction;
        if (!request) return undefined;
        const uri = normalize(request.uri);
        if (uri === undefined) return transaction.error(400, 'denied');
        if (uri !== request.uri) request.uri = uri;
        return undefined;
      },
    };
  },
};
