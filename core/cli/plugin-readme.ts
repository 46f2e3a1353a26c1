import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { loadPlugin } from '../plugin/load.ts';
import { packageEntry } from '../plugin/resolve-package.ts';
import { readmeWithWords } from '../plugin/word-tables.ts';
import type { CommandOutput } from './commands.ts';

export const README_USAGE: string = `Usage : sluice plugin-readme [ --check ] [ --entry <file> ] [ <folder of a plugin> ]
        Writes the tables of a plugin's words into its README.md, between the two comments
          <!-- words -->
          <!-- end of words -->
        --check changes nothing: the exit code is 1 when the tables are not current.
        --entry is the plugin's module, if not the one that package.json exports.
`;

/** `sluice plugin-readme`: 0 when the README is current afterwards. */
export async function pluginReadmeCommand(args: readonly string[], { out, err }: CommandOutput): Promise<number> {
  const fail = (message: string): number => {
    err(`sluice plugin-readme: ${message}\n`);
    return 1;
  };
  let parsed;
  try {
    parsed = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { check: { type: 'boolean' }, entry: { type: 'string' }, help: { type: 'boolean', short: 'h' } },
    });
  } catch (error) {
    return fail(`${error instanceof Error ? error.message : String(error)}\n${README_USAGE}`);
  }
  const { values, positionals } = parsed;
  if (values.help === true) {
    out(README_USAGE);
    return 0;
  }
  const folder = resolve(positionals[0] ?? '.');
  const file = join(folder, 'README.md');
  const entry = values.entry === undefined ? packageEntry(folder) : resolve(folder, values.entry);
  if (entry === undefined) return fail(`${join(folder, 'package.json')} does not say which file the plugin is`);
  if (!existsSync(entry)) return fail(`there is no ${entry}; build the package first, or name its source with --entry`);
  if (!existsSync(file)) return fail(`there is no ${file}`);
  let readme: string | undefined;
  const before = readFileSync(file, 'utf8');
  try {
    const { plugin } = await loadPlugin(entry, dirname(entry));
    readme = readmeWithWords(before, plugin);
  } catch (error) {
    return fail(error instanceof Error ? error.message : String(error));
  }
  if (readme === undefined) {
    return fail(`${file} has no place for the words: put '<!-- words -->' and '<!-- end of words -->' into it`);
  }
  if (readme === before) {
    out(`${file} is current.\n`);
    return 0;
  }
  if (values.check === true) return fail(`the words in ${file} are not current; run 'sluice plugin-readme' and commit`);
  writeFileSync(file, readme);
  out(`${file} has been brought up to date.\n`);
  return 0;
}
