import type { HeaderList, Proxy, Server, Transaction } from 'sluice/plugin';
import { type CookieDates, splitValue } from './cookie-dates.ts';
import { type CookieEdit, editCookieField, REMOVED } from './cookie-fields.ts';
import { tableOf } from './cookie-table.ts';
import { type CookieSettings, type Persistence, persistenceOf } from './settings.ts';

/** Dates may be this far ahead of our clock (seconds); configuration.txt 4.2, `maxidle`. */
const FUTURE = 24 * 3600;

/** What the response has to know of the cookie that came. */
export interface Presented {
  /** The dates in the cookie are to be written anew. */
  stale: boolean;
  /** When the client came first, seconds since 1970. */
  first: number | undefined;
}
export const PRESENTED: unique symbol = Symbol('persistence: the cookie that came');
const nothing = (): Presented => ({ stale: false, first: undefined });

/** Finds the server that the client's cookie names; takes out of the request what the server is not to see. */
export function chooseByCookie(transaction: Transaction, proxy: Proxy): Server | undefined {
  const { request } = transaction;
  const settings = persistenceOf(proxy);
  const { cookie } = settings;
  if (request === undefined || cookie === undefined || !request.headers.has('cookie')) return undefined;
  const reading = new Reading(transaction, proxy, settings, cookie);
  editFields(request.headers, cookie.name, (value) => reading.visit(value));
  return reading.server;
}

function editFields(headers: HeaderList, name: string, visit: (value: string) => CookieEdit): void {
  for (let i = 0; i < headers.size; i++) {
    if (headers.nameAt(i) !== 'cookie') continue;
    const edited = editCookieField(headers.valueAt(i), name, visit);
    if (edited === undefined) continue;
    if (edited === '') headers.deleteAt(i--);
    else headers.setAt(i, edited);
  }
}

/** All cookies of that name in one request; the first that names a server counts. */
class Reading {
  server: Server | undefined;
  readonly #transaction: Transaction;
  readonly #proxy: Proxy;
  readonly #settings: Persistence;
  readonly #cookie: CookieSettings;

  constructor(transaction: Transaction, proxy: Proxy, settings: Persistence, cookie: CookieSettings) {
    this.#transaction = transaction;
    this.#proxy = proxy;
    this.#settings = settings;
    this.#cookie = cookie;
  }

  visit(value: string): CookieEdit {
    const { mode, indirect } = this.#cookie;
    if (mode === 'prefix') {
      const end = value.indexOf('~');
      this.#look(end < 0 ? value : value.slice(0, end), undefined);
      return end < 0 ? undefined : value.slice(end + 1);
    }
    const { name, dates } = splitValue(value);
    this.#look(name, mode === 'insert' ? dates : undefined);
    return mode === 'insert' && indirect ? REMOVED : undefined;
  }

  #look(name: string, dates: CookieDates | undefined): void {
    if (this.server !== undefined) return;
    const transaction = this.#transaction;
    if (transaction.persistence === 'ignored' || transaction.assigned) {
      this.#note('U');
      return;
    }
    const now = Math.floor(transaction.process.clock.wall() / 1000);
    const outdated = dates && this.#outdated(dates, now);
    if (outdated !== undefined) {
      this.#note(outdated);
      return;
    }
    const servers = tableOf(transaction.backend!, this.#settings, this.#cookie).servers.get(name);
    if (servers === undefined || name === '') {
      this.#note('I');
      return;
    }
    const forced = transaction.persistence === 'forced' || this.#proxy.settings.options.get('persist') === true;
    const server = servers.find(({ state }) => state.acceptsBound || forced);
    this.#note(server?.state.acceptsBound === true ? 'V' : 'D');
    if (server === undefined) return;
    this.server = server;
    if (dates !== undefined) this.#remember(dates, now);
  }

  #note(letter: string): void {
    if (this.#cookie.shown) this.#transaction.requestCookie = letter;
  }

  /** `E`: idle for too long; `O`: too old. */
  #outdated({ last, first }: CookieDates, now: number): string | undefined {
    const { maxIdle, maxLife } = this.#cookie;
    if (maxIdle > 0 && last !== undefined && (last > now + FUTURE || last + maxIdle < now)) return 'E';
    if (maxLife > 0 && first !== undefined && (first > now + FUTURE || first + maxLife < now)) return 'O';
    return undefined;
  }

  #remember({ last, first }: CookieDates, now: number): void {
    const { maxIdle, maxLife } = this.#cookie;
    const staleIdle = maxIdle > 0 ? last === undefined || last <= now : last !== undefined && last <= now;
    const staleLife = maxLife > 0 ? first === undefined : first !== undefined;
    if (!staleIdle && !staleLife) return;
    const presented = this.#transaction.data(PRESENTED, nothing);
    presented.stale = true;
    presented.first = maxLife > 0 ? first : undefined;
  }
}
