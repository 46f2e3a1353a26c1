import { definePlugin, type Plugin } from 'sluice/plugin';
import { algorithms } from './algorithms.ts';
import { hashDirectives, hashKey } from './directives.ts';

/** Who gets the next request. configuration.txt 4.2, `balance`. */
const balance: Plugin = definePlugin({
  name: 'balance',
  api: 1,
  balance: algorithms,
  directives: hashDirectives,
  serverWords: { 'hash-key': hashKey },
});
export default balance;
