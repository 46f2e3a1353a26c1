import type { DirectiveKeyword, ServerKeyword } from 'sluice/plugin';
import { ANYWHERE, lacks } from '../proxy/place.ts';
import { hashFunctions, sdbm } from './hash-functions.ts';
import { HASHING, SERVER_KEY } from './settings.ts';

const FUNCTIONS = Object.keys(hashFunctions);

/** How hashes find servers; configuration.txt 4.2. */
export const hashDirectives: Readonly<Record<string, DirectiveKeyword>> = {
  'hash-type': {
    usage: 'hash-type { map-based | consistent } [ sdbm | djb2 | crc32 | none [ avalanche ] ]',
    summary: 'How keys are hashed, and how hashes find servers.',
    in: ANYWHERE,
    parse(words, scope) {
      if (words.peek() === 'avalanche') {
        words.next('a method');
        words.fail(
          `experimental feature 'hash-type avalanche' is not supported anymore, please use 'hash-type map-based sdbm avalanche' instead.`,
        );
      }
      const consistent = words.oneOf('hash type', ['map-based', 'consistent']) === 'consistent';
      let hash = sdbm;
      // By itself, consistent hashing spreads what sdbm makes.
      let avalanche = consistent;
      if (words.remaining > 0) {
        const name = words.next('a hash function');
        if (name === 'wt6') words.fail(`the hash function 'wt6' is not built yet`);
        hash = hashFunctions[name] ?? words.unknown('hash function', FUNCTIONS);
        avalanche = words.remaining > 0 && words.oneOf('modifier', ['avalanche']) === 'avalanche';
      }
      words.end();
      if (!lacks('backend', words, scope))
        Object.assign(scope.proxy.extension(HASHING), { consistent, hash, avalanche });
    },
  },
  'hash-balance-factor': {
    usage: 'hash-balance-factor <percent>',
    summary: 'The most load a server may have with consistent hashing, of the mean load; 0: any.',
    in: ANYWHERE,
    parse(words, scope) {
      const factor = words.integer('an integer', { min: 0, max: 2147483647 });
      if (factor > 0 && factor <= 100) words.fail(`'hash-balance-factor' must be 0 or greater than 100.`);
      words.end();
      if (!lacks('backend', words, scope)) scope.proxy.extension(HASHING).factor = factor;
    },
  },
  'hash-preserve-affinity': {
    usage: 'hash-preserve-affinity { always | maxconn | maxqueue }',
    summary: 'Which servers consistent hashing passes by: none, those that are full, those whose queue is.',
    in: ANYWHERE,
    parse(words, scope) {
      const affinity = words.oneOf('strategy', ['always', 'maxconn', 'maxqueue']);
      words.end();
      if (!lacks('backend', words, scope)) scope.proxy.extension(HASHING).affinity = affinity;
    },
  },
};

export const hashKey: ServerKeyword = {
  usage: 'hash-key { id | id32 | addr | addr-port }',
  summary: 'What the places of the server on the ring of consistent hashing are made of.',
  parse(words, scope) {
    if (words.peek() === 'guid') {
      words.next('a key');
      words.fail(`'hash-key guid' is not built yet`);
    }
    scope.server.extension(SERVER_KEY).kind = words.oneOf('key', ['id', 'id32', 'addr', 'addr-port']);
  },
};
