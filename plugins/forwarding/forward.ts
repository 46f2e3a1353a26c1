import type { Endpoint, Proxy, Transaction } from 'sluice/plugin';
import { forwardedHeader } from './rfc7239.ts';
import { type AddressHeader, forwardingOf } from './settings.ts';

/**
 * Adds what a server shall know of the client, in HAProxy's order: the unique id, X-Forwarded-For, X-Original-To and
 * Forwarded. Runs once for the frontend and once for the backend; whatever both ask for, the backend's turn does, since
 * its header name wins.
 */
export function forward(transaction: Transaction, proxy: Proxy): void {
  const { frontend, backend, request } = transaction;
  if (!request) return;
  const { headers } = request;
  if (proxy === frontend) {
    const name = frontend.settings.uniqueIdHeader;
    const id = name === undefined ? undefined : transaction.uniqueId;
    if (name !== undefined && id !== undefined) headers.add(name, id);
  }
  const mine = forwardingOf(proxy);
  if (!mine) return;
  const other = proxy === frontend ? undefined : forwardingOf(frontend);
  // A `listen` section has one turn for both of its halves.
  const last = proxy === backend || backend?.settings === frontend.settings;
  const later = last || backend === undefined ? undefined : forwardingOf(backend);
  const { source, destination } = transaction.connection;
  if (mine.forwardfor && !later?.forwardfor) addAddress(transaction, mine.forwardfor, other?.forwardfor, source);
  if (mine.originalto && !later?.originalto) addAddress(transaction, mine.originalto, other?.originalto, destination);
  if (mine.forwarded && last)
    headers.add('forwarded', forwardedHeader(transaction, mine.forwarded, headers.get('host')));
}

function addAddress(
  { request }: Transaction,
  mine: AddressHeader,
  other: AddressHeader | undefined,
  end: Endpoint,
): void {
  if (end.family === 'unix' || mine.except?.(end) || other?.except?.(end)) return;
  const headers = request!.headers;
  // `if-none` only counts when nobody asks for the header without it. configuration.txt 4.2, option forwardfor.
  if (mine.ifNone && (other?.ifNone ?? true) && headers.has(mine.name)) return;
  headers.add(mine.name, end.address);
}
