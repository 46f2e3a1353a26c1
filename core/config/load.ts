import { compileRegex } from '../expression/regex.ts';
import type { GlobalConfig } from '../api/settings.ts';
import type { Plugin } from '../api/plugin.ts';
import type { Names } from '../api/words.ts';
import type { Compiler } from '../expression/compiler.ts';
import type { Keywords } from '../plugin/registry.ts';
import { Build, type RegexFactory } from './build.ts';
import { numberProxies, warnProxies } from './checks.ts';
import { Diagnostics, type Diagnostic } from './diagnostics.ts';
import { Environment } from './environment.ts';
import { knownWords } from './known.ts';
import { type LoadedPlugin, loadPlugins, type PluginLoader } from './load-plugins.ts';
import { Parser } from './parser.ts';
import type { ProxySection } from './proxy-config.ts';
import { Reader } from './reader.ts';
import { readServer, type ReadServer } from './run-time-server.ts';
import { readSources, SourceError, type Source, type SourceSpec } from './sources.ts';

export interface LoadOptions {
  /** What the `-f` options name, in their order: files, folders, or texts with a name. */
  readonly sources: readonly SourceSpec[];
  /** The environment that the configuration begins with. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Variables of the program's own that win over the environment, e.g. `HAPROXY_LOCALPEER`. */
  readonly defines?: Readonly<Record<string, string>>;
  /** The stock plugins, and others that no line loads. */
  readonly plugins: readonly (Plugin | LoadedPlugin)[];
  /** Without it `plugin-load` is refused. */
  readonly loadPlugin?: PluginLoader;
  compilerFor(keywords: Keywords): Compiler;
  /** PCRE patterns for byte strings; JavaScript's own syntax if left out. */
  readonly regex?: RegexFactory;
}

export interface LoadedConfig {
  readonly global: GlobalConfig;
  readonly proxies: readonly ProxySection[];
  readonly defaults: readonly ProxySection[];
  readonly names: Names;
  readonly keywords: Keywords;
  readonly plugins: readonly LoadedPlugin[];
  /** In the order to print them, HAProxy's closing lines included. */
  readonly diagnostics: readonly Diagnostic[];
  /** An alert was given: the configuration must not be run. */
  readonly failed: boolean;
  readonly warnings: number;
  /** Every file read, in order. */
  readonly files: readonly string[];
  /** It is not going to be run: closes what reading it has opened. */
  discard(): void;
  /** The environment as the configuration left it. */
  readonly environment: ReadonlyMap<string, string>;
  /** Reads the words of a server that is added at run time, and adds it to the section. */
  readServer(section: ProxySection, name: string, address: string, words: readonly string[]): ReadServer;
}

const CORE_SECTIONS: ReadonlySet<string> = new Set(['global', 'defaults', 'frontend', 'backend', 'listen']);

export type { LoadedPlugin } from './load-plugins.ts';

/** Reads a whole configuration. Never throws for what it says: all that is wrong is in `diagnostics`. */
export async function loadConfig(options: LoadOptions): Promise<LoadedConfig> {
  const diagnostics = new Diagnostics();
  const sources = await readAll(options.sources, diagnostics);
  const given = options.plugins.map((entry) => ('plugin' in entry ? entry.plugin : entry));
  const known = new Set(given.flatMap(({ sections = {} }) => Object.keys(sections)));
  const first = readLines(options, sources, known);
  const { plugins, keywords } = await loadPlugins(
    options.plugins,
    options.loadPlugin,
    first.reader.plugins,
    diagnostics,
  );
  // A section of a plugin that has just been loaded was not known as one: lines in it were taken for those of the section before.
  const sections = new Set(keywords.sections.keys());
  const { reader, environment, said } = sections.size > known.size ? readLines(options, sources, sections) : first;
  for (const diagnostic of said.said) diagnostics.add(diagnostic);
  const build = new Build(
    keywords,
    options.compilerFor(keywords),
    options.regex ?? compileRegex,
    diagnostics,
    new Set(plugins.map(({ plugin }) => plugin.name)),
    environment,
  );
  const parser = new Parser(build);
  for (const lines of reader.files) parser.parse(lines);
  numberProxies(build.proxies);
  diagnostics.checking();
  build.runChecks();
  // After errors these would only tell what follows from them.
  if (!diagnostics.failed) warnProxies(build);

  const files = sources.map((source) => source.name);
  const list = diagnostics.list(files);
  return {
    global: build.global,
    proxies: build.proxies,
    defaults: build.defaults,
    names: build.names,
    keywords,
    plugins,
    diagnostics: list,
    failed: diagnostics.failed,
    warnings: list.filter((diagnostic) => diagnostic.severity === 'warning').length,
    files,
    discard: () => {
      for (const run of build.refusals.splice(0)) run();
    },
    environment: environment.entries(),
    readServer: (section, name, address, words) => readServer(build, section, name, address, words),
  };
}

/** The first pass over all sources, with an environment and diagnostics of its own. */
function readLines(
  { env, defines }: LoadOptions,
  sources: readonly Source[],
  sections: ReadonlySet<string>,
): { reader: Reader; environment: Environment; said: Diagnostics } {
  const environment = new Environment(env, defines);
  const said = new Diagnostics();
  const isSection = (word: string): boolean =>
    CORE_SECTIONS.has(word) || sections.has(word) || knownWords('section').has(word);
  const reader = new Reader(environment, said, isSection);
  for (const source of sources) reader.read(source);
  return { reader, environment, said };
}

async function readAll(specs: readonly SourceSpec[], diagnostics: Diagnostics): Promise<Source[]> {
  const sources: Source[] = [];
  for (const spec of specs) {
    try {
      sources.push(...(await readSources([spec])));
    } catch (error) {
      if (!(error instanceof SourceError)) throw error;
      diagnostics.alert(error.message);
    }
  }
  return sources;
}
