import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, test } from 'vitest';
import { createPluginCommand } from '../../core/cli/create-plugin/command.ts';
import { readName } from '../../core/cli/create-plugin/names.ts';
import { templateFolder } from '../../core/cli/create-plugin/template.ts';
import { pluginReadmeCommand } from '../../core/cli/plugin-readme.ts';
import { guarded } from '../../core/plugin/guard.ts';
import { misshapen } from '../../core/plugin/shape.ts';
import { readmeWithWords } from '../../core/plugin/word-tables.ts';
import { startProxy } from '../../core/testing/index.ts';
import template from '../../templates/plugin/src/index.ts';

let folder: string;
const before = process.cwd();
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-create-'));
  process.chdir(folder);
});
afterEach(() => {
  process.chdir(before);
  rmSync(folder, { recursive: true });
});

async function run(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const said = { out: '', err: '' };
  const io = { out: (text: string) => void (said.out += text), err: (text: string) => void (said.err += text) };
  return { code: await createPluginCommand(args, io), ...said };
}

const read = (path: string): string => readFileSync(join(folder, path), 'utf8');

describe('create-plugin', () => {
  test('writes a package that says what it was told', async () => {
    const { code, out } = await run(
      'geoip',
      '--description',
      'Says "where" from.',
      '--author',
      'A. Author <a@example.com>',
      '--sluice',
      './sluice.tgz',
    );
    expect(code).toBe(0);
    expect(out).toContain('cd sluice-plugin-geoip\n  npm install\n  npm test');
    const root = 'sluice-plugin-geoip';
    const manifest = JSON.parse(read(`${root}/package.json`)) as Record<string, unknown>;
    expect(manifest).toMatchObject({
      name: 'sluice-plugin-geoip',
      description: 'Says "where" from.',
      author: 'A. Author <a@example.com>',
      license: 'MIT',
      keywords: expect.arrayContaining(['sluice-plugin']) as unknown,
      peerDependencies: { sluice: '>=0.1.0 <1' },
      devDependencies: { sluice: `file:${join(process.cwd(), 'sluice.tgz')}` },
    });
    expect(readdirSync(join(folder, root)).toSorted()).toEqual([
      '.github',
      '.gitignore',
      'LICENSE',
      'README.md',
      'example',
      'package.json',
      'src',
      'test',
      'tsconfig.build.json',
      'tsconfig.json',
    ]);
    expect(existsSync(join(folder, root, '.github/workflows/ci.yml'))).toBe(true);
    expect(read(`${root}/src/index.ts`)).toContain("name: 'geoip'");
    expect(read(`${root}/README.md`)).toContain('| `geoip-tag` |');
    expect(read(`${root}/LICENSE`)).toMatch(/^MIT License\n\nCopyright \(c\) \d{4} A\. Author <a@example\.com>\n/);
    const all = readdirSync(join(folder, root), { recursive: true, withFileTypes: true, encoding: 'utf8' })
      .filter((entry) => entry.isFile())
      .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8'));
    expect(all.some((text) => /__[A-Z]+__/.test(text))).toBe(false);
  });

  test('a scope, another folder, other licences', async () => {
    expect((await run('@acme/sluice-plugin-geo', '--dir', 'here', '--license', 'Apache-2.0')).code).toBe(0);
    expect(JSON.parse(read('here/package.json'))).toMatchObject({
      name: '@acme/sluice-plugin-geo',
      license: 'Apache-2.0',
    });
    expect(read('here/LICENSE')).toContain('Apache License');
    expect(read('here/src/index.ts')).toContain("name: 'geo'");
    expect(read('here/example/haproxy.cfg')).toContain('plugin-load @acme/sluice-plugin-geo');
    expect((await run('own', '--license', 'UNLICENSED')).code).toBe(0);
    expect(existsSync(join(folder, 'sluice-plugin-own/LICENSE'))).toBe(false);
  });

  test('leaves what is there alone', async () => {
    mkdirSync('sluice-plugin-geoip');
    const { code, err } = await run('geoip');
    expect(code).toBe(1);
    expect(err).toContain('sluice-plugin-geoip already; remove it, or choose --dir');
    expect(readdirSync('sluice-plugin-geoip')).toEqual([]);
  });

  it.each([
    ['', 'a plugin needs a name'],
    [
      'GeoIP',
      "'GeoIP' is no name for a plugin: it begins with a letter, and has small letters, digits and dashes; try 'geo-ip'",
    ],
    ['geo ip', "try 'geo-ip'"],
    ['../geo', 'is no name for a plugin'],
    ['9lives', "try 'lives'"],
    ['geo-', "try 'geo'"],
    ['@Acme/geo', "'@Acme' is no scope of npm; try '@acme/geo'"],
    ['cache', "'cache' is the name of a plugin that comes with sluice; choose another"],
    ['sluice-plugin-cache', "'cache' is the name of a plugin that comes with sluice"],
    ['a'.repeat(220), 'is longer than npm allows (214 characters)'],
  ])('refuses the name %j', async (name, message) => {
    const { code, err } = await run(...(name === '' ? [] : [name]));
    expect(code).toBe(1);
    expect(err).toContain(message);
    expect(readdirSync(folder)).toEqual([]);
  });

  it.each([
    [
      ['geo', '--license', 'MTI'],
      "there is no text of the licence 'MTI', only MIT, Apache-2.0, ISC, UNLICENSED; did you mean 'MIT' maybe ?",
    ],
    [['geo', '--licence', 'MIT'], "Unknown option '--licence'"],
    [['geo', 'ip'], "one name at a time, got 'geo', 'ip'"],
  ])('refuses %j', async (args, message) => {
    const { code, err } = await run(...args);
    expect(code).toBe(1);
    expect(err).toContain(message);
    expect(readdirSync(folder)).toEqual([]);
  });

  test('names of packages', () => {
    expect(readName('geo')).toEqual({ plugin: 'geo', package: 'sluice-plugin-geo', folder: 'sluice-plugin-geo' });
    expect(readName('@a/geo')).toEqual({
      plugin: 'geo',
      package: '@a/sluice-plugin-geo',
      folder: 'sluice-plugin-geo',
    });
  });
});

