import {
  type Arguments,
  type FetchFunction,
  type HeaderList,
  type MultiFetch,
  type Source,
  type Transaction,
  type Value,
  asInteger,
  parseIpv4,
  parseIpv6,
} from 'sluice/plugin';
import { type FetchTable, aliases, fetch, simple } from './define.ts';
import { headerBlock, headerBlockBinary } from './header-block.ts';

type Side = 'req' | 'res' | 'either';
type Headers = (transaction: Transaction) => HeaderList | undefined;

const HEADERS: Readonly<Record<Side, Headers>> = {
  req: (transaction) => transaction.request?.headers,
  res: (transaction) => transaction.response?.headers,
  either: (transaction) => (transaction.response ?? transaction.request)?.headers,
};

const SOURCES: Readonly<Record<Side, Source>> = { req: 'request-head', res: 'response-head', either: 'either-head' };

/** Cuts a value at its commas, but not in quotes, and strips white space. */
export function splitValues(text: string): string[] {
  if (!text.includes(',')) return [text];
  const values: string[] = [];
  let quoted = false;
  let start = 0;
  for (let i = 0; i <= text.length; i++) {
    const char = text[i];
    if (char === '"') quoted = !quoted;
    else if (quoted && char === '\\') i++;
    else if (i >= text.length || (char === ',' && !quoted)) {
      values.push(text.slice(start, i).trim());
      start = i + 1;
    }
  }
  return values;
}

function visitValue(value: string, split: boolean, visit: (value: string) => boolean): boolean {
  if (!split || value.indexOf(',') < 0) return visit(value);
  if (value.indexOf('"') >= 0) return splitValues(value).some(visit);
  for (let start = 0; ;) {
    const comma = value.indexOf(',', start);
    if (comma < 0) return visit(value.slice(start).trim());
    if (visit(value.slice(start, comma).trim())) return true;
    start = comma + 1;
  }
}

function visitParts(headers: HeaderList, name: string, visit: (value: string) => boolean): boolean {
  return headers.some(name, (value) => visitValue(value, true, visit));
}

/** Calls `visit` with every value of a name, or of all fields, in order, until it answers true. */
function visitValues(
  headers: HeaderList,
  name: string | undefined,
  split: boolean,
  visit: (value: string) => boolean,
): boolean {
  if (name !== undefined) {
    // A closure is made only for fields that are there.
    if (!headers.has(name)) return false;
    return split ? visitParts(headers, name, visit) : headers.some(name, visit);
  }
  for (let i = 0; i < headers.size; i++) if (visitValue(headers.valueAt(i), split, visit)) return true;
  return false;
}

function valuesOf(headers: HeaderList, name: string | undefined, split: boolean): string[] {
  const values: string[] = [];
  visitValues(headers, name, split, (value) => {
    values.push(value);
    return false;
  });
  return values;
}

/** The header's name and the position of the value: 1 is the first, -1 the last. */
function nameAndPosition(args: Arguments): { readonly name: string | undefined; readonly position: number } {
  const name = args.optionalText(0);
  const position = args.integer(1, 0);
  if (position < -MAX_POSITION) args.fail(`header occurrence must be >= ${-MAX_POSITION}`);
  return { name: name === '' ? undefined : name?.toLowerCase(), position };
}

/** HAProxy remembers this many values when it counts from the end. */
const MAX_POSITION = 10;

function fetchValue(headersOf: Headers, args: Arguments, split: boolean): MultiFetch {
  const { name, position } = nameAndPosition(args);
  const evaluate = ((): FetchFunction => {
    if (name !== undefined && (position === 0 || position === -1))
      return (transaction) => {
        const value = headersOf(transaction)?.get(name);
        return value === undefined || !split || !value.includes(',') ? value : splitValues(value).at(-1);
      };
    if (name === undefined && position === 0) return () => undefined;
    const index = position > 0 ? position - 1 : position;
    return (transaction) => {
      const headers = headersOf(transaction);
      return headers && valuesOf(headers, name, split).at(index);
    };
  })();
  const some =
    position === 0
      ? (transaction: Transaction, visit: (value: Value) => boolean): boolean => {
          const headers = headersOf(transaction);
          return headers !== undefined && visitValues(headers, name, split, visit);
        }
      : (transaction: Transaction, visit: (value: Value) => boolean): boolean => {
          const value = evaluate(transaction);
          return value !== undefined && visit(value);
        };
  return { evaluate, some };
}

