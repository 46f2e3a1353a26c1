import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Plugin } from '../../core/api/index.ts';
import { evaluateCondition, loadConfig, type LoadedConfig, type LoadOptions } from '../../core/config/index.ts';
import { stubCompiler } from './stub-compiler.ts';
import { testWords } from './words.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-config-'));
});
afterAll(() => rm(folder, { recursive: true }));

function load(options: Partial<LoadOptions> & Pick<LoadOptions, 'sources'>): Promise<LoadedConfig> {
  return loadConfig({ env: {}, plugins: [testWords], compilerFor: () => stubCompiler, ...options });
}
const text = (content: string, name = 'test.cfg'): { name: string; text: string } => ({ name, text: content });
const alerts = (loaded: LoadedConfig): string[] =>
  loaded.diagnostics.filter(({ severity }) => severity === 'alert').map(({ message }) => message);

describe('files and folders', () => {
  test('a folder gives its .cfg files in the order of their names, and nothing else', async () => {
    const conf = join(folder, 'conf.d');
    await mkdir(join(conf, 'sub.cfg'), { recursive: true });
    await writeFile(join(conf, 'b.cfg'), 'global\n node b\n');
    await writeFile(join(conf, 'a.cfg'), 'global\n node a\n maxconn 5\n');
    await writeFile(join(conf, 'Z.cfg'), 'global\n maxconn 9\n');
    await writeFile(join(conf, '.hidden.cfg'), 'junk\n');
    await writeFile(join(conf, 'notes.txt'), 'junk\n');
    const loaded = await load({ sources: [conf] });
    expect(loaded.files).toEqual(['Z.cfg', 'a.cfg', 'b.cfg'].map((name) => join(conf, name)));
    expect(loaded.diagnostics).toEqual([]);
    expect(loaded.global.settings).toMatchObject({ node: 'b', maxconn: 5 });
  });

  test('what cannot be opened is told, and the rest is read all the same', async () => {
    const loaded = await load({ sources: [join(folder, 'nope'), text('global\n maxcon 5\n')] });
    expect(alerts(loaded)).toEqual([
      `Cannot open configuration file/directory ${join(folder, 'nope')} : No such file or directory`,
      "unknown keyword 'maxcon' in 'global' section; did you mean 'maxconn' maybe ?",
      'Error(s) found in configuration file : test.cfg',
      'Fatal errors found in configuration.',
    ]);
  });

  test('bytes are kept as they are', async () => {
    const file = join(folder, 'bytes.cfg');
    await writeFile(file, Buffer.from('676c6f62616c0a206e6f646520ff80e90a', 'hex'));
    const loaded = await load({ sources: [file] });
    expect(loaded.global.settings.node).toBe('\xff\x80\xe9');
  });

  test('default-path config begins at the folder of each file', async () => {
    await mkdir(join(folder, 'x'), { recursive: true });
    await mkdir(join(folder, 'y'), { recursive: true });
    await writeFile(join(folder, 'x', 'one.cfg'), 'global\n default-path config\n test-file maps/a\n');
    await writeFile(join(folder, 'y', 'two.cfg'), 'global\n test-file maps/b\n');
    const one = await load({ sources: [join(folder, 'x', 'one.cfg')] });
    expect(one.global.settings.pidfile).toBe(join(folder, 'x', 'maps/a'));
    const both = await load({ sources: [join(folder, 'x', 'one.cfg'), join(folder, 'y', 'two.cfg')] });
    expect(both.global.settings.pidfile).toBe(join(folder, 'y', 'maps/b'));
  });
});

