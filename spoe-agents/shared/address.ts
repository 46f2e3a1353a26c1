import { UsageError } from './command.ts';

/** `port`, `host:port`, `[ipv6]:port`, `:port`, or the path of a UNIX socket: what has a `/`, or begins with `unix:`. */
export type Place = { readonly port: number; readonly host?: string } | { readonly path: string };

export function readAddress(written: string, what: string): Place {
  if (written.startsWith('unix:')) return { path: written.slice(5) };
  if (written.includes('/')) return { path: written };
  const [, host, digits] = /^(?:(\[[^\]]+\]|[^:]*):)?(\d{1,5})$/.exec(written) ?? [];
  const port = Number(digits ?? -1);
  if (port < 0 || port > 65_535)
    throw new UsageError(`${what} expects [host:]port or the path of a UNIX socket, not '${written}'`);
  const name = host?.replace(/^\[|\]$/g, '');
  return name === undefined || name === '' || name === '*' ? { port } : { port, host: name };
}

export function writeAddress(place: Place): string {
  if ('path' in place) return place.path;
  const { host = '*', port } = place;
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
