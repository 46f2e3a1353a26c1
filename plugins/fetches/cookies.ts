import {
  type Arguments,
  type HeaderList,
  type MultiFetch,
  type Transaction,
  type Value,
  asInteger,
} from 'sluice/plugin';
import { type FetchTable, aliases, fetch } from './define.ts';

type Headers = (transaction: Transaction) => HeaderList | undefined;
type Pair = readonly [name: string, value: string];

/** Spaces around names and values are no part of them; RFC 6265 section 5.2. */
function pairOf(text: string): Pair | undefined {
  const equals = text.indexOf('=');
  if (equals < 0) return undefined;
  return [text.slice(0, equals).trim(), text.slice(equals + 1).trim()];
}

/** Cookies end at semicolons and, as old clients wrote them, at commas; not inside quotes. */
function splitCookies(text: string): string[] {
  if (!text.includes('"')) return text.split(/[;,]/);
  return text.match(/(?:"(?:\\.|[^"\\])*"?|[^;,"])+/g) ?? [];
}

/** All cookies of a Cookie field, or the one a Set-Cookie field sets. */
function pairsOf(field: string, isList: boolean): Pair[] {
  const texts = isList ? splitCookies(field) : splitCookies(field).slice(0, 1);
  return texts.map(pairOf).filter((pair) => pair !== undefined);
}

function allPairs(headers: HeaderList, isList: boolean): Pair[] {
  return headers.all(isList ? 'cookie' : 'set-cookie').flatMap((field) => pairsOf(field, isList));
}

function cookie(headersOf: Headers, isList: (transaction: Transaction) => boolean, args: Arguments): MultiFetch {
  const name = args.optionalText(0) || undefined;
  return {
    evaluate: (transaction) => {
      const headers = headersOf(transaction);
      if (!headers) return undefined;
      const pairs = allPairs(headers, isList(transaction));
      return name === undefined ? pairs[0]?.[1] : pairs.findLast((pair) => pair[0] === name)?.[1];
    },
    some: (transaction, visit) => {
      const headers = headersOf(transaction);
      if (!headers) return false;
      for (const pair of allPairs(headers, isList(transaction)))
        if ((name === undefined || pair[0] === name) && visit(pair[1])) return true;
      return false;
    },
  };
}

function integers(texts: MultiFetch): MultiFetch {
  return {
    evaluate: (transaction) => {
      const text = texts.evaluate(transaction);
      return text === undefined ? undefined : asInteger(text);
    },
    some: (transaction, visit) =>
      texts.some(transaction, (text) => {
        const value: Value | undefined = asInteger(text);
        return value !== undefined && visit(value);
      }),
  };
}

function family(side: 'req' | 'res', short: string): FetchTable {
  const request = side === 'req';
  const from = request ? 'request-head' : 'response-head';
  const headersOf: Headers = request ? (one) => one.request?.headers : (one) => one.response?.headers;
  const isList = (): boolean => request;
  const field = request ? 'Cookie' : 'Set-Cookie';
  const count = (args: Arguments) => {
    const name = args.optionalText(0) || undefined;
    return (transaction: Transaction): Value | undefined => {
      const headers = headersOf(transaction);
      return headers && allPairs(headers, request).filter((pair) => name === undefined || pair[0] === name).length;
    };
  };
  const names = (args: Arguments) => {
    const delimiter = (args.optionalText(0) ?? ',').slice(0, 1);
    return (transaction: Transaction): Value | undefined => {
      const headers = headersOf(transaction);
      if (!headers) return undefined;
      const pairs = allPairs(headers, request);
      return pairs.length === 0 ? undefined : pairs.map((pair) => pair[0]).join(delimiter);
    };
  };
  return {
    ...aliases(
      fetch(`${side}.cook`, '[string]', 'str', from, `A cookie of ${field}, the last of that name.`, (args) =>
        cookie(headersOf, isList, args),
      ),
      short,
    ),
    ...aliases(
      fetch(`${side}.cook_cnt`, '[string]', 'sint', from, `How many cookies of that name ${field} has.`, count),
      `${short}_cnt`,
    ),
    ...aliases(
      fetch(`${side}.cook_val`, '[string]', 'sint', from, `A cookie of ${field} as an integer.`, (args) =>
        integers(cookie(headersOf, isList, args)),
      ),
      `${short}_val`,
    ),
    ...fetch(`${side}.cook_names`, '[string]', 'str', from, `The names of all cookies of ${field}.`, names),
  };
}

/** Fetches over cookies. configuration.txt 7.3.6. */
export const cookieFetches: FetchTable = {
  ...family('req', 'cook'),
  ...family('res', 'scook'),
  ...fetch('cookie', '[string]', 'str', 'either-head', 'req.cook or res.cook, after the rule set.', (args) =>
    cookie(
      (transaction) => (transaction.response ?? transaction.request)?.headers,
      (transaction) => transaction.response === undefined,
      args,
    ),
  ),
};
