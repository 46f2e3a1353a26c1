/** A TCP socket bound by native calls, for what has to be set before it is bound: its interface, foreign addresses. */

import { loadLibc, type Libc } from './libc.ts';
import { bindError, describeTarget, type ListenTarget } from './listen-target.ts';
import { inetSockaddr } from './sockaddr.ts';
import { setSocketOption, setSocketTextOption } from './socket-options.ts';

type InetTarget = ListenTarget & { readonly kind: 'inet' };

/** Whether a target needs such a socket. */
export function needsNative(target: InetTarget): boolean {
  return target.device !== undefined || target.transparent === true;
}

/**
 * Binds; the caller listens on the descriptor that is answered, or undefined where there are no native calls. What could not
 * be set is told through `warn`, as HAProxy does. Throws ListenError.
 */
export function bindNative(target: InetTarget, v6only: boolean, warn: (problem: string) => void): number | undefined {
  const { libc, reason } = loadLibc();
  if (libc === undefined) {
    warn(`${needed(target)} cannot be set: ${reason}`);
    return undefined;
  }
  const family = target.host.includes(':') ? 6 : 4;
  const fd = libc.streamSocket(family);
  if (typeof fd === 'string') throw bindError(target, { code: fd });
  prepare(libc, fd, target, v6only, warn);
  const code = libc.bind(fd, inetSockaddr(libc.platform, target.host, target.port));
  if (code === undefined) return fd;
  libc.close(fd);
  throw bindError(target, { code });
}

function prepare(libc: Libc, fd: number, target: InetTarget, v6only: boolean, warn: (problem: string) => void): void {
  const ipv6 = target.host.includes(':');
  setSocketOption(libc, fd, 'reuseAddress', 1);
  if (ipv6) setSocketOption(libc, fd, 'v6only', v6only ? 1 : 0);
  if (target.device !== undefined) {
    const code = setSocketTextOption(libc, fd, 'device', target.device);
    if (code !== undefined) {
      warn(`cannot bind receiver to device '${target.device}' (${code}) for [${describeTarget(target)}]`);
    }
  }
  if (target.transparent === true) {
    const code = setSocketOption(libc, fd, ipv6 ? 'transparent6' : 'transparent', 1);
    if (code !== undefined) {
      warn(`cannot make listening socket transparent (${code}) for [${describeTarget(target)}]`);
    }
  }
}

function needed({ device, transparent }: InetTarget): string {
  return [device === undefined ? '' : "'interface'", transparent === true ? "'transparent'" : '']
    .filter(Boolean)
    .join(', ');
}
