import type { Endpoint, PacketMarks, SourceAddress as SourceSetting, Transaction } from '../api/index.ts';
import type { ConnectTarget } from '../net/fast-socket.ts';
import { enableKeepAlive } from '../net/keepalive.ts';
import { loadLibc } from '../net/libc.ts';
import { markPackets } from '../net/packet-marks.ts';
import { SourceAddress } from '../net/source-address.ts';
import { dialed } from './dial.ts';
import type { UpstreamServer } from './server.ts';
import { type ConnectionUser, ServerConnection } from './server-connection.ts';

/** Opens a connection to a server, from the source address the configuration names. */
export function connectTo(server: UpstreamServer, transaction: Transaction, user: ConnectionUser): ServerConnection {
  const { destination } = transaction.connection;
  const follows = followsClient(server);
  let target = follows ? targetFrom(server, destination) : server.target;
  const marks = 'port' in target ? transaction.serverMarks : undefined;
  target = dialed(server, target, 'traffic');
  const makeSocket = marks === undefined ? server.makeSocket : () => markedSocket(server, marks);
  if (makeSocket !== null) target = { ...target, makeSocket };
  const connection = new ServerConnection(server, target, user, sourceOf(server, target));
  connection.marks = marks;
  if (follows) connection.destination = destination;
  const { serverKeepAlive } = server.backend.settings;
  if (serverKeepAlive !== undefined) enableKeepAlive(connection.socket, serverKeepAlive, loadLibc);
  return connection;
}

/**
 * Its address or its port is where the client connected to, or what `set-dst` and `set-dst-port` made of that: `server s 0.0.0.0`,
 * `server s 10.0.0.1:+100`. configuration.txt 4.2, `server`.
 */
export function followsClient({ portOffset, address }: UpstreamServer): boolean {
  return portOffset !== undefined || address.address === '0.0.0.0' || address.address === '::';
}

function targetFrom({ target, portOffset }: UpstreamServer, destination: Endpoint): ConnectTarget {
  if (!('port' in target)) return target;
  const port = portOffset === undefined ? target.port : destination.port + portOffset;
  const anywhere = target.host === '0.0.0.0' || target.host === '::';
  if (!anywhere || destination.family === 'unix') return { ...target, port };
  return { ...target, host: destination.address, family: destination.family, port };
}

/** A socket whose first packet bears the marks already; undefined leaves making one to Node. */
function markedSocket(server: UpstreamServer, marks: PacketMarks): number | undefined {
  const family = server.address.family as 4 | 6;
  const { generation } = server.backend.runtime;
  const { libc, reason } = loadLibc();
  const fd = server.makeSocket?.() ?? libc?.streamSocket(family);
  if (typeof fd === 'number') markPackets(fd, family, marks, (problem) => generation.warnOnce(problem));
  else if (reason !== undefined) generation.warnOnce(`cannot mark packets to servers (${reason})`);
  return typeof fd === 'number' ? fd : undefined;
}

/** The local address of connections to the server, where the configuration names one. */
export function sourceOf(server: UpstreamServer, target: ConnectTarget): SourceAddress | undefined {
  const setting = server.config.source ?? server.backend.settings.source;
  return setting === undefined || !('port' in target) ? undefined : addressOf(setting);
}

const sources = new WeakMap<SourceSetting, SourceAddress>();

/** Its ports are handed out in turn, so one object stands for one `source` line. */
function addressOf(setting: SourceSetting): SourceAddress {
  let source = sources.get(setting);
  if (source === undefined) {
    const [low, high] = setting.ports;
    source = low === 0 ? new SourceAddress(setting.address) : new SourceAddress(setting.address, low, high);
    sources.set(setting, source);
  }
  return source;
}
