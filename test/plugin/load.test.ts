import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadPlugin, PluginLoadError } from '../../core/plugin/load.ts';

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

describe('what loads', () => {
  test('an ES module by path', async () => {
    put('esm.mjs', `export default { name: 'esm', api: 1 }`);
    expect(await loadPlugin('./esm.mjs', folder)).toMatchObject({ name: 'esm' });
  });

  test('an absolute path', async () => {
    put('absolute.mjs', `export default { name: 'absolute', api: 1 }`);
    expect(await loadPlugin(join(folder, 'absolute.mjs'), tmpdir())).toMatchObject({ name: 'absolute' });
  });

  test('a CommonJS module', async () => {
    put('plain.cjs', `module.exports = { name: 'cjs', api: 1 }`);
    expect(await loadPlugin('./plain.cjs', folder)).toMatchObject({ name: 'cjs' });
  });

  test('an ES module that was compiled to CommonJS', async () => {
    put(
      'compiled.cjs',
      `Object.defineProperty(exports, '__esModule', { value: true }); exports.default = { name: 'compiled', api: 1 };`,
    );
    expect(await loadPlugin('./compiled.cjs', folder)).toMatchObject({ name: 'compiled' });
  });

  test('an installed package, seen from a folder below', async () => {
    put('node_modules/old/package.json', `{ "name": "old", "main": "lib.js" }`);
    put('node_modules/old/lib.js', `module.exports = { name: 'old', api: 1 }`);
    put('below/x', '');
    expect(await loadPlugin('old', join(folder, 'below'))).toMatchObject({ name: 'old' });
  });

  test('a package that exports to import alone', async () => {
    put(
      'node_modules/@a/new/package.json',
      `{ "name": "@a/new", "exports": { ".": { "types": "./x.d.ts", "import": "./new.mjs" } } }`,
    );
    put('node_modules/@a/new/new.mjs', `export default { name: 'new', api: 1 }`);
    expect(await loadPlugin('@a/new', folder)).toMatchObject({ name: 'new' });
  });

  test('a subpath of such a package', async () => {
    put('node_modules/sub/package.json', `{ "exports": { "./plugin": { "import": "./p.mjs" } } }`);
    put('node_modules/sub/p.mjs', `export default { name: 'sub', api: 1 }`);
    expect(await loadPlugin('sub/plugin', folder)).toMatchObject({ name: 'sub' });
  });
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
    expect(await refusal('./throws.mjs')).toBe(`plugin './throws.mjs' fails when it is loaded: no licence`);
  });

  test('a module that misses a dependency', async () => {
    put('misses.mjs', `import 'not-here-either'; export default { name: 'misses', api: 1 }`);
    expect(await refusal('./misses.mjs')).toMatch(
      /^plugin '\.\/misses\.mjs' needs something that is not there: Cannot find package 'not-here-either'.*; run npm install where it lives$/,
    );
  });
});
