import type { DirectiveKeyword, Proxy, Server, Transaction, Words } from 'sluice/plugin';
import { PERSISTENCE, persistenceOf } from './settings.ts';

/** The server at the address in a client's RDP cookie: `<IPv4 address>.<port>.0000`, both in decimal and little-endian. */
function chooseByRdpCookie(transaction: Transaction, proxy: Proxy): Server | undefined {
  const value = persistenceOf(proxy).rdp?.evaluate(transaction);
  if (value === undefined || transaction.assigned || transaction.persistence === 'ignored') return undefined;
  const match = /^(\d+)\.(\d+)\./.exec(value);
  if (match === null) return undefined;
  const ip = Number(match[1]);
  const address = `${ip & 255}.${(ip >>> 8) & 255}.${(ip >>> 16) & 255}.${ip >>> 24}`;
  const swapped = Number(match[2]);
  const port = ((swapped & 255) << 8) | (swapped >>> 8);
  const server = transaction.backend!.servers.find(
    (one) => one.address.port === port && one.address.address === address,
  );
  if (server === undefined || server.state.acceptsBound) return server;
  const forced = transaction.persistence === 'forced' || proxy.settings.options.get('persist') === true;
  return forced ? server : undefined;
}

export const persist: DirectiveKeyword = {
  usage: 'persist rdp-cookie[(<name>)]',
  summary: 'Keeps a client of a terminal server on the server that its RDP cookie names.',
  in: ['defaults', 'backend'],
  parse(words, scope) {
    if (words.remaining === 0) words.fail('missing persist method.');
    const method = words.next('rdp-cookie');
    if (!method.startsWith('rdp-cookie')) words.fail('unknown persist method.');
    const text = `%[req.rdp_cookie(${nameIn(method, words)})]`;
    words.end();
    scope.proxy.extension(PERSISTENCE).rdp = scope.format(text, words, ['be-tcp-content']);
    scope.proxy.chooseServer('cookie', chooseByRdpCookie);
  },
};

function nameIn(method: string, words: Words): string {
  if (method === 'rdp-cookie') return 'msts';
  const name = /^rdp-cookie\(([^)]+)\)$/.exec(method)?.[1];
  if (name === undefined) words.fail("persist rdp-cookie(name)' requires an rdp cookie name.");
  return name;
}
