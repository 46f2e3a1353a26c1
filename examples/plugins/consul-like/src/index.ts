import { definePlugin, type Plugin } from 'sluice/plugin';
import { Fleet } from './fleet.ts';
import { askRegistry, type Instance } from './registry.ts';

/** How often servers that are to go are looked after, in milliseconds. */
const SWEEP = 200;

const plugin: Plugin = definePlugin({
  name: 'consul-like',
  api: 1,
  options: {
    url: {
      type: 'string',
      summary: "Whom to ask: Consul's /v1/health/service/<name>?passing, or its like.",
      required: true,
    },
    backend: { type: 'string', summary: 'The backend whose servers these are.', required: true },
    interval: { type: 'time', summary: 'How often.', default: 5000, min: 10 },
    timeout: { type: 'time', summary: 'How long an answer may take.', default: 2000, min: 1 },
    word: { type: 'string', summary: 'A word for each server line: `word=check word=inter word=1s`.', repeated: true },
  },
  async setup({ options, backends, log, signal, timer, keep }) {
    const backend = backends.find(({ name }) => name === options.backend);
    if (backend === undefined) {
      throw new Error(
        `there is no backend '${options.backend}'; those there are: ${backends.map(({ name }) => name).join(', ')}`,
      );
    }
    const fleet = new Fleet(backend, options.word, log);
    // A registry that is away when the configuration is reloaded must not empty the backend.
    const last = keep(`${options.url} ${options.backend}`, () => ({ instances: [] as Instance[] }));
    /** From when on this generation has nothing to say any more: another one may be at work. */
    let over = false;
    const ask = async (): Promise<void> => {
      try {
        last.instances = await askRegistry(options.url, options.timeout, signal);
      } catch (error) {
        if (over) return;
        log.warn({ err: error, url: options.url }, 'the registry cannot be asked; servers stay as they are');
      }
      if (!over) fleet.update(last.instances);
    };
    const next = timer(() => {
      // ask() takes care of what goes wrong. A timer that is started after `stop` would keep the process.
      void ask().then(() => {
        if (!over) next.start(options.interval);
      });
    });
    const sweep = timer(() => {
      fleet.sweep();
      sweep.start(SWEEP);
    });
    const end = (): void => {
      over = true;
      next.stop();
      sweep.stop();
    };
    // The first requests find servers.
    await ask();
    return {
      start() {
        next.start(options.interval);
        sweep.start(SWEEP);
      },
      drain: end,
      stop: end,
    };
  },
});
export default plugin;
