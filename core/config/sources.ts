import { readFile, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** One configuration file: its name as it appears in messages, and its bytes as a latin1 string. */
export interface Source {
  readonly name: string;
  readonly text: string;
}

/** What stands after `-f`: a file, a folder, or a text that has a name. */
export type SourceSpec = string | Source;

/** A file or folder of `-f` that cannot be read. */
export class SourceError extends Error {}

/**
 * Reads the files of the `-f` options in their order. Of a folder: the files ending in `.cfg` that are not hidden, in the
 * order of their bytes (management.txt 3). Throws {@link SourceError} naming the file and the reason.
 */
export async function readSources(specs: readonly SourceSpec[]): Promise<Source[]> {
  const sources: Source[] = [];
  for (const spec of specs) {
    if (typeof spec !== 'string') sources.push(spec);
    else for (const file of await expand(spec)) sources.push({ name: file, text: await read(file) });
  }
  return sources;
}

async function expand(path: string): Promise<string[]> {
  const info = await stat(path).catch((error: unknown) => refuse('file/directory ', path, error));
  if (!info.isDirectory()) return [path];
  const entries = await readdir(path, { encoding: 'latin1' }).catch((error: unknown) =>
    refuse('directory ', path, error),
  );
  const names = entries.filter((name) => name.endsWith('.cfg') && !name.startsWith('.')).toSorted();
  const files: string[] = [];
  for (const name of names) {
    const file = path.endsWith('/') ? path + name : join(path, name);
    if ((await stat(file).catch(() => undefined))?.isFile()) files.push(file);
  }
  return files;
}

function read(file: string): Promise<string> {
  return readFile(file, 'latin1').catch((error: unknown) => refuse('file ', file, error));
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'No such file or directory',
  EACCES: 'Permission denied',
  EISDIR: 'Is a directory',
  ENOTDIR: 'Not a directory',
  ELOOP: 'Too many levels of symbolic links',
};

/** Why a file of the configuration cannot be read. */
export function openError(what: string, path: string, error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
  return `Cannot open configuration ${what}${path} : ${REASONS[code] ?? code}`;
}

function refuse(what: string, path: string, error: unknown): never {
  throw new SourceError(openError(what, path, error));
}
