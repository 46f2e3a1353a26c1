import { type ConnectTarget } from '../net/fast-socket.ts';
import type { UpstreamServer } from './server.ts';

/** Where connections to a server really go, when whoever runs the proxy sends them elsewhere. Asked for each new connection. */
export function dialed(server: UpstreamServer, target: ConnectTarget, purpose: 'traffic' | 'check'): ConnectTarget {
  const { dial } = server.backend.runtime.generation.surroundings;
  if (dial === undefined) return target;
  const [host, port] = 'port' in target ? [target.host ?? '', target.port] : [target.path, 0];
  const named = server.hostName !== undefined && purpose === 'traffic' ? server.hostName : host;
  const elsewhere = dial({ backend: server.backend.name, server: server.name, purpose, host: named, port });
  if (elsewhere === undefined) return target;
  if ('stream' in elsewhere) return { path: '', stream: elsewhere.stream };
  if ('path' in elsewhere) return { path: elsewhere.path };
  return { host: elsewhere.host, port: elsewhere.port, family: elsewhere.host.includes(':') ? 6 : 4 };
}
