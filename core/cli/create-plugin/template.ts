import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The licences there are texts of, and none. */
export const LICENSES: readonly string[] = ['MIT', 'Apache-2.0', 'ISC', 'UNLICENSED'];

/** What stands in the place of `__NAME__` and its like. */
export interface Filling {
  readonly name: string;
  readonly package: string;
  readonly description: string;
  readonly author: string;
  readonly license: string;
  readonly sluiceSpec: string;
  readonly sluicePeer: string;
}

/** The folder of templates: the same number of steps up from the sources and from dist/, where it is one further. */
export function templateFolder(): string {
  const here = dirname(fileURLToPath(import.meta.url));
  const found = ['../../../templates', '../../../../templates'].map((path) => resolve(here, path)).find(existsSync);
  if (found === undefined) throw new Error(`the templates of sluice are missing beside ${here}`);
  return found;
}

/**
 * Writes a plugin's package. In the templates a name that npm or git would act upon begins with a low line: `_package.json`,
 * `_gitignore`, `_github`.
 */
export function writePlugin(folder: string, filling: Filling): void {
  const templates = templateFolder();
  mkdirSync(folder, { recursive: true });
  cpSync(join(templates, 'plugin'), folder, { recursive: true });
  for (const path of readdirSync(folder, { recursive: true, encoding: 'utf8' }).toSorted().toReversed()) {
    const file = join(folder, path);
    if (statSync(file).isFile()) writeFileSync(file, fill(readFileSync(file, 'utf8'), filling, file.endsWith('.json')));
    if (basename(file).startsWith('_')) renameSync(file, join(dirname(file), unmask(basename(file))));
  }
  if (filling.license === 'UNLICENSED') return;
  const text = readFileSync(join(templates, 'licenses', `${filling.license}.txt`), 'utf8');
  writeFileSync(join(folder, 'LICENSE'), fill(text, filling, false));
}

/** Files of git get their dot back. */
function unmask(name: string): string {
  return name.startsWith('_git') ? `.${name.slice(1)}` : name.slice(1);
}

function fill(text: string, filling: Filling, json: boolean): string {
  const values: Readonly<Record<string, string>> = {
    NAME: filling.name,
    PACKAGE: filling.package,
    DESCRIPTION: filling.description,
    AUTHOR: filling.author,
    LICENSE: filling.license,
    SLUICE_SPEC: filling.sluiceSpec,
    SLUICE_PEER: filling.sluicePeer,
    HOLDER: filling.author === '' ? `the authors of ${filling.package}` : filling.author,
    YEAR: String(new Date().getFullYear()),
  };
  return text.replaceAll(/__([A-Z_]+)__/g, (whole, key: string) => {
    const value = values[key];
    if (value === undefined) return whole;
    return json ? JSON.stringify(value).slice(1, -1) : value;
  });
}
