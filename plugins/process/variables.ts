import type { DirectiveKeyword, GlobalSettings } from 'sluice/plugin';
import { overriding } from './limits.ts';

type Scope = keyof GlobalSettings['variableLimits'];

const MOST = 0x7fffffff;

function limit(scope: Scope, of: string): Record<string, DirectiveKeyword> {
  const word = `tune.vars.${scope}-max-size`;
  return {
    [word]: overriding(`${word} <size>`, `The bytes that ${of} may take at the most; 0 for no limit.`, (words) => {
      const size = words.size('a size', { min: 0, max: MOST });
      return (settings) => (settings.variableLimits[scope] = size);
    }),
  };
}

/** The memory of variables. configuration.txt 3.2. */
export const variableDirectives: Readonly<Record<string, DirectiveKeyword>> = {
  ...limit('global', 'all variables'),
  ...limit('proc', "the process's variables and those of its sessions"),
  ...limit('sess', "a session's variables and those of its transactions"),
  ...limit('txn', "a transaction's variables and those of its request and response"),
  ...limit('reqres', "a request's or a response's variables"),
};
