import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Where a plugin was loaded from. */
export interface PluginOrigin {
  /** As its `plugin-load` line names it. */
  readonly specifier: string;
  /** The module's own file, absolute. */
  readonly file: string;
  /** The folder of its package: the nearest with a package.json that has a name, else the file's own. */
  readonly folder: string;
  readonly packageName: string | undefined;
  readonly version: string | undefined;
}

export function originOf(specifier: string, file: string): PluginOrigin {
  const own = dirname(file);
  for (let folder = own; ; folder = dirname(folder)) {
    const manifest = readManifest(folder);
    if (manifest?.name !== undefined) {
      return { specifier, file, folder, packageName: manifest.name, version: manifest.version };
    }
    if (folder === dirname(folder)) {
      return { specifier, file, folder: own, packageName: undefined, version: undefined };
    }
  }
}

function readManifest(folder: string): { name?: string; version?: string } | undefined {
  try {
    const { name, version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Record<string, unknown>;
    return {
      ...(typeof name === 'string' ? { name } : {}),
      ...(typeof version === 'string' ? { version } : {}),
    };
  } catch {
    return undefined;
  }
}

/** Whose file is whose. Node loads a module once in a process, so there is one such list, too. */
const suspects = new Map<string, { readonly plugin: string; readonly file: string; readonly folder: string }>();

/** A plugin's module was loaded from a file: what fails in it later is known by that. */
export function remember(plugin: string, { file, folder }: PluginOrigin): void {
  suspects.set(file, { plugin, file, folder });
}

/**
 * Whose code an error came out of, by the files on its stack: a plugin's module, or another file of its package that is no dependency.
 * Undefined when no frame is of a plugin alone: an error that Node made in an event, or something that is no Error.
 */
export function culpritOf(error: unknown): string | undefined {
  const stack = error instanceof Error ? error.stack : undefined;
  if (stack === undefined || suspects.size === 0) return undefined;
  for (const frame of stack.split('\n')) {
    const file = fileOf(frame);
    if (file === undefined) continue;
    const found = suspects.get(file) ?? only([...suspects.values()].filter(({ folder }) => isOwn(file, folder)));
    if (found !== undefined) return found.plugin;
  }
  return undefined;
}

/** The file of a stack's line: `at f (file:///a/b.js:1:2)`, `at /a/b.js:1:2`. */
function fileOf(frame: string): string | undefined {
  const place = /^\s*at (?:.*\()?(.*?)(?::\d+){1,2}\)?$/.exec(frame)?.[1];
  if (place === undefined || !place.startsWith('file://')) return place;
  try {
    return fileURLToPath(place.replace(/\?.*$/, ''));
  } catch {
    return undefined;
  }
}

function isOwn(file: string, folder: string): boolean {
  return file.startsWith(join(folder, '/')) && !file.slice(folder.length).includes('/node_modules/');
}

function only<T>(found: readonly T[]): T | undefined {
  return found.length === 1 ? found[0] : undefined;
}
