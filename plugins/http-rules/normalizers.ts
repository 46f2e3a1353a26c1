import { pathStart } from './uri.ts';

/** Rewrites a request target; undefined when a strict one finds a percent sign that begins no escape. */
export type Normalizer = (uri: string) => string | undefined;

const ESCAPE = /%(?:([0-9A-Fa-f]{2}))?/g;
/** RFC 3986 section 2.3. */
const UNRESERVED = /[A-Za-z0-9\-._~]/;

/** The same for the part from the path on; a target without a path (`*`, `host:port`) stays as it is. */
function ofPathAndQuery(edit: Normalizer): Normalizer {
  return (uri) => {
    const start = pathStart(uri);
    if (start < 0) return uri;
    const edited = edit(uri.slice(start));
    return edited === undefined ? undefined : uri.slice(0, start) + edited;
  };
}

function ofPath(edit: (path: string) => string): Normalizer {
  return ofPathAndQuery((text) => {
    const mark = text.indexOf('?');
    return mark < 0 ? edit(text) : edit(text.slice(0, mark)) + text.slice(mark);
  });
}

function ofQuery(edit: (query: string) => string): Normalizer {
  return ofPathAndQuery((text) => {
    const mark = text.indexOf('?') + 1;
    return mark === 0 ? text : text.slice(0, mark) + edit(text.slice(mark));
  });
}

/** Replaces the escapes; `strict` gives up at a percent sign that is none. */
function ofEscapes(strict: boolean, edit: (escape: string, digits: string) => string): Normalizer {
  return ofPathAndQuery((text) => {
    let broken = false;
    const edited = text.replace(ESCAPE, (escape: string, digits: string | undefined) => {
      if (digits !== undefined) return edit(escape, digits);
      broken = true;
      return escape;
    });
    return broken && strict ? undefined : edited;
  });
}

/** Takes out what leads one folder up; what would lead above the top stays unless `full`. RFC 3986 section 6.2.2.3. */
function withoutDotDot(path: string, full: boolean): string {
  const kept: string[] = [];
  const segments = path.split('/').slice(1);
  for (const [index, segment] of segments.entries()) {
    const last = index === segments.length - 1;
    if (segment !== '..') {
      kept.push(segment);
      continue;
    }
    const above = kept.length === 0 || kept.at(-1) === '..';
    if (!above) kept.pop();
    else if (!full) kept.push('..');
    // `/a/..` is the folder that holds `a`.
    if (last) kept.push('');
  }
  return `/${kept.join('/')}`;
}

function withoutDot(path: string): string {
  const segments = path.split('/').slice(1);
  const kept = segments.filter((segment) => segment !== '.');
  if (segments.at(-1) === '.') kept.push('');
  return `/${kept.join('/')}`;
}

/** Parameters by name, byte by byte; those of one name keep their order. */
function sorted(query: string): string {
  const name = (parameter: string): string => parameter.split('=', 1)[0]!;
  const parameters = query.split('&');
  // An ampersand at the end begins nothing.
  if (parameters.length > 1 && parameters.at(-1) === '') parameters.pop();
  return parameters.toSorted((a, b) => (name(a) < name(b) ? -1 : name(a) > name(b) ? 1 : 0)).join('&');
}

/** By name; `option` is the word that may follow it. configuration.txt 4.4, normalize-uri. */
export const NORMALIZERS: Readonly<
  Record<string, { readonly option?: 'strict' | 'full'; make(optional: boolean): Normalizer }>
> = {
  'fragment-encode': { make: () => ofPathAndQuery((text) => text.replaceAll('#', '%23')) },
  'fragment-strip': { make: () => ofPathAndQuery((text) => text.split('#', 1)[0]!) },
  'path-merge-slashes': { make: () => ofPath((path) => path.replace(/\/{2,}/g, '/')) },
  'path-strip-dot': { make: () => ofPath(withoutDot) },
  'path-strip-dotdot': { option: 'full', make: (full) => ofPath((path) => withoutDotDot(path, full)) },
  'percent-decode-unreserved': {
    option: 'strict',
    make: (strict) =>
      ofEscapes(strict, (escape, digits) => {
        const character = String.fromCharCode(Number.parseInt(digits, 16));
        return UNRESERVED.test(character) ? character : escape;
      }),
  },
  'percent-to-uppercase': { option: 'strict', make: (strict) => ofEscapes(strict, (escape) => escape.toUpperCase()) },
  'query-sort-by-name': { make: () => ofQuery(sorted) },
};
