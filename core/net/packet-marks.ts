import type { PacketMarks } from '../api/index.ts';
import { loadLibc } from './libc.ts';
import { setSocketOption, type SocketOption } from './socket-options.ts';

/**
 * Sets a netfilter mark (needs CAP_NET_ADMIN) and the type of service on a connection's packets; configuration.txt 4.4,
 * `set-fc-mark` and `set-fc-tos`. What the system refuses is told.
 */
export function markPackets(
  fd: number,
  family: 4 | 6,
  { mark, typeOfService }: PacketMarks,
  tell: (problem: string) => void,
): void {
  const { libc, reason } = loadLibc();
  const set = (option: SocketOption, value: number | undefined, what: string): void => {
    if (value === undefined) return;
    const code = libc === undefined ? reason : setSocketOption(libc, fd, option, value);
    if (code !== undefined) tell(`cannot set the ${what} of packets (${code})`);
  };
  set('mark', mark, 'mark');
  set(family === 4 ? 'typeOfService' : 'trafficClass', typeOfService, 'type of service');
}

/** Whether a connection's packets bear what this request wants. */
export function sameMarks(a: PacketMarks | undefined, b: PacketMarks | undefined): boolean {
  return a === b || (a?.mark === b?.mark && a?.typeOfService === b?.typeOfService);
}
