import { resetSocket } from '../net/fast-socket.ts';
import { loadLibc } from '../net/libc.ts';
import { setSocketOption } from '../net/socket-options.ts';
import type { ClientSession } from './client-session.ts';

/**
 * Closes a client's connection so that the client does not notice (configuration.txt 4.3, silent-drop): in repair mode the
 * system forgets a connection without a packet, which needs CAP_NET_ADMIN. Otherwise a reset that does not get beyond
 * the first router (or `rst-ttl` of them), and where there are no native calls, a plain reset.
 */
export function dropSilently({ socket, descriptor, resetTtl }: ClientSession): void {
  const { libc } = loadLibc();
  if (libc !== undefined && descriptor !== undefined) {
    if (resetTtl === undefined && setSocketOption(libc, descriptor, 'repair', 1) === undefined) {
      socket.destroy();
      return;
    }
    setSocketOption(libc, descriptor, 'timeToLive', resetTtl ?? 1);
    setSocketOption(libc, descriptor, 'hopLimit', resetTtl ?? 1);
  }
  resetSocket(socket);
}
