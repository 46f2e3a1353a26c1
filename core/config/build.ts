import type { Regex } from '../expression/regex.ts';
import type { Names, Scope } from '../api/words.ts';
import type { ProxyConfig } from '../api/settings.ts';
import type { AclTable, Compiler } from '../expression/compiler.ts';
import type { Keywords } from '../plugin/registry.ts';
import { type Diagnostic, Diagnostics } from './diagnostics.ts';
import type { Environment } from './environment.ts';
import { GlobalSection } from './global-config.ts';
import type { ProxySection } from './proxy-config.ts';
import { FilePaths } from './paths.ts';
import { LineRefused, type LineWords } from './words.ts';

/** How the program's regular expressions are made: PCRE syntax, byte strings. Throws what is wrong with the pattern. */
export type RegexFactory = (pattern: string, ignoreCase: boolean) => Regex;

/** All that is being made of one configuration. */
export class Build {
  readonly keywords: Keywords;
  readonly compiler: Compiler;
  readonly regex: RegexFactory;
  diagnostics: Diagnostics;
  readonly global: GlobalSection = new GlobalSection();
  /** `acl` has no place in `global`; expressions there are compiled with none. */
  readonly globalAcls: AclTable;
  readonly proxies: ProxySection[] = [];
  readonly defaults: ProxySection[] = [];
  /** Finished sections of plugins, by kind and name. */
  readonly sections: Map<string, Map<string, object>> = new Map();
  readonly paths: FilePaths = new FilePaths();
  readonly names: DeclaredNames;
  /** Names of all plugins of this generation. */
  readonly plugins: ReadonlySet<string>;
  /** As the lines of all files have left it. */
  readonly environment: Environment;
  experimental = false;
  /** What is to be closed if nothing comes of all this. */
  readonly refusals: (() => void)[] = [];
  #checks: (() => void)[] = [];

  constructor(
    keywords: Keywords,
    compiler: Compiler,
    regex: RegexFactory,
    diagnostics: Diagnostics,
    plugins: ReadonlySet<string>,
    environment: Environment,
  ) {
    this.environment = environment;
    this.keywords = keywords;
    this.compiler = compiler;
    this.regex = regex;
    this.diagnostics = diagnostics;
    this.plugins = plugins;
    this.globalAcls = compiler.newAcls();
    this.names = new DeclaredNames(this.proxies, this.sections);
  }

  /** Runs `read`; what it throws is told as an alert of this line. Says whether it went well. */
  guard(words: LineWords, plugin: string, read: () => void): boolean {
    try {
      read();
      return true;
    } catch (error) {
      if (error instanceof LineRefused) {
        this.diagnostics.add({ severity: 'alert', message: error.message, ...error.place });
      } else {
        const reason = error instanceof Error ? error.message : String(error);
        const message = `'${words.keyword}' failed in the plugin '${plugin}': ${reason}`;
        this.diagnostics.add({ severity: 'alert', message, ...words.place });
      }
      return false;
    }
  }

  /** What `check` refuses is told as an alert of the line of `words`. */
  later(words: LineWords, plugin: string, check: (names: Names) => void): void {
    const asNow = words.mark();
    this.#checks.push(() => {
      this.guard(words, plugin, () => asNow(() => check(this.names)));
    });
  }

  /** Runs the checks, and those that they add in turn. */
  runChecks(): void {
    for (let index = 0; index < this.#checks.length; index++) this.#checks[index]!();
    this.#checks = [];
  }

  /** Reads something when all has been read, a server that is added at run time. Gives what is said of it. */
  afterwards(read: (diagnostics: Diagnostics) => void): readonly Diagnostic[] {
    const before = this.diagnostics;
    const diagnostics = new Diagnostics();
    this.diagnostics = diagnostics;
    try {
      read(diagnostics);
      this.runChecks();
    } finally {
      this.diagnostics = before;
    }
    return diagnostics.said;
  }
}

export class DeclaredNames implements Names {
  readonly proxies: readonly ProxySection[];
  readonly #sections: ReadonlyMap<string, ReadonlyMap<string, object>>;
  readonly #byName = new Map<string, ProxySection>();
  #indexed = 0;

  constructor(proxies: readonly ProxySection[], sections: ReadonlyMap<string, ReadonlyMap<string, object>>) {
    this.proxies = proxies;
    this.#sections = sections;
  }

  proxy(kind: 'frontend' | 'backend', name: string): ProxyConfig | undefined {
    const found = this.any(name);
    return found && (kind === 'frontend' ? found.isFrontend : found.isBackend) ? found : undefined;
  }

  /** The first proxy of that name; names are distinct in a configuration that is run. */
  any(name: string): ProxySection | undefined {
    // The list only ever grows.
    for (; this.#indexed < this.proxies.length; this.#indexed++) {
      const proxy = this.proxies[this.#indexed]!;
      if (!this.#byName.has(proxy.name)) this.#byName.set(proxy.name, proxy);
    }
    return this.#byName.get(name);
  }

  section<T>(kind: string, name: string): T | undefined {
    return this.#sections.get(kind)?.get(name) as T | undefined;
  }

  sections<T>(kind: string): ReadonlyMap<string, T> {
    return (this.#sections.get(kind) ?? new Map<string, object>()) as ReadonlyMap<string, T>;
  }
}

/** What every scope of a line offers its keyword beyond the API, for the words of the language itself. */
export interface CoreScope extends Scope {
  readonly build: Build;
  readonly section: ProxySection | undefined;
}
