import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument, type Document, type Node } from 'yaml';

/** Where something stands in a test file: lines and columns from 1. A file that is a program has a path instead. */
export interface Place {
  readonly file: string;
  readonly line: number | undefined;
  readonly column: number | undefined;
  /** `cases[2].expect`; for files that have no lines to show. */
  readonly path: string;
}

/** What a test file may hold, with the place of each part. */
export type Located = Place &
  (
    | { readonly kind: 'map'; readonly entries: readonly Entry[] }
    | { readonly kind: 'list'; readonly items: readonly Located[] }
    | {
        readonly kind: 'scalar';
        readonly value: string | number | boolean | null | RegExp;
        /** How a number is written: `1.10`. */
        readonly written?: string | undefined;
      }
  );

export interface Entry {
  readonly key: string;
  readonly at: Place;
  readonly value: Located;
}

/** A test file that cannot be meant: one complaint. */
export class FormatError extends Error {
  readonly place: Place;

  constructor(place: Place, message: string) {
    super(message);
    this.place = place;
  }

  /** `edge.cfgtest.yaml:12:5: …`. */
  get text(): string {
    return `${describePlace(this.place)}: ${this.message}`;
  }
}

export function describePlace({ file, line, column, path }: Place): string {
  if (line === undefined) return path === '' ? file : `${file} (${path})`;
  return `${file}:${line}:${column}`;
}

/** Reads YAML. Throws the FormatErrors of all that is wrong with it as YAML. */
export function locateYaml(text: string, file: string): Located {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, merge: true });
  const placeOf = (offset: number, path: string): Place => {
    const { line, col } = lines.linePos(offset);
    return { file, line, column: col, path };
  };
  const [error] = document.errors;
  if (error !== undefined)
    throw new FormatError(
      placeOf(error.pos[0], ''),
      `${error.message} (this is no YAML: text with any of {}[],:#&*!|>'"%@ in it is best written in quotes)`,
    );
  if (document.contents === null) throw new FormatError(placeOf(0, ''), 'the file is empty');
  return new YamlLocator(document, placeOf).locate(document.contents, '');
}

class YamlLocator {
  readonly #document: Document;
  readonly #placeOf: (offset: number, path: string) => Place;
  #depth = 0;

  constructor(document: Document, placeOf: (offset: number, path: string) => Place) {
    this.#document = document;
    this.#placeOf = placeOf;
  }

  locate(node: Node, path: string): Located {
    const place = this.#placeOf(node.range?.[0] ?? 0, path);
    // An anchor may hold an alias of itself.
    if (this.#depth > 50) throw new FormatError(place, 'nested too deep');
    this.#depth++;
    try {
      return this.#inner(node, place);
    } finally {
      this.#depth--;
    }
  }

  #inner(node: Node, place: Place): Located {
    if (isAlias(node)) {
      const target = node.resolve(this.#document);
      if (target === undefined) throw new FormatError(place, `there is no anchor '${node.source}'`);
      return this.locate(target, place.path);
    }
    if (isMap(node)) return { ...place, kind: 'map', entries: this.#entries(node.items, place) };
    if (isSeq(node)) {
      const items = node.items.map((item, index) => this.locate(item as Node, `${place.path}[${index}]`));
      return { ...place, kind: 'list', items };
    }
    if (!isScalar(node)) throw new FormatError(place, 'this kind of YAML is not understood here');
    const { value } = node;
    if (value === null || typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')
      return { ...place, kind: 'scalar', value, written: node.source };
    throw new FormatError(place, `a value of the type '${typeof value}' has no meaning here`);
  }

  #entries(items: readonly { key: unknown; value: unknown }[], place: Place): Entry[] {
    const entries: Entry[] = [];
    for (const { key, value } of items) {
      if (!isScalar(key)) throw new FormatError(place, 'keys must be words');
      const name = String(key.value);
      const path = place.path === '' ? name : `${place.path}.${name}`;
      const at = this.#placeOf(key.range?.[0] ?? 0, path);
      const located: Located =
        value === null ? { ...at, kind: 'scalar', value: null } : this.locate(value as Node, path);
      // `<<: *anchor`: the anchor's entries, unless they are given here.
      if (name === '<<' && located.kind === 'map')
        entries.push(...located.entries.filter((one) => !has(items, one.key)));
      else entries.push({ key: name, at, value: located });
    }
    return entries;
  }
}

const has = (items: readonly { key: unknown }[], name: string): boolean =>
  items.some(({ key }) => isScalar(key) && String(key.value) === name);

/** The same of a value that a program made. */
export function locateValue(value: unknown, file: string, path = ''): Located {
  const place: Place = { file, line: undefined, column: undefined, path };
  if (path.length > 500) throw new FormatError(place, 'nested too deep');
  if (Array.isArray(value)) {
    return { ...place, kind: 'list', items: value.map((item, index) => locateValue(item, file, `${path}[${index}]`)) };
  }
  if (value instanceof RegExp) return { ...place, kind: 'scalar', value };
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value)
      .filter(([, one]) => one !== undefined)
      .map(([key, one]): Entry => {
        const inner = path === '' ? key : `${path}.${key}`;
        return { key, at: { ...place, path: inner }, value: locateValue(one, file, inner) };
      });
    return { ...place, kind: 'map', entries };
  }
  if (value === null || typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')
    return { ...place, kind: 'scalar', value };
  throw new FormatError(place, `a value of the type '${typeof value}' has no meaning here`);
}
