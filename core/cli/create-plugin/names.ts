import { stockPlugins } from '../../plugin/stock.ts';

/** What a plugin is called, in the three places where it has a name. */
export interface PluginNames {
  /** In messages and as the prefix of its words: `geoip`. */
  readonly plugin: string;
  /** On npm: `sluice-plugin-geoip`, `@acme/sluice-plugin-geoip`. */
  readonly package: string;
  /** The folder, if no other is asked for. */
  readonly folder: string;
}

const PREFIX = 'sluice-plugin-';
/** npm's own limit. */
const LONGEST = 214;
const PART = /^[a-z][a-z0-9-]*$/;

/** Reads `geoip`, `sluice-plugin-geoip` or `@acme/geoip`. A string says what is wrong with it. */
export function readName(text: string): PluginNames | string {
  const [, scope, rest = ''] = /^(?:(@[^/]*)\/)?(.*)$/s.exec(text) ?? [];
  const plugin = rest.startsWith(PREFIX) ? rest.slice(PREFIX.length) : rest;
  const suggestion = suggest(text);
  const hint = suggestion === undefined ? '' : `; try '${suggestion}'`;
  if (text === '') return 'a plugin needs a name';
  if (scope !== undefined && !PART.test(scope.slice(1))) return `'${scope}' is no scope of npm${hint}`;
  if (!PART.test(plugin) || plugin.endsWith('-'))
    return `'${text}' is no name for a plugin: it begins with a letter, and has small letters, digits and dashes${hint}`;
  if (stockPlugins.some(({ name }) => name === plugin) || plugin === 'language')
    return `'${plugin}' is the name of a plugin that comes with sluice; choose another`;
  // The prefix is how plugins are found, with a scope, too.
  const folder = `${PREFIX}${plugin}`;
  const name = scope === undefined ? folder : `${scope}/${folder}`;
  if (name.length > LONGEST) return `'${name.slice(0, 20)}…' is longer than npm allows (${LONGEST} characters)`;
  return { plugin, package: name, folder };
}

/** The nearest that could be one. */
function suggest(text: string): string | undefined {
  const [, scope = '', rest = ''] = /^(?:@([^/]*)\/)?(.*)$/s.exec(text) ?? [];
  const clean = (part: string): string =>
    part
      .replaceAll(/([a-z0-9])([A-Z])/g, '$1-$2')
      .toLowerCase()
      .replaceAll(/[^a-z0-9]+/g, '-')
      .replaceAll(/^[^a-z]+|-+$/g, '');
  const name = clean(rest);
  if (name === '') return undefined;
  return clean(scope) === '' ? name : `@${clean(scope)}/${name}`;
}