describe('the template', () => {
  const root = join(templateFolder(), 'plugin');
  test('is a plugin as it stands', () => {
    expect(misshapen(template)).toBeUndefined();
  });

  test('has a README with its words', () => {
    const file = join(root, 'README.md');
    const readme = readFileSync(file, 'utf8');
    const current = readmeWithWords(readme, template);
    if (process.env['UPDATE']) writeFileSync(file, current!);
    expect(current).toBe(readme);
  });

  test('its example runs', async () => {
    const text = readFileSync(join(root, 'example/haproxy.cfg'), 'utf8').replace(/^ *plugin-load .*$/m, '');
    const proxy = await startProxy({ config: text, plugins: [{ plugin: template, args: ['header=x-served'] }] });
    expect((await proxy.request('/plain/x', { frontend: 'web' })).text).toBe('no server was asked\n');
    await proxy.stop();
  });
});

describe('plugin-readme', () => {
  const said = { out: '', err: '' };
  const io = { out: (text: string) => void (said.out = text), err: (text: string) => void (said.err = text) };
  const put = (file: string, text: string): void => writeFileSync(join(folder, file), text);
  const plugin = `export default { name: 'geo', api: 1, options: { db: { type: 'path', summary: 'A | B.', required: true } },
    fetches: { geo: { usage: 'geo(<a|b>)', summary: 'Where.', type: 'str', from: 'internal', compile() {} } } };`;

  test('writes the tables between the comments, and checks them', async () => {
    put(
      'package.json',
      '{ "name": "x", "type": "module", "exports": { ".": { "types": "./x.d.ts", "default": "./x.js" } } }',
    );
    put('x.js', plugin);
    put('README.md', '# X\n\n<!-- words -->\nold\n<!-- end of words -->\nrest\n');
    expect(await pluginReadmeCommand(['--check'], io)).toBe(1);
    expect(said.err).toContain("are not current; run 'sluice plugin-readme' and commit");
    expect(await pluginReadmeCommand([], io)).toBe(0);
    const readme = read('README.md');
    expect(readme).toContain('| `db <path>` | yes |  | A \\| B. |');
    expect(readme).toContain('| `geo` | `geo(<a\\|b>)` | `geo: str` | Where. |');
    expect(readme).toMatch(/^# X\n[\s\S]*<!-- end of words -->\nrest\n$/);
    expect(readme).not.toContain('old');
    expect(await pluginReadmeCommand(['--check', '.'], io)).toBe(0);
  });

  test('says what is missing', async () => {
    expect(await pluginReadmeCommand([], io)).toBe(1);
    expect(said.err).toContain('does not say which file the plugin is');
    put('package.json', '{ "name": "x", "exports": "./x.mjs" }');
    expect(await pluginReadmeCommand([], io)).toBe(1);
    expect(said.err).toContain('build the package first, or name its source with --entry');
    put('y.mjs', plugin);
    expect(await pluginReadmeCommand(['--entry', 'y.mjs'], io)).toBe(1);
    expect(said.err).toContain(`there is no ${join(process.cwd(), 'README.md')}`);
    put('README.md', '# X\n');
    expect(await pluginReadmeCommand(['--entry', 'y.mjs'], io)).toBe(1);
    expect(said.err).toContain("put '<!-- words -->' and '<!-- end of words -->' into it");
    put('y2.mjs', 'export default 1');
    expect(await pluginReadmeCommand(['--entry', 'y2.mjs'], io)).toBe(1);
    expect(said.err).toContain('is no plugin');
  });
});

test('a guarded plugin keeps what it is made of', () => {
  const safe = guarded(template);
  expect(Object.keys(safe).toSorted()).toEqual(Object.keys(template).toSorted());
});
