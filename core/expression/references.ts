import { readFileSync } from 'node:fs';
import type { Extension } from '../api/traffic.ts';
import { ExpressionError } from './errors.ts';

export interface PatternEntry {
  readonly pattern: string;
  /** What a map gives for the pattern; empty in plain lists. */
  value: string;
  readonly line: number;
}

/**
 * A list of patterns known by name: a file's, or a virtual one; configuration.txt 2.7. All ACLs and maps of a
 * configuration that name it share it, and see what rules and commands change in it.
 */
export class PatternReference {
  readonly name: string;
  /** Whether its lines are keys and values. */
  readonly isMap: boolean;
  /** Goes up with every change: who holds an index over the entries rebuilds it. */
  version: number = 0;
  readonly #entries: PatternEntry[];

  constructor(name: string, isMap: boolean, entries: PatternEntry[]) {
    this.name = name;
    this.isMap = isMap;
    this.#entries = entries;
  }

  get entries(): readonly PatternEntry[] {
    return this.#entries;
  }

  has(pattern: string): boolean {
    return this.#entries.some((entry) => entry.pattern === pattern);
  }

  add(pattern: string, value: string = ''): void {
    this.#entries.push({ pattern, value, line: 0 });
    this.version++;
  }

  /** Removes every entry of that pattern; says whether there was one. */
  delete(pattern: string): boolean {
    const kept = this.#entries.filter((entry) => entry.pattern !== pattern);
    if (kept.length === this.#entries.length) return false;
    this.#entries.splice(0, this.#entries.length, ...kept);
    this.version++;
    return true;
  }

  /** Changes the value of every entry of that pattern; says whether there was one. */
  set(pattern: string, value: string): boolean {
    let found = false;
    for (const entry of this.#entries) {
      if (entry.pattern !== pattern) continue;
      entry.value = value;
      found = true;
    }
    if (found) this.version++;
    return found;
  }

  clear(): void {
    this.#entries.length = 0;
    this.version++;
  }
}

/** The pattern lists of one configuration. */
export class PatternReferences {
  readonly #byName = new Map<string, PatternReference>();

  get all(): ReadonlyMap<string, PatternReference> {
    return this.#byName;
  }

  /**
   * The list of that name, loaded when first asked for.
   * @throws ExpressionError when its file cannot be read, or holds another kind of list.
   */
  open(given: string, isMap: boolean): PatternReference {
    const name = given.replace(/^(?:file|opt)@/, '');
    const known = this.#byName.get(name);
    if (known) {
      if (known.isMap === isMap) return known;
      throw new ExpressionError(
        `The file "${name}" is already used as ${known.isMap ? 'a map' : 'an ACL'}: it cannot be ${isMap ? 'a map' : 'an ACL'} too`,
      );
    }
    const text = given.startsWith('virt@') ? '' : read(name, given.startsWith('opt@'));
    const reference = new PatternReference(name, isMap, isMap ? parseMap(text) : parseList(text));
    this.#byName.set(name, reference);
    return reference;
  }
}

/** Where the configuration keeps them. */
export const PATTERNS: Extension<PatternReferences> = {
  name: 'expression.patterns',
  create: () => new PatternReferences(),
};

/**
 * Builds an index over a list's entries. What is refused is looked for entry by entry then, to say where it stands.
 * @throws ExpressionError
 */
export function buildFrom<T>(reference: PatternReference, build: (entries: readonly PatternEntry[]) => T): T {
  try {
    return build(reference.entries);
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error;
    for (const entry of reference.entries) {
      try {
        build([entry]);
      } catch {
        throw new ExpressionError(`${error.message} at line ${entry.line} of file '${reference.name}'`);
      }
    }
    throw error;
  }
}

/**
 * An index over a list that follows its changes. An entry that a rule or command added and that is no pattern of the
 * index's kind counts for nothing.
 * @throws ExpressionError when the list as it is now is refused.
 */
export function followReference<T>(
  reference: PatternReference,
  build: (entries: readonly PatternEntry[]) => T,
): () => T {
  let { version } = reference;
  let index = buildFrom(reference, build);
  const rebuild = (): T => {
    try {
      return build(reference.entries);
    } catch (error) {
      if (!(error instanceof ExpressionError)) throw error;
      return build(reference.entries.filter((entry) => isAccepted(entry, build)));
    }
  };
  return () => {
    if (reference.version !== version) {
      version = reference.version;
      index = rebuild();
    }
    return index;
  };
}

function isAccepted(entry: PatternEntry, build: (entries: readonly PatternEntry[]) => unknown): boolean {
  try {
    build([entry]);
    return true;
  } catch (error) {
    if (error instanceof ExpressionError) return false;
    throw error;
  }
}

function read(file: string, optional: boolean): string {
  try {
    return readFileSync(file, 'latin1');
  } catch {
    if (optional) return '';
    throw new ExpressionError(`failed to open pattern file <${file}>`);
  }
}

/** One pattern a line; empty lines and those that begin with a sharp are left out, leading blanks are stripped. */
function parseList(text: string): PatternEntry[] {
  const entries: PatternEntry[] = [];
  for (const [index, line] of text.split('\n').entries()) {
    if (line.startsWith('#')) continue;
    const pattern = line.replace(/^[ \t]+/, '').replace(/\r$/, '');
    if (pattern !== '') entries.push({ pattern, value: '', line: index + 1 });
  }
  return entries;
}

/** A key, blanks, and the rest of the line as its value. */
function parseMap(text: string): PatternEntry[] {
  const entries: PatternEntry[] = [];
  for (const [index, line] of text.split('\n').entries()) {
    if (line.startsWith('#')) continue;
    const [, pattern, value] = /^[ \t]*([^ \t\r]+)[ \t]*([^\r]*?)[ \t]*\r?$/.exec(line) ?? [];
    if (pattern !== undefined) entries.push({ pattern, value: value ?? '', line: index + 1 });
  }
  return entries;
}
