import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import type { ApiVersion, Plugin } from '../api/index.ts';
import { resolvePackage } from './resolve-package.ts';

const API: ApiVersion = 1;

/** Why a plugin cannot be had, in one line that says what to do. */
export class PluginLoadError extends Error {}

/**
 * Loads a plugin as `plugin-load` names it: a path (`./x.js`, `/opt/x.mjs`) or an installed package, both seen from
 * `folder`, the absolute path of the configuration file's folder. ES modules, CommonJS, and TypeScript where this Node
 * runs it.
 * @throws {PluginLoadError}
 */
export async function loadPlugin(specifier: string, folder: string): Promise<Plugin> {
  const file = locate(specifier, folder);
  let found: object;
  try {
    found = (await import(pathToFileURL(file).href)) as object;
  } catch (error) {
    throw new PluginLoadError(explainImport(specifier, file, error), { cause: error });
  }
  return check(specifier, defaultExport(found));
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
      throw new PluginLoadError(`plugin '${specifier}' is not installed; in ${folder}: npm install ${specifier}`, {
        cause: error,
      });
    throw new PluginLoadError(`plugin '${specifier}' has no main entry: ${firstLine(error)}`, { cause: error });
  }
}

function explainImport(specifier: string, file: string, error: unknown): string {
  const { code } = error as { code?: unknown };
  if (code === 'ERR_UNKNOWN_FILE_EXTENSION' && /\.[cm]?ts$/.test(file))
    return `plugin '${specifier}' is TypeScript, which Node ${process.version} does not run; compile it, or use Node 22.18 or later`;
  if (code === 'ERR_UNSUPPORTED_NODE_MODULES_TYPE_STRIPPING')
    return `plugin '${specifier}' is an installed package in TypeScript, which Node does not run; its author has to publish JavaScript`;
  if (code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND')
    return `plugin '${specifier}' needs something that is not there: ${firstLine(error)}; run npm install where it lives`;
  return `plugin '${specifier}' fails when it is loaded: ${firstLine(error)}`;
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

function check(specifier: string, plugin: unknown): Plugin {
  if (plugin === undefined)
    throw new PluginLoadError(`'${specifier}' has no default export; a plugin is its module's default export`);
  if (
    typeof plugin !== 'object' ||
    plugin === null ||
    !('name' in plugin) ||
    typeof plugin.name !== 'string' ||
    plugin.name === ''
  )
    throw new PluginLoadError(
      `the default export of '${specifier}' is no plugin: it needs at least { name, api: ${API} }`,
    );
  const { api } = plugin as { api?: unknown };
  if (api !== API) {
    const remedy =
      typeof api === 'number' && api > API ? 'a newer sluice is needed' : `a version of it with api: ${API} is needed`;
    throw new PluginLoadError(
      `plugin '${plugin.name}' ('${specifier}') is written for plugin API ${String(api)} and this is ${API}: ${remedy}`,
    );
  }
  return plugin as Plugin;
}
