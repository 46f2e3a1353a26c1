import type { GlobalConfig, GlobalSettings } from '../api/settings.ts';
import type { Extension } from '../api/traffic.ts';
import { Extensions } from './extensions.ts';
import { defaultGlobalSettings } from './settings.ts';

/** What all `global` sections say together. */
export class GlobalSection implements GlobalConfig {
  readonly settings: GlobalSettings = defaultGlobalSettings();
  readonly #extensions = new Extensions();

  extension<T extends object>(key: Extension<T>): T {
    return this.#extensions.get(key);
  }

  findExtension<T extends object>(key: Extension<T>): T | undefined {
    return this.#extensions.find(key);
  }

  /** For dumps. */
  get extensions(): Extensions {
    return this.#extensions;
  }
}
