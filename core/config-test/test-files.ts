import { readdir, readFile, stat } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { FormatError, locateValue, locateYaml, type Located } from './located.ts';
import { readSuite } from './read-suite.ts';
import type { Suite } from './suite.ts';

const NAME = /\.cfgtest\.(?:ya?ml|[cm]?[jt]s)$/;
const YAML = /\.ya?ml$/;

/** A word of the command line that leads to no test. */
export class NoSuchTest extends Error {}

/**
 * The test files that words of the command line name: files, and folders with all that is below them; without any, all below
 * the current folder. Hidden folders and `node_modules` are passed over.
 */
export async function findTestFiles(words: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  for (const word of words.length === 0 ? ['.'] : words) {
    const info = await stat(word).catch(() => undefined);
    if (info === undefined) throw new NoSuchTest(`there is no file or folder '${word}'`);
    if (!info.isDirectory()) {
      if (!/\.(?:ya?ml|[cm]?[jt]s)$/.test(word))
        throw new NoSuchTest(
          `'${word}' is no test file: they end in .cfgtest.yaml, .cfgtest.ts, .cfgtest.js or .cfgtest.mjs`,
        );
      found.push(word);
      continue;
    }
    const below = await walk(word);
    if (below.length === 0)
      throw new NoSuchTest(`there are no test files (*.cfgtest.yaml, *.cfgtest.ts) in ${resolve(word)}`);
    found.push(...below);
  }
  return [...new Set(found.map((file) => relative('', file) || file))];
}

async function walk(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const files: string[] = [];
  for (const entry of entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) {
      if (!entry.name.startsWith('.') && entry.name !== 'node_modules') files.push(...(await walk(path)));
    } else if (NAME.test(entry.name)) files.push(path);
  }
  return files;
}

/** Reads a test file; gives what is wrong with it instead of throwing it. */
export async function readTestFile(file: string): Promise<Suite | readonly FormatError[]> {
  try {
    return readSuite(YAML.test(file) ? locateYaml(await readFile(file, 'utf8'), file) : await importTests(file), file);
  } catch (error) {
    if (error instanceof FormatError) return [error];
    throw error;
  }
}

let times = 0;

async function importTests(file: string): Promise<Located> {
  const place = { file, line: undefined, column: undefined, path: '' };
  const url = pathToFileURL(resolve(file));
  // With --watch a module is wanted as it is now, not as it was.
  if (times++ > 0) url.searchParams.set('read', String(times));
  let found: { default?: unknown };
  try {
    found = (await import(url.href)) as { default?: unknown };
  } catch (error) {
    throw new FormatError(place, explainImport(file, error));
  }
  let tests = found.default;
  // CommonJS compiled from an ES module.
  if (typeof tests === 'object' && tests !== null && 'default' in tests) tests = tests.default;
  if (tests === undefined)
    throw new FormatError(place, 'there is no default export; tests are written as: export default defineTests({ … })');
  return locateValue(tests, file);
}

function explainImport(file: string, error: unknown): string {
  const { code } = error as { code?: unknown };
  if (code === 'ERR_UNKNOWN_FILE_EXTENSION' && /\.[cm]?ts$/.test(file))
    return `Node ${process.version} does not run TypeScript; use Node 22.18 or later, or write the tests in .mjs or .yaml`;
  return `the file cannot be loaded: ${error instanceof Error ? error.message : String(error)}`;
}
