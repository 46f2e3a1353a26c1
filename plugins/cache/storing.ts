import { type Directives, parseCacheControl } from './cache-control.ts';
import { type Field, valueOf, valuesOf } from './fields.ts';
import { HEURISTIC_STATUSES, type Lifetime } from './freshness.ts';
import type { CacheSettings } from './settings.ts';
import type { StoredRange } from './partial.ts';
import { parseTargeted } from './targeted.ts';

/** RFC 9111 3, must-understand: statuses whose caching requirements are known here (RFC 9110 15). */
const UNDERSTOOD: ReadonlySet<number> = new Set([
  ...HEURISTIC_STATUSES,
  201,
  202,
  205,
  302,
  303,
  307,
  400,
  401,
  402,
  403,
  406,
  408,
  409,
  411,
  412,
  413,
  415,
  416,
  417,
  421,
  422,
  426,
  500,
  502,
  503,
  504,
  505,
]);

export interface ResponseDirectives {
  readonly directives: Directives;
  /** They come from a targeted field (RFC 9213). */
  readonly targeted: boolean;
}

/** The directives that count for this cache: those of the first targeted field that is there and can be read. */
export function responseDirectives(fields: readonly Field[], targets: readonly string[]): ResponseDirectives {
  for (const target of targets) {
    const directives = parseTargeted(valuesOf(fields, target));
    if (directives !== undefined) return { directives, targeted: true };
  }
  return { directives: parseCacheControl(valuesOf(fields, 'cache-control')), targeted: false };
}

/** What the request has to say about the storing of its answer. */
export interface Asked {
  /** It carried credentials (RFC 9111 3.5). */
  readonly authorized: boolean;
  /** `no-store` of the request (RFC 9111 5.2.1.5). */
  readonly noStore: boolean;
}

/** Why a response must not be stored by a shared cache, in the order of RFC 9111 3; undefined if it may. */
export function refusal(
  asked: Asked,
  status: number,
  fields: readonly Field[],
  { directives }: ResponseDirectives,
  lifetime: Lifetime,
  settings: CacheSettings,
  range?: StoredRange,
): string | undefined {
  // 3.3: a part is stored only where it is known which.
  if (status < 200 || status === 304 || (status === 206 && range === undefined)) return 'status';
  const understood = UNDERSTOOD.has(status);
  // 5.2.2.3: with must-understand, no-store counts for those only who do not understand the status.
  if (directives.mustUnderstand ? !understood : directives.noStore) return 'no-store';
  if (asked.noStore) return 'request';
  if (directives.private) return 'private';
  if (asked.authorized && !allowsAuthorized(directives)) return 'authorization';
  if (!lifetime.explicit && !directives.public && !HEURISTIC_STATUSES.has(status)) return 'status';
  if (valueOf(fields, 'set-cookie') !== undefined) {
    // 7.3: Set-Cookie does not keep a response from being stored; but nobody shares one by guess.
    const meant = (lifetime.explicit && lifetime.seconds > 0) || directives.public;
    if (settings.setCookie === 'pass' || (settings.setCookie === 'explicit' && !meant)) return 'set-cookie';
  }
  const validator = valueOf(fields, 'etag') ?? valueOf(fields, 'last-modified');
  const usable = !directives.noCache && (lifetime.seconds > 0 || stays(directives, settings));
  if (!usable && validator === undefined) return 'useless';
  return undefined;
}

/** RFC 9111 3.5: what lets the answer to a request with credentials be shared. */
export function allowsAuthorized(directives: Directives): boolean {
  return directives.public || directives.mustRevalidate || directives.sMaxAge !== undefined;
}

/** It can be of use beyond its lifetime. */
function stays(directives: Directives, settings: CacheSettings): boolean {
  return (
    (directives.staleWhileRevalidate ?? settings.staleWhileRevalidate) > 0 ||
    (directives.staleIfError ?? settings.staleIfError) > 0
  );
}

/** The tags of a response, out of the fields that hold them: separated by blanks or commas. */
export function tagsOf(fields: readonly Field[], names: readonly string[]): string[] {
  const tags = new Set<string>();
  for (const name of names) {
    for (const value of valuesOf(fields, name)) {
      for (const tag of value.split(/[\s,]+/)) if (tag !== '') tags.add(tag);
    }
  }
  return [...tags];
}
