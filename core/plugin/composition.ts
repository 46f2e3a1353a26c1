// tsyringe reads decorator metadata through this polyfill and refuses to load without it.
// oxlint-disable-next-line import/no-unassigned-import
import 'reflect-metadata';
import { container, instancePerContainerCachingFactory, type DependencyContainer, type InjectionToken } from 'tsyringe';
import type { Log } from '../api/index.ts';
import { Generation, type LoadedPlugin } from './generation.ts';
import { Kept } from './kept.ts';
import { processLog } from './process-log.ts';
import { mergeKeywords, type Keywords } from './registry.ts';

/** A token that remembers its type. */
function token<T>(description: string): InjectionToken<T> {
  return Symbol(description);
}

const LOG: InjectionToken<Log> = token('log');
const PLUGINS: InjectionToken<LoadedPlugin> = token('plugins');
const KEYWORDS: InjectionToken<Keywords> = token('keywords');
const GENERATION: InjectionToken<Generation> = token('generation');
const KEPT: InjectionToken<Kept> = token('kept');

/**
 * Puts the program together: what lives as long as the process, and one {@link Generation} for each configuration. The
 * only importer of tsyringe, and never used per connection.
 */
export class Composition {
  readonly #root: DependencyContainer = container.createChildContainer();

  constructor(log?: Log) {
    this.#root.register(LOG, { useFactory: instancePerContainerCachingFactory(() => log ?? processLog()) });
    this.#root.registerInstance(KEPT, new Kept());
  }

  /** The log of the process itself. */
  get log(): Log {
    return this.#root.resolve(LOG);
  }

  /**
   * Joins the plugins to a generation. Nothing of it runs yet.
   * @throws {DuplicateWordError} when two plugins claim one word.
   * @throws {PluginError} when two have one name, or one lacks another it requires.
   */
  generation(plugins: readonly LoadedPlugin[]): Generation {
    const child = this.#root.createChildContainer();
    for (const plugin of plugins) child.registerInstance(PLUGINS, plugin);
    child.register(KEYWORDS, {
      useFactory: instancePerContainerCachingFactory((own) =>
        mergeKeywords(contributed(own).map(({ plugin }) => plugin)),
      ),
    });
    child.register(GENERATION, {
      useFactory: instancePerContainerCachingFactory(
        (own) => new Generation(contributed(own), own.resolve(KEYWORDS), own.resolve(LOG), own.resolve(KEPT)),
      ),
    });
    return child.resolve(GENERATION);
  }
}

/** resolveAll throws where nothing is registered. */
function contributed(from: DependencyContainer): LoadedPlugin[] {
  return from.isRegistered(PLUGINS, true) ? from.resolveAll(PLUGINS) : [];
}
