import { type Endpoint, endpointAddress, integerFromIpv4, type Transaction } from 'sluice/plugin';

/** What is hashed of a request; undefined when it has no key. */
export type Key = (transaction: Transaction) => string | undefined;

export interface UriOptions {
  readonly whole: boolean;
  readonly pathOnly: boolean;
  /** Characters, and slashes, that count; 0: all. */
  readonly length: number;
  readonly depth: number;
}

/** The target up to the question mark, or to where length or depth end it. configuration.txt 4.2, `balance uri`. */
export function uriKey({ whole, pathOnly, length, depth }: UriOptions): Key {
  return ({ request }) => {
    if (request === undefined) return undefined;
    const { uri } = request;
    const from = pathOnly ? pathStart(uri) : 0;
    let end = length > 0 ? Math.min(uri.length, from + length) : uri.length;
    if (!whole) {
      const query = uri.indexOf('?', from);
      if (query >= 0 && query < end) end = query;
    }
    return uri.slice(from, depth > 0 ? endOfDepth(uri, from, end, depth) : end);
  };
}

/** Where the path begins: behind the authority of an absolute target; at the end where there is none. */
function pathStart(uri: string): number {
  if (uri.charCodeAt(0) === SLASH) return 0;
  const scheme = uri.indexOf('://');
  const slash = scheme < 0 ? -1 : uri.indexOf('/', scheme + 3);
  return slash < 0 ? uri.length : slash;
}

const SLASH = 47;

function endOfDepth(uri: string, from: number, to: number, depth: number): number {
  let slashes = 0;
  for (let i = from; i < to; i++) if (uri.charCodeAt(i) === SLASH && ++slashes > depth) return i;
  return to;
}

/** The value of the first parameter of that name between `&`s; an empty value is one. */
function parameter(text: string, from: number, name: string): string | undefined {
  let start = from;
  while (start <= text.length) {
    const end = text.indexOf('&', start);
    const stop = end < 0 ? text.length : end;
    if (text.startsWith(name, start) && text.charCodeAt(start + name.length) === 61 && start + name.length < stop) {
      return text.slice(start + name.length + 1, stop);
    }
    if (end < 0) return undefined;
    start = end + 1;
  }
  return undefined;
}

/** A parameter of the query; with `post` also of a form in the body. */
export function parameterKey(name: string, post: boolean): Key {
  return ({ request }) => {
    if (request === undefined) return undefined;
    const query = request.uri.indexOf('?');
    const value = query < 0 ? undefined : parameter(request.uri, query + 1, name);
    if (value !== undefined || !post || request.method !== 'POST') return value;
    return parameter(request.body.available().toString('latin1'), 0, name);
  };
}

/** The first of the values that the first field of that name has. */
export function headerKey(name: string, domainOnly: boolean): Key {
  const field = name.toLowerCase();
  return ({ request }) => {
    if (request === undefined) return undefined;
    const { headers } = request;
    for (let i = 0; i < headers.size; i++) {
      if (headers.nameAt(i) !== field) continue;
      const value = firstOf(headers.valueAt(i));
      if (value === '') return undefined;
      return domainOnly ? mainDomain(value) : value;
    }
    return undefined;
  };
}

/** Up to the first comma outside of quotes. */
function firstOf(list: string): string {
  if (!list.includes(',')) return list;
  return /^(?:"(?:[^"\\]|\\.)*"?|[^",])*/s.exec(list)![0].trim();
}

/**
 * What stands between the last two dots, as HAProxy's `use_domain_only` finds it: the last dot does not count at the very
 * beginning, nor the one before it next to it.
 */
function mainDomain(host: string): string {
  const end = host.lastIndexOf('.');
  if (end <= 0) return host;
  const before = end >= 2 ? host.lastIndexOf('.', end - 2) : -1;
  return host.slice(before + 1, end);
}

/** The words of an address, in network order, added up without carry; undefined for a unix socket. */
export function sourceNumber(endpoint: Endpoint): number | undefined {
  const address = endpointAddress(endpoint);
  if (address === undefined) return undefined;
  const { bytes } = address;
  let number = 0;
  for (let i = 0; i < bytes.length; i += 4) number ^= integerFromIpv4(bytes, i);
  return number >>> 0;
}
