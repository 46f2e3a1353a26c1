import type { BalanceFactory, ServerConfig } from '../api/index.ts';
import { LineError } from '../kernel/listen.ts';
import { type Address, AddressError, parseAddress } from '../net/address.ts';
import type { ConnectTarget } from '../net/fast-socket.ts';
import { abstractName, nativePath } from '../net/listen-target.ts';
import type { UpstreamBackend } from './backend.ts';
import { resolveHost } from './resolve.ts';
import { UpstreamServer } from './server.ts';

/** Makes the servers of a backend; host names are resolved once, as `init-addr libc` does. Throws LineError. */
export async function buildServers(
  backend: UpstreamBackend,
  configs: readonly ServerConfig[],
  algorithm: BalanceFactory | undefined,
): Promise<void> {
  const taken = new Set(configs.map((config) => config.id).filter((id) => id !== undefined));
  let next = 1;
  for (const config of configs) {
    // The count goes on at a server that has a number of its own, too, as HAProxy's does.
    if (config.id === undefined) while (taken.has(next)) next++;
    const id = config.id ?? next;
    next++;
    backend.servers.push(await buildServer(backend, config, id));
  }
  backend.ready(algorithm);
}

async function buildServer(backend: UpstreamBackend, config: ServerConfig, id: number): Promise<UpstreamServer> {
  const address = parseServer(config);
  if (address.kind !== 'inet' || !address.named) return makeServer(backend, config, id, address);
  const { dial } = backend.runtime.generation.surroundings;
  const host = dial === undefined ? await resolveHost(address.host, address.family) : placeholder(id, address.family);
  if (host === undefined) {
    throw new LineError(config, `'server ${config.name}' : could not resolve address '${address.host}'.`);
  }
  return makeServer(backend, config, id, address, host);
}

/** `resolved` is the address of a host name. Throws LineError. */
export function makeServer(
  backend: UpstreamBackend,
  config: ServerConfig,
  id: number,
  address: Address,
  resolved?: string,
): UpstreamServer {
  switch (address.kind) {
    case 'unix': {
      const endpoint = { family: 'unix', address: address.path, port: 0 } as const;
      return new UpstreamServer(backend, config, id, endpoint, { path: nativePath(address.path) });
    }
    case 'abns': {
      const endpoint = { family: 'unix', address: `abns@${address.name}`, port: 0 } as const;
      const path = abstractName(address.name, address.zeroTerminated);
      return new UpstreamServer(backend, config, id, endpoint, { path });
    }
    case 'inet': {
      const host = resolved ?? address.host;
      const { ports } = address;
      const port = ports.kind === 'port' ? ports.port : 0;
      const offset = ports.kind === 'offset' ? ports.offset : ports.kind === 'none' ? 0 : undefined;
      const family = host.includes(':') ? 6 : 4;
      const target: ConnectTarget = { host, port, family };
      const name = address.named ? address.host : undefined;
      return new UpstreamServer(backend, config, id, { family, address: host, port }, target, offset, name);
    }
    default:
      throw new LineError(config, `'server ${config.name}' : a server cannot be a file descriptor.`);
  }
}

/** The address of a server whose name is not looked up, of the ranges for documentation (RFC 5737, RFC 3849). */
function placeholder(id: number, family: 0 | 4 | 6): string {
  return family === 6 ? `2001:db8::${id.toString(16)}` : `192.0.2.${id % 256}`;
}

/** The address of a `server` line. Throws LineError. */
export function parseServer(config: ServerConfig): Address {
  try {
    // Port 0 is no port: it is the client's destination port.
    const address = parseAddress(config.address.replace(/^([^:]*|\[.*\]):0$/, '$1'), {
      transport: 'stream',
      port: 'optional',
      portOffset: true,
      environment: process.env,
    });
    if (address.unsupported === undefined) return address;
    throw new LineError(config, `'server ${config.name}' : ${address.unsupported}.`);
  } catch (error) {
    if (error instanceof AddressError) throw new LineError(config, `'server ${config.name}' : ${error.message}`);
    throw error;
  }
}
