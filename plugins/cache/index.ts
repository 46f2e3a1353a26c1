import type { Plugin } from 'sluice/plugin';
import { commands } from './commands.ts';
import { fetches } from './fetches.ts';
import { cacheFilter } from './filter.ts';
import { actions } from './rules.ts';
import { CACHES, cacheSection } from './section.ts';
import { Store } from './store.ts';

/** HTTP caching: HAProxy's `cache` section, and RFC 9111. See README.md and docs/cache.md. */
const plugin: Plugin = {
  name: 'cache',
  api: 1,
  sections: { cache: cacheSection },
  actions,
  filters: { cache: cacheFilter },
  fetches,
  commands,
  setup({ global, keep }) {
    const { sections } = global.extension(CACHES);
    for (const section of sections) {
      const store = keep(`store ${section.name}`, () => new Store(section.name));
      section.store = store;
      if (store.limit === 0) store.limit = section.settings.total;
    }
    return {
      start() {
        // From here on this configuration's limits count; the one before may still fill it until it ends.
        for (const { store, settings } of sections) {
          store.limit = settings.total;
          const { earlyHints, hintRatio } = settings;
          const share = earlyHints === 'off' ? 0 : earlyHints === 'only' ? 100 : hintRatio;
          store.hints.limit = Math.floor((settings.total * share) / 100);
        }
      },
    };
  },
};

export default plugin;
