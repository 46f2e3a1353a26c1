import type { CheckKeyword, DirectiveKeyword } from '../api/keywords.ts';
import type { Entry } from '../plugin/registry.ts';
import { core } from './core-directive.ts';
import { isKnown, type WordClass } from './known.ts';
import type { LineWords } from './words.ts';

/** `hdr(host)` is `hdr` with an argument in it. */
function choose<K>(
  what: string,
  kind: WordClass,
  table: ReadonlyMap<string, Entry<K>>,
  words: LineWords,
): { readonly word: string; readonly entry: Entry<K> } {
  const word = words.next(`a ${what}`);
  const stem = word.replace(/\(.*$/s, '');
  const entry = table.get(word) ?? table.get(stem) ?? [...table.values()].find((one) => beginsWith(word, one));
  if (entry) return { word, entry };
  if (isKnown(kind, stem)) words.fail(`the ${what} '${stem}' is not built yet`);
  return words.unknown(what, table.keys());
}

/** A word whose beginning alone is registered. */
function beginsWith<K>(text: string, { word, keyword }: Entry<K>): boolean {
  return (keyword as { readonly prefix?: boolean }).prefix === true && text.startsWith(word);
}

export const balance: DirectiveKeyword = {
  usage: 'balance <algorithm> [ <argument> … ]',
  summary: 'How requests are spread over the servers of a backend.',
  in: ['defaults', 'backend'],
  parse: core((words, scope) => {
    const { word, entry } = choose('balance algorithm', 'balance', scope.build.keywords.balance, words);
    const own = scope.at(entry.plugin, ['be-use-server']);
    scope.proxy.settings.bufferPosts = false;
    scope.proxy.settings.balance = words.within(`balance ${word}`, '', () => entry.keyword.parse(words, own));
  }),
};

export const filter: DirectiveKeyword = {
  usage: 'filter <name> [ <argument> … ]',
  summary: 'Sends traffic through a filter; filters work in the order of their lines.',
  in: ['frontend', 'backend'],
  parse: core((words, scope) => {
    const { word, entry } = choose('filter', 'filter', scope.build.keywords.filters, words);
    const own = scope.at(entry.plugin, []);
    const factory = words.within(`filter ${word}`, '', () => entry.keyword.parse(words, own));
    scope.proxy.settings.filters.push({ name: word, plugin: entry.plugin, factory });
  }),
};

/** The line `option NAME` that a plugin's check makes. */
export function checkOption({ word, keyword, plugin }: Entry<CheckKeyword>): Entry<DirectiveKeyword> {
  const parse: DirectiveKeyword['parse'] = core((words, scope) => {
    const { settings } = scope.proxy;
    settings.check = keyword.parse(words, scope.at(plugin, []));
    settings.checkOption = word;
  });
  const { usage, summary } = keyword;
  return {
    word: `option ${word}`,
    plugin,
    keyword: { usage, summary, in: ['defaults', 'backend'], parse },
  };
}
