import { readFileSync } from 'node:fs';
import type { Extension } from '../api/traffic.ts';
import { ExpressionError } from './errors.ts';

export interface PatternEntry {
  readonly pattern: string;
  /** What a map gives for the pattern; empty in plain lists. */
  value: string;
  readonly line: number;
}

/** What was done to a list: to single entries, to all of them, or by taking over a {@link PatternDraft}. */
export type PatternChange = 'add' | 'del' | 'set' | 'clear' | 'commit';

/** What lists and drafts of lists let one do; the last three say whether there was such an entry. */
export interface PatternEntries {
  readonly entries: readonly PatternEntry[];
  has(pattern: string): boolean;
  add(pattern: string, value?: string): void;
  delete(pattern: string): boolean;
  set(pattern: string, value: string): boolean;
}

/** A list of patterns being written while the one it is to replace is in use; see {@link PatternReference.prepare}. */
export class PatternDraft implements PatternEntries {
  readonly #entries: PatternEntry[] = [];

  get entries(): readonly PatternEntry[] {
    return this.#entries;
  }

  has(pattern: string): boolean {
    return this.#entries.some((entry) => entry.pattern === pattern);
  }

  add(pattern: string, value: string = ''): void {
    this.#entries.push({ pattern, value, line: 0 });
  }

  delete(pattern: string): boolean {
    return deleteFrom(this.#entries, pattern);
  }

  set(pattern: string, value: string): boolean {
    return setIn(this.#entries, pattern, value);
  }
}

function deleteFrom(entries: PatternEntry[], pattern: string): boolean {
  let kept = 0;
  for (const entry of entries) if (entry.pattern !== pattern) entries[kept++] = entry;
  const found = kept < entries.length;
  entries.length = kept;
  return found;
}

function setIn(entries: readonly PatternEntry[], pattern: string, value: string): boolean {
  let found = false;
  for (const entry of entries) {
    if (entry.pattern !== pattern) continue;
    entry.value = value;
    found = true;
  }
  return found;
}

/**
 * A list of patterns known by name: a file's, or a virtual one; configuration.txt 2.7. All ACLs and maps of a
 * configuration that name it share it, and see what rules and commands change in it.
 */
export class PatternReference implements PatternEntries {
  readonly name: string;
  /** Whether its lines are keys and values. */
  readonly isMap: boolean;
  /** Goes up with every change: who holds an index over the entries rebuilds it. */
  version: number = 0;
  #entries: readonly PatternEntry[];
  /** Being written, oldest first. */
  #drafts: PatternDraft[] = [];
  readonly #watchers = new Set<(change: PatternChange) => void>();

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
    this.#writable.push({ pattern, value, line: 0 });
    this.#changed('add');
  }

  /** Removes every entry of that pattern; says whether there was one. */
  delete(pattern: string): boolean {
    const found = deleteFrom(this.#writable, pattern);
    if (found) this.#changed('del');
    return found;
  }

  /** Changes the value of every entry of that pattern; says whether there was one. */
  set(pattern: string, value: string): boolean {
    const found = setIn(this.#entries, pattern, value);
    if (found) this.#changed('set');
    return found;
  }

  clear(): void {
    this.#entries = [];
    this.#changed('clear');
  }

  /** A new, empty list, to be taken over by {@link commit} or given up by {@link abandon}. */
  prepare(): PatternDraft {
    const draft = new PatternDraft();
    this.#drafts.push(draft);
    return draft;
  }

  /** Takes the draft's entries in the place of all there are. False when one that was begun later has been taken over before. */
  commit(draft: PatternDraft): boolean {
    const at = this.#drafts.indexOf(draft);
    if (at < 0) return false;
    this.#drafts = this.#drafts.slice(at + 1);
    this.#entries = draft.entries;
    this.#changed('commit');
    return true;
  }

  abandon(draft: PatternDraft): void {
    this.#drafts = this.#drafts.filter((one) => one !== draft);
  }

  /** Calls `told` with each change from now on, until the function it gives is called. It must not throw. */
  watch(told: (change: PatternChange) => void): () => void {
    this.#watchers.add(told);
    return () => void this.#watchers.delete(told);
  }

  /** Nobody else has the array: a list's own, or one of a draft that is over. */
  get #writable(): PatternEntry[] {
    return this.#entries as PatternEntry[];
  }

  #changed(change: PatternChange): void {
    this.version++;
    for (const told of this.#watchers) told(change);
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
