import type { SourceAddress, Transaction } from '../api/index.ts';
import type { ConnectTarget } from '../net/fast-socket.ts';
import type { UpstreamServer } from './server.ts';
import { type ConnectionUser, ServerConnection } from './server-connection.ts';

/** Opens a connection to a server, from the source address the configuration names. */
export function connectTo(server: UpstreamServer, transaction: Transaction, user: ConnectionUser): ServerConnection {
  let { target } = server;
  if (server.portOffset !== undefined && 'host' in target) {
    target = { ...target, port: transaction.connection.destination.port + server.portOffset };
  }
  const source = server.config.source ?? server.backend.settings.source;
  if (source !== undefined && 'host' in target) target = from(target, source);
  return new ServerConnection(server, target, user);
}

let nextPort = 0;

function from(target: ConnectTarget, source: SourceAddress): ConnectTarget {
  const [low, high] = source.ports;
  const localPort = low === 0 ? undefined : low + (nextPort++ % (high - low + 1));
  return { ...target, localAddress: source.address, ...(localPort === undefined ? {} : { localPort }) } as ConnectTarget;
}
