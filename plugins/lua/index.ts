import { definePlugin, type Plugin, type PluginContext, type PluginInstance } from 'sluice/plugin';
import { LUA } from './host.ts';
import { httpClientWords } from './http-client-words.ts';
import { loading } from './loading.ts';
import { tuning } from './tuning.ts';
import { action } from './words/action.ts';
import { commands } from './words/command.ts';
import { converter } from './words/converter.ts';
import { fetch } from './words/fetch.ts';
import { filter } from './words/filter.ts';
import { service } from './words/service.ts';

/** HAProxy's Lua API; lua-api.rst. */
const lua: Plugin = definePlugin({
  name: 'lua',
  api: 1,
  directives: { ...loading, ...tuning, ...httpClientWords },
  actions: { 'lua.': action },
  fetches: { 'lua.': fetch },
  filters: { 'lua.': filter },
  converters: { 'lua.': converter },
  services: { 'lua.': service },
  setup,
});
export default lua;

function setup(context: PluginContext): PluginInstance | undefined {
  const host = context.global.findExtension(LUA);
  if (host === undefined || host.worlds.length === 0) return undefined;
  host.ready(context);
  return {
    commands: commands(host),
    start(): void {
      host.init();
      host.start();
    },
    stop: () => host.close(),
  };
}
