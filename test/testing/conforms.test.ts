import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, describe, expect, test } from 'vitest';
import { definePlugin, type Plugin } from 'sluice/plugin';
import { readmeWithWords } from '../../core/plugin/word-tables.ts';
import { ConformityError, conforms, type ConformsOptions, type Shortcoming } from 'sluice/testing';

const stamp: Plugin = definePlugin({
  name: 'stamp',
  api: 1,
  actions: {
    stamp: {
      usage: 'stamp <value>',
      summary: 'Adds X-Stamp to the request.',
      in: ['http-request'],
      parse(words) {
        const value = words.next('a value');
        return { run: ({ request }) => request!.headers.add('x-stamp', value) };
      },
    },
  },
  setup: () => ({ hooks: { request: () => undefined } }),
});

const EXAMPLE = `
global
    plugin-load sluice-plugin-stamp
defaults
    mode http
    timeout client 5s
    timeout server 5s
    timeout connect 5s
frontend web
    bind :80
    http-request stamp here
    default_backend app
backend app
    server s1 app.internal.example:80 check
`;

const MANIFEST = {
  name: 'sluice-plugin-stamp',
  version: '0.1.0',
  type: 'module',
  license: 'MIT',
  keywords: ['sluice-plugin'],
  exports: { '.': { types: './dist/index.d.ts', default: './dist/index.js' } },
  files: ['dist'],
  scripts: { build: 'tsc' },
  peerDependencies: { sluice: '>=0.1.0' },
};

const README = readmeWithWords('# stamp\n\n<!-- words -->\n<!-- end of words -->\n', stamp)!;

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** A package's folder. */
function packed(manifest: object, files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-conforms-'));
  folders.push(folder);
  mkdirSync(join(folder, 'dist'));
  for (const [name, text] of Object.entries({ 'package.json': JSON.stringify(manifest), ...files }))
    writeFileSync(join(folder, name), text);
  return folder;
}

async function shortcomings(plugin: Plugin, options?: ConformsOptions): Promise<readonly Shortcoming[]> {
  try {
    await conforms(plugin, options);
    return [];
  } catch (error) {
    if (!(error instanceof ConformityError)) throw error;
    return error.shortcomings;
  }
}

const kinds = (list: readonly Shortcoming[]): string[] => [...new Set(list.map(({ of }) => of))];

describe('a plugin', () => {
  test('that is well has nothing against it', async () => {
    await conforms(stamp);
    await conforms(stamp, { example: EXAMPLE.replace('    plugin-load sluice-plugin-stamp\n', '') });
  });

  test('whose words do not say what they are', async () => {
    const plugin: Plugin = {
      ...stamp,
      name: 'Stamp It',
      actions: { stamp: { ...stamp.actions!['stamp']!, usage: '<value>', summary: 'adds' } },
    };
    const list = await shortcomings(plugin);
    expect(kinds(list)).toEqual(['name', 'usage', 'summary']);
    expect(list.map(({ problem }) => problem).join('\n')).toContain("'stamp' in its 'actions'");
  });

  test('that is none', async () => {
    const list = await shortcomings({ ...stamp, action: {} } as Plugin);
    expect(list).toMatchObject([{ of: 'shape', problem: expect.stringContaining("it has 'action'") as string }]);
  });

  test('that leaves a timer, a socket, and a listener of the process', async () => {
    const leaks: (() => void)[] = [];
    const plugin: Plugin = {
      ...stamp,
      setup() {
        const timer = setInterval(() => undefined, 60_000);
        const server = createServer().listen(0, '127.0.0.1');
        const listener = (): void => undefined;
        process.on('SIGUSR2', listener);
        leaks.push(
          () => clearInterval(timer),
          () => server.close(),
          () => process.off('SIGUSR2', listener),
        );
      },
    };
    const list = await shortcomings(plugin);
    for (const end of leaks) end();
    expect(kinds(list)).toEqual(['handles']);
    const told = list.map(({ problem }) => problem).join('\n');
    for (const what of ['a timer is left', 'a listening socket is left', "a listener for 'SIGUSR2'"])
      expect(told).toContain(what);
    expect(told).toContain('conforms.test.ts');
  });

  test('that gives promises for nothing', async () => {
    const plugin: Plugin = {
      ...stamp,
      setup: () => ({
        hooks: {
          request: async () => undefined,
          response: () => new Promise((resolve) => setTimeout(resolve, 2, undefined)),
        },
      }),
    };
    expect(await shortcomings(plugin)).toMatchObject([
      { of: 'promises', problem: "its hook 'request' gives a promise though it waits for nothing" },
    ]);
  });

  test('that throws in the example, or whose example is wrong', async () => {
    const plugin: Plugin = {
      ...stamp,
      setup: () => ({
        hooks: {
          request() {
            throw new Error('cannot');
          },
        },
      }),
    };
    expect(kinds(await shortcomings(plugin))).toEqual(['example']);
    const wrong = await shortcomings(stamp, { example: EXAMPLE.replace('stamp here', 'stamp') });
    expect(wrong[0]).toMatchObject({ of: 'example' });
    expect(wrong[0]!.problem).toContain("'http-request stamp' expects a value (column 18)");
  });
});

describe('a package', () => {
  test('that is well, though it is not built', async () => {
    const folder = packed(MANIFEST, { 'README.md': README, 'example.cfg': EXAMPLE });
    await conforms(stamp, { folder });
    await conforms(stamp, { folder: pathToFileURL(folder) });
  });

  test('that lacks what its users need', async () => {
    const folder = packed({ name: 'stamp', exports: './src/index.js' }, { 'README.md': '# stamp\n' });
    const list = await shortcomings(stamp, { folder });
    expect(kinds(list)).toEqual(['package', 'readme']);
    const told = list.map(({ problem }) => problem).join('\n');
    for (const what of ['name', 'version', 'keywords', 'peer dependency', 'license', "'type'", "'files'", "'types'"])
      expect(told).toContain(what);
    expect(told).toMatch(/src\/index\.js, which is not there/);
    expect(list.at(-1)!.remedy).toContain('<!-- words -->');
  });

  test('whose README has other words', async () => {
    const folder = packed(MANIFEST, {
      'README.md': README.replace('stamp <value>', 'stamp <old>'),
      'example.cfg': EXAMPLE,
    });
    expect(await shortcomings(stamp, { folder })).toMatchObject([
      { of: 'readme', remedy: "run 'npx sluice plugin-readme' and commit" },
    ]);
  });
});
