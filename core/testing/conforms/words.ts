import type { Plugin } from '../../api/index.ts';
import { misshapen } from '../../plugin/shape.ts';
import type { Tell } from './index.ts';

const TABLES = [
  'sections',
  'directives',
  'bindWords',
  'serverWords',
  'actions',
  'fetches',
  'converters',
  'matches',
  'filters',
  'balance',
  'checks',
  'services',
  'commands',
] as const;

/** Every word of a plugin, with where it stands. */
export function wordsOf(plugin: Plugin): { table: string; word: string; usage: string; summary: string }[] {
  return TABLES.flatMap((table) =>
    Object.entries(plugin[table] ?? {}).map(([word, { usage, summary }]) => ({ table, word, usage, summary })),
  );
}

/** The plugin's own object: its shape, and what its words say about themselves. */
export function checkWords(plugin: Plugin, tell: Tell): boolean {
  const problem = misshapen(plugin);
  if (problem !== undefined) {
    tell('shape', problem, 'see the tables in docs/plugins.md, or write the plugin in TypeScript with definePlugin');
    return false;
  }
  if (!/^[a-z][a-z0-9-]*$/.test(plugin.name))
    tell(
      'name',
      `the plugin is called '${plugin.name}'`,
      'use lower-case letters, digits and dashes: it stands in log lines',
    );
  if (plugin.api !== 1) tell('api', `its 'api' is ${String(plugin.api)}`, "write 'api: 1', the version it is made for");
  for (const { table, word, usage, summary } of wordsOf(plugin)) {
    const title = `'${word}' in its '${table}'`;
    // A match method is used as `-m name`, a check as `option name` or `name`.
    const last = word.split(' ').at(-1)!;
    if (!usage.includes(last))
      tell('usage', `the usage of ${title} is '${usage}'`, `write the whole line as a manual shows it, with '${last}'`);
    if (summary.trim() === '' || /\n/.test(summary))
      tell(
        'summary',
        `the summary of ${title} is ${summary === '' ? 'empty' : 'longer than a line'}`,
        'write one sentence',
      );
    else if (!/[.!?]$/.test(summary.trim()))
      tell('summary', `the summary of ${title} does not end: '${summary}'`, 'write one sentence, with a full stop');
  }
  return true;
}

/** A copy of what a plugin declares, to be compared with later: using it must not change it. */
export function declared(plugin: Plugin): string {
  return JSON.stringify(wordsOf(plugin));
}
