import type { HeaderList, Request } from 'sluice/plugin';

/** Where the path of a request target begins; -1 when it has none (`*`, `host:port`). */
export function pathStart(uri: string): number {
  if (uri.startsWith('/')) return 0;
  const scheme = uri.indexOf('://');
  if (scheme <= 0) return -1;
  const slash = uri.indexOf('/', scheme + 3);
  return slash < 0 ? -1 : slash;
}

/** The path with its query; undefined when there is none. */
export function pathAndQuery(uri: string): string | undefined {
  const start = pathStart(uri);
  return start < 0 ? undefined : uri.slice(start);
}

/** Where the query begins, its question mark included; the end when there is none. */
function queryStart(uri: string): number {
  const mark = uri.indexOf('?');
  return mark < 0 ? uri.length : mark;
}

/** The path without its query. */
export function pathOf(uri: string): string | undefined {
  const start = pathStart(uri);
  return start < 0 ? undefined : uri.slice(start, queryStart(uri));
}

/** Replaces the path, of `*` the whole. The query stays. */
export function withPath(uri: string, path: string): string {
  const start = pathStart(uri);
  if (start >= 0) return uri.slice(0, start) + path + uri.slice(queryStart(uri));
  return uri.includes('://') ? uri + path : path;
}

/** Replaces the path and the query. */
export function withPathAndQuery(uri: string, path: string): string {
  const start = pathStart(uri);
  if (start >= 0) return uri.slice(0, start) + path;
  return uri.includes('://') ? uri + path : path;
}

/** Replaces the query; a question mark that is there stays, one that is needed comes. */
export function withQuery(uri: string, query: string): string {
  const start = queryStart(uri);
  if (start === uri.length && query === '') return uri;
  return `${uri.slice(0, start)}?${query}`;
}

/** Sets the whole target. The Host field follows an authority in it, as RFC 9112 section 3.2.2 wants it. */
export function setUri(request: Request, uri: string): void {
  request.uri = uri;
  const authority = /^[A-Za-z][A-Za-z0-9+.-]*:\/\/([^/?#]*)/.exec(uri)?.[1];
  if (authority !== undefined && authority !== '') setInPlace(request.headers, 'host', authority);
}

/** After the Host field was set, the authority of an absolute target is to be the same. */
export function followHost(request: Request): void {
  const match = /^([A-Za-z][A-Za-z0-9+.-]*:\/\/)[^/?#]*(.*)$/s.exec(request.uri);
  const host = match ? request.headers.get('host') : undefined;
  if (match && host !== undefined) request.uri = match[1]! + host + match[2]!;
}

function setInPlace(headers: HeaderList, name: string, value: string): void {
  for (let index = 0; index < headers.size; index++) {
    if (headers.nameAt(index) !== name) continue;
    headers.setAt(index, value);
    return;
  }
  headers.add(name, value);
}
