import { describe, expect, test } from 'vitest';
import type { Log, Plugin, ServiceKeyword } from '../../core/api/index.ts';
import { Composition } from '../../core/plugin/composition.ts';
import { PluginError, type Generation, type Site } from '../../core/plugin/generation.ts';
import { DuplicateWordError } from '../../core/plugin/registry.ts';

const said: string[] = [];
const say = (_fields: object, message = ''): void => void said.push(message);
const log: Log = { debug: say, info: say, warn: say, error: say };
// The plugins of these tests look at nothing of the configuration.
const site = { proxies: [], frontends: [], backends: [] } as unknown as Site;
const of = (composition: Composition, ...plugins: Plugin[]): Generation =>
  composition.generation(plugins.map((plugin) => ({ plugin, args: [] })));

/** A plugin that writes down what happens to it. */
function recorder(name: string, events: string[], broken?: 'setup' | 'start' | 'stop'): Plugin {
  const at = (step: 'setup' | 'start' | 'stop'): void => {
    events.push(`${name} ${step}`);
    if (step === broken) throw new Error('broken');
  };
  return {
    name,
    api: 1,
    setup: () => {
      at('setup');
      return { start: () => at('start'), stop: async () => at('stop') };
    },
  };
}

const accept = (): void => {};

describe('a generation', () => {
  test('sets up and starts in order, stops in reverse', async () => {
    const events: string[] = [];
    const generation = of(new Composition(log), recorder('a', events), recorder('b', events));
    await generation.setup(site);
    await generation.start();
    await generation.stop();
    expect(events).toEqual(['a setup', 'b setup', 'a start', 'b start', 'b stop', 'a stop']);
  });

  test('stops what it set up when a later plugin fails in setup', async () => {
    const events: string[] = [];
    const generation = of(
      new Composition(log),
      recorder('a', events),
      recorder('b', events, 'setup'),
      recorder('c', events),
    );
    await expect(generation.setup(site)).rejects.toThrow(new PluginError(`plugin 'b' failed in setup: broken`));
    expect(events).toEqual(['a setup', 'b setup', 'a stop']);
  });

  test('stops all when one fails in start, that one too', async () => {
    const events: string[] = [];
    const generation = of(new Composition(log), recorder('a', events), recorder('b', events, 'start'));
    await generation.setup(site);
    await expect(generation.start()).rejects.toThrow(`plugin 'b' failed in start: broken`);
    expect(events.slice(-2)).toEqual(['b stop', 'a stop']);
  });

  test('goes on stopping after one failed, and says so', async () => {
    const events: string[] = [];
    const generation = of(new Composition(log), recorder('a', events), recorder('b', events, 'stop'));
    await generation.setup(site);
    await generation.stop();
    expect(events.slice(-2)).toEqual(['b stop', 'a stop']);
    expect(said).toContain(`plugin 'b' failed to stop`);
  });

  test('aborts its signal before it stops', async () => {
    const seen: boolean[] = [];
    const plugin: Plugin = {
      name: 'a',
      api: 1,
      setup: ({ signal }) => {
        seen.push(signal.aborted);
        return { stop: () => void seen.push(signal.aborted) };
      },
    };
    const generation = of(new Composition(log), plugin);
    await generation.setup(site);
    await generation.stop();
    expect(seen).toEqual([false, true]);
  });

  test('gives the hooks with the name of whose they are', async () => {
    const generation = of(
      new Composition(log),
      { name: 'idle', api: 1, setup: () => {} },
      { name: 'busy', api: 1, setup: () => ({ hooks: { accept } }) },
    );
    await generation.setup(site);
    expect(generation.hooks).toEqual([{ plugin: 'busy', hooks: { accept } }]);
  });
});

describe('names', () => {
  const service: ServiceKeyword = { usage: 'x', summary: 'x', mode: 'http', serve: () => 'done' };

  test('one word of two plugins is refused', () => {
    expect(() =>
      of(
        new Composition(log),
        { name: 'a', api: 1, services: { x: service } },
        { name: 'b', api: 1, services: { x: service } },
      ),
    ).toThrow(new DuplicateWordError(`the service 'x' is registered by both 'a' and 'b'`));
  });

  test('a word belongs to its generation alone', () => {
    const composition = new Composition(log);
    const first = of(composition, { name: 'a', api: 1, services: { x: service } });
    const second = of(composition, { name: 'b', api: 1, services: { y: service } });
    expect([...first.keywords.services.keys()]).toEqual(['x']);
    expect([...second.keywords.services.keys()]).toEqual(['y']);
    expect(of(composition).keywords.services.size).toBe(0);
  });

  test('one name twice, and a requirement that is not met', () => {
    const plugin: Plugin = { name: 'a', api: 1 };
    expect(() => of(new Composition(log), plugin, plugin)).toThrow(`there are two plugins named 'a'`);
    expect(() => of(new Composition(log), { ...plugin, requires: ['b'] })).toThrow(
      `plugin 'a' requires 'b', which is not loaded`,
    );
  });
});

/** Keeps one object and shows which. */
const keeper = (key: string, seen: object[], fails = false): Plugin => ({
  name: 'keeper',
  api: 1,
  setup: (context) => {
    seen.push(context.keep(key, () => ({})));
    return {
      start: () => {
        if (fails) throw new Error('no');
      },
    };
  },
});
const run = async (composition: Composition, plugin: Plugin): Promise<void> => {
  const generation = of(composition, plugin);
  await generation.setup(site);
  await generation.start();
};

describe('what is kept', () => {
  test('is handed to the next generation', async () => {
    const composition = new Composition(log);
    const seen: object[] = [];
    await run(composition, keeper('x', seen));
    await run(composition, keeper('x', seen));
    expect(seen[1]).toBe(seen[0]);
  });

  test('is made anew under another key, and when it was not asked for in between', async () => {
    const composition = new Composition(log);
    const seen: object[] = [];
    await run(composition, keeper('x', seen));
    await run(composition, keeper('y', seen));
    await run(composition, keeper('x', seen));
    expect(new Set(seen).size).toBe(3);
  });

  test('survives a generation that failed', async () => {
    const composition = new Composition(log);
    const seen: object[] = [];
    await run(composition, keeper('x', seen));
    await expect(run(composition, keeper('y', seen, true))).rejects.toThrow('no');
    await run(composition, keeper('x', seen));
    expect(seen[2]).toBe(seen[0]);
  });
});
