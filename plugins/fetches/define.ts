import type {
  ArgumentSpec,
  ArgumentType,
  Arguments,
  FetchFunction,
  FetchKeyword,
  MultiFetch,
  Source,
  TypeName,
} from 'sluice/plugin';

export type FetchTable = Readonly<Record<string, FetchKeyword>>;

/** Reads `string,[integer]`: what stands in brackets may be left out. */
export function argumentSpecs(list: string): readonly ArgumentSpec[] {
  if (list === '') return [];
  return list.split(',').map((item) => {
    const optional = item.startsWith('[');
    return { type: (optional ? item.slice(1, -1) : item) as ArgumentType, optional };
  });
}

/** `name(string[,integer])`, as `-dKsmp` shows a keyword. */
export function usage(name: string, specs: readonly ArgumentSpec[]): string {
  if (specs.length === 0) return name;
  let text = '';
  for (const [index, { type, optional }] of specs.entries()) {
    const item = (index > 0 ? ',' : '') + type;
    text += optional ? `[${item}]` : item;
  }
  return `${name}(${text.replaceAll('][', '')})`;
}

/** What a fetch answers from, and how: given as a function when it has arguments. */
export function fetch(
  name: string,
  signature: string,
  type: TypeName,
  from: Source,
  summary: string,
  compile: (args: Arguments) => FetchFunction | MultiFetch,
): FetchTable {
  const specs = argumentSpecs(signature);
  return { [name]: { usage: usage(name, specs), summary, type, from, arguments: specs, compile } };
}

/** A fetch without arguments. */
export function simple(
  name: string,
  type: TypeName,
  from: Source,
  summary: string,
  evaluate: FetchFunction | MultiFetch,
): FetchTable {
  return fetch(name, '', type, from, summary, () => evaluate);
}

/** The same words under further names. */
export function aliases(table: FetchTable, ...names: readonly string[]): FetchTable {
  const keyword = Object.values(table)[0]!;
  const all: Record<string, FetchKeyword> = { ...table };
  for (const name of names) all[name] = { ...keyword, usage: keyword.usage.replace(/^[^(]*/, name) };
  return all;
}
