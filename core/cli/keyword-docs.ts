import type { Documented } from '../api/index.ts';
import type { Entry, Keywords } from '../plugin/registry.ts';
import { argumentList, sorted } from './keyword-lists.ts';

/** docs/keywords.md: every word that is built, from the words themselves. */
export function keywordDocs(keywords: Keywords): string {
  const { directives, actions, fetches, converters } = keywords;
  return [
    '# Keywords',
    'Every word of the configuration language that is built, with the plugin it comes from. This page is made from the ' +
      'words themselves by `npm run keywords`; do not edit it. HAProxy’s manual says more about each.',
    section('Sections', keywords.sections),
    section('Directives', directives, ['Sections'], ({ keyword }) => [keyword.in.join(', ')]),
    section('Words of `bind`', keywords.bindWords),
    section('Words of `server` and `default-server`', keywords.serverWords),
    section('Actions', actions, ['Rule sets'], ({ keyword }) => [keyword.in.join(', ')]),
    section('Sample fetches', fetches, ['Signature'], ({ word, keyword }) => [
      code(`${word}${argumentList(word, keyword.arguments)}: ${keyword.type}`),
    ]),
    section('Converters', converters, ['Signature'], ({ word, keyword }) => [
      code(`${word}${argumentList(word, keyword.arguments)}: ${keyword.input} => ${keyword.output}`),
    ]),
    section('ACL match methods', keywords.matches),
    section('Filters', keywords.filters),
    section('Balance algorithms', keywords.balance),
    section('Checks', keywords.checks),
    section('Services', keywords.services),
    section('Commands', keywords.commands, ['Level'], ({ keyword }) => [keyword.level]),
  ]
    .filter((part) => part !== '')
    .join('\n\n')
    .concat('\n');
}

function section<K extends Documented>(
  title: string,
  table: ReadonlyMap<string, Entry<K>>,
  columns: readonly string[] = [],
  cells: (entry: Entry<K>) => readonly string[] = () => [],
): string {
  if (table.size === 0) return '';
  const head = ['Word', 'Usage', ...columns, 'What it does', 'Plugin'];
  const rows = sorted(table).map((entry) => [
    code(entry.word),
    code(entry.keyword.usage),
    ...cells(entry),
    escapeCell(entry.keyword.summary),
    entry.plugin,
  ]);
  return `## ${title} (${table.size})\n\n${[head, head.map(() => '---'), ...rows].map(tableRow).join('\n')}`;
}

function tableRow(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}

function code(text: string): string {
  return `\`${escapeCell(text)}\``;
}

/** A bar ends a cell, even inside code; GitHub Flavored Markdown, tables. */
function escapeCell(text: string): string {
  return text.replaceAll('|', '\\|');
}
