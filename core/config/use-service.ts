import type { ActionKeyword, ServiceKeyword } from '../api/keywords.ts';
import { findWord } from '../expression/find-word.ts';
import type { Stream } from '../kernel/stream.ts';
import { didYouMean } from './nearest.ts';
import type { LineScope } from './scope.ts';

/** `use-service <name>`: a plugin answers in the server's place. It needs the table of services, so it belongs to the language. */
export const useService: ActionKeyword = {
  usage: 'use-service <name>',
  summary: "Lets a plugin's service answer in the server's place.",
  in: ['tcp-request content', 'http-request'],
  final: true,
  parse(words, scope) {
    const mode = words.keyword.startsWith('http') ? 'http' : 'tcp';
    const name = words.next('the name of a service');
    // Every scope is made by this folder.
    const { services } = (scope as LineScope).build.keywords;
    const entry = findWord(services, name);
    const fits = (keyword: ServiceKeyword): boolean => keyword.mode === mode || keyword.mode === 'either';
    const known = [...services].filter(([, { keyword }]) => fits(keyword)).map(([word]) => word);
    if (entry === undefined) return words.fail(`'${name}' unknown service name.${didYouMean(name, known)}`);
    const { keyword } = entry;
    if (!fits(keyword)) words.fail(`the service '${name}' is for ${keyword.mode} rules`);
    const serve = keyword.parse?.(name, words, scope) ?? keyword.serve;
    if (serve === undefined) return words.fail(`the service '${name}' does nothing`);
    return {
      plugin: entry.plugin,
      run(transaction) {
        (transaction as Stream).served = true;
        return serve(transaction);
      },
    };
  },
};
