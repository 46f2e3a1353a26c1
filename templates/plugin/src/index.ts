import { definePlugin, type Plugin } from 'sluice/plugin';
import { initials } from './converter.ts';
import { upperCase } from './filter.ts';
import { segment } from './fetch.ts';
import { countRequests } from './hooks.ts';
import { tag } from './action.ts';

/** What Sluice loads. Each word has a file of its own: keep those you need, and delete the others with their line here. */
const plugin: Plugin = definePlugin({
  name: '__NAME__',
  api: 1,
  options: {
    header: { type: 'string', summary: 'The response header that counts requests.', default: 'x-__NAME__-requests' },
    quiet: { type: 'flag', summary: 'Adds no such header.' },
  },
  actions: { '__NAME__-tag': tag },
  fetches: { '__NAME__.segment': segment },
  converters: { '__NAME__-initials': initials },
  filters: { '__NAME__-upper': upperCase },
  setup(context) {
    return context.options.quiet ? {} : { hooks: countRequests(context) };
  },
});
export default plugin;
