import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

const CONDITIONS: readonly string[] = ['node', 'import', 'module-sync', 'default'];

/**
 * The file that `import specifier` would load if it stood in `folder`, for packages whose `exports` have no entry for
 * `require`. Node's own import.meta.resolve takes no parent without a flag. Undefined when there is none.
 */
export function resolvePackage(specifier: string, folder: string): string | undefined {
  const match = /^(@[^/]+\/[^/]+|[^@/][^/]*)(\/.*)?$/.exec(specifier);
  if (!match) return undefined;
  const [, name, rest = ''] = match;
  for (let place = resolve(folder); ; place = dirname(place)) {
    // A package knows itself by its name, as Node has it where there are `exports`.
    const own = readManifest(place);
    if (own?.name === name && own?.exports !== undefined) return fileOf(place, own, rest);
    const root = join(place, 'node_modules', name!);
    const manifest = readManifest(root);
    if (manifest !== undefined) return fileOf(root, manifest, rest);
    if (place === dirname(place)) return undefined;
  }
}

/** The file that a package is when it is imported, be it built or not. Undefined where it does not say. */
export function packageEntry(root: string): string | undefined {
  const manifest = readManifest(root);
  if (manifest === undefined) return undefined;
  if (manifest.exports === undefined) return join(root, manifest.main ?? 'index.js');
  const file = entry(manifest.exports, '.');
  return file === undefined ? undefined : join(root, file);
}

function fileOf(root: string, manifest: Manifest, rest: string): string | undefined {
  const file = entry(manifest.exports, `.${rest}`);
  return file === undefined || !existsSync(join(root, file)) ? undefined : realpathSync(join(root, file));
}

interface Manifest {
  readonly name?: string;
  readonly main?: string;
  readonly exports?: unknown;
}

function readManifest(root: string): Manifest | undefined {
  try {
    return JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Manifest;
  } catch {
    return undefined;
  }
}

/** The target of one subpath; patterns (`./*`) are not followed. */
function entry(exports: unknown, subpath: string): string | undefined {
  if (isRecord(exports) && Object.keys(exports).some((key) => key.startsWith('.'))) return target(exports[subpath]);
  return subpath === '.' ? target(exports) : undefined;
}

function target(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  if (!isRecord(value)) return undefined;
  for (const [condition, nested] of Object.entries(value)) {
    const found = CONDITIONS.includes(condition) ? target(nested) : undefined;
    if (found !== undefined) return found;
  }
  return undefined;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
