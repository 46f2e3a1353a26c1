import { lookup } from 'node:dns/promises';
import net from 'node:net';
import type { Endpoint } from 'sluice/plugin';

/** A numeric address with or without a port (0: none), or a UNIX path; undefined for anything else. */
export function endpointOf(text: string): Endpoint | undefined {
  const plain = text.replace(/^(?:ipv[46]@|tcp[46]?@|unix@)/, '');
  if (plain.startsWith('/')) return { family: 'unix', address: plain, port: 0 };
  const bracketed = /^\[([^\]]+)\](?::(\d+))?$/.exec(plain);
  const host = bracketed?.[1] ?? (net.isIPv6(plain) ? plain : plain.replace(/:\d+$/, ''));
  const port = Number(bracketed?.[2] ?? (net.isIPv6(plain) ? 0 : (/:(\d+)$/.exec(plain)?.[1] ?? 0)));
  const family = net.isIP(host);
  if ((family !== 4 && family !== 6) || port > 65_535) return undefined;
  return { family, address: host, port };
}

/** The same for a name, resolved as the system does. */
export async function resolveEndpoint(text: string): Promise<Endpoint | undefined> {
  const known = endpointOf(text);
  if (known !== undefined) return known;
  try {
    const { address, family } = await lookup(text);
    return { family: family === 6 ? 6 : 4, address, port: 0 };
  } catch {
    return undefined;
  }
}
