import { definePlugin, type Plugin } from 'sluice/plugin';
import { bandwidthActions, bandwidthFilters } from './bandwidth.ts';
import { filterSequence } from './sequence.ts';
import { trace } from './trace.ts';
import { trailerOptions } from './trailers.ts';

/** Filters that show what filters see and that slow bytes down, and the order of filters. */
const filters: Plugin = definePlugin({
  name: 'filters',
  api: 1,
  directives: { 'filter-sequence': filterSequence, ...trailerOptions },
  filters: { trace, ...bandwidthFilters },
  actions: bandwidthActions,
});
export default filters;
