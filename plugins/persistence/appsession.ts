import type { DirectiveKeyword, Proxy, Request, Server, Transaction } from 'sluice/plugin';
import { editCookieField, readSetCookie } from './cookie-fields.ts';
import { type AppSessionSettings, PERSISTENCE, persistenceOf } from './settings.ts';

const ASKED: unique symbol = Symbol('persistence: a session we do not know');

/** The line of HAProxy 1.5: keeps a client where the application has begun its session, which is learned from its answers. */
export const appsession: DirectiveKeyword = {
  usage:
    'appsession <cookie> len <length> timeout <holdtime> [ request-learn ] [ prefix ] [ mode { path-parameters | query-string } ]',
  summary: "Keeps a client on the server where its application's session began.",
  in: ['defaults', 'backend'],
  parse(words, scope) {
    const name = words.next('a cookie name');
    words.oneOf('len', ['len']);
    const length = words.integer('a length', { min: 1 });
    words.oneOf('timeout', ['timeout']);
    const timeout = words.time('a duration', 'ms', { min: 1 });
    let requestLearn = false;
    let prefix = false;
    let place: AppSessionSettings['place'] = 'path-parameters';
    while (words.remaining > 0) {
      const option = words.oneOf('an option', ['request-learn', 'prefix', 'mode']);
      if (option === 'request-learn') requestLearn = true;
      else if (option === 'prefix') prefix = true;
      else place = words.oneOf('a mode', ['path-parameters', 'query-string']);
    }
    scope.proxy.extension(PERSISTENCE).appsession = { name, length, timeout, requestLearn, prefix, place };
    scope.proxy.chooseServer('cookie', chooseBySession);
    scope.proxy.afterResponseRules(learnSession);
  },
};

function chooseBySession(transaction: Transaction, proxy: Proxy): Server | undefined {
  const { appsession: settings, sessions } = persistenceOf(proxy);
  const { request } = transaction;
  if (settings === undefined || sessions === undefined || request === undefined) return undefined;
  const session = sessionOf(request, settings);
  if (session === undefined || transaction.persistence === 'ignored') return undefined;
  const name = sessions.find(session, settings.timeout, transaction.process.clock.wall());
  if (name === undefined) {
    if (settings.requestLearn) transaction.data(ASKED, () => ({ session: '' })).session = session;
    return undefined;
  }
  if (transaction.assigned) return undefined;
  const server = transaction.backend!.servers.find((one) => one.name === name);
  const forced = transaction.persistence === 'forced' || proxy.settings.options.get('persist') === true;
  return server?.state.acceptsBound === true || forced ? server : undefined;
}

/** The identifier in the Cookie field, else in the URI. */
function sessionOf({ headers, uri }: Request, settings: AppSessionSettings): string | undefined {
  let session: string | undefined;
  for (const field of headers.all('cookie')) {
    if (!settings.prefix) {
      editCookieField(field, settings.name, (value) => {
        session ??= value;
        return undefined;
      });
    } else session ??= identify(settings, field.split(/[;,]/));
    if (session !== undefined) return cut(session, settings);
  }
  const query = uri.indexOf('?');
  const path = query < 0 ? uri : uri.slice(0, query);
  const parameters =
    settings.place === 'query-string' ? (query < 0 ? [] : uri.slice(query + 1).split('&')) : path.split(';').slice(1);
  session = identify(settings, parameters);
  return session === undefined ? undefined : cut(session, settings);
}

/** The first of `name=value` pieces that is the session's; with `prefix` the rest of the name belongs to the identifier. */
function identify({ name, prefix }: AppSessionSettings, pieces: readonly string[]): string | undefined {
  const wanted = name.toLowerCase();
  for (const piece of pieces) {
    const text = piece.trim();
    const lower = text.toLowerCase();
    if (prefix ? lower.startsWith(wanted) && text.includes('=') : lower.startsWith(`${wanted}=`))
      return prefix ? text.slice(name.length) : text.slice(name.length + 1);
  }
  return undefined;
}

const cut = (session: string, { length }: AppSessionSettings): string => session.slice(0, length);

function learnSession(transaction: Transaction, proxy: Proxy): void {
  const { appsession: settings, sessions } = persistenceOf(proxy);
  const { backend, response, server } = transaction;
  if (settings === undefined || sessions === undefined || proxy !== backend) return;
  if (response === undefined || server === undefined) return;
  for (const field of response.headers.all('set-cookie')) {
    const own = readSetCookie(field);
    if (own === undefined || own.value === '') continue;
    const session = settings.prefix
      ? identify(settings, [`${own.name}=${own.value}`])
      : own.name === settings.name
        ? own.value
        : undefined;
    if (session === undefined) continue;
    sessions.learn(cut(session, settings), server.name, settings.timeout, transaction.process.clock.wall());
    return;
  }
  if (!settings.requestLearn) return;
  const { session } = transaction.data(ASKED, () => ({ session: '' }));
  if (session !== '') sessions.learn(session, server.name, settings.timeout, transaction.process.clock.wall());
}
