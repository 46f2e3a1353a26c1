import { readFileSync, realpathSync } from 'node:fs';
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
    const root = join(place, 'node_modules', name!);
    const manifest = readManifest(root);
    if (manifest !== undefined) {
      const file = entry(manifest.exports, `.${rest}`);
      return file === undefined ? undefined : realpathSync(join(root, file));
    }
    if (place === dirname(place)) return undefined;
  }
}

function readManifest(root: string): { exports?: unknown } | undefined {
  try {
    return JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { exports?: unknown };
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
