/**
 * Loads fengari's modules from node_modules with some of their functions replaced by ours, so that none of its source lies here.
 *
 * A replacement is by name: `const NAME = function(` becomes `const NAME = (ours), NAME$ = function(`, and every use of NAME in the
 * module and its exports gets ours. Where less than a function has to change there are small edits of text. Both belong to one
 * exact version, whose files are known by their hash; with any other the engine refuses to start rather than to run half replaced.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { compileFunction } from 'node:vm';

/** A piece of text that must occur exactly once, and what comes in its place. */
export type Edit = readonly [find: string, replace: string];

export interface Patch {
  /** Functions and classes by name. */
  readonly own?: Readonly<Record<string, unknown>>;
  /** What the edits refer to, as `own.NAME`. */
  readonly uses?: Readonly<Record<string, unknown>>;
  readonly edits?: readonly Edit[];
  /** Every occurrence, at least one. */
  readonly everywhere?: readonly Edit[];
}

export interface SourcePlan {
  readonly version: string;
  /** SHA-256 of the files that are patched, in the order of their names. */
  readonly digest: string;
  /** Modules that are ours altogether. */
  readonly modules: Readonly<Record<string, object>>;
  readonly patches: Readonly<Record<string, Patch>>;
}

export class SourceMismatch extends Error {}

const here = createRequire(import.meta.url);
const folder = dirname(here.resolve('fengari/src/fengari.js'));

function replaceOnce(text: string, [find, replace]: Edit, file: string): string {
  const at = text.indexOf(find);
  if (at < 0) throw new SourceMismatch(`fengari's ${file} has no ${JSON.stringify(find)}, which an edit replaces`);
  if (text.indexOf(find, at + 1) >= 0)
    throw new SourceMismatch(`fengari's ${file} has ${JSON.stringify(find)} more than once`);
  return text.slice(0, at) + replace + text.slice(at + find.length);
}

/** Exported for the test that guards the edits. */
export function patched(text: string, patch: Patch, file: string): string {
  for (const name of Object.keys(patch.own ?? {})) {
    const start = text.includes(`const ${name} = function`) ? `const ${name} = ` : `class ${name} `;
    const rest = start.startsWith('const') ? `const ${name}$ = ` : `class ${name}$ `;
    text = replaceOnce(text, [start, `const ${name} = own.${name}; ${rest}`], file);
  }
  for (const edit of patch.edits ?? []) text = replaceOnce(text, edit, file);
  for (const [find, replace] of patch.everywhere ?? []) {
    if (!text.includes(find))
      throw new SourceMismatch(`fengari's ${file} has no ${JSON.stringify(find)}, which an edit replaces`);
    text = text.replaceAll(find, replace);
  }
  return text;
}

export function readSource(file: string): string {
  return readFileSync(join(folder, file), 'utf8');
}

export function digestOf(files: readonly string[]): string {
  const hash = createHash('sha256');
  for (const file of files.toSorted()) hash.update(`${file}\n`).update(readSource(file));
  return hash.digest('hex');
}

/** Runs fengari's modules as the plan has them; answers what loads one. */
export function loadModules(plan: SourcePlan): (file: string) => Record<string, unknown> {
  const version: unknown = here('fengari/package.json').version;
  if (version !== plan.version)
    throw new SourceMismatch(`fengari ${String(version)} is installed, the Lua engine needs exactly ${plan.version}`);
  if (digestOf(Object.keys(plan.patches)) !== plan.digest)
    throw new SourceMismatch(
      `the fengari that is installed is not the one of version ${plan.version} that was published`,
    );
  const loaded = new Map<string, { exports: Record<string, unknown> }>();
  for (const [file, exports] of Object.entries(plan.modules))
    loaded.set(file, { exports: exports as Record<string, unknown> });
  const load = (file: string): Record<string, unknown> => {
    const known = loaded.get(file);
    if (known !== undefined) return known.exports;
    const patch = plan.patches[file] ?? {};
    const path = join(folder, file);
    const module = { exports: {} as Record<string, unknown> };
    loaded.set(file, module);
    const run = compileFunction(patched(readSource(file), patch, file), ['module', 'exports', 'require', 'own'], {
      filename: path,
    }) as (...names: unknown[]) => void;
    const require = (name: string): unknown => (name.startsWith('./') ? load(name.slice(2)) : here(name));
    run(module, module.exports, require, { ...patch.own, ...patch.uses });
    return module.exports;
  };
  return load;
}
