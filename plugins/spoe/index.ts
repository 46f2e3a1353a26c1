import { definePlugin, type Plugin, type PluginContext, type PluginInstance } from 'sluice/plugin';
import { engineFetches } from './fetches.ts';
import { spoe } from './filter.ts';
import { sendSpoeGroup } from './group-action.ts';
import { ENGINES } from './settings.ts';

/** The client of the Stream Processing Offload Engine; configuration.txt 9.3, SPOE.txt. */
const plugin: Plugin = definePlugin({
  name: 'spoe',
  api: 1,
  requires: ['logging'],
  filters: { spoe },
  actions: { 'send-spoe-group': sendSpoeGroup },
  fetches: engineFetches,
  setup,
});
export default plugin;

function setup(context: PluginContext): PluginInstance | undefined {
  const backends = new Map(context.backends.map((backend) => [backend.name, backend]));
  const known = context.global.settings.variableNames;
  const engines = context.proxies.flatMap((proxy) =>
    proxy.settings.disabled ? [] : [...(proxy.findExtension(ENGINES)?.values() ?? [])],
  );
  if (engines.length === 0) return undefined;
  for (const engine of engines) {
    const backend = backends.get(engine.agent.backend!);
    if (backend === undefined)
      throw new Error(`the backend '${engine.agent.backend}' of SPOE agent '${engine.agent.name}' is disabled`);
    engine.start(backend, known, context);
  }
  return {
    stop: async () => {
      await Promise.all(engines.map((engine) => engine.stop()));
    },
  };
}
