import { compileRegex } from '../expression/regex.ts';
import type { GlobalConfig } from '../api/settings.ts';
import type { Plugin } from '../api/plugin.ts';
import type { Names } from '../api/words.ts';
import type { Compiler } from '../expression/compiler.ts';
import { DuplicateWordError, mergeKeywords, type Keywords } from '../plugin/registry.ts';
import { Build, type RegexFactory } from './build.ts';
import { numberProxies, warnProxies } from './checks.ts';
import { Diagnostics, type Diagnostic } from './diagnostics.ts';
import { Environment } from './environment.ts';
import { knownWords } from './known.ts';
import { language } from './language.ts';
import type { PluginSpec } from './line.ts';
import { Parser } from './parser.ts';
import type { ProxySection } from './proxy-config.ts';
import { Reader } from './reader.ts';
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
  /** Loads one `plugin-load` line's plugin. What it throws is told as an alert of that line. */
  loadPlugin?(spec: PluginSpec): Promise<Plugin>;
  compilerFor(keywords: Keywords): Compiler;
  /** PCRE patterns for byte strings; JavaScript's own syntax if left out. */
  readonly regex?: RegexFactory;
}

/** A plugin of this generation, with the arguments of its `plugin-load` line (none for a stock plugin). */
export interface LoadedPlugin {
  readonly plugin: Plugin;
  readonly args: readonly string[];
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
  /** The environment as the configuration left it. */
  readonly environment: ReadonlyMap<string, string>;
}

const CORE_SECTIONS: ReadonlySet<string> = new Set(['global', 'defaults', 'frontend', 'backend', 'listen']);

/** Reads a whole configuration. Never throws for what it says: all that is wrong is in `diagnostics`. */
export async function loadConfig(options: LoadOptions): Promise<LoadedConfig> {
  const diagnostics = new Diagnostics();
  const sources = await readAll(options.sources, diagnostics);
  const environment = new Environment(options.env, options.defines);
  const given = options.plugins.map((entry) => ('plugin' in entry ? entry : { plugin: entry, args: [] }));
  const stockSections = new Set(given.flatMap(({ plugin }) => Object.keys(plugin.sections ?? {})));
  const reader = new Reader(
    environment,
    diagnostics,
    (word) => CORE_SECTIONS.has(word) || stockSections.has(word) || knownWords('section').has(word),
  );
  for (const source of sources) reader.read(source);

  const { plugins, keywords } = await loadPlugins(options, given, reader.plugins, diagnostics);
  const build = new Build(
    keywords,
    options.compilerFor(keywords),
    options.regex ?? compileRegex,
    diagnostics,
    new Set(plugins.map(({ plugin }) => plugin.name)),
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
    environment: environment.entries(),
  };
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

/** Adds the plugins of the `plugin-load` lines one by one, so that each duplicate word is told at its own line. */
async function loadPlugins(
  options: LoadOptions,
  given: readonly LoadedPlugin[],
  specs: readonly PluginSpec[],
  diagnostics: Diagnostics,
): Promise<{ plugins: LoadedPlugin[]; keywords: Keywords }> {
  const plugins: LoadedPlugin[] = [{ plugin: language, args: [] }, ...given];
  let keywords = mergeKeywords(plugins.map(({ plugin }) => plugin));
  for (const spec of specs) {
    try {
      if (!options.loadPlugin) throw new Error('plugins cannot be loaded here');
      const plugin = await options.loadPlugin(spec);
      if (plugins.some((other) => other.plugin.name === plugin.name))
        throw new DuplicateWordError(`a plugin named '${plugin.name}' is loaded already`);
      keywords = mergeKeywords([...plugins.map((other) => other.plugin), plugin]);
      plugins.push({ plugin, args: spec.args });
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      const { file, line, column } = spec;
      diagnostics.add({
        severity: 'alert',
        file,
        line,
        column,
        message: `'plugin-load ${spec.specifier}' : ${reason}`,
      });
    }
  }
  return { plugins, keywords };
}
