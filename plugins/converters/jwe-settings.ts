import type { DirectiveKeyword, Extension, Words } from 'sluice/plugin';

const ALGORITHMS: readonly string[] = [
  'RSA-OAEP',
  'RSA-OAEP-256',
  'A128KW',
  'A192KW',
  'A256KW',
  'dir',
  'ECDH-ES',
  'ECDH-ES+A128KW',
  'ECDH-ES+A192KW',
  'ECDH-ES+A256KW',
  'A128GCMKW',
  'A192GCMKW',
  'A256GCMKW',
];
const ENCRYPTIONS: readonly string[] = [
  'A128CBC-HS256',
  'A192CBC-HS384',
  'A256CBC-HS512',
  'A128GCM',
  'A192GCM',
  'A256GCM',
];

/** What tokens may use; RFC 7518 sections 4.1 and 5.1. */
export interface Allowed {
  readonly algorithms: Set<string>;
  readonly encryptions: Set<string>;
}
export const ALLOWED: Extension<Allowed> = {
  name: 'converters.jwe',
  create: () => ({ algorithms: new Set(ALGORITHMS), encryptions: new Set(ENCRYPTIONS) }),
};

/** Reads `ALL:!ECDH-ES`: names with colons between them; what is not named is not allowed. */
function readList(words: Words, known: readonly string[], into: Set<string>): void {
  const text = words.next('a list of names with colons between them');
  into.clear();
  const forbidden: string[] = [];
  for (const item of text.split(':')) {
    const name = item.replace(/^!/, '');
    if (name === 'RSA1_5' && item === name)
      words.fail("the algorithm 'RSA1_5' is not available: the cryptography of Node.js does not decrypt with it");
    if (name !== 'ALL' && name !== 'RSA1_5' && !known.includes(name)) words.unknown('algorithm', known);
    if (item.startsWith('!')) forbidden.push(name);
    else if (name === 'ALL') for (const one of known) into.add(one);
    else into.add(name);
  }
  for (const name of forbidden) into.delete(name);
}

/** Lines of `global` on encrypted tokens. configuration.txt 3.1. */
export const tokenDirectives: Readonly<Record<string, DirectiveKeyword>> = {
  'jwt.decrypt_alg_list': {
    usage: 'jwt.decrypt_alg_list <list>',
    summary: 'The algorithms that encrypted tokens may use for their keys.',
    in: ['global'],
    parse: (words, scope) => readList(words, ALGORITHMS, scope.global.extension(ALLOWED).algorithms),
  },
  'jwt.decrypt_enc_list': {
    usage: 'jwt.decrypt_enc_list <list>',
    summary: 'The algorithms that encrypted tokens may use for their content.',
    in: ['global'],
    parse: (words, scope) => readList(words, ENCRYPTIONS, scope.global.extension(ALLOWED).encryptions),
  },
};
