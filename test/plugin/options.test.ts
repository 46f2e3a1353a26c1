import { describe, expect, expectTypeOf, test } from 'vitest';
import { definePlugin, type Plugin } from '../../core/api/index.ts';
import { ConfigurationError, createProxy, type PluginWithArguments } from '../../core/index.ts';
import { loadConfig } from '../../core/config/load.ts';
import { createCompiler } from '../../core/expression/index.ts';
import { stockPlugins } from '../../core/plugin/stock.ts';

let seen: unknown;

const geo: Plugin = definePlugin({
  name: 'geo',
  api: 1,
  options: {
    database: { type: 'path', summary: 'The file.', required: true },
    refresh: { type: 'time', summary: 'How often it is looked at.', default: 60_000, min: 1000 },
    memory: { type: 'size', summary: 'The most it takes.' },
    mode: { type: 'string', summary: 'How it is read.', values: ['mapped', 'buffered'] },
    field: { type: 'string', summary: 'What is kept.', repeated: true },
    tries: { type: 'integer', summary: 'How often.', max: 5 },
    strict: { type: 'flag', summary: 'Refuses old files.' },
  },
  setup({ options, args }) {
    expectTypeOf(options.database).toEqualTypeOf<string>();
    expectTypeOf(options.refresh).toEqualTypeOf<number>();
    expectTypeOf(options.memory).toEqualTypeOf<number | undefined>();
    expectTypeOf(options.mode).toEqualTypeOf<'mapped' | 'buffered' | undefined>();
    expectTypeOf(options.field).toEqualTypeOf<readonly string[]>();
    expectTypeOf(options.strict).toEqualTypeOf<boolean>();
    seen = { options, args };
  },
}) as Plugin;

async function refusals(line: string): Promise<string[]> {
  const { diagnostics } = await loadConfig({
    sources: [{ name: '/etc/sluice/geo.cfg', text: `global\n  plugin-load geo ${line}\n` }],
    env: {},
    plugins: stockPlugins,
    loadPlugin: () => Promise.resolve({ plugin: geo }),
    compilerFor: createCompiler,
  });
  return diagnostics
    .filter(({ severity, file }) => severity === 'alert' && file !== undefined)
    .map(({ line: number, column, message }) => `${number}:${column} ${message}`);
}

async function values(line: string): Promise<unknown> {
  const { plugins, diagnostics } = await loadConfig({
    sources: [{ name: '/etc/sluice/geo.cfg', text: `global\n  plugin-load geo ${line}\n` }],
    env: {},
    plugins: stockPlugins,
    loadPlugin: () => Promise.resolve({ plugin: geo }),
    compilerFor: createCompiler,
  });
  expect(diagnostics).toEqual([]);
  return plugins.find(({ plugin }) => plugin === geo)!.options;
}

describe('options of a plugin', () => {
  test('have the types and units that the plugin says, and defaults', async () => {
    expect(await values('database geo.mmdb')).toEqual({
      database: '/etc/sluice/geo.mmdb',
      refresh: 60_000,
      memory: undefined,
      mode: undefined,
      field: [],
      tries: undefined,
      strict: false,
    });
  });

  test('stand in any order, as two words or as one with an equals sign', async () => {
    expect(
      await values('strict refresh=5m memory 2k field=a field b mode=mapped tries 3 database=/var/geo=1.mmdb'),
    ).toEqual({
      database: '/var/geo=1.mmdb',
      refresh: 300_000,
      memory: 2048,
      mode: 'mapped',
      field: ['a', 'b'],
      tries: 3,
      strict: true,
    });
  });

  test.each([
    ['', "2:15 'plugin-load geo' : the option 'database' is missing: 'database <path>'; The file."],
    [
      'databse x',
      "2:19 'plugin-load geo' : unknown option 'databse', expected 'database', 'refresh', 'memory', 'mode', 'field', 'tries' or 'strict'; did you mean 'database' maybe ?",
    ],
    ['databse=x', "2:19 'plugin-load geo' : unknown option 'databse=x'"],
    ['database', "2:19 'plugin-load geo' : 'plugin-load geo' expects a value for 'database' (a path)"],
    ['database x refresh', "2:30 'plugin-load geo' : 'plugin-load geo' expects a value for 'refresh' (a time)"],
    [
      'database x refresh=2x',
      "2:38 'plugin-load geo' : unexpected character 'x' in 'plugin-load geo', expected a value for 'refresh' (a time)",
    ],
    ['database x refresh 10', "2:38 'plugin-load geo' : 'plugin-load geo' value must be at least 1000 ms (was 10)"],
    [
      'database x mode maped',
      "2:35 'plugin-load geo' : unknown value of 'mode' 'maped', expected 'mapped' or 'buffered'; did you mean 'mapped' maybe ?",
    ],
    ['database x tries=6', "2:36 'plugin-load geo' : 'plugin-load geo' value must be at most 5 (was 6)"],
    [
      'database x tries two',
      "2:36 'plugin-load geo' : 'plugin-load geo' expects a value for 'tries' (an integer), got 'two'",
    ],
    ['database x database y', "2:30 'plugin-load geo' : the option 'database' is given twice"],
    ['database x strict=1', "2:30 'plugin-load geo' : unknown option 'strict=1'"],
  ])('refuse %j where it stands', async (line, message) => {
    const found = await refusals(line);
    expect(found[0]).toContain(message);
  });

  test('come from a program, too, and reach setup', async () => {
    const given: PluginWithArguments = { plugin: geo, args: ['database=/x', 'strict'] };
    const proxy = await createProxy({ config: { name: 'x.cfg', text: 'global\n' }, plugins: [given] });
    await proxy.stop();
    expect(seen).toMatchObject({ options: { database: '/x', strict: true }, args: ['database=/x', 'strict'] });
    const refused = await createProxy({ config: { name: 'x.cfg', text: 'global\n' }, plugins: [geo] }).catch(
      (error: unknown) => error,
    );
    expect(refused).toBeInstanceOf(ConfigurationError);
    expect((refused as Error).message).toBe(
      "plugin 'geo' : the option 'database' is missing: 'database <path>'; The file.",
    );
  });

  test('a plugin without a schema takes any words', async () => {
    let args: readonly string[] = [];
    const free: Plugin = { name: 'free', api: 1, setup: (context) => void (args = context.args) };
    const proxy = await createProxy({
      config: { name: 'x.cfg', text: 'global\n' },
      plugins: [{ plugin: free, args: ['a', 'b=c'] }],
    });
    await proxy.stop();
    expect(args).toEqual(['a', 'b=c']);
  });

  test('what is no plugin is refused by its place', async () => {
    const refused = createProxy({
      config: { name: 'x.cfg', text: 'global\n' },
      plugins: [geo, { name: 'two' } as never],
    });
    await expect(refused).rejects.toThrow(
      "plugin 'two' (plugins[1]) is written for plugin API undefined and this is 1",
    );
  });

  test('two plugins that claim one word are named, whoever gave them', async () => {
    const word = { usage: 'w', summary: 'W.', type: 'bool', from: 'internal', compile: () => () => true } as const;
    const refused = createProxy({
      config: { name: 'x.cfg', text: 'global\n' },
      plugins: [
        { name: 'a', api: 1, fetches: { w: word } },
        { name: 'b', api: 1, fetches: { w: word } },
      ],
    });
    await expect(refused).rejects.toThrow("the sample fetch 'w' is registered by both 'a' and 'b'");
  });
});
