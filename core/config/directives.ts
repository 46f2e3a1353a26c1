import type { DirectiveKeyword } from '../api/keywords.ts';
import type { Entry } from '../plugin/registry.ts';
import type { Build } from './build.ts';
import { checkOption } from './choices.ts';
import { isKnown, knownWords } from './known.ts';
import { didYouMean } from './nearest.ts';
import type { ConfigLine } from './line.ts';
import { warnOrder } from './order.ts';
import type { ProxySection } from './proxy-config.ts';
import { removedWord } from './removed.ts';
import { LineScope, sectionTitle } from './scope.ts';
import { alternatives, LineWords } from './words.ts';

/** A directive's key is of at most so many words: `http-check expect …` has arguments from the third on. */
const LONGEST_KEY = 4;
const CORE_SECTIONS = ['global', 'defaults', 'frontend', 'backend', 'listen'];

/** Reads one line of `global` (`section` undefined) or of a proxy. */
export function readDirective(build: Build, line: ConfigLine, section: ProxySection | undefined): void {
  const { tokens, file } = line;
  const first = tokens[0]!.text;
  const form = first === 'no' || first === 'default' ? first : 'plain';
  const start = form === 'plain' ? 0 : 1;
  const words = (key: string, count: number): LineWords =>
    new LineWords(file, tokens, start + count, key, form, build.diagnostics);
  if (tokens.length === start) {
    build.guard(words(first, 0), 'language', () => words(first, 0).fail(`'${first}' expects a keyword behind it.`));
    return;
  }
  for (let count = Math.min(LONGEST_KEY, tokens.length - start); count > 0; count--) {
    const key = tokens
      .slice(start, start + count)
      .map((token) => token.text)
      .join(' ');
    const entry = build.keywords.directives.get(key) ?? checkDirective(build, key);
    if (entry) {
      const rest = words(key, count);
      build.guard(rest, entry.plugin, () => runDirective(build, entry, rest, section));
      return;
    }
  }
  const unknown = words(tokens[start]!.text, 1);
  build.guard(unknown, 'language', () => refuseDirective(build, unknown, section));
}

/** `option redis-check`, where a plugin has a check of that name. */
function checkDirective(build: Build, key: string): Entry<DirectiveKeyword> | undefined {
  if (!key.startsWith('option ')) return undefined;
  const check = build.keywords.checks.get(key.slice('option '.length));
  return check === undefined ? undefined : checkOption(check);
}

function runDirective(
  build: Build,
  entry: Entry<DirectiveKeyword>,
  words: LineWords,
  section: ProxySection | undefined,
): void {
  if (!fits(entry, words, section)) return;
  if (words.form !== 'plain' && !entry.keyword.negatable) {
    const option = /^option (.*)$/.exec(entry.word)?.[1];
    words.fail(
      `negation/default is not supported for ${option === undefined ? `'${entry.word}'` : `option '${option}'`}.`,
    );
  }
  if (section) warnOrder(entry.word, words, section);
  entry.keyword.parse(words, new LineScope(build, section, words, entry.plugin));
  words.end();
}

/** Whether the word may stand in this section; refused, or warned about as HAProxy does. */
function fits(entry: Entry<DirectiveKeyword>, words: LineWords, section: ProxySection | undefined): boolean {
  const { in: places } = entry.keyword;
  if (!section) {
    if (places.includes('global')) return true;
    words.fail(`unknown keyword '${entry.word}' in 'global' section, it belongs in ${listSections(places)}`);
  }
  if (section.kind === 'defaults') {
    if (places.includes('defaults')) return true;
    words.fail(`'${entry.word}' not allowed in 'defaults' section.`);
  }
  if ((section.isFrontend && places.includes('frontend')) || (section.isBackend && places.includes('backend')))
    return true;
  const side = places.includes('frontend') ? 'frontend' : places.includes('backend') ? 'backend' : undefined;
  if (side === undefined)
    words.fail(`unknown keyword '${entry.word}' in '${section.kind}' section, it belongs in ${listSections(places)}`);
  words.warn(`'${entry.word}' ignored because ${sectionTitle(section)} has no ${side} capability.`);
  return false;
}

function listSections(places: readonly string[]): string {
  const all = places.flatMap((place) =>
    place === 'backend' && !places.includes('frontend') ? ['backend', 'listen'] : [place],
  );
  return alternatives(all);
}

/** No plugin has the line's first words: says why as precisely as can be. */
function refuseDirective(build: Build, words: LineWords, section: ProxySection | undefined): never {
  const kind = section ? section.kind : 'global';
  const first = words.keyword;
  const second = words.peek();
  const pair = second === undefined ? first : `${first} ${second}`;
  const place = section ? 'proxy' : 'global';
  const removed = removedWord(place, pair) ?? removedWord(place, first);
  if (removed !== undefined) words.fail(removed);
  const here = usableIn(build, section);
  const group = [...new Set(here.filter((key) => key.startsWith(`${first} `)).map((key) => key.split(' ')[1]!))];
  const known = knownPrefix(place, first, second, group.length > 0);
  if (group.length > 0 && second === undefined) {
    if (first === 'option') words.fail(`'option' expects an option name.`);
    words.fail(`missing argument for '${first}', expected ${list(group)}`);
  }
  if (known !== undefined) {
    if (group.length > 0) words.next('a keyword');
    words.fail(
      known.startsWith('option ') ? `${known.replace(' ', " '")}' is not built yet` : `'${known}' is not built yet`,
    );
  }
  if (group.length > 0) {
    words.next('a keyword');
    if (first === 'option') words.fail(`unknown option '${second}'${didYouMean(second!, group) || '.'}`);
    words.fail(`'${first}' supports ${list(group)} (got '${second}')${didYouMean(second!, group)}`);
  }
  const anywhere = section
    ? [...build.keywords.directives.values()].filter((entry) => !entry.keyword.in.includes('global'))
    : [];
  const candidates = [...here, ...anywhere.map((entry) => entry.word)].map((key) => key.split(' ')[0]!);
  const sections = [...CORE_SECTIONS, ...build.keywords.sections.keys(), ...knownWords('section')];
  words.fail(`unknown keyword '${first}' in '${kind}' section${didYouMean(first, [...candidates, ...sections])}`);
}

function list(words: readonly string[]): string {
  return words.map((word) => `'${word}'`).join(', ');
}

/** HAProxy's own word that the line begins with: `option httpchk`, `stats uri`, or one word alone. */
function knownPrefix(
  place: 'proxy' | 'global',
  first: string,
  second: string | undefined,
  grouped: boolean,
): string | undefined {
  if (second !== undefined && isKnown(place, `${first} ${second}`)) return `${first} ${second}`;
  if (!grouped && isKnown(place, first)) return first;
  // Words of three: `capture request header`.
  const longer = [...knownWords(place)].some((word) => second !== undefined && word.startsWith(`${first} ${second} `));
  return longer ? `${first} ${second}` : undefined;
}

function usableIn(build: Build, section: ProxySection | undefined): string[] {
  const usable = [...build.keywords.directives.values()].filter(({ keyword: { in: places } }) => {
    if (!section) return places.includes('global');
    if (section.kind === 'defaults') return places.includes('defaults');
    return (section.isFrontend && places.includes('frontend')) || (section.isBackend && places.includes('backend'));
  });
  return usable.map((entry) => entry.word);
}
