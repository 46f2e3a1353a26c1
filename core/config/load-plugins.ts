import type { Plugin } from '../api/plugin.ts';
import { readOptions, splitOptions } from '../plugin/options.ts';
import type { PluginOrigin } from '../plugin/origin.ts';
import { DuplicateWordError, type Keywords, mergeKeywords } from '../plugin/registry.ts';
import type { Diagnostics } from './diagnostics.ts';
import { language } from './language.ts';
import type { Token } from './lexer.ts';
import type { PluginSpec } from './line.ts';
import { LineRefused, LineWords } from './words.ts';

/** A plugin of this generation, with what stands behind its name on its `plugin-load` line (nothing for a stock plugin). */
export interface LoadedPlugin {
  readonly plugin: Plugin;
  readonly args: readonly string[];
  /** The same read as the plugin's `options` say. */
  readonly options?: Readonly<Record<string, unknown>>;
  /** Where it came from; undefined for one that was given as an object. */
  readonly origin?: PluginOrigin;
  /** Its `plugin-load` line. */
  readonly line?: { readonly file: string; readonly line: number };
}

/** What stands for the file of plugins that a program gave. */
const GIVEN = '(plugins)';

/** Loads one `plugin-load` line's plugin. What it throws is told as an alert of that line. */
export type PluginLoader = (spec: PluginSpec) => Promise<{ readonly plugin: Plugin; readonly origin?: PluginOrigin }>;

/**
 * The plugins of a configuration with their words: those that are `given`, then those of the `plugin-load` lines, one by one, so that each
 * word that is there twice is told at its own line. What is refused is told, and left out.
 */
export async function loadPlugins(
  given: readonly (Plugin | LoadedPlugin)[],
  load: PluginLoader | undefined,
  specs: readonly PluginSpec[],
  diagnostics: Diagnostics,
): Promise<{ plugins: LoadedPlugin[]; keywords: Keywords }> {
  const plugins: LoadedPlugin[] = [{ plugin: language, args: [] }];
  let keywords = mergeKeywords([language]);
  const add = (loaded: LoadedPlugin): void => {
    const { plugin } = loaded;
    if (plugins.some((other) => other.plugin.name === plugin.name))
      throw new DuplicateWordError(`a plugin named '${plugin.name}' is loaded already`);
    keywords = mergeKeywords([...plugins.map((other) => other.plugin), plugin]);
    plugins.push(loaded);
  };
  for (const entry of given) {
    const loaded = 'plugin' in entry ? entry : { plugin: entry, args: [] };
    const { plugin, args } = loaded;
    const tokens = tokensOf([`plugin`, plugin.name, ...args]);
    tell(diagnostics, `plugin '${plugin.name}' : `, undefined, () =>
      add(withOptions(loaded, GIVEN, tokens, plugin.name, diagnostics)),
    );
  }
  for (const spec of specs) {
    const title = `'plugin-load ${spec.specifier}' : `;
    try {
      if (!load) throw new Error('plugins cannot be loaded here');
      const { plugin, origin } = await load(spec);
      tell(diagnostics, title, spec, () => {
        const { file, line } = spec;
        const loaded = { plugin, args: spec.args, line: { file, line }, ...(origin === undefined ? {} : { origin }) };
        add(withOptions(loaded, spec.file, spec.tokens, `plugin-load ${spec.specifier}`, diagnostics));
      });
    } catch (error) {
      tell(diagnostics, title, spec, () => {
        throw error;
      });
    }
  }
  return { plugins, keywords };
}

/** Runs `add`; what it throws is an alert of the line, of the word where the line was refused. */
function tell(diagnostics: Diagnostics, title: string, at: PluginSpec | undefined, add: () => void): void {
  try {
    add();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const place = error instanceof LineRefused && error.place.file !== GIVEN ? error.place : at;
    const { file, line, column } = place ?? {};
    diagnostics.add({ severity: 'alert', file, line, column, message: title + reason });
  }
}

function withOptions(
  loaded: LoadedPlugin,
  file: string,
  tokens: readonly Token[],
  keyword: string,
  diagnostics: Diagnostics,
): LoadedPlugin {
  const { options } = loaded.plugin;
  if (options === undefined) return loaded;
  const behind = splitOptions(tokens.slice(2), options);
  const words = new LineWords(file, [...tokens.slice(0, 2), ...behind], 2, keyword, 'plain', diagnostics);
  return { ...loaded, options: readOptions(words, options) };
}

/** Words that stand in no file, as if they stood on one line. */
export function tokensOf(texts: readonly string[]): Token[] {
  let column = 1;
  return texts.map((text) => {
    const token = { text, line: 0, column, width: text.length };
    column += text.length + 1;
    return token;
  });
}
