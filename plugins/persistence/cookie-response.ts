import type { HeaderList, Proxy, Response, Transaction } from 'sluice/plugin';
import { encodeDate } from './cookie-dates.ts';
import { readSetCookie } from './cookie-fields.ts';
import { PRESENTED, type Presented } from './cookie-request.ts';
import { tableOf } from './cookie-table.ts';
import { type CookieSettings, persistenceOf } from './settings.ts';

/** What a cookie says that is to be forgotten: the server has no value. */
const FORGET = '; Expires=Thu, 01-Jan-1970 00:00:01 GMT';

/** Edits the server's own cookie, and adds ours where the client does not have the right one. */
export function setCookies(transaction: Transaction, proxy: Proxy): void {
  const { backend, server, response } = transaction;
  const settings = persistenceOf(proxy);
  const { cookie } = settings;
  // A frontend has the line from its `defaults`, without any use for it.
  if (proxy !== backend || cookie === undefined || server === undefined || response === undefined) return;
  if (transaction.persistence === 'ignored') return;
  const value = tableOf(backend, settings, cookie).values.get(server);
  const note = (letter: string): void => {
    if (cookie.shown) transaction.responseCookie = letter;
  };
  const done = treatOwn(transaction, response.headers, cookie, value);
  if (done !== undefined) note(done);
  if (done === 'P' || cookie.mode !== 'insert') return;
  if (cookie.postonly && transaction.request?.method !== 'POST') return;
  const presented = transaction.assigned ? transaction.data<Presented>(PRESENTED, fresh) : undefined;
  if (presented?.stale === false) return;
  note(presented === undefined ? 'I' : 'U');
  response.headers.add(
    'set-cookie',
    cookieText(cookie, value, presented?.first, transaction.process.clock.wall() / 1000) + cookie.attributes,
  );
  if (cookie.nocache && isCacheable(transaction, response)) response.headers.add('cache-control', 'private');
}

const fresh = (): Presented => ({ stale: false, first: undefined });

function cookieText(
  { name, maxIdle, maxLife }: CookieSettings,
  value: string | undefined,
  first: number | undefined,
  now: number,
): string {
  if (value === undefined) return `${name}=${FORGET}`;
  if (maxIdle === 0 && maxLife === 0) return `${name}=${value}`;
  const idle = `${name}=${value}|${encodeDate(now)}`;
  return maxLife === 0 ? idle : `${idle}|${encodeDate(first ?? now)}`;
}

/** What becomes of a cookie of that name that the server sets itself; the letter for the log, of the last one. */
function treatOwn(
  transaction: Transaction,
  headers: HeaderList,
  cookie: CookieSettings,
  value: string | undefined,
): string | undefined {
  if (!headers.has('set-cookie') && !headers.has('set-cookie2')) return undefined;
  let letter: string | undefined;
  for (let i = 0; i < headers.size; i++) {
    const header = headers.nameAt(i);
    if (header !== 'set-cookie' && header !== 'set-cookie2') continue;
    const own = readSetCookie(headers.valueAt(i));
    if (own?.name !== cookie.name) continue;
    letter = fateOf(transaction, cookie, value);
    if (letter === 'D') headers.deleteAt(i--);
    else {
      const ours = cookie.mode === 'prefix' ? `${value}~${own.value}` : value;
      headers.setAt(i, `${own.name}=${letter === 'R' ? ours : own.value}${own.tail}`);
    }
  }
  return letter;
}

/** `P`: it stays; `D`: it goes; `R`: it carries our value. */
function fateOf(transaction: Transaction, cookie: CookieSettings, value: string | undefined): 'P' | 'D' | 'R' {
  if (cookie.preserve) return 'P';
  if (cookie.mode === 'insert' || (cookie.indirect && transaction.assigned)) return 'D';
  return cookie.mode === 'passive' || value === undefined ? 'P' : 'R';
}

const CACHEABLE: ReadonlySet<number> = new Set([200, 203, 204, 206, 300, 301, 404, 405, 410, 414, 501]);

/** Whether a cache on the way to the client might keep the response: as HAProxy sees it, found by trying. */
function isCacheable({ request }: Transaction, { status, headers }: Response): boolean {
  if (request?.method !== 'GET' && request?.method !== 'HEAD') return false;
  if (!CACHEABLE.has(status)) return false;
  if (headers.all('pragma').some((field) => /^no-cache/i.test(field))) return false;
  const directives = headers
    .all('cache-control')
    .flatMap((field) => field.split(','))
    .map((directive) => directive.trim().toLowerCase());
  if (directives.some((directive) => /^(?:no-cache|no-store|private|max-age=0|s-maxage=0)$/.test(directive)))
    return false;
  return (
    directives.some((directive) => /^(?:s-maxage|max-age)=/.test(directive)) ||
    ['expires', 'etag', 'last-modified'].some((name) => headers.has(name))
  );
}
