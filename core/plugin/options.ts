import { dirname, resolve } from 'node:path';
import type { PluginOption, PluginOptions, Words } from '../api/index.ts';

type Value = string | number | boolean;

/**
 * Reads what stands behind a plugin's name on its `plugin-load` line. What is wrong is refused through `words`, and so with file, line,
 * column, what was expected and the nearest known word.
 */
export function readOptions(words: Words, options: PluginOptions): Readonly<Record<string, unknown>> {
  const given = new Map<string, Value[]>();
  while (words.remaining > 0) {
    const name = words.next('an option');
    const option = Object.hasOwn(options, name) ? options[name]! : undefined;
    if (option === undefined) words.unknown('an option', Object.keys(options));
    const before = given.get(name);
    if (before !== undefined && option.repeated !== true) words.fail(`the option '${name}' is given twice`);
    const value = readValue(words, name, option);
    if (before === undefined) given.set(name, [value]);
    else before.push(value);
  }
  const values: Record<string, unknown> = {};
  for (const [name, option] of Object.entries(options)) {
    const own = given.get(name);
    if (own === undefined && option.required === true) {
      words.fail(`the option '${name}' is missing: '${usageOf(name, option)}'; ${option.summary}`);
    }
    if (option.repeated === true) values[name] = own ?? (option.default === undefined ? [] : [option.default]);
    else values[name] = own?.[0] ?? option.default ?? (option.type === 'flag' ? false : undefined);
  }
  return values;
}

function readValue(words: Words, name: string, option: PluginOption): Value {
  const { min, max, unit } = option;
  const range = { ...(min === undefined ? {} : { min }), ...(max === undefined ? {} : { max }) };
  const what = `a value for '${name}' (${kindOf(option)})`;
  switch (option.type) {
    case 'flag':
      return true;
    case 'integer':
      return words.integer(what, range);
    case 'time':
      return words.time(what, unit ?? 'ms', range);
    case 'size':
      return words.size(what, range);
    case 'path':
      return resolve(dirname(resolve(words.file)), words.next(what));
    default: {
      const text = words.next(what);
      if (option.values !== undefined && !option.values.includes(text))
        words.unknown(`a value of '${name}'`, option.values);
      return text;
    }
  }
}

const KINDS: Readonly<Record<PluginOption['type'], string>> = {
  string: 'a string',
  integer: 'an integer',
  time: 'a time',
  size: 'a size',
  path: 'a path',
  flag: 'nothing',
};

function kindOf({ type, values }: PluginOption): string {
  return values === undefined ? KINDS[type] : values.join(' | ');
}

/** How an option is written: `database <path>`. */
export function usageOf(name: string, option: PluginOption): string {
  if (option.type === 'flag') return name;
  return `${name} ${option.values === undefined ? `<${option.type}>` : `{ ${option.values.join(' | ')} }`}`;
}

/** `key=value` as the two words that it stands for, where the plugin has such an option. Columns stay right. */
export function splitOptions<T extends { readonly text: string; readonly column: number; readonly width: number }>(
  tokens: readonly T[],
  options: PluginOptions,
): T[] {
  return tokens.flatMap((token) => {
    const equals = token.text.indexOf('=');
    const name = token.text.slice(0, equals);
    if (equals < 1 || !Object.hasOwn(options, name) || options[name]!.type === 'flag') return [token];
    return [
      { ...token, text: name, width: equals },
      {
        ...token,
        text: token.text.slice(equals + 1),
        column: token.column + equals + 1,
        width: token.width - equals - 1,
      },
    ];
  });
}
