import { type Arguments, type Value, asInteger, asString, compileRegex, pure } from 'sluice/plugin';
import { type Convert, type ConverterTable, converter, simple } from './define.ts';
import { expandReferences } from './references.ts';
import { variableReader } from './variables.ts';

const toLower = (text: string): string => text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
const toUpper = (text: string): string => text.replace(/[a-z]+/g, (letters) => letters.toUpperCase());

function regsub(args: Arguments): Convert {
  const flags = args.optionalText(2) ?? '';
  const unknown = /[^gi]/.exec(flags);
  if (unknown) args.fail(`invalid regex flag '${unknown[0]}', only 'i' and 'g' are supported`);
  const regex = (() => {
    try {
      return compileRegex(args.text(0), flags.includes('i'));
    } catch (error) {
      return args.fail(error instanceof Error ? error.message : String(error));
    }
  })();
  const replacement = args.text(1);
  const all = flags.includes('g');
  return pure((value) => {
    const subject = value as string;
    let result = '';
    let at = 0;
    while (at <= subject.length) {
      const found = regex.find(subject, at);
      if (!found) break;
      const [start, end] = [found[0]!, found[1]!];
      result += subject.slice(at, start) + expandReferences(replacement, subject, found);
      at = end;
      if (!all || at >= subject.length) break;
      // An empty match replaces nothing further here: one byte is passed over.
      if (start === end) result += subject[at++];
    }
    return result + subject.slice(at);
  });
}

/** Sets a variable's text and constants behind the input. */
function concat(args: Arguments): Convert {
  const start = args.optionalText(0) ?? '';
  const end = args.optionalText(2) ?? '';
  if (!args.optionalText(1)) return pure((value) => (value as string) + start + end);
  const read = variableReader(args, 1);
  return (value, transaction) => {
    const held = read(transaction);
    return (value as string) + start + (held === undefined ? '' : asString(held)) + end;
  };
}

/** As {@link concat}, with the delimiter only where there is something on both sides of it. */
function addItem(args: Arguments): Convert {
  const delimiter = args.text(0);
  const suffix = args.optionalText(2) ?? '';
  const named = args.optionalText(1);
  if (!named && suffix === '') args.fail('one of the optional arguments has to be nonempty');
  const read = named ? variableReader(args, 1) : undefined;
  return (value, transaction) => {
    const held = read?.(transaction);
    const item = (held === undefined ? '' : asString(held)) + suffix;
    return item === '' ? value : (value === '' ? '' : (value as string) + delimiter) + item;
  };
}

const trimSet = (chars: string): ReadonlySet<string> => new Set(chars);

/** Order of two texts as C's strcmp gives it: the difference of the first bytes that differ. */
function compare(args: Arguments): Convert {
  const read = variableReader(args);
  return (value, transaction) => {
    const held = read(transaction);
    if (held === undefined) return undefined;
    const [a, b] = [value as string, asString(held)];
    const shared = Math.min(a.length, b.length);
    for (let i = 0; i < shared; i++) {
      const difference = a.charCodeAt(i) - b.charCodeAt(i);
      if (difference !== 0) return difference;
    }
    return a.length === b.length ? 0 : a.length < b.length ? -1 : 1;
  };
}

/** Reverses the labels of a host name; none when a label is empty. */
function reverseDomain(name: string): string | undefined {
  const labels = (name.endsWith('.') ? name.slice(0, -1) : name).split('.');
  return labels.includes('') ? undefined : labels.toReversed().join('.');
}

/** A Host field's value: a name or an address, in brackets for IPv6, and perhaps a port. */
function splitHost(text: string): readonly [host: string, port: string] {
  const bracket = text.startsWith('[') ? text.indexOf(']') : 0;
  const colon = text.indexOf(':', Math.max(0, bracket));
  return colon < 0 ? [text, ''] : [text.slice(0, colon), text.slice(colon + 1)];
}

/** Converters over texts. configuration.txt 7.3.1. */
export const stringConverters: ConverterTable = {
  ...simple('lower', 'str => str', 'In lower case, ASCII letters only.', toLower),
  ...simple('upper', 'str => str', 'In upper case, ASCII letters only.', toUpper),
  ...simple('length', 'str => sint', 'The number of bytes.', (text: string) => text.length),
  ...simple('reverse', 'str => str', 'The bytes in reverse order.', (text: string) =>
    text.split('').toReversed().join(''),
  ),
  ...simple('reverse_dom', 'str => str', 'The labels of a host name in reverse order.', reverseDomain),
  ...simple(
    'cut_crlf',
    'str => str',
    'What stands before the first line end.',
    (text: string) => /^[^\r\n]*/.exec(text)![0],
  ),
  ...simple(
    'host_only',
    'str => str',
    'The host of a Host field, without its port.',
    (text: string) => splitHost(text)[0],
  ),
  ...simple('port_only', 'str => sint', 'The port of a Host field, 0 without one.', (text: string) =>
    asInteger(splitHost(text)[1] || '0'),
  ),
  ...converter('ltrim', 'string', 'str => str', 'Without these characters at the beginning.', (args) => {
    const set = trimSet(args.text(0));
    return pure((value) => {
      const text = value as string;
      let at = 0;
      while (at < text.length && set.has(text[at]!)) at++;
      return text.slice(at);
    });
  }),
  ...converter('rtrim', 'string', 'str => str', 'Without these characters at the end.', (args) => {
    const set = trimSet(args.text(0));
    return pure((value) => {
      const text = value as string;
      let end = text.length;
      while (end > 0 && set.has(text[end - 1]!)) end--;
      return text.slice(0, end);
    });
  }),
  ...converter(
    'concat',
    'string,[string],[string]',
    'str => str',
    'With a text, a variable and a text behind.',
    concat,
  ),
  ...converter(
    'add_item',
    'string,string,[string]',
    'str => str',
    'With a delimiter, a variable and a text behind.',
    addItem,
  ),
  ...converter(
    'regsub',
    'regex,string,[string]',
    'str => str',
    'With what matches a regular expression replaced.',
    regsub,
  ),
  ...converter(
    'strcmp',
    'string',
    'str => sint',
    'How the text compares with a variable: below, at or above 0.',
    compare,
  ),
  ...converter('iif', 'string,string', 'bool => str', 'The first text if true, else the second.', (args) => {
    const [yes, no] = [args.text(0), args.text(1)];
    return pure((value: Value) => (value === true ? yes : no));
  }),
};
