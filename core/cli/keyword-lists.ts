import type { DirectiveKeyword, Documented, Ruleset } from '../api/index.ts';
import { DERIVED } from '../expression/derived.ts';
import { PLACE_NAMES, PLACES, sourceMatrix } from '../expression/sources.ts';
import type { Entry, Keywords } from '../plugin/registry.ts';
import { argumentList, sorted } from '../plugin/word-tables.ts';

/** The classes of `-dK`, in the order of `-dKall`, with what `-dKhelp` says of them. */
export const KEYWORD_CLASSES: Readonly<Record<string, string>> = {
  acl: 'ACL keywords',
  cfg: 'configuration keywords',
  cli: 'CLI keywords',
  cnv: 'sample converter functions',
  flt: 'filter names',
  smp: 'sample fetch functions',
  svc: 'service names',
};

const RULESETS: readonly Ruleset[] = [
  'tcp-request connection',
  'tcp-request session',
  'tcp-request content',
  'tcp-response content',
  'http-request',
  'http-response',
  'http-after-response',
];

/**
 * What `-dK<class>[,<class>]*` prints, in the format of HAProxy's own lists; management.txt chapter 3. `help` lists the
 * classes and `all` stands for each of them. A class that does not exist is answered with that list, too.
 */
export function listKeywords(keywords: Keywords, classes: readonly string[]): string {
  let text = '';
  for (const name of classes) {
    if (name === 'all') text += listKeywords(keywords, Object.keys(KEYWORD_CLASSES));
    else if (PRINTERS[name]) text += `# List of registered ${KEYWORD_CLASSES[name]}:\n${PRINTERS[name](keywords)}`;
    else text += classList();
  }
  return text;
}

function classList(): string {
  const list = Object.entries({ all: 'list all keywords', ...KEYWORD_CLASSES });
  return `# List of supported keyword classes:\n${list.map(([name, text]) => `${name}: ${text}\n`).join('')}`;
}

const PRINTERS: Readonly<Record<string, (keywords: Keywords) => string>> = {
  acl: (keywords) =>
    [...DERIVED]
      .filter(([, { fetch, method }]) => keywords.fetches.has(fetch) && keywords.matches.has(method))
      .map(([word, { fetch, method }]) => `${word} = ${fetch} -m ${method}\n`)
      .join(''),
  cfg: configurationWords,
  cli: (keywords) => lines(keywords.commands, ({ word }) => `${word} [WORKER] `),
  cnv: (keywords) =>
    lines(keywords.converters, ({ word, keyword }) => {
      return `${word}${argumentList(word, keyword.arguments)}: ${keyword.output} => ${keyword.input}`;
    }),
  flt: (keywords) => lines(keywords.filters, ({ word, plugin }) => `${word} [${plugin.toUpperCase()}]`),
  smp: (keywords) =>
    matrixLegend() +
    lines(keywords.fetches, ({ word, keyword }) => {
      return `${sourceMatrix(keyword.from)} ${word}${argumentList(word, keyword.arguments)}: ${keyword.type}`;
    }),
  svc: (keywords) => lines(keywords.services, ({ word }) => word),
};

function lines<K>(table: ReadonlyMap<string, Entry<K>>, line: (entry: Entry<K>) => string): string {
  return sorted(table)
    .map((entry) => `${line(entry)}\n`)
    .join('');
}

const isGlobal = ({ keyword }: Entry<DirectiveKeyword>): boolean => keyword.in.includes('global');
const isProxy = ({ keyword }: Entry<DirectiveKeyword>): boolean => keyword.in.some((kind) => kind !== 'global');
const isOption = ({ word }: Entry<DirectiveKeyword>): boolean => word.startsWith('option ');
const print = (list: readonly string[]): string => list.map((line) => `\t${line}\n`).join('');

function configurationWords(keywords: Keywords): string {
  const directives = sorted(keywords.directives);
  return (
    `global\n${print(directives.filter(isGlobal).map(({ word }) => word))}` +
    `listen\n` +
    print(directives.filter((entry) => isProxy(entry) && !isOption(entry)).map(({ word }) => word)) +
    print(sorted(keywords.bindWords).map((entry) => `bind <addr> ${wordWithCount(entry)}`)) +
    print(sorted(keywords.serverWords).map((entry) => `server <name> <addr> ${wordWithCount(entry)}`)) +
    print(directives.filter((entry) => isProxy(entry) && isOption(entry)).map(optionLine)) +
    print(RULESETS.flatMap((ruleset) => actionLines(keywords, ruleset))) +
    sorted(keywords.sections)
      .map(({ word }) => `${word}\n`)
      .join('')
  );
}

function actionLines(keywords: Keywords, ruleset: Ruleset): string[] {
  return sorted(keywords.actions)
    .filter(({ keyword }) => keyword.in.includes(ruleset))
    .map(({ word, keyword }) => `${ruleset} ${word}${keyword.prefix ? '*' : ''}`);
}

/** `+1` for each word that must follow, as the usage has them. */
function wordWithCount({ word, keyword }: Entry<Documented>): string {
  const needed = keyword.usage.replace(/\[.*\]/, '').match(/<[^>]*>/g)?.length ?? 0;
  return needed === 0 ? word : `${word} +${needed}`;
}

function optionLine({ word, keyword }: Entry<DirectiveKeyword>): string {
  const sides = [...(keyword.in.includes('frontend') ? ['FE'] : []), ...(keyword.in.includes('backend') ? ['BE'] : [])];
  return `${word} [ ${sides.map((side) => `${side} `).join('')}]`;
}

/** The slanted legend over the columns of the matrix. */
function matrixLegend(): string {
  const count = PLACES.length;
  let text = '';
  for (const [column, place] of PLACES.entries()) {
    text += `#${' '.repeat(count + 1 - column)}${'/ '.repeat(column)}_.${'-'.repeat(count - column)} ${PLACE_NAMES[place]}\n`;
  }
  return `${text}# ${'/ '.repeat(count)} \n# ${'| '.repeat(count)}\n`;
}
