import type { DirectiveKeyword, Scope, Transaction, Value, Words } from 'sluice/plugin';
import { parseVariable } from './variables.ts';

/** There is no traffic while a configuration is read, and the fetches that may stand here ask for none. */
const NO_TRANSACTION = undefined as unknown as Transaction;

/** `set-var` and `set-var-fmt` of the global section: a variable of the process, set while the configuration is read. */
function setting(
  word: 'set-var' | 'set-var-fmt',
  usage: string,
  evaluate: (words: Words, scope: Scope) => Value | undefined,
): DirectiveKeyword {
  return {
    usage,
    summary: 'Sets a variable of the process when the configuration is read.',
    in: ['global'],
    parse(words, scope) {
      const text = words.next('a variable name');
      const { scope: place, name } = parseVariable(`${word}(${text})`, words, word);
      if (place !== 'proc' || text.includes(','))
        words.fail(`'${word}': cannot set variable '${text}', only scope 'proc' is permitted in the global section.`);
      const value = evaluate(words, scope);
      words.end();
      scope.global.settings.variableNames.add(text);
      if (value !== undefined) scope.global.settings.variables.push([name, value]);
    },
  };
}

export const globalVariables: Readonly<Record<string, DirectiveKeyword>> = {
  'set-var': setting('set-var', 'set-var proc.<name> <expression>', (words, scope) =>
    scope.expression(words, ['config']).evaluate(NO_TRANSACTION),
  ),
  'set-var-fmt': setting('set-var-fmt', 'set-var-fmt proc.<name> <log-format>', (words, scope) =>
    scope.format(words.next('a log-format string'), words, ['config']).evaluate(NO_TRANSACTION),
  ),
};
