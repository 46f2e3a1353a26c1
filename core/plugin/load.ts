import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import type { ApiVersion, Plugin } from '../api/index.ts';
import { within } from './deadline.ts';
import { guarded } from './guard.ts';
import { originOf, remember, type PluginOrigin } from './origin.ts';
import { misshapen } from './shape.ts';
import { resolvePackage } from './resolve-package.ts';

const API: ApiVersion = 1;

/** Why a plugin cannot be had, in one line that says what to do. */
export class PluginLoadError extends Error {}

/** Milliseconds a plugin's module may take to be there: it may wait at its top level. */
const DEADLINE = 30_000;

/** A plugin, ready to be used, and where it came from. */
export interface FoundPlugin {
  readonly plugin: Plugin;
  readonly origin: PluginOrigin;
}

/**
 * A plugin that did not come with the program: looked at for what it lacks, and wrapped so that its faults bear its name.
 * @throws {PluginLoadError} `title` names it in messages.
 */
export function adopt(plugin: unknown, title: string): Plugin {
  const checked = check(title, plugin);
  const problem = misshapen(checked);
  if (problem !== undefined)
    throw new PluginLoadError(`plugin '${checked.name}' (${title}) cannot be used: ${problem}`);
  return guarded(checked);
}

/** A plugin and the words that would stand behind its name on a `plugin-load` line. */
export interface PluginWithArguments {
  readonly plugin: Plugin;
  readonly args: readonly string[];
}

/**
 * The same for plugins that a program gave as objects.
 * @throws {PluginLoadError}
 */
export function adoptGiven(given: readonly (Plugin | PluginWithArguments)[]): PluginWithArguments[] {
  return given.map((entry, index) => {
    const { plugin, args } =
      typeof entry === 'object' && entry !== null && 'plugin' in entry ? entry : { plugin: entry, args: [] };
    return { plugin: adopt(plugin, `plugins[${index}]`), args };
  });
}

/**
 * Loads a plugin as `plugin-load` names it: a path (`./x.js`, `/opt/x.mjs`) or an installed package, both seen from
 * `folder`, the absolute path of the configuration file's folder. ES modules, CommonJS, and TypeScript where this Node
 * runs it.
 * @throws {PluginLoadError}
 */
export async function loadPlugin(specifier: string, folder: string): Promise<FoundPlugin> {
  const file = locate(specifier, folder);
  let found: object;
  try {
    found = await within(DEADLINE, async () => (await import(pathToFileURL(file).href)) as object);
  } catch (error) {
    throw new PluginLoadError(explainImport(specifier, file, error), { cause: error });
  }
  const plugin = adopt(defaultExport(found), `'${specifier}'`);
  const origin = originOf(specifier, file);
  remember(plugin.name, origin);
  return { plugin, origin };
}

function locate(specifier: string, folder: string): string {
  const isPath = /^\.{0,2}\//.test(specifier);
  const require = createRequire(`${folder}/`);
  try {
    return require.resolve(specifier);
  } catch (error) {
    // A package for `import` alone has no entry that require.resolve would find.
    const file = isPath ? undefined : resolvePackage(specifier, folder);
    if (file !== undefined) return file;
    if (isPath) throw new PluginLoadError(`there is no plugin '${specifier}' in ${folder}`, { cause: error });
    if ((error as { code?: string }).code === 'MODULE_NOT_FOUND')
      throw new PluginLoadError(
        `plugin '${specifier}' is not installed; ${advise(specifier, folder, (name) => require.resolve(name))}`,
        { cause: error },
      );
    throw new PluginLoadError(`plugin '${specifier}' has no main entry: ${firstLine(error)}`, { cause: error });
  }
}

/** What was meant, if it can be seen: a path without its `./`, a package without its prefix; else how it is installed. */
function advise(specifier: string, folder: string, resolve: (name: string) => string): string {
  for (const meant of [`./${specifier}`, `sluice-plugin-${specifier}`]) {
    try {
      resolve(meant);
    } catch {
      if (resolvePackage(meant, folder) === undefined) continue;
    }
    return `did you mean '${meant}' maybe ?`;
  }
  return `in ${folder}: npm install ${specifier}`;
}

function explainImport(specifier: string, file: string, error: unknown): string {
  const { code } = error as { code?: unknown };
  if (code === 'ERR_UNKNOWN_FILE_EXTENSION' && /\.[cm]?ts$/.test(file))
    return `plugin '${specifier}' is TypeScript, which Node ${process.version} does not run; compile it, or use Node 22.18 or later`;
  if (code === 'ERR_UNSUPPORTED_NODE_MODULES_TYPE_STRIPPING')
    return `plugin '${specifier}' is an installed package in TypeScript, which Node does not run; its author has to publish JavaScript`;
  if (code === 'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX')
    return `plugin '${specifier}' has TypeScript that Node does not run as it is (enums, namespaces, parameter properties): ${firstLine(error)}; compile it`;
  if (code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND')
    return `plugin '${specifier}' needs something that is not there: ${firstLine(error)}; in ${originOf(specifier, file).folder}: npm install`;
  return `plugin '${specifier}' fails when it is loaded: ${firstLine(error)}${placeOf(error, file)}`;
}

/** Where in the plugin it went wrong, as far as the stack says: an error of syntax has its place in the first line. */
function placeOf(error: unknown, file: string): string {
  const stack = error instanceof Error ? (error.stack ?? '') : '';
  const { folder } = originOf('', file);
  for (const [, path, line, column] of stack.matchAll(/(?:file:\/\/)?(\/[^\s:()?]+):(\d+)(?::(\d+))?/g)) {
    if (path!.startsWith(folder)) return ` (${path}:${line}${column === undefined ? '' : `:${column}`})`;
  }
  return error instanceof SyntaxError ? ` (node --check ${file} shows where)` : '';
}

function firstLine(error: unknown): string {
  return String(error instanceof Error ? error.message : error).split('\n', 1)[0]!;
}

/** A CommonJS module compiled from an ES module hands its default export over one level deeper. */
function defaultExport(found: object): unknown {
  const { default: outer } = found as { default?: unknown };
  if (typeof outer === 'object' && outer !== null && 'default' in outer && '__esModule' in outer) return outer.default;
  return outer;
}

/** `title` names it in messages: what its line calls it in quotes, or the place where a program gave it. */
function check(title: string, plugin: unknown): Plugin {
  if (plugin === undefined)
    throw new PluginLoadError(`${title} has no default export; a plugin is its module's default export`);
  if (
    typeof plugin !== 'object' ||
    plugin === null ||
    !('name' in plugin) ||
    typeof plugin.name !== 'string' ||
    plugin.name === ''
  )
    throw new PluginLoadError(`the default export of ${title} is no plugin: it needs at least { name, api: ${API} }`);
  const { api } = plugin as { api?: unknown };
  if (api !== API) {
    const remedy =
      typeof api === 'number' && api > API ? 'a newer sluice is needed' : `a version of it with api: ${API} is needed`;
    throw new PluginLoadError(
      `plugin '${plugin.name}' (${title}) is written for plugin API ${String(api)} and this is ${API}: ${remedy}`,
    );
  }
  return plugin as Plugin;
}
