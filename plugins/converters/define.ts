import {
  type ArgumentSpec,
  type ArgumentType,
  type Arguments,
  type ConverterKeyword,
  type Transaction,
  type TypeName,
  type Value,
  pure,
} from 'sluice/plugin';

export type ConverterTable = Readonly<Record<string, ConverterKeyword>>;
export type Convert = (value: Value, transaction: Transaction) => Value | undefined;

/** Reads `string,[integer]`: what stands in brackets may be left out. */
function argumentSpecs(list: string): readonly ArgumentSpec[] {
  if (list === '') return [];
  return list.split(',').map((item) => {
    const optional = item.startsWith('[');
    return { type: (optional ? item.slice(1, -1) : item) as ArgumentType, optional };
  });
}

function usage(name: string, specs: readonly ArgumentSpec[]): string {
  if (specs.length === 0) return name;
  let text = '';
  for (const [index, { type, optional }] of specs.entries()) {
    const item = (index > 0 ? ',' : '') + type;
    text += optional ? `[${item}]` : item;
  }
  return `${name}(${text.replaceAll('][', '')})`;
}

/** A converter; `types` reads `input => output`. The value arrives cast to the input type. */
export function converter(
  name: string,
  signature: string,
  types: `${TypeName} => ${TypeName | 'same'}`,
  summary: string,
  compile: (args: Arguments) => Convert,
): ConverterTable {
  const specs = argumentSpecs(signature);
  const [input, output] = types.split(' => ') as [TypeName, TypeName | 'same'];
  return { [name]: { usage: usage(name, specs), summary, input, output, arguments: specs, compile } };
}

/** A converter without arguments whose answer follows from its input alone. */
export function simple(
  name: string,
  types: `${TypeName} => ${TypeName}`,
  summary: string,
  convert: (value: never) => Value | undefined,
): ConverterTable {
  const fixed = pure(convert as (value: Value) => Value | undefined);
  return converter(name, '', types, summary, () => fixed);
}
