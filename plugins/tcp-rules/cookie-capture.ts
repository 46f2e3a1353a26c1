import type { DirectiveKeyword, Extension, Transaction } from 'sluice/plugin';
import { editCookieField, findCookie, readSetCookie } from '../persistence/cookie-fields.ts';

interface CookieCapture {
  /** The beginning of the name; with `=` at its end all of it. */
  name: string;
  length: number;
}
const CAPTURE: Extension<CookieCapture> = { name: 'tcp-rules/cookie', create: () => ({ name: '', length: 0 }) };

/** `tune.http.cookielen`: the most that is kept of a cookie, bytes of the name included. */
interface Limit {
  bytes: number;
}
const LIMIT: Extension<Limit> = { name: 'tcp-rules/cookie-limit', create: () => ({ bytes: 63 }) };

/** Where the log looks for them (`%CC`, `%CS`). */
const VARIABLES = { request: 'capture.cookie.request', response: 'capture.cookie.response' } as const;

/** Keeps the first cookie that fits, if none was kept before. */
function keep(transaction: Transaction, which: keyof typeof VARIABLES, cookie: string, length: number): void {
  if (transaction.getVariable('txn', VARIABLES[which]) === undefined)
    transaction.setVariable('txn', VARIABLES[which], cookie.slice(0, length));
}

/** Reading a Cookie field takes white space around `=` out of it, as with HAProxy. */
function captureRequest(transaction: Transaction): void {
  const headers = transaction.request?.headers;
  const capture = transaction.frontend.extension(CAPTURE);
  if (headers === undefined || capture === undefined || !headers.has('cookie')) return;
  const { name, length } = capture;
  for (let index = 0; index < headers.size; index++) {
    if (headers.nameAt(index) !== 'cookie') continue;
    const field = headers.valueAt(index);
    const cookie = findCookie(field, (own) => `${own}=`.startsWith(name));
    if (cookie !== undefined) keep(transaction, 'request', cookie, length);
    const normal = editCookieField(field, '', () => undefined);
    if (normal !== undefined && normal !== '') headers.setAt(index, normal);
  }
}

/** What `deny` and `tarpit` answer is logged with the cookie, what else is answered before a server is chosen is not. */
function captureDenied(transaction: Transaction): void {
  if (transaction.termination.startsWith('P') && transaction.timing.queue < 0) captureRequest(transaction);
}

const FIELDS: readonly string[] = ['set-cookie', 'set-cookie2'];

function captureResponse(transaction: Transaction): undefined {
  const headers = transaction.response?.headers;
  const capture = transaction.frontend.extension(CAPTURE);
  if (headers === undefined || capture === undefined || !FIELDS.some((name) => headers.has(name))) return;
  for (let index = 0; index < headers.size; index++) {
    if (!FIELDS.includes(headers.nameAt(index))) continue;
    const field = headers.valueAt(index);
    const cookie = readSetCookie(field);
    if (cookie === undefined) continue;
    const text = `${cookie.name}=${cookie.value}`;
    if (`${cookie.name}=`.startsWith(capture.name)) keep(transaction, 'response', text, capture.length);
    if (text + cookie.tail !== field) headers.setAt(index, text + cookie.tail);
  }
}

export const cookieCaptureDirectives: Record<string, DirectiveKeyword> = {
  'capture cookie': {
    usage: 'capture cookie <name> len <length>',
    summary: 'Keeps a cookie of the request, and one that the response sets, for the log.',
    in: ['frontend'],
    parse(words, scope) {
      if (scope.proxy.findExtension(CAPTURE)) words.fail(`'capture cookie' stands in '${scope.name}' already`);
      const name = words.next('the beginning of a cookie name');
      words.oneOf(`'len'`, ['len']);
      const length = words.integer('a length', { min: 1 });
      words.end();
      const capture = scope.proxy.extension(CAPTURE);
      capture.name = name;
      capture.length = length;
      scope.later(() => {
        const limit = scope.global.findExtension(LIMIT)?.bytes ?? 63;
        if (length <= limit) return;
        words.warn(`truncating capture length to ${limit} bytes for frontend '${scope.name}'.`);
        capture.length = limit;
      });
      scope.proxy.beforeForward(captureRequest);
      scope.proxy.beforeRespond(captureDenied);
      scope.proxy.afterResponseRules(captureResponse);
    },
  },
  'tune.http.cookielen': {
    usage: 'tune.http.cookielen <bytes>',
    summary: 'The most that is kept of a captured cookie.',
    in: ['global'],
    parse(words, scope) {
      scope.global.extension(LIMIT).bytes = words.integer('a number of bytes', { min: 1, max: 65535 });
      words.end();
    },
  },
};
