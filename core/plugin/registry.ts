import type { Contributions, Plugin } from '../api/index.ts';

/** A word, what it means, and whose it is. */
export interface Entry<K> {
  readonly word: string;
  readonly keyword: K;
  readonly plugin: string;
}

type Tables = Required<Contributions>;
type KeywordOf<Name extends keyof Tables> = Tables[Name][string];

/** All words of one configuration generation, by class. */
export type Keywords = { readonly [Name in keyof Tables]: ReadonlyMap<string, Entry<KeywordOf<Name>>> };

export const CLASSES: { readonly [Name in keyof Tables]: string } = {
  sections: 'section',
  directives: 'directive',
  bindWords: 'bind word',
  serverWords: 'server word',
  actions: 'action',
  fetches: 'sample fetch',
  converters: 'converter',
  matches: 'ACL match method',
  filters: 'filter',
  balance: 'balance algorithm',
  checks: 'check',
  services: 'service',
  commands: 'command',
};

export class DuplicateWordError extends Error {}

/** Joins the tables of all plugins; a word claimed twice is refused, naming both plugins. */
export function mergeKeywords(plugins: readonly Plugin[]): Keywords {
  const merge = <Name extends keyof Tables>(name: Name): ReadonlyMap<string, Entry<KeywordOf<Name>>> => {
    const merged = new Map<string, Entry<KeywordOf<Name>>>();
    for (const plugin of plugins) {
      for (const [word, keyword] of Object.entries(plugin[name] ?? {})) {
        const taken = merged.get(word);
        if (taken)
          throw new DuplicateWordError(
            `the ${CLASSES[name]} '${word}' is registered by both '${taken.plugin}' and '${plugin.name}'`,
          );
        merged.set(word, { word, keyword: keyword as KeywordOf<Name>, plugin: plugin.name });
      }
    }
    return merged;
  };
  return {
    sections: merge('sections'),
    directives: merge('directives'),
    bindWords: merge('bindWords'),
    serverWords: merge('serverWords'),
    actions: merge('actions'),
    fetches: merge('fetches'),
    converters: merge('converters'),
    matches: merge('matches'),
    filters: merge('filters'),
    balance: merge('balance'),
    checks: merge('checks'),
    services: merge('services'),
    commands: merge('commands'),
  };
}
