/**
 * TCP keep-alive as `option tcpka`, `clitcpka` and `srvtcpka` have it, with their `-idle`, `-intvl` and `-cnt`. What is
 * not said stays with the system (tcp_keepalive_time and so on).
 */

import type { PlainSocket } from './fast-socket.ts';
import { setSocketOption } from './socket-options.ts';
import type { LibcState } from './libc.ts';

export interface KeepAlive {
  /** Seconds of silence before the first probe. */
  readonly idle?: number | undefined;
  /** Seconds between probes. */
  readonly interval?: number | undefined;
  readonly count?: number | undefined;
}

/**
 * Why these settings cannot be had in full, or undefined when they can. Node can turn keep-alive on and set the idle
 * time, but sets interval and count to 1 and 10 with it; so all three are set natively, and only "on" without koffi.
 */
export function keepAliveProblem(settings: KeepAlive, native: () => LibcState): string | undefined {
  if (settings.idle === undefined && settings.interval === undefined && settings.count === undefined) return undefined;
  return native().reason;
}

/** Turns keep-alive on for a connected socket; UNIX sockets are left alone. `native` is only called when needed. */
export function enableKeepAlive(socket: PlainSocket, settings: KeepAlive, native: () => LibcState): void {
  // With 0, Node leaves the three times as they are.
  socket.setKeepAlive(true, 0);
  const { idle, interval, count } = settings;
  if (idle === undefined && interval === undefined && count === undefined) return;
  const { libc } = native();
  if (libc === undefined) return;
  if (idle !== undefined) setSocketOption(libc, socket, 'keepIdle', idle);
  if (interval !== undefined) setSocketOption(libc, socket, 'keepInterval', interval);
  if (count !== undefined) setSocketOption(libc, socket, 'keepCount', count);
}
