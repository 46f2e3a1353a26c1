import { definePlugin, type Plugin } from 'sluice/plugin';
import { fetches } from './fetches.ts';
import { compression, filters, limits } from './words.ts';

/** Compression of bodies: configuration.txt 4.2, `compression`, and 9.2; with brotli and zstd besides. */
const plugin: Plugin = definePlugin({
  name: 'compression',
  api: 1,
  directives: { compression, ...limits },
  filters,
  fetches,
});
export default plugin;
