import { lookup } from 'node:dns/promises';

/** The first address of a host name, of the wanted family (0: either); undefined when there is none. */
export async function resolveHost(host: string, family: 0 | 4 | 6): Promise<string | undefined> {
  try {
    return (await lookup(host, { family })).address;
  } catch {
    return undefined;
  }
}
