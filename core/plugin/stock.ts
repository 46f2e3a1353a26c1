import type { Plugin } from '../api/index.ts';

/** The plugins that come with the program. The one file of core/ that imports plugins/. */
export const stockPlugins: readonly Plugin[] = [];
