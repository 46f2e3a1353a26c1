import { type Arguments, pure } from 'sluice/plugin';
import { type Convert, type ConverterTable, converter } from './define.ts';

/** Which item is meant: 1 is the first, -1 the last; how many from there, 0 for all. */
function indexAndCount(args: Arguments): readonly [index: number, count: number] {
  const index = args.integer(0);
  if (index === 0) args.fail('Unexpected value 0 for index');
  return [index, args.integer(2, 1)];
}

/** Cuts at every delimiter, so that fields can be empty. */
function field(args: Arguments): Convert {
  const [index, count] = indexAndCount(args);
  const delimiters = args.text(1);
  return pure((value) => pick(bounds(value as string, delimiters, false), value as string, index, count));
}

/** Cuts at rows of delimiters, so that words are never empty. */
function word(args: Arguments): Convert {
  const [index, count] = indexAndCount(args);
  const delimiters = args.text(1);
  return pure((value) => pick(bounds(value as string, delimiters, true), value as string, index, count));
}

type Bound = readonly [start: number, end: number];

function bounds(text: string, delimiters: string, skipEmpty: boolean): Bound[] {
  const found: Bound[] = [];
  let start = 0;
  for (let at = 0; at <= text.length; at++) {
    if (at < text.length && !delimiters.includes(text[at]!)) continue;
    if (!skipEmpty || at > start) found.push([start, at]);
    start = at + 1;
  }
  return found;
}

/** Counted from the end, more than one go towards the beginning. */
function pick(items: readonly Bound[], text: string, index: number, count: number): string {
  const at = index > 0 ? index - 1 : items.length + index;
  if (at < 0 || at >= items.length) return '';
  if (index > 0 && count === 0) return text.slice(items[at]![0]);
  const last = index > 0 ? Math.min(items.length - 1, at + count - 1) : at;
  const first = index > 0 ? at : count === 0 ? 0 : Math.max(0, at - count + 1);
  return text.slice(items[first]![0], items[last]![1]);
}

/** A delimiter as one character, or as `0xHH`. */
function delimiterOf(text: string, args: Arguments): string {
  const [, hex] = /^0x([0-9a-fA-F]{2})$/.exec(text) ?? [];
  if (hex !== undefined) return String.fromCharCode(Number.parseInt(hex, 16));
  return text.length === 1 ? text : args.fail('delimiter must be a single character');
}

function parameter(args: Arguments): Convert {
  const name = args.text(0);
  const delimiter = delimiterOf(args.optionalText(1) ?? '&', args);
  return pure((value) => {
    for (const item of (value as string).split(delimiter)) {
      const equals = item.indexOf('=');
      if ((equals < 0 ? item : item.slice(0, equals)) === name) return equals < 0 ? '' : item.slice(equals + 1);
    }
    return undefined;
  });
}

interface Preference {
  readonly tag: string;
  readonly quality: number;
}

function preferences(text: string): Preference[] {
  return text.split(',').map((item) => {
    const [tag, ...parameters] = item.split(';').map((part) => part.trim());
    const quality = parameters.find((part) => /^q\s*=/.test(part));
    return {
      tag: tag!,
      quality: quality === undefined ? 1 : Number.parseFloat(quality.slice(quality.indexOf('=') + 1)) || 0,
    };
  });
}

/** The best of the offered languages, after an Accept-Language field. */
function language(args: Arguments): Convert {
  const offered = args.text(0).split(';');
  const fallback = args.optionalText(1);
  return pure((value) => {
    let best: string | undefined;
    let bestQuality = 0;
    for (const { tag, quality } of preferences(value as string)) {
      if (quality <= bestQuality) continue;
      const match = offered.find((one) => one === tag) ?? offered.find((one) => one === tag.split('-')[0]);
      if (match !== undefined) [best, bestQuality] = [match, quality];
    }
    return best ?? fallback;
  });
}

/** Converters that pick one of several items in a text. configuration.txt 7.3.1. */
export const listConverters: ConverterTable = {
  ...converter(
    'field',
    'integer,string,[integer]',
    'str => str',
    'The fields at a position between delimiters.',
    field,
  ),
  ...converter('word', 'integer,string,[integer]', 'str => str', 'The words at a position between delimiters.', word),
  ...converter('param', 'string,[string]', 'str => str', "A parameter of a query's form.", parameter),
  ...converter('language', 'string,[string]', 'str => str', 'The language a client likes best.', language),
};
