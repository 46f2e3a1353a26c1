import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Plugin } from '../../api/index.ts';
import { packageEntry } from '../../plugin/resolve-package.ts';
import { readmeWithWords } from '../../plugin/word-tables.ts';
import type { Tell } from './index.ts';

type Manifest = Readonly<Record<string, unknown>>;

/** The manifest of a package; undefined, having told it, where there is none. */
export function readManifest(folder: string, tell: Tell): Manifest | undefined {
  try {
    return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    tell('package', `${join(folder, 'package.json')} cannot be read: ${why}`, 'pass the folder of the package');
    return undefined;
  }
}

/** What whoever looks for a plugin, installs it, and types against it needs of its package.json. */
export function checkManifest(folder: string, manifest: Manifest, tell: Tell): void {
  const say = (what: string, remedy: string): void => tell('package', `package.json: ${what}`, remedy);
  const { name, version, keywords, peerDependencies, dependencies, files, license, type } = manifest;
  if (typeof name !== 'string' || !/^(?:@[^/]+\/)?sluice-plugin-[a-z0-9][a-z0-9.-]*$/.test(name))
    say(
      `its name is '${String(name)}'`,
      "call it 'sluice-plugin-…', with or without a scope: plugin-load and npm's search find it so",
    );
  if (typeof version !== 'string' || !/^\d+\.\d+\.\d+/.test(version))
    say(`its version is '${String(version)}'`, "write three numbers: '0.1.0'");
  if (!Array.isArray(keywords) || !keywords.includes('sluice-plugin'))
    say("its keywords lack 'sluice-plugin'", 'add it: it is how plugins are found on npm');
  if (!has(peerDependencies, 'sluice'))
    say(
      "'sluice' is no peer dependency",
      `add "peerDependencies": { "sluice": ">=0.1.0" }: the plugin runs in the user's copy`,
    );
  if (has(dependencies, 'sluice'))
    say(
      "'sluice' is among its dependencies",
      'move it to peerDependencies and devDependencies: else there are two copies',
    );
  if (typeof license !== 'string' || license === '') say('it names no license', `write e.g. "license": "MIT"`);
  if (type !== 'module' && type !== 'commonjs') say("it does not say its 'type'", `write "type": "module"`);
  if (!Array.isArray(files) || files.length === 0)
    say("it has no 'files'", `list what is to be published: "files": ["dist"]; the README comes by itself`);
  checkExports(folder, manifest, say);
}

function checkExports(folder: string, manifest: Manifest, say: (what: string, remedy: string) => void): void {
  const { exports, files, scripts } = manifest;
  if (exports === undefined) {
    say(
      "it has no 'exports'",
      `write "exports": { ".": { "types": "./dist/index.d.ts", "default": "./dist/index.js" } }`,
    );
    return;
  }
  const main = mainOf(exports);
  const types = isRecord(main) ? main['types'] : manifest['types'];
  if (typeof types !== 'string') say("its 'exports' name no 'types'", `put "types": "./dist/index.d.ts" first in "."`);
  else if (isRecord(main) && Object.keys(main).indexOf('types') > Object.keys(main).indexOf('default'))
    say("'types' stands behind 'default' in its 'exports'", 'put it first: conditions are tried in their order');
  const entry = packageEntry(folder);
  if (entry === undefined) {
    say(
      "its 'exports' lead nowhere for an import",
      `give "." a "default": the module that has the plugin as its default export`,
    );
    return;
  }
  const built = isRecord(scripts) && typeof scripts['build'] === 'string';
  for (const file of [entry, typeof types === 'string' ? join(folder, types) : entry]) {
    if (existsSync(file)) continue;
    // What is built is there once it has been built, and tests may run before.
    if (!built)
      say(`its 'exports' name ${file}, which is not there`, 'write the file, or a build script that makes it');
  }
  const inside = entry.slice(folder.length + 1).replaceAll('\\', '/');
  const listed = Array.isArray(files) ? files.map((one) => String(one).replace(/^\.?\/+|\/+$/g, '')) : [];
  if (listed.length > 0 && !listed.some((one) => inside === one || inside.startsWith(`${one}/`) || /[*]/.test(one)))
    say(`'${inside}' is not among its 'files'`, 'add its folder: what is not listed is not published');
}

function mainOf(exports: unknown): unknown {
  return isRecord(exports) && '.' in exports ? exports['.'] : exports;
}

/** The README's tables of words are those that the plugin has. */
export function checkReadme(folder: string, plugin: Plugin, tell: Tell): void {
  const file = join(folder, 'README.md');
  const say = (what: string, remedy: string): void => tell('readme', what, remedy);
  if (!existsSync(file)) {
    say('there is no README.md', "write one: it is the plugin's page on npm");
    return;
  }
  const text = readFileSync(file, 'utf8');
  const current = readmeWithWords(text, plugin);
  if (current === undefined)
    say(
      "README.md has no place for the plugin's words",
      "put '<!-- words -->' and '<!-- end of words -->' into it, and run 'npx sluice plugin-readme'",
    );
  else if (current !== text)
    say('the words in README.md are not those of the plugin', "run 'npx sluice plugin-readme' and commit");
}

function has(table: unknown, name: string): boolean {
  return isRecord(table) && name in table;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
