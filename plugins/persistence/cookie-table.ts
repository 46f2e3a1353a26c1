import { type Backend, parseAddress, type Server, xxh64 } from 'sluice/plugin';
import { type CookieSettings, type CookieTable, type Persistence, SERVER_COOKIE } from './settings.ts';

/** Who has which value of the cookie; made when it is first asked for. */
export function tableOf(backend: Backend, settings: Persistence, cookie: CookieSettings): CookieTable {
  return (settings.table ??= makeTable(backend, settings, cookie));
}

function makeTable(backend: Backend, settings: Persistence, cookie: CookieSettings): CookieTable {
  const servers = new Map<string, Server[]>();
  const values = new Map<Server, string>();
  const add = (server: Server): void => {
    const own = server.extension(SERVER_COOKIE)?.value;
    const value = own ?? (cookie.dynamic ? dynamicValue(server, settings.dynamicKey) : undefined);
    if (value === undefined) return;
    values.set(server, value);
    const sharing = servers.get(value);
    if (sharing) sharing.push(server);
    else servers.set(value, [server]);
  };
  for (const server of backend.servers) add(server);
  backend.onServers((server, change) => {
    if (change === 'added') add(server);
    else forget(server, servers, values);
  });
  return { servers, values };
}

function forget(server: Server, servers: Map<string, Server[]>, values: Map<Server, string>): void {
  const value = values.get(server);
  if (value === undefined) return;
  values.delete(server);
  const others = servers.get(value)!.filter((one) => one !== server);
  if (others.length > 0) servers.set(value, others);
  else servers.delete(value);
}

/**
 * XXH64 over the key, the address and the port in four bytes (found by trying), as 16 digits: the same on every proxy of a fleet. Only for
 * IP addresses, and with a key.
 */
export function dynamicValue({ address }: Server, key: string | undefined): string | undefined {
  const ip = address.family === 'unix' ? undefined : parseAddress(address.address);
  if (ip === undefined || key === undefined) return undefined;
  const port = Buffer.alloc(4);
  port.writeUInt32BE(address.port);
  const hash = xxh64(Buffer.concat([Buffer.from(key, 'latin1'), ip.bytes, port]), 0n);
  return hash.toString(16).padStart(16, '0');
}
