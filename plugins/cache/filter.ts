import type { Extension, FilterFactory, FilterKeyword, Scope, Words } from 'sluice/plugin';
import type { CacheSection } from './settings.ts';

/** The caches that a proxy's lines name. */
interface Lines {
  /** Those of `filter cache` lines. */
  readonly explicit: Set<string>;
  /** Those of rules. */
  readonly used: Set<string>;
}
const LINES: Extension<Lines> = {
  name: 'cache/lines',
  create: () => ({ explicit: new Set(), used: new Set() }),
};

/** A section that is found when all has been read. */
export interface Found {
  section: CacheSection | undefined;
}

/** Looks the section up; a rule also sees to it that its proxy has the filter that copies bodies. */
export function sectionLater(words: Words, scope: Scope, name: string, rule: boolean): Found {
  const found: Found = { section: undefined };
  const { proxy } = scope;
  if (rule) proxy.extension(LINES).used.add(name);
  scope.later((names) => {
    found.section = names.section<CacheSection>('cache', name);
    if (found.section === undefined) {
      words.fail(`config: proxy '${scope.name}': unable to find the cache '${name}' referenced by the filter 'cache'.`);
    }
  });
  return found;
}

/** One for all streams: what is to be recorded is known by the transaction. */
export const factory: FilterFactory = { attach: () => undefined };

export const cacheFilter: FilterKeyword = {
  usage: 'filter cache <name>',
  summary: 'Says where among the filters responses are copied to the cache.',
  parse(words, scope) {
    const name = words.next('cache : expects a <name> argument');
    words.end();
    const { explicit } = scope.proxy.extension(LINES);
    if (explicit.has(name)) words.fail(`${scope.name}: multiple explicit declarations of the cache filter '${name}'`);
    explicit.add(name);
    sectionLater(words, scope, name, false);
    return factory;
  },
};
