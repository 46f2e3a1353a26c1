import type { Regex } from '../expression/regex.ts';
import type { ServerKeyword } from '../api/keywords.ts';
import type { AclTable, Condition, Expression, Format, Place, Samples } from '../api/expression.ts';
import type { BindConfig, GlobalConfig, ServerConfig } from '../api/settings.ts';
import type { BindScope, Names, Scope, SectionKind, ServerScope, Words } from '../api/words.ts';
import type { CompileContext } from '../expression/compiler.ts';
import { BindLine } from './bind-config.ts';
import type { Build, CoreScope } from './build.ts';
import { readIncluded } from './included.ts';
import { refuseWord } from './known.ts';
import { proxyTitle, type ProxySection } from './proxy-config.ts';
import type { ServerLine } from './server-config.ts';
import { runTimeSamples } from './run-time-scope.ts';
import type { LineWords } from './words.ts';

/** Where one line stands. Made per line: `later` has to know which. */
export class LineScope implements CoreScope {
  readonly build: Build;
  readonly section: ProxySection | undefined;
  readonly places: readonly Place[];
  readonly #words: LineWords;
  readonly #plugin: string;
  /** ACLs of its own, instead of the section's. */
  readonly #acls: AclTable | undefined;

  /** `section` is undefined in `global`; `plugin` is whose word the line is. */
  constructor(
    build: Build,
    section: ProxySection | undefined,
    words: LineWords,
    plugin: string,
    places: readonly Place[] = [],
    acls?: AclTable,
  ) {
    this.build = build;
    this.section = section;
    this.places = places;
    this.#words = words;
    this.#plugin = plugin;
    this.#acls = acls;
  }

  get kind(): SectionKind {
    return this.section?.kind ?? 'global';
  }

  get name(): string {
    return this.section?.name ?? '';
  }

  get global(): GlobalConfig {
    return this.build.global;
  }

  get proxy(): ProxySection {
    return this.section ?? this.#words.fail(`'${this.#words.keyword}' has no place in the 'global' section`);
  }

  /** The same line as the business of another plugin, or for other places. */
  at(plugin: string, places: readonly Place[]): LineScope {
    return new LineScope(this.build, this.section, this.#words, plugin, places, this.#acls);
  }

  newAcls(): AclTable {
    return this.build.compiler.newAcls();
  }

  withAcls(acls: AclTable): LineScope {
    return new LineScope(this.build, this.section, this.#words, this.#plugin, this.places, acls);
  }

  expression(words: Words, places: readonly Place[] = this.places, skip = 0): Expression {
    return this.build.compiler.expression(words, this.#context(places), skip);
  }

  format(text: string, words: Words, places: readonly Place[] = this.places): Format {
    return this.build.compiler.format(text, words, this.#context(places));
  }

  condition(words: Words, places: readonly Place[] = this.places): Condition | undefined {
    return this.build.compiler.condition(words, this.#context(places));
  }

  /** Reads the words of an `acl` line. */
  acl(words: Words): void {
    this.build.compiler.acl(words, this.#context(this.places));
  }

  regex(pattern: string, words: Words, ignoreCase = false): Regex {
    try {
      return this.build.regex(pattern, ignoreCase);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      return words.fail(`'${words.keyword}' : ${reason}`);
    }
  }

  path(file: string, words: Words): string {
    return this.build.paths.resolve(file, words.file);
  }

  readFile(file: string, words: Words, read: (line: Words, scope: Scope) => void): boolean {
    return readIncluded(this.build, file, words, (line) => {
      this.build.guard(line, this.#plugin, () => {
        read(line, new LineScope(this.build, this.section, line, this.#plugin, this.places, this.#acls));
        line.end();
      });
    });
  }

  newBind(addresses: string[], words: Words): BindConfig {
    return new BindLine(addresses, words.file, words.line);
  }

  bindWords(bind: BindConfig, words: Words): void {
    const scope = new BindLineScope(this.build, this.section, this.#words, this.#plugin, this.places, bind);
    const table = this.build.keywords.bindWords;
    const context = `'bind ${bind.addresses.join(',')}' in section '${this.kind}' : `;
    this.#each(words, context, (word) => {
      const entry = table.get(word);
      if (!entry) refuseWord(words, 'bind', word, [...table.keys()]);
      entry.keyword.parse(words, scope);
    });
  }

  newServer(name: string, address: string, words: Words, from?: ServerConfig): ServerConfig {
    const model = from ?? this.proxy.defaultServer;
    // Every ServerConfig of this generation was made here.
    return (model as ServerLine).copy(name, address, words.file, words.line);
  }

  serverWords(server: ServerConfig, words: Words, inDefault = false): void {
    const scope = new ServerLineScope(this.build, this.section, this.#words, this.#plugin, this.places, server);
    const table = this.build.keywords.serverWords;
    const context = inDefault ? `'default-server' : ` : `'server ${this.name}/${server.name}' : `;
    this.#each(words, context, (word) => {
      const prefixed = table.get(word.replace(/\(.*$/s, ''));
      const entry = table.get(word) ?? (prefixed?.keyword.prefix ? prefixed : undefined);
      if (!entry) refuseWord(words, 'server', word, [...table.keys()]);
      if (inDefault && entry.keyword.inDefault === false) words.fail(`'${word}' has no meaning for 'default-server'`);
      this.checkServerWord(word, entry.keyword, words);
      entry.keyword.parse(words, scope);
    });
  }

  /** For lines that do not take all words of servers. */
  protected checkServerWord(_word: string, _keyword: ServerKeyword, _words: Words): void {}

  onRefused(run: () => void): void {
    this.build.refusals.push(run);
  }

  get samples(): Samples {
    return runTimeSamples(this.build);
  }

  later(check: (names: Names) => void): void {
    this.build.later(this.#words, this.#plugin, check);
  }

  #each(words: Words, context: string, read: (word: string) => void): void {
    while (words.remaining > 0) {
      this.#words.within(words.peek()!, context, () => read(words.next('a keyword')));
    }
  }

  #context(places: readonly Place[]): CompileContext {
    return {
      scope: this,
      acls: this.#acls ?? this.section?.acls ?? this.build.globalAcls,
      places,
      later: (check) => this.later(check),
    };
  }
}

class BindLineScope extends LineScope implements BindScope {
  readonly bind: BindConfig;
  constructor(
    build: Build,
    section: ProxySection | undefined,
    words: LineWords,
    plugin: string,
    places: readonly Place[],
    bind: BindConfig,
  ) {
    super(build, section, words, plugin, places);
    this.bind = bind;
  }
}

class ServerLineScope extends LineScope implements ServerScope {
  readonly server: ServerConfig;
  constructor(
    build: Build,
    section: ProxySection | undefined,
    words: LineWords,
    plugin: string,
    places: readonly Place[],
    server: ServerConfig,
  ) {
    super(build, section, words, plugin, places);
    this.server = server;
  }
}

/** `frontend 'web'`, as messages name a section. */
export function sectionTitle(section: ProxySection): string {
  return `${proxyTitle(section.kind)} '${section.name}'`;
}
