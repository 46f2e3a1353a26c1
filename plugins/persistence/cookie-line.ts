import type { DirectiveKeyword, ServerKeyword, Words } from 'sluice/plugin';
import { chooseByCookie } from './cookie-request.ts';
import { setCookies } from './cookie-response.ts';
import { type CookieMode, type CookieSettings, PERSISTENCE, persistenceOf, SERVER_COOKIE } from './settings.ts';
import type { Proxy, Transaction } from 'sluice/plugin';

const FLAGS = ['indirect', 'nocache', 'postonly', 'preserve', 'httponly', 'secure', 'dynamic'];
const OPTIONS = ['rewrite', 'insert', 'prefix', ...FLAGS, 'domain', 'maxidle', 'maxlife', 'attr'];

export const cookie: DirectiveKeyword = {
  usage:
    'cookie <name> [ rewrite | insert | prefix ] [ indirect ] [ nocache ] [ postonly ] [ preserve ] [ httponly ] [ secure ] ' +
    '[ domain <domain> ]* [ maxidle <idle> ] [ maxlife <life> ] [ dynamic ] [ attr <value> ]*',
  summary: 'Keeps a client on its server by a cookie.',
  in: ['defaults', 'backend'],
  parse(words, scope) {
    scope.proxy.extension(PERSISTENCE).cookie = readCookie(words);
    scope.proxy.onBackend(showCookie);
    scope.proxy.chooseServer('cookie', chooseByCookie);
    scope.proxy.afterResponseRules(setCookies);
  },
};

/** From here on the log says what became of the cookie. */
function showCookie(transaction: Transaction, proxy: Proxy): void {
  if (persistenceOf(proxy).cookie?.shown !== true || transaction.request === undefined) return;
  transaction.requestCookie = 'N';
  transaction.responseCookie = 'N';
}

function readCookie(words: Words): CookieSettings {
  const name = words.next('a cookie name');
  const modes: CookieMode[] = [];
  const flags = new Set<string>();
  let domains = '';
  let attributes = '';
  let maxIdle = 0;
  let maxLife = 0;
  const shown = words.remaining > 0;
  while (words.remaining > 0) {
    const option = words.next('an option');
    if (option === 'rewrite' || option === 'insert' || option === 'prefix') modes.push(option);
    else if (option === 'domain') domains += `; domain=${domain(words)}`;
    else if (option === 'attr') attributes += `; ${attribute(words)}`;
    else if (option === 'maxidle') maxIdle = seconds(words);
    else if (option === 'maxlife') maxLife = seconds(words);
    else if (FLAGS.includes(option)) flags.add(option);
    else words.unknown('an option of cookie', OPTIONS);
  }
  if (new Set(modes).size > 1) words.fail("cookie 'rewrite', 'insert' and 'prefix' modes are incompatible.");
  const mode = modes[0] ?? 'passive';
  const indirect = flags.has('indirect');
  if (mode === 'rewrite' && indirect) words.fail("cookie 'rewrite' and 'indirect' modes are incompatible.");
  const preserve = flags.has('preserve');
  if (preserve && mode !== 'insert' && !indirect)
    words.fail("cookie 'preserve' requires at least 'insert' or 'indirect'.");
  const tail = `${flags.has('httponly') ? '; HttpOnly' : ''}${flags.has('secure') ? '; Secure' : ''}${attributes}`;
  return {
    name,
    mode,
    indirect,
    nocache: flags.has('nocache'),
    postonly: flags.has('postonly'),
    preserve,
    attributes: `; path=/${domains}${tail}`,
    maxIdle,
    maxLife,
    dynamic: flags.has('dynamic'),
    shown,
  };
}

/** Less than a second counts as one. */
function seconds(words: Words): number {
  return Math.ceil(words.time('a duration', 's') / 1000);
}

function domain(words: Words): string {
  const text = words.next('a domain name');
  const bad = /[^a-z0-9.-]/i.exec(text);
  if (bad) words.fail(`character '${bad[0]}' is not permitted in domain name '${text}'.`);
  return text;
}

function attribute(words: Words): string {
  const text = words.next('an attribute');
  // eslint-disable-next-line no-control-regex -- it is control characters that must not be there
  const bad = /[\x00-\x1f\x7f;]/.exec(text);
  if (bad) {
    const code = bad[0].charCodeAt(0).toString(16).toUpperCase().padStart(2, '0');
    words.fail(`character '%x${code}' is not permitted in attribute value.`);
  }
  return text;
}

export const dynamicCookieKey: DirectiveKeyword = {
  usage: 'dynamic-cookie-key <key>',
  summary: "The secret of cookies that are made of the servers' addresses.",
  in: ['defaults', 'backend'],
  parse(words, scope) {
    scope.proxy.extension(PERSISTENCE).dynamicKey = words.next('a secret key');
    words.end();
  },
};

export const serverCookie: ServerKeyword = {
  usage: 'cookie <value>',
  atRunTime: false,
  summary: 'The value that stands for this server in the persistence cookie.',
  inDefault: false,
  parse(words, scope) {
    scope.server.extension(SERVER_COOKIE).value = words.next('a value');
  },
};
