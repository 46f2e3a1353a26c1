import {
  PATTERNS,
  type ActionKeyword,
  type Format,
  type PatternReference,
  type Scope,
  type Transaction,
  type Words,
} from 'sluice/plugin';
import { ALL, BOTH } from './places.ts';

/**
 * Reads the list's name in the parentheses. The list is that of the ACLs and maps that read it, wherever in the configuration
 * they stand; configuration.txt 2.7.
 */
function readList(words: Words, scope: Scope, isMap: boolean): () => PatternReference | undefined {
  const [word, inside] = /^[^(]*\((.*)\)$/s.exec(words.keyword) ?? [];
  const what = isMap ? 'a map' : 'a list of patterns';
  if (word === undefined || inside === undefined || inside === '')
    return words.fail(`expects the name of ${what} in parentheses behind '${words.keyword.split(' ').at(-1)!}'`);
  const virtual = inside.startsWith('virt@');
  const name = virtual ? inside : scope.path(inside.replace(/^(?:file|opt)@/, ''), words);
  let list: PatternReference | undefined;
  scope.later(() => {
    list = scope.global.findExtension(PATTERNS)?.all.get(name);
    if (list === undefined) words.warn(`nothing reads '${name}': what is written to it has no effect`);
    else if (list.isMap !== isMap)
      words.fail(`'${name}' is ${list.isMap ? 'a map' : 'a list of patterns'}, not ${what}`);
  });
  return () => list;
}

type Write = (list: PatternReference, key: string, value: string) => void;

function writing(word: string, summary: string, isMap: boolean, write: Write): ActionKeyword {
  const withValue = word === 'set-map';
  return {
    usage: `${word}(<name>) <key format>${withValue ? ' <value format>' : ''}`,
    summary,
    // HAProxy lets one take out of a list behind the response's rules, and not put into it.
    in: isMap || word === 'del-acl' ? ALL : BOTH,
    prefix: true,
    parse(words, scope) {
      const list = readList(words, scope, isMap);
      const key = scope.format(words.next('a log-format string for the key'), words);
      const value = withValue ? scope.format(words.next('a log-format string for the value'), words) : undefined;
      return {
        run(transaction) {
          const target = list();
          if (target) write(target, text(key, transaction), value === undefined ? '' : text(value, transaction));
        },
      };
    },
  };
}

function text(format: Format, transaction: Transaction): string {
  return format.constant ?? format.evaluate(transaction);
}

export const patternActions: Record<string, ActionKeyword> = {
  'set-map': writing('set-map', 'Sets what a map has for a key.', true, (list, key, value) => {
    if (!list.set(key, value)) list.add(key, value);
  }),
  'del-map': writing('del-map', 'Takes a key out of a map.', true, (list, key) => void list.delete(key)),
  'add-acl': writing('add-acl', "Adds a pattern to an ACL's list.", false, (list, key) => {
    if (!list.has(key)) list.add(key);
  }),
  'del-acl': writing('del-acl', "Takes a pattern out of an ACL's list.", false, (list, key) => void list.delete(key)),
};
