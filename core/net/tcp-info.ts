import type { TcpInfo } from '../api/index.ts';
import { descriptorOf, type PlainSocket } from './fast-socket.ts';
import { loadLibc } from './libc.ts';

/** Linux's IPPROTO_TCP, TCP_INFO and the part of `struct tcp_info` read here; tcp(7). */
const LEVEL = 6;
const OPTION = 11;
const bytes = new Uint8Array(104);
const view = new DataView(bytes.buffer);

/** Why TCP_INFO cannot be read on this machine; undefined when it can. */
export function tcpInfoProblem(): string | undefined {
  const { libc, reason } = loadLibc();
  if (libc === undefined) return reason;
  return libc.platform.name === 'linux'
    ? undefined
    : `the system '${libc.platform.name}' has no TCP_INFO as Linux has it`;
}

/** What the kernel measured on a connection; undefined where it is closed, not TCP, or the system cannot say. */
export function readTcpInfo(socket: PlainSocket): TcpInfo | undefined {
  const fd = descriptorOf(socket);
  const { libc } = loadLibc();
  if (fd === undefined || libc?.platform.name !== 'linux') return undefined;
  if (libc.getsockopt(fd, LEVEL, OPTION, bytes) !== undefined) return undefined;
  const field = (offset: number): number => view.getUint32(offset, true);
  return {
    unacknowledged: field(24),
    sacked: field(28),
    lost: field(32),
    retransmitted: field(36),
    fackets: field(40),
    roundTrip: field(68),
    roundTripVariance: field(72),
    reordering: field(88),
  };
}
