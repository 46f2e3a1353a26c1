import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { spawnSync } from 'node:child_process';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { loadPlugin, PluginLoadError } from '../../core/plugin/load.ts';

const LOADER = pathToFileURL(resolve(import.meta.dirname, '../../dist/core/plugin/load.js')).href;

let folder: string;
const put = (file: string, text: string): void => {
  mkdirSync(dirname(join(folder, file)), { recursive: true });
  writeFileSync(join(folder, file), text);
};
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-load-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const refusal = async (specifier: string): Promise<string> => {
  const error: unknown = await loadPlugin(specifier, folder).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(PluginLoadError);
  return (error as Error).message;
};

/** vitest itself reads what it imports; a program of its own shows what Node says. */
const say = (file: string): string =>
  spawnSync(
    process.execPath,
    [
      '--input-type=module',
      '-e',
      `const { loadPlugin } = await import(${JSON.stringify(LOADER)});
       console.log(await loadPlugin('./${file}', ${JSON.stringify(folder)}).then(({ plugin }) => plugin.name, (error) => error.message));`,
    ],
    { encoding: 'utf8' },
  ).stdout.trim();

describe('what loads', () => {
  test('an ES module by path', async () => {
    put('esm.mjs', `export default { name: 'esm', api: 1 }`);
    expect((await loadPlugin('./esm.mjs', folder)).plugin).toMatchObject({ name: 'esm' });
  });

  test('an absolute path', async () => {
    put('absolute.mjs', `export default { name: 'absolute', api: 1 }`);
    expect((await loadPlugin(join(folder, 'absolute.mjs'), tmpdir())).plugin).toMatchObject({ name: 'absolute' });
  });

  test('a CommonJS module', async () => {
    put('plain.cjs', `module.exports = { name: 'cjs', api: 1 }`);
    expect((await loadPlugin('./plain.cjs', folder)).plugin).toMatchObject({ name: 'cjs' });
  });

  test('an ES module that was compiled to CommonJS', async () => {
    put(
      'compiled.cjs',
      `Object.defineProperty(exports, '__esModule', { value: true }); exports.default = { name: 'compiled', api: 1 };`,
    );
    expect((await loadPlugin('./compiled.cjs', folder)).plugin).toMatchObject({ name: 'compiled' });
  });

  test('an installed package, seen from a folder below', async () => {
    put('node_modules/old/package.json', `{ "name": "old", "main": "lib.js" }`);
    put('node_modules/old/lib.js', `module.exports = { name: 'old', api: 1 }`);
    put('below/x', '');
    expect((await loadPlugin('old', join(folder, 'below'))).plugin).toMatchObject({ name: 'old' });
  });

  test('a package that exports to import alone', async () => {
    put(
      'node_modules/@a/new/package.json',
      `{ "name": "@a/new", "exports": { ".": { "types": "./x.d.ts", "import": "./new.mjs" } } }`,
    );
    put('node_modules/@a/new/new.mjs', `export default { name: 'new', api: 1 }`);
    expect((await loadPlugin('@a/new', folder)).plugin).toMatchObject({ name: 'new' });
  });

  test('a subpath of such a package', async () => {
    put('node_modules/sub/package.json', `{ "exports": { "./plugin": { "import": "./p.mjs" } } }`);
    put('node_modules/sub/p.mjs', `export default { name: 'sub', api: 1 }`);
    expect((await loadPlugin('sub/plugin', folder)).plugin).toMatchObject({ name: 'sub' });
  });
});

test('a service that is made for each line', async () => {
  put(
    'service.mjs',
    `export default { name: 'service', api: 1, services: { 's.': { usage: 's.<name>', summary: 'S.', mode: 'http', prefix: true, parse() {} } } };`,
  );
  expect((await loadPlugin('./service.mjs', folder)).plugin).toMatchObject({ name: 'service' });
});

