/**
 * The parts of a request target, RFC 9112 section 3.2. The last target is kept with its parts: the rules of one request
 * ask for them again and again, and the same string costs one comparison then.
 */
interface Target {
  uri: string;
  /** From the first slash of the path to the end; undefined where there is no path (`*`, CONNECT's authority). */
  readonly pathAndQuery: string | undefined;
  readonly path: string | undefined;
  /** Behind the question mark; undefined without one. */
  readonly query: string | undefined;
}

let last: Target = { uri: '', pathAndQuery: undefined, path: undefined, query: undefined };

function parts(uri: string): Target {
  if (uri === last.uri) {
    // The next comparison is of one string with itself, and need not look at what is in it.
    last.uri = uri;
    return last;
  }
  const pathAndQuery = pathPart(uri);
  const mark = pathAndQuery === undefined ? -1 : pathAndQuery.indexOf('?');
  last = {
    uri,
    pathAndQuery,
    path: mark < 0 ? pathAndQuery : pathAndQuery!.slice(0, mark),
    query: mark < 0 ? undefined : pathAndQuery!.slice(mark + 1),
  };
  return last;
}

function pathPart(uri: string): string | undefined {
  if (uri.charCodeAt(0) === 47) return uri;
  const scheme = /^[A-Za-z][A-Za-z0-9+.-]*:\/\/[^/?#]*/.exec(uri);
  if (!scheme) return undefined;
  const rest = uri.slice(scheme[0].length);
  return rest.startsWith('/') ? rest : undefined;
}

export const pathOf = (uri: string): string | undefined => parts(uri).path;
export const pathAndQueryOf = (uri: string): string | undefined => parts(uri).pathAndQuery;
export const queryOf = (uri: string): string | undefined => parts(uri).query;

/** Host and port of an absolute target. */
export function authorityOf(uri: string): { readonly host: string; readonly port: number } | undefined {
  const [, scheme, authority] = /^([A-Za-z][A-Za-z0-9+.-]*):\/\/([^/?#]*)/.exec(uri) ?? [];
  if (scheme === undefined || authority === undefined) return undefined;
  const [, host, port] = /^(\[[^\]]*\]|[^:]*)(?::(\d*))?$/.exec(authority) ?? [];
  if (host === undefined) return undefined;
  return { host, port: port ? Number(port) : scheme.toLowerCase() === 'https' ? 443 : 80 };
}
