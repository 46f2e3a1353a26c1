import type { DirectiveKeyword, Extension, Scope, Words } from 'sluice/plugin';
import { authorities, type HttpClientSettings } from './transport/http-exchange.ts';

/** Of a configuration; configuration.txt 3.10. */
export const HTTP_CLIENT_SETTINGS: Extension<HttpClientSettings> = {
  name: 'lua: httpclient',
  create: () => ({
    retries: 3,
    connectTimeout: 5000,
    verify: true,
    caFile: undefined,
    prefer: 6,
    noNames: false,
  }),
};

type Set = (settings: HttpClientSettings, words: Words, scope: Scope) => void;

function word(name: string, argument: string, summary: string, set: Set): [string, DirectiveKeyword] {
  return [
    `httpclient.${name}`,
    {
      usage: `httpclient.${name} ${argument}`,
      summary,
      in: ['global'],
      parse: (words, scope) => set(scope.global.extension(HTTP_CLIENT_SETTINGS), words, scope),
    },
  ];
}

/** What holds for every HTTP client of scripts. */
export const httpClientWords: Record<string, DirectiveKeyword> = Object.fromEntries([
  word('resolvers.disabled', '<on|off>', 'Whether clients look no names up.', (settings, words) => {
    settings.noNames = words.oneOf('choice', ['on', 'off']) === 'on';
  }),
  word('resolvers.id', '<resolvers id>', 'The resolvers that look names up.', (_settings, words) => {
    const name = words.next('the name of a resolvers section');
    words.fail(`there are no resolvers sections yet, and so no '${name}': names are looked up as the system does it`);
  }),
  word(
    'resolvers.prefer',
    '<ipv4|ipv6>',
    'The family that an address found for a name is to have.',
    (settings, words) => {
      settings.prefer = words.oneOf('family', ['ipv4', 'ipv6']) === 'ipv4' ? 4 : 6;
    },
  ),
  word('retries', '<number>', 'How often a request that failed is tried again.', (settings, words) => {
    settings.retries = words.integer('a number', { min: 0 });
  }),
  word(
    'ssl.ca-file',
    '<cafile>',
    'The authorities that certificates of servers are verified with.',
    (settings, words, scope) => {
      const name = words.next('a file of certificates');
      if (name === '@system-ca') {
        settings.caFile = undefined;
        return;
      }
      const file = scope.path(name, words);
      try {
        if (authorities(file).length === 0) words.fail(`unable to load CA file '${file}': it holds no certificate`);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === undefined) throw error;
        words.fail(`unable to load CA file '${file}'`);
      }
      settings.caFile = file;
    },
  ),
  word('ssl.verify', '[none|required]', 'Whether certificates of servers are verified.', (settings, words) => {
    settings.verify = words.remaining === 0 || words.oneOf('choice', ['none', 'required']) === 'required';
  }),
  word('timeout.connect', '<timeout>', 'Until when a connection has to be there.', (settings, words) => {
    settings.connectTimeout = words.time('a timeout');
  }),
]);
