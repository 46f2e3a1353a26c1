import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Log, Plugin } from '../../core/api/index.ts';
import { Composition } from '../../core/plugin/composition.ts';
import type { Generation, Site } from '../../core/plugin/generation.ts';

const said: { message: string; error: string }[] = [];
const say = (fields: object, message = ''): void =>
  void said.push({ message, error: String((fields as { err?: Error }).err?.message) });
const log: Log = { debug: say, info: say, warn: say, error: say };
const site = { proxies: [], frontends: [], backends: [] } as unknown as Site;
const of = (...plugins: Plugin[]): Generation =>
  new Composition(log).generation(plugins.map((plugin) => ({ plugin, args: [] })));
const never = (): Promise<never> => new Promise(() => {});

beforeEach(() => {
  said.length = 0;
  vi.useFakeTimers();
});
afterEach(() => void vi.useRealTimers());

describe('a plugin that hangs', () => {
  test('in setup: the configuration is refused, and those before it are stopped', async () => {
    let stopped = false;
    const first: Plugin = { name: 'first', api: 1, setup: () => ({ stop: () => void (stopped = true) }) };
    const refused = of(first, { name: 'slow', api: 1, setup: never }).setup(site);
    const outcome = expect(refused).rejects.toThrow("plugin 'slow' failed in setup: took more than 30 seconds");
    await vi.advanceTimersByTimeAsync(30_000);
    await outcome;
    expect(stopped).toBe(true);
  });

  test('in setup, and comes to its end after all: what it gave is ended', async () => {
    let finish: (instance: { stop(): void }) => void = () => undefined;
    let stopped = false;
    const slow: Plugin = { name: 'slow', api: 1, setup: () => new Promise((resolve) => (finish = resolve)) };
    const refused = expect(of(slow).setup(site)).rejects.toThrow('took more than 30 seconds');
    await vi.advanceTimersByTimeAsync(30_000);
    await refused;
    finish({ stop: () => void (stopped = true) });
    await vi.advanceTimersByTimeAsync(1);
    expect(stopped).toBe(true);
  });

  test('in start: the same', async () => {
    let stopped = false;
    const generation = of({
      name: 'slow',
      api: 1,
      setup: () => ({ start: never, stop: () => void (stopped = true) }),
    });
    await generation.setup(site);
    const outcome = expect(generation.start()).rejects.toThrow(
      "plugin 'slow' failed in start: took more than 30 seconds",
    );
    await vi.advanceTimersByTimeAsync(30_000);
    await outcome;
    expect(stopped).toBe(true);
  });

  test('in stop: the others have their turn, and the process can end', async () => {
    const order: string[] = [];
    const generation = of(
      { name: 'first', api: 1, setup: () => ({ stop: () => void order.push('first') }) },
      { name: 'slow', api: 1, setup: () => ({ stop: never }) },
      { name: 'last', api: 1, setup: () => ({ stop: () => void order.push('last') }) },
    );
    await generation.setup(site);
    const stopped = generation.stop();
    await vi.advanceTimersByTimeAsync(5000);
    await stopped;
    expect(order).toEqual(['last', 'first']);
    expect(said).toEqual([{ message: "plugin 'slow' failed to stop", error: 'took more than 5 seconds' }]);
  });

  test('and fails when nobody waits any more: that is caught', async () => {
    let fail: (error: Error) => void = () => undefined;
    const slow: Plugin = {
      name: 'slow',
      api: 1,
      setup: () => new Promise((_resolve, reject: (error: Error) => void) => (fail = reject)),
    };
    const refused = expect(of(slow).setup(site)).rejects.toThrow('took more than 30 seconds');
    await vi.advanceTimersByTimeAsync(30_000);
    await refused;
    // An unhandled rejection would fail the test run.
    fail(new Error('too late'));
    await vi.advanceTimersByTimeAsync(1);
  });
});
