import type {
  Extension,
  FilterFactory,
  FilterKeyword,
  FilterSide,
  ProxyConfig,
  Scope,
  Transaction,
  Words,
} from 'sluice/plugin';
import { lookupOf } from './lookup.ts';
import type { CacheSection } from './settings.ts';

/** Copies a response's body to where it is stored; it passes unchanged. */
const RECORDING: FilterSide = {
  borrows: true,
  data(chunk, flow) {
    const recorder = lookupOf(flow.transaction)?.recorder;
    if (recorder === undefined) flow.leave();
    else recorder.write(chunk);
    return chunk;
  },
  end({ transaction, trailers }) {
    lookupOf(transaction)?.recorder?.end(trailers);
    return undefined;
  },
};
const FILTER = { response: RECORDING };

/** The filter of one cache in one proxy: a stream has it once its response is to be stored. */
class CacheFilter implements FilterFactory {
  readonly late = true;

  attach(): typeof FILTER {
    return FILTER;
  }
}

/** The caches that a proxy's lines name, and their filters. */
interface Lines {
  /** Of `filter cache` lines. */
  readonly explicit: Map<string, CacheFilter>;
  /** Of rules, where there is no such line. */
  readonly implicit: Map<string, CacheFilter>;
}
const LINES: Extension<Lines> = {
  name: 'cache/lines',
  create: () => ({ explicit: new Map(), implicit: new Map() }),
};

/** The filters before which a cache may stand without a line of its own, and behind which it may not stand. */
const COMPRESSION: ReadonlySet<string> = new Set(['compression', 'comp-req', 'comp-res']);

/** A section that is found when all has been read. */
export interface Found {
  section: CacheSection | undefined;
}

/** Looks up a section when all has been read. */
export function sectionOf(words: Words, scope: Scope, name: string): Found {
  const found: Found = { section: undefined };
  scope.later((names) => {
    found.section = names.section<CacheSection>('cache', name);
    if (found.section === undefined)
      words.fail(`proxy '${scope.name}': unable to find the cache '${name}' referenced by the filter 'cache'.`);
  });
  return found;
}

/** Looks up the section of a rule, and sees to it that its proxy has the filter that copies bodies. */
export function sectionOfRule(words: Words, scope: Scope, name: string): Found {
  const found = sectionOf(words, scope, name);
  scope.later(() => place(words, scope.proxy, name));
  return found;
}

/** HAProxy wants a line where there are other filters than compression, and the cache before that. */
function place(words: Words, proxy: ProxyConfig, name: string): void {
  const { explicit, implicit } = proxy.extension(LINES);
  const { filters } = proxy.settings;
  const own = explicit.get(name);
  if (own === undefined) {
    if (implicit.has(name)) return;
    const others = filters.filter((line) => !(line.factory instanceof CacheFilter));
    if (others.some((line) => !COMPRESSION.has(line.name)))
      words.fail(`proxy '${proxy.name}': require an explicit filter declaration to use the cache '${name}'.`);
    // What is stored is what the server sent: compression works on it as it is served.
    const factory = new CacheFilter();
    implicit.set(name, factory);
    filters.unshift({ name: 'cache', plugin: 'cache', factory });
    return;
  }
  const at = filters.findIndex((line) => line.factory === own);
  if (filters.slice(0, at).some((line) => COMPRESSION.has(line.name)))
    words.fail(`proxy '${proxy.name}': unable to enable the compression filter before the cache '${name}'.`);
}

/** Has the body of a response copied that is being stored. */
export function record(transaction: Transaction, section: CacheSection): void {
  for (const proxy of [transaction.backend, transaction.frontend]) {
    const lines = proxy?.extension(LINES);
    const factory = lines?.explicit.get(section.name) ?? lines?.implicit.get(section.name);
    if (factory === undefined) continue;
    transaction.attachFilter(factory);
    return;
  }
}

export const cacheFilter: FilterKeyword = {
  usage: 'filter cache <name>',
  summary: 'Says where among the filters responses are copied to the cache.',
  parse(words, scope) {
    const name = words.peek() === undefined ? words.fail('cache : expects a <name> argument') : words.next('a name');
    words.end();
    const { explicit } = scope.proxy.extension(LINES);
    if (explicit.has(name)) words.fail(`${scope.name}: multiple explicit declarations of the cache filter '${name}'`);
    const factory = new CacheFilter();
    explicit.set(name, factory);
    sectionOf(words, scope, name);
    return factory;
  },
};
