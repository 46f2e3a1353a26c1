import type { Transaction } from 'sluice/plugin';

/**
 * What a response is stored under. Two requests have one key only if RFC 9110 4.2.3 says that their targets are the same: scheme
 * and host without regard to case, the default port like none, an empty path like `/`. Everything else counts as it stands:
 * escapes, dot segments, the case of the path, the order of the query.
 */
export function cacheKey(target: string, host: string, secure: boolean): string | undefined {
  let scheme = secure ? 'https' : 'http';
  let authority = host;
  let path = target;
  if (target[0] !== '/') {
    // RFC 9112 3.2.2: the authority of an absolute target counts, whatever Host says. But an origin may think otherwise.
    const absolute = /^(https?):\/\/([^/?#]*)(.*)$/is.exec(target);
    if (absolute === null) return undefined;
    scheme = absolute[1]!.toLowerCase();
    authority = absolute[2]!;
    path = absolute[3]!;
    if (host !== '' && authorityKey(host, scheme) !== authorityKey(authority, scheme)) return undefined;
    if (path[0] !== '/') path = `/${path}`;
  }
  if (authority !== lastAuthority || scheme !== lastScheme) {
    const name = authorityKey(authority, scheme);
    if (name === undefined) return undefined;
    // A space can be in none of the parts.
    lastOrigin = `${scheme}://${name} `;
    lastAuthority = authority;
    lastScheme = scheme;
  }
  const fragment = path.indexOf('#');
  return lastOrigin + (fragment === -1 ? path : path.slice(0, fragment));
}

/** The origin of the last key: requests in series are often for the same one. */
let lastAuthority: string | undefined;
let lastScheme = '';
let lastOrigin = '';

/** The key of a request, as rules have made it; undefined for targets that are not cached. */
export function keyOf({ request }: Transaction): string | undefined {
  // Listeners have no TLS: what has no scheme of its own came by http.
  return request === undefined ? undefined : cacheKey(request.uri, request.headers.get('host') ?? '', false);
}

const PORTS: Readonly<Record<string, string>> = { http: '80', https: '443' };

/** Undefined for what is no plain host and port: user information (RFC 9110 4.2.4), blanks, bytes that no host has. */
function authorityKey(authority: string, scheme: string): string | undefined {
  const parts = /^(\[[0-9a-f:.]+\]|[^\s:@/?#\\[\]"<>%^`{|}\u0000-\u0020\u007f-\u00ff]*)(?::(\d*))?$/i.exec(authority);
  if (parts === null) return undefined;
  const host = parts[1]!.toLowerCase();
  const port = parts[2]?.replace(/^0+(?=\d)/, '') ?? '';
  if (host === '' && port !== '') return undefined;
  return port === '' || port === PORTS[scheme] ? host : `${host}:${port}`;
}

/** Where a URI reference leads from a stored key, if it stays on the same origin (RFC 9111 4.4, RFC 6454). */
export function sameOriginKey(key: string, reference: string): string | undefined {
  const space = key.indexOf(' ');
  const origin = key.slice(0, space);
  try {
    const base = new URL(key.slice(space + 1), `${origin}/`);
    const url = new URL(reference, base);
    const other = cacheKey(`${url.protocol}//${url.host}${url.pathname}${url.search}`, '', false);
    return other?.slice(0, other.indexOf(' ')) === origin ? other : undefined;
  } catch {
    return undefined;
  }
}

/** The key of a URL that an operator names. */
export function keyOfUrl(url: string): string | undefined {
  return /^https?:\/\//i.test(url) ? cacheKey(url, '', false) : undefined;
}
