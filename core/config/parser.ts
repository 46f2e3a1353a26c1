import type { SectionReader } from '../api/keywords.ts';
import type { Build } from './build.ts';
import { readDirective } from './directives.ts';
import { isKnown, knownWords } from './known.ts';
import type { ConfigLine } from './line.ts';
import { didYouMean } from './nearest.ts';
import { ProxyOpener } from './proxies.ts';
import type { ProxySection } from './proxy-config.ts';
import { LineScope } from './scope.ts';
import { LineWords } from './words.ts';

const PROXIES = ['defaults', 'frontend', 'backend', 'listen'] as const;

/** What the lines being read belong to. */
type Current =
  | { readonly kind: 'global' }
  | { readonly kind: 'proxy'; readonly section: ProxySection }
  | {
      readonly kind: 'plugin';
      readonly word: string;
      readonly plugin: string;
      readonly reader: SectionReader;
      readonly close: () => void;
    }
  /** A section that could not be opened: its lines say nothing more. */
  | { readonly kind: 'refused' };

/** The second pass: hands every line to its section. */
export class Parser {
  readonly #build: Build;
  readonly #opener: ProxyOpener;
  #current: Current | undefined;

  constructor(build: Build) {
    this.#build = build;
    this.#opener = new ProxyOpener(build);
  }

  /** Reads a file's lines. Each file starts with a section of its own. configuration.txt 2.1. */
  parse(lines: readonly ConfigLine[]): void {
    for (const line of lines) if (!this.#open(line)) this.#read(line);
    this.#enter(undefined);
  }

  #enter(next: Current | undefined): void {
    if (this.#current?.kind === 'plugin') this.#current.close();
    this.#current = next;
  }

  /** Whether the line begins a section. */
  #open(line: ConfigLine): boolean {
    const word = line.tokens[0]!.text;
    const proxy = PROXIES.find((kind) => kind === word);
    if (word === 'global') {
      this.#enter({ kind: 'global' });
      const words = this.#words(line, word);
      this.#guard(words, () => words.end());
    } else if (proxy) {
      this.#enter(undefined);
      this.#enter({ kind: 'proxy', section: this.#opener.open(proxy, line) });
    } else if (this.#build.keywords.sections.has(word)) {
      this.#enter(undefined);
      this.#openPlugin(word, line);
    } else if (isKnown('section', word) && !this.#isDirective(word)) {
      this.#enter({ kind: 'refused' });
      const words = this.#words(line, word);
      this.#guard(words, () => words.fail(`section '${word}' is not built yet`));
    } else return false;
    return true;
  }

  /** `cache` and `program` are sections; should a plugin use such a word for a line, the line wins inside a section. */
  #isDirective(word: string): boolean {
    return this.#current !== undefined && this.#build.keywords.directives.has(word);
  }

  #openPlugin(word: string, line: ConfigLine): void {
    const entry = this.#build.keywords.sections.get(word)!;
    const words = this.#words(line, word);
    this.#enter({ kind: 'refused' });
    this.#build.guard(words, entry.plugin, () => {
      const name = entry.keyword.named ? words.next('<name> as arguments') : '';
      const reader = entry.keyword.open(name, words, new LineScope(this.#build, undefined, words, entry.plugin));
      words.end();
      const finished = this.#build.sections.get(word) ?? new Map<string, object>();
      this.#build.sections.set(word, finished);
      if (finished.has(name)) words.fail(`${word} '${name}' is declared twice.`);
      const close = (): void => {
        this.#build.guard(words, entry.plugin, () => void finished.set(name, reader.close(this.#build.names)));
      };
      this.#current = { kind: 'plugin', word, plugin: entry.plugin, reader, close };
    });
  }

  #read(line: ConfigLine): void {
    const current = this.#current;
    const word = line.tokens[0]!.text;
    if (current?.kind === 'global') readDirective(this.#build, line, undefined);
    else if (current?.kind === 'proxy') readDirective(this.#build, line, current.section);
    else if (current?.kind === 'plugin') this.#readPlugin(line, current);
    else if (!current) {
      const words = this.#words(line, word);
      const sections = ['global', ...PROXIES, ...this.#build.keywords.sections.keys(), ...knownWords('section')];
      this.#guard(words, () =>
        words.fail(`unknown keyword '${word}' out of section${didYouMean(word, sections) || '.'}`),
      );
    }
  }

  #readPlugin(line: ConfigLine, current: Extract<Current, { kind: 'plugin' }>): void {
    const word = line.tokens[0]!.text;
    const words = this.#words(line, word);
    const { directives } = current.reader;
    this.#build.guard(words, current.plugin, () => {
      const read = Object.hasOwn(directives, word) ? directives[word] : undefined;
      if (!read)
        words.fail(
          `unknown keyword '${word}' in '${current.word}' section${didYouMean(word, Object.keys(directives))}`,
        );
      else read(words);
      words.end();
    });
  }

  #words(line: ConfigLine, keyword: string): LineWords {
    return new LineWords(line.file, line.tokens, 1, keyword, 'plain', this.#build.diagnostics);
  }

  #guard(words: LineWords, check: () => void): void {
    this.#build.guard(words, 'language', check);
  }
}