describe('what does not, and the remedy', () => {
  test('a package that is not there', async () => {
    expect(await refusal('sluice-plugin-nowhere')).toBe(
      `plugin 'sluice-plugin-nowhere' is not installed; in ${folder}: npm install sluice-plugin-nowhere`,
    );
  });

  test('a file that is not there', async () => {
    expect(await refusal('./nowhere.mjs')).toBe(`there is no plugin './nowhere.mjs' in ${folder}`);
  });

  test('no default export', async () => {
    put('named.mjs', `export const plugin = { name: 'named', api: 1 }`);
    expect(await refusal('./named.mjs')).toBe(
      `'./named.mjs' has no default export; a plugin is its module's default export`,
    );
  });

  test('a default export that is something else', async () => {
    put('function.mjs', `export default function plugin() {}`);
    expect(await refusal('./function.mjs')).toBe(
      `the default export of './function.mjs' is no plugin: it needs at least { name, api: 1 }`,
    );
  });

  test('a newer and an older API', async () => {
    put('newer.mjs', `export default { name: 'newer', api: 2 }`);
    put('older.mjs', `export default { name: 'older' }`);
    expect(await refusal('./newer.mjs')).toBe(
      `plugin 'newer' ('./newer.mjs') is written for plugin API 2 and this is 1: a newer sluice is needed`,
    );
    expect(await refusal('./older.mjs')).toBe(
      `plugin 'older' ('./older.mjs') is written for plugin API undefined and this is 1: a version of it with api: 1 is needed`,
    );
  });

  test('a module that throws', async () => {
    put('throws.mjs', `throw new Error('no licence\\nfor this machine')`);
    expect(await refusal('./throws.mjs')).toMatch(
      /^plugin '\.\/throws\.mjs' fails when it is loaded: no licence \(.*throws\.mjs:1:7\)$/,
    );
  });

  test('a module that misses a dependency', async () => {
    put('misses.mjs', `import 'not-here-either'; export default { name: 'misses', api: 1 }`);
    expect(await refusal('./misses.mjs')).toMatch(
      /^plugin '\.\/misses\.mjs' needs something that is not there: Cannot find package 'not-here-either'.*; in \/.*: npm install$/,
    );
  });

  test('a place in the plugin is named for what it throws, and for what is no JavaScript', async () => {
    put('throws-at.mjs', `const x = 1;\n\nthrow new Error('not today');`);
    expect(await refusal('./throws-at.mjs')).toMatch(/fails when it is loaded: not today \(.*throws-at\.mjs:3:7\)$/);
    put('syntax.mjs', `export default {\n  name: 'x'\n  api: 1 };`);
    expect(say('syntax.mjs')).toMatch(
      /fails when it is loaded: Unexpected identifier.* \(node --check \/.*syntax\.mjs shows where\)$/,
    );
  });

  test('a path without its dot, and a package without its prefix', async () => {
    put('plain-file.mjs', `export default { name: 'plain-file', api: 1 }`);
    expect(await refusal('plain-file.mjs')).toContain("did you mean './plain-file.mjs' maybe ?");
    put(
      'node_modules/sluice-plugin-geo/package.json',
      `{ "name": "sluice-plugin-geo", "exports": { "import": "./a.mjs" } }`,
    );
    put('node_modules/sluice-plugin-geo/a.mjs', `export default { name: 'geo', api: 1 }`);
    expect(await refusal('geo')).toContain("did you mean 'sluice-plugin-geo' maybe ?");
  });

  test('a module that never is there', async () => {
    vi.useFakeTimers();
    try {
      put('waits.mjs', `await new Promise(() => {}); export default { name: 'waits', api: 1 }`);
      const refused = refusal('./waits.mjs');
      await vi.advanceTimersByTimeAsync(30_000);
      expect(await refused).toBe("plugin './waits.mjs' fails when it is loaded: took more than 30 seconds");
    } finally {
      vi.useRealTimers();
    }
  });

  test('TypeScript, where this Node does not run it, or not as it is', async () => {
    put('plain.ts', `export default { name: 'typed' as string, api: 1 }`);
    put('enums.ts', `enum A { b }\nexport default { name: 'enums', api: 1 + A.b }`);
    const runs = 'typescript' in process.features && process.features.typescript !== false;
    if (runs) {
      expect(say('plain.ts')).toBe('typed');
      expect(say('enums.ts')).toContain('has TypeScript that Node does not run as it is');
    } else {
      expect(say('plain.ts')).toContain('is TypeScript, which Node ' + process.version + ' does not run; compile it');
    }
  });

  const shapes: [text: string, message: string][] = [
    [`fetchs: {}`, "it has 'fetchs', which is no part of a plugin; did you mean 'fetches' maybe ?"],
    [`fetches: []`, "its 'fetches' is no object with words as keys"],
    [`fetches: { a: 1 }`, "'a' in its 'fetches' is no object"],
    [`fetches: { a: { usage: 'a', summary: 'A.' } }`, "'a' in its 'fetches' has no function 'compile'"],
    [`converters: { a: { usage: 'a', compile() {} } }`, "'a' in its 'converters' has no 'summary'"],
    [
      `actions: { a: { usage: 'a', summary: 'A.', parse() {} } }`,
      "'a' in its 'actions' does not say where it may stand ('in')",
    ],
    [
      `sections: { backend: { usage: 'a', summary: 'A.', open() {} } }`,
      "'backend' in its 'sections' is a word of the language itself",
    ],
    [`setup: true`, "its 'setup' is no function"],
    [`requires: 'x'`, "its 'requires' is no list of names"],
    [`options: { a: { type: 'int', summary: 'A.' } }`, "the option 'a' is of the type 'int', which is none of"],
    [`options: { 'a b': { type: 'flag', summary: 'A.' } }`, "the option 'a b' has a name that cannot be written"],
  ];
  test.each(shapes)('a plugin with %s', async (text, message) => {
    const file = `shape${shapes.findIndex(([other]) => other === text)}.mjs`;
    put(file, `export default { name: 'odd', api: 1, ${text} }`);
    expect(await refusal(`./${file}`)).toContain(`plugin 'odd' ('./${file}') cannot be used: ${message}`);
  });
});
