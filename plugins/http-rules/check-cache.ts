import type { DirectiveKeyword, Extension, HeaderList, Proxy, Transaction, Verdict } from 'sluice/plugin';
import { needsHttp } from '../proxy/place.ts';

interface Wanted {
  on: boolean;
}
const WANTED: Extension<Wanted> = {
  name: 'http-rules/checkcache',
  create: () => ({ on: false }),
  inherit: ({ on }) => ({ on }),
};

const STATUSES = [200, 203, 204, 206, 300, 301, 404, 405, 410, 414, 501];
const METHODS = ['GET', 'HEAD', 'OPTIONS', 'TRACE'];
/** Directives of Cache-Control that keep a response, or the cookie in it, out of shared caches. */
const PRIVATE = /^(?:private|no-store|max-age=0|s-maxage=0|no-cache|no-cache="set-cookie(?:[",].*)?)$/i;

/**
 * Whether a cache between us and the client may keep the response, as HAProxy 2.6 sees it: besides what configuration.txt says
 * (4.2, option checkcache), nothing is kept that says neither how long it is fresh nor how to validate it.
 */
export function isCacheable(method: string, status: number, headers: HeaderList): boolean {
  let cacheable = STATUSES.includes(status) && METHODS.includes(method);
  let lasts = headers.has('expires') || headers.has('etag') || headers.has('last-modified');
  if (headers.all('pragma').some((value) => /^no-cache$/i.test(value))) return false;
  for (const field of headers.all('cache-control')) {
    for (const part of parts(field)) {
      if (/^(?:s-maxage|max-age)=(?!0$)/i.test(part)) lasts = true;
      if (/^public$/i.test(part)) cacheable = true;
      else if (PRIVATE.test(part)) cacheable = false;
    }
  }
  return cacheable && lasts;
}

/** The directives of a field; a comma in quotes ends none. */
function parts(field: string): string[] {
  return (field.match(/(?:"[^"]*"|[^",])+/g) ?? []).map((part) => part.trim());
}

function check(transaction: Transaction, proxy: Proxy): Verdict {
  const { request, response, server, backend } = transaction;
  if (response === undefined || proxy.extension(WANTED)?.on !== true) return undefined;
  const { headers, status } = response;
  if (!headers.has('set-cookie') && !headers.has('set-cookie2')) return undefined;
  if (!isCacheable(request?.method ?? 'GET', status, headers)) return undefined;
  proxy.log(
    'alert',
    `Blocking cacheable cookie in response from instance ${backend?.name ?? '-'}, server ${server?.name ?? '-'}.`,
  );
  return 'deny';
}

export const checkCache: DirectiveKeyword = {
  usage: '[no] option checkcache',
  summary: 'Answers 502 in the place of a response with a cookie that caches may keep.',
  in: ['defaults', 'backend'],
  negatable: true,
  parse(words, scope) {
    words.end();
    scope.proxy.extension(WANTED).on = words.form === 'plain';
    if (words.form !== 'plain') return;
    scope.proxy.afterResponseRules(check);
    needsHttp(words, scope);
  },
};
