import { reasonPhrase, type Format, type Reply, type Scope, type Transaction, type Words } from 'sluice/plugin';
import { pathAndQuery } from './uri.ts';

type Kind = 'location' | 'prefix' | 'scheme';
/** A redirection, ready to be made of a request; undefined when `ignore-empty` lets it be. */
export type Redirection = (transaction: Transaction) => Reply | undefined;

export const REDIRECT_USAGE: string =
  'redirect { location <url> | prefix <prefix> | scheme <scheme> } [ code { 301 | 302 | 303 | 307 | 308 } ] ' +
  '[ drop-query ] [ keep-query ] [ append-slash ] [ ignore-empty ] [ set-cookie <name>[=<value>] ] ' +
  '[ set-cookie-fmt <log-format> ] [ clear-cookie <name>[=] ]';

const WORDS = [
  'code',
  'prefix',
  'location',
  'scheme',
  'set-cookie',
  'set-cookie-fmt',
  'clear-cookie',
  'drop-query',
  'keep-query',
  'append-slash',
  'ignore-empty',
] as const;
const CODES = [301, 302, 303, 307, 308];
/** Those that a cache may not keep. */
const TEMPORARY = [302, 303, 307];

interface Flags {
  'drop-query': boolean;
  'keep-query': boolean;
  'append-slash': boolean;
  'ignore-empty': boolean;
}

type Text = (transaction: Transaction) => string;
const fixed =
  (text: string): Text =>
  () =>
    text;

/**
 * Reads a redirection up to `if` or `unless`. In rules its value is a log format; in `redirect` lines a plain text.
 * configuration.txt 4.2, redirect.
 */
export function readRedirect(words: Words, scope: Scope, formats: boolean, response: boolean): Redirection {
  const flags: Flags = { 'drop-query': false, 'keep-query': false, 'append-slash': false, 'ignore-empty': false };
  let kind: Kind | undefined;
  let value: Text = fixed('');
  let whole = '';
  let code = 302;
  let cookie: Text | undefined;
  const read = (text: string): Text => {
    if (!formats) return fixed(text);
    const format: Format = scope.format(text, words);
    return format.constant === undefined ? (transaction) => format.evaluate(transaction) : fixed(format.constant);
  };
  for (let next = words.peek(); next !== undefined && next !== 'if' && next !== 'unless'; next = words.peek()) {
    const word = words.oneOf(WORDS.map((known) => `'${known}'`).join(', '), WORDS);
    if (word === 'location' || word === 'prefix' || word === 'scheme') {
      kind = word;
      whole = words.next(`an argument for '${word}'`);
      value = read(whole);
    } else if (word === 'code') {
      const text = words.next(`an argument for 'code'`);
      code = Number(text);
      if (!CODES.includes(code))
        words.fail(`'code': unsupported HTTP code '${text}' (must be one of 301, 302, 303, 307 or 308).`);
    } else if (word === 'set-cookie' || word === 'clear-cookie') {
      const text = words.next(`an argument for '${word}'`);
      cookie = fixed(word === 'set-cookie' ? `${text}; path=/;` : `${text}; path=/; Max-Age=0;`);
    } else if (word === 'set-cookie-fmt') {
      const format = scope.format(words.next(`an argument for 'set-cookie-fmt'`), words);
      cookie = (transaction) => `${format.evaluate(transaction)}; path=/;`;
    } else flags[word] = true;
  }
  if (!kind) words.fail(`redirection type expected ('prefix', 'location', or 'scheme').`);
  if (response && kind !== 'location') words.fail(`response only supports redirect type 'location'.`);
  // `redirect prefix /` leaves the address as it is, to set a cookie for instance.
  const locate = kind === 'prefix' && whole === '/' ? locator('prefix', fixed(''), flags) : locator(kind, value, flags);
  return (transaction) => {
    const location = locate(transaction);
    if (location === undefined) return undefined;
    const headers: [string, string][] = [
      ['content-length', '0'],
      ['location', location],
    ];
    if (TEMPORARY.includes(code)) headers.push(['cache-control', 'no-cache']);
    if (cookie) headers.push(['set-cookie', cookie(transaction)]);
    // HAProxy gives a connection up whose request has a body, though all of it may have come.
    const close = hasBody(transaction);
    return { status: code, reason: code === 302 ? 'Found' : reasonPhrase(code), headers, close };
  };
}

function hasBody({ request, response }: Transaction): boolean {
  return response === undefined && request !== undefined && request.body.length !== 0;
}

function locator(kind: Kind, value: Text, flags: Flags): (transaction: Transaction) => string | undefined {
  if (kind === 'location')
    return (transaction) => {
      const location = value(transaction);
      if (location === '' && flags['ignore-empty']) return undefined;
      return flags['keep-query'] ? withQueryOf(location, transaction.request?.uri ?? '') : location;
    };
  return (transaction) => {
    const { request } = transaction;
    const given = value(transaction);
    if (given === '' && kind === 'scheme' && flags['ignore-empty']) return undefined;
    let path = (request && pathAndQuery(request.uri)) ?? '/';
    if (flags['drop-query']) path = path.split('?', 1)[0]!;
    if (flags['append-slash'] && !path.endsWith('/')) path += '/';
    return kind === 'prefix' ? given + path : `${given}://${request?.headers.get('host') ?? ''}${path}`;
  };
}

function withQueryOf(location: string, uri: string): string {
  const mark = uri.indexOf('?');
  if (mark < 0) return location;
  return `${location}${location.includes('?') ? '&' : '?'}${uri.slice(mark + 1)}`;
}
