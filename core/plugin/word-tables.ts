import type { ArgumentSpec, Documented, Plugin, PluginOptions } from '../api/index.ts';
import { argumentTypeName } from '../expression/arguments.ts';
import { usageOf } from './options.ts';
import { type Entry, type Keywords, mergeKeywords } from './registry.ts';

/** How the tables of a page look. */
export interface TableStyle {
  /** The level of a class's heading. */
  readonly heading: '##' | '###';
  /** How many words there are, and whose each is: for pages of several plugins. */
  readonly owners: boolean;
}

/** A table in Markdown for each class of words that there are. */
export function wordTables(keywords: Keywords, style: TableStyle): string[] {
  const table = <K extends Documented>(
    title: string,
    words: ReadonlyMap<string, Entry<K>>,
    columns: readonly string[] = [],
    cells: (entry: Entry<K>) => readonly string[] = () => [],
  ): string => wordTable(title, words, style, columns, cells);
  const { directives, actions, fetches, converters } = keywords;
  return [
    table('Sections', keywords.sections),
    table('Directives', directives, ['Sections'], ({ keyword }) => [keyword.in.join(', ')]),
    table('Words of `bind`', keywords.bindWords),
    table('Words of `server` and `default-server`', keywords.serverWords),
    table('Actions', actions, ['Rule sets'], ({ keyword }) => [keyword.in.join(', ')]),
    table('Sample fetches', fetches, ['Signature'], ({ word, keyword }) => [
      code(`${word}${argumentList(word, keyword.arguments)}: ${keyword.type}`),
    ]),
    table('Converters', converters, ['Signature'], ({ word, keyword }) => [
      code(`${word}${argumentList(word, keyword.arguments)}: ${keyword.input} => ${keyword.output}`),
    ]),
    table('ACL match methods', keywords.matches),
    table('Filters', keywords.filters),
    table('Balance algorithms', keywords.balance),
    table('Checks', keywords.checks),
    table('Services', keywords.services),
    table('Commands', keywords.commands, ['Level'], ({ keyword }) => [keyword.level]),
  ].filter((part) => part !== '');
}

/** Words in byte order, as HAProxy sorts them. */
export function sorted<K>(table: ReadonlyMap<string, Entry<K>>): Entry<K>[] {
  return [...table.values()].toSorted((a, b) => (a.word < b.word ? -1 : 1));
}

/** `(string[,integer])`: what must be given, then in brackets what may be. */
export function argumentList(word: string, specs: readonly ArgumentSpec[] | undefined): string {
  if (!specs || specs.length === 0) return '';
  const names = specs.map(({ type }, index) => argumentTypeName(type, word, index));
  const first = specs.findLastIndex((spec) => !spec.optional) + 1;
  const [needed, optional] = [names.slice(0, first), names.slice(first)];
  if (optional.length === 0) return `(${needed.join(',')})`;
  return `(${needed.join(',')}[${needed.length > 0 ? ',' : ''}${optional.join(',')}])`;
}

function wordTable<K extends Documented>(
  title: string,
  words: ReadonlyMap<string, Entry<K>>,
  { heading, owners }: TableStyle,
  columns: readonly string[],
  cells: (entry: Entry<K>) => readonly string[],
): string {
  if (words.size === 0) return '';
  const head = ['Word', 'Usage', ...columns, 'What it does', ...(owners ? ['Plugin'] : [])];
  const rows = sorted(words).map((entry) => [
    code(entry.word),
    code(entry.keyword.usage),
    ...cells(entry),
    escapeCell(entry.keyword.summary),
    ...(owners ? [entry.plugin] : []),
  ]);
  return `${heading} ${title}${owners ? ` (${words.size})` : ''}\n\n${asTable(head, rows)}`;
}

const BEGIN = '<!-- words: made by `sluice plugin-readme`, do not edit -->';
const END = '<!-- end of words -->';

/** A plugin's own page of words, options included. */
export function pluginTables(plugin: Plugin): string {
  const tables = wordTables(mergeKeywords([plugin]), { heading: '###', owners: false });
  const { options } = plugin;
  if (options !== undefined && Object.keys(options).length > 0) tables.unshift(optionTable(options));
  return tables.join('\n\n') || 'It has no words of its own.';
}

function optionTable(options: PluginOptions): string {
  const rows = Object.entries(options).map(([name, option]) => [
    code(usageOf(name, option)),
    option.required ? 'yes' : option.repeated ? 'any number' : '',
    option.default === undefined ? '' : code(String(option.default)),
    escapeCell(option.summary),
  ]);
  return `### Options of \`plugin-load\`\n\n${asTable(['Option', 'Needed', 'Default', 'What it does'], rows)}`;
}

/**
 * A README with its tables of words brought up to date: what stands between the two comments is replaced. Undefined when the comments are not
 * there.
 */
export function readmeWithWords(readme: string, plugin: Plugin): string | undefined {
  const begin = readme.search(/<!-- words\b[^>]*-->/);
  const end = readme.indexOf(END);
  if (begin < 0 || end < begin) return undefined;
  return `${readme.slice(0, begin)}${BEGIN}\n\n${pluginTables(plugin)}\n\n${readme.slice(end)}`;
}

function asTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

function code(text: string): string {
  return `\`${escapeCell(text)}\``;
}

/** A bar ends a cell, even inside code; GitHub Flavored Markdown, tables. */
function escapeCell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}