describe('plugin-load', () => {
  const extra: Plugin = {
    name: 'extra',
    api: 1,
    directives: {
      'extra-word': {
        usage: 'extra-word <text>',
        summary: 'A word of its own.',
        in: ['global'],
        parse: (words, scope) => {
          scope.global.settings.node = words.next('a text');
        },
      },
    },
    sections: {
      'extra-section': {
        usage: 'extra-section <name>',
        summary: 'A section of its own.',
        named: true,
        open: (name) => ({ directives: {}, close: () => ({ name }) }),
      },
    },
  };

  test('its words can be used anywhere, and its arguments are handed on', async () => {
    const loaded = await load({
      sources: [text('global\n extra-word before\n plugin-load ./extra.js a "b c"\nextra-section s\n')],
      loadPlugin: async (spec) => {
        expect(spec).toMatchObject({
          specifier: './extra.js',
          args: ['a', 'b c'],
          file: 'test.cfg',
          line: 3,
          column: 14,
        });
        return { plugin: extra };
      },
    });
    expect(loaded.diagnostics).toEqual([]);
    expect(loaded.global.settings.node).toBe('before');
    expect(loaded.names.section('extra-section', 's')).toEqual({ name: 's' });
    expect(loaded.plugins.find(({ plugin }) => plugin === extra)?.args).toEqual(['a', 'b c']);
  });

  test('a section of a plugin is one from the first pass on', async () => {
    const section: Plugin = {
      name: 'menu',
      api: 1,
      sections: {
        menu: {
          usage: 'menu',
          summary: 'Dishes.',
          named: false,
          open() {
            const seen: string[] = [];
            return { directives: { setenv: (words) => void seen.push(words.rest().join(' ')) }, close: () => seen };
          },
        },
      },
    };
    const loaded = await load({
      sources: [text('global\n setenv A outside\n plugin-load menu\nmenu\n setenv A "in the ${.SECTION}"\n')],
      loadPlugin: () => Promise.resolve({ plugin: section }),
    });
    expect(loaded.diagnostics).toEqual([]);
    expect(loaded.names.section('menu', '')).toEqual(['A in the menu']);
    expect(loaded.environment.get('A')).toBe('outside');
  });

  test('a line that a condition leaves out loads nothing', async () => {
    const loaded = await load({
      sources: [text('global\n.if 0\n plugin-load ./extra.js\n.endif\n')],
      loadPlugin: () => Promise.reject(new Error('never')),
    });
    expect(loaded.failed).toBe(false);
  });

  test('a word claimed twice is told at the line, naming both plugins', async () => {
    const rival: Plugin = { ...extra, name: 'rival' };
    const loaded = await load({
      sources: [text('global\n plugin-load extra\n plugin-load rival\n extra-word x\n')],
      loadPlugin: ({ specifier }) => Promise.resolve({ plugin: specifier === 'rival' ? rival : extra }),
    });
    expect(loaded.diagnostics[0]).toMatchObject({ severity: 'alert', line: 3, column: 14 });
    expect(alerts(loaded)[0]).toBe(
      "'plugin-load rival' : the section 'extra-section' is registered by both 'extra' and 'rival'",
    );
    expect(loaded.global.settings.node).toBe('x');
  });

  test('a plugin that cannot be loaded is told at its line; loading one twice too', async () => {
    const loaded = await load({
      sources: [text('global\n plugin-load nope\n plugin-load extra\n plugin-load extra\n')],
      loadPlugin: ({ specifier }) =>
        specifier === 'extra' ? Promise.resolve({ plugin: extra }) : Promise.reject(new Error('no such package')),
    });
    expect(alerts(loaded).slice(0, 2)).toEqual([
      "'plugin-load nope' : no such package",
      "'plugin-load extra' : a plugin named 'extra' is loaded already",
    ]);
  });
});

describe('the environment', () => {
  test('is the one given, with the program’s own on top, and is handed back as it was left', async () => {
    const loaded = await load({
      sources: [text('global\n node "$A/$HAPROXY_LOCALPEER"\n setenv B 2\n unsetenv A\n')],
      env: { A: '1', HAPROXY_LOCALPEER: 'old' },
      defines: { HAPROXY_LOCALPEER: 'peer' },
    });
    expect(loaded.global.settings.node).toBe('1/peer');
    expect(loaded.environment.get('B')).toBe('2');
    expect(loaded.environment.has('A')).toBe(false);
    expect(process.env['B']).toBeUndefined();
  });
});

describe('-cc', () => {
  test.each([
    ['', false],
    ['0', false],
    ['1', true],
    ['defined(HERE) && !defined(NOT)', true],
    ['streq("$HERE","a b")', true],
    ['version_atleast(2.4) && version_before(3.5)', true],
    ['streq(\\"a,b\\",\\"a,b\\")', true],
    ['feature(QUIC)', false],
    ['feature(LUA)', true],
    ['feature(SPOE)', true],
  ])('%s', (condition, value) => {
    expect(evaluateCondition(condition, { HERE: 'a b' })).toEqual({ value });
  });

  test.each([
    ['foo', "Failed to evaluate condition: unparsable conditional expression 'foo'"],
    ['(1', "Failed to evaluate condition: expected ')' after conditional expression '(1'"],
    ['12a', "Failed to evaluate condition: unexpected character 'a' at the end of conditional expression '12a'"],
  ])('%s cannot be evaluated', (condition, problem) => {
    expect(evaluateCondition(condition, {})).toEqual({ problem });
  });
});
