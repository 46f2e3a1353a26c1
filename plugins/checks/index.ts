import { definePlugin, type Plugin } from 'sluice/plugin';
import { directives } from './directives.ts';
import { Engine } from './engine.ts';
import { loadStates } from './state-files.ts';
import { checkWords } from './words.ts';

const checks: Plugin = definePlugin({
  name: 'checks',
  api: 1,
  directives,
  serverWords: checkWords,
  async setup(context) {
    const engine = new Engine(context);
    await engine.prepare();
    await loadStates(context);
    return {
      start: () => engine.start(),
      drain: () => engine.stop(),
      stop: () => engine.stop(),
    };
  },
});
export default checks;
