import type { DirectiveKeyword } from 'sluice/plugin';
import { ANYWHERE } from './place.ts';

function removed(word: string, advice: string): DirectiveKeyword {
  return {
    usage: word,
    summary: `Is no longer known. ${advice}`,
    in: ANYWHERE,
    negatable: true,
    parse(words) {
      words.rest();
      words.fail(`'${word}' is not supported any more. ${advice}`);
    },
  };
}

const WORDS: Readonly<Record<string, string>> = {
  clitimeout: "Use 'timeout client'.",
  contimeout: "Use 'timeout connect'.",
  srvtimeout: "Use 'timeout server'.",
  redispatch: "Use 'option redispatch'.",
  dispatch: "Use a 'server' instead.",
  transparent: "Use a 'server' with the address 0.0.0.0:0 instead.",
  'option transparent': "Use a 'server' with the address 0.0.0.0:0 instead.",
  'option http_proxy':
    "Use a 'server' with the address 0.0.0.0:0, and 'http-request set-dst' and 'http-request set-uri'.",
  'option http-tunnel': 'Please just remove it.',
  'option forceclose': "Please just remove it, or use 'option httpclose' if it is needed.",
  'option http-use-htx': 'Please just remove it.',
  'monitor-net': "Use 'http-request return status 200 if { src <network> }' instead.",
};

export const removals: Record<string, DirectiveKeyword> = Object.fromEntries(
  Object.entries(WORDS).map(([word, advice]) => [word, removed(word, advice)]),
);

export const proxyGrace: DirectiveKeyword = removed('grace', "Use 'grace' in the global section.");
