import type { Action, ActionKeyword, ServiceKeyword } from '../api/keywords.ts';
import type { Eventually } from '../api/values.ts';
import type { Verdict } from '../api/hooks.ts';
import type { Entry } from '../plugin/registry.ts';
import { didYouMean } from './nearest.ts';
import type { LineScope } from './scope.ts';

/** What a service throws is its plugin's fault, not that of the rule that names it. */
function serving({ word, keyword, plugin }: Entry<ServiceKeyword>): Action {
  const failed = (error: unknown): never => {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`the service '${word}' of the plugin '${plugin}': ${reason}`, { cause: error });
  };
  return {
    run(transaction): Eventually<Verdict> {
      try {
        const served = keyword.serve(transaction);
        return served instanceof Promise ? served.catch(failed) : served;
      } catch (error) {
        return failed(error);
      }
    },
  };
}

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
    const entry = services.get(name);
    const known = [...services].filter(([, { keyword }]) => keyword.mode === mode).map(([word]) => word);
    if (entry === undefined) return words.fail(`'${name}' unknown service name.${didYouMean(name, known)}`);
    if (entry.keyword.mode !== mode) words.fail(`the service '${name}' is for ${entry.keyword.mode} rules`);
    return serving(entry);
  },
};