/** Turns what a header fetch finds into something else; what cannot be turned is passed over. */
function converted(fetched: MultiFetch, convert: (text: string) => Value | undefined): MultiFetch {
  return {
    evaluate: (transaction) => {
      const value = fetched.evaluate(transaction);
      return value === undefined ? undefined : convert(value as string);
    },
    some: (transaction, visit) =>
      fetched.some(transaction, (value) => {
        const other = convert(value as string);
        return other !== undefined && visit(other);
      }),
  };
}

/** An address as RFC 7239 writes it, with an IPv4 port allowed behind it. */
function headerAddress(text: string): Value | undefined {
  const plain = parseIpv4(text) ?? parseIpv6(text);
  if (plain) return plain;
  const [, address, port] = /^([0-9.]+):([0-9]{1,5})$/.exec(text) ?? [];
  return address === undefined || Number(port) > 65535 ? undefined : parseIpv4(address);
}

function count(headersOf: Headers, split: boolean): (args: Arguments) => FetchFunction {
  return (args) => {
    const name = args.optionalText(0)?.toLowerCase() || undefined;
    return (transaction) => {
      const headers = headersOf(transaction);
      if (!headers) return undefined;
      const fields = name === undefined ? valuesOf(headers, undefined, false) : headers.all(name);
      if (!split) return fields.length;
      let total = 0;
      for (const value of fields) total += value.includes(',') ? splitValues(value).length : 1;
      return total;
    };
  };
}

function names(headersOf: Headers): (args: Arguments) => FetchFunction {
  return (args) => {
    const delimiter = (args.optionalText(0) ?? ',').slice(0, 1);
    return (transaction) => {
      const headers = headersOf(transaction);
      return headers && Array.from({ length: headers.size }, (_, i) => headers.nameAt(i)).join(delimiter);
    };
  };
}

function family(side: 'req' | 'res', message: string): FetchTable {
  const headersOf = HEADERS[side];
  const from = SOURCES[side];
  const short =
    side === 'req' ? (suffix: string): string[] => [`hdr${suffix}`] : (suffix: string): string[] => [`shdr${suffix}`];
  const plain = fetch(
    `${side}.hdr`,
    '[string],[integer]',
    'str',
    from,
    `A value of a header of the ${message}, the last by default.`,
    (args) => fetchValue(headersOf, args, true),
  );
  return {
    ...(side === 'res' ? aliases(plain, 'shdr') : plain),
    ...fetch(
      `${side}.fhdr`,
      '[string],[integer]',
      'str',
      from,
      `A whole header of the ${message}, commas and all.`,
      (args) => fetchValue(headersOf, args, false),
    ),
    ...fetch(
      `${side}.fhdr_cnt`,
      '[string]',
      'sint',
      from,
      `How many headers of that name the ${message} has.`,
      count(headersOf, false),
    ),
    ...aliases(
      fetch(
        `${side}.hdr_cnt`,
        '[string]',
        'sint',
        from,
        `How many values of that header the ${message} has.`,
        count(headersOf, true),
      ),
      ...short('_cnt'),
    ),
    ...aliases(
      fetch(`${side}.hdr_ip`, '[string],[integer]', 'addr', from, `An address in a header of the ${message}.`, (args) =>
        converted(fetchValue(headersOf, args, true), headerAddress),
      ),
      ...short('_ip'),
    ),
    ...aliases(
      fetch(
        `${side}.hdr_val`,
        '[string],[integer]',
        'sint',
        from,
        `An integer in a header of the ${message}.`,
        (args) => converted(fetchValue(headersOf, args, true), asInteger),
      ),
      ...short('_val'),
    ),
    ...fetch(
      `${side}.hdr_names`,
      '[string]',
      'str',
      from,
      `The names of all headers of the ${message}.`,
      names(headersOf),
    ),
    ...simple(
      `${side}.hdrs`,
      'bin',
      from,
      `The headers of the ${message} as text, with the empty line.`,
      (transaction) => {
        const headers = headersOf(transaction);
        return headers && headerBlock(headers);
      },
    ),
    ...simple(
      `${side}.hdrs_bin`,
      'bin',
      from,
      `The headers of the ${message} in the SPOE's encoding.`,
      (transaction) => {
        const headers = headersOf(transaction);
        return headers && headerBlockBinary(headers);
      },
    ),
  };
}

/** Fetches over the fields of requests and responses. configuration.txt 7.3.6. */
export const headerFetches: FetchTable = {
  ...family('req', 'request'),
  ...family('res', 'response'),
  ...fetch('hdr', '[string],[integer]', 'str', SOURCES.either, 'req.hdr or res.hdr, after the rule set.', (args) =>
    fetchValue(HEADERS.either, args, true),
  ),
};
