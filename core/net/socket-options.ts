/** Socket options that Node cannot set, by the names that the configuration's words need. */

import { descriptorOf } from './fast-socket.ts';
import type { ErrorCode, Libc } from './libc.ts';
import type net from 'node:net';
import type { PlainSocket } from './fast-socket.ts';

type Place = readonly [level: number, option: number];

export type SocketOption =
  | 'keepIdle'
  | 'keepInterval'
  | 'keepCount'
  | 'keepAlive'
  | 'noDelay'
  | 'maxSegment'
  | 'userTimeout'
  | 'deferAccept'
  | 'fastOpen'
  | 'fastOpenConnect'
  | 'reuseAddress'
  | 'v6only'
  | 'quickAck'
  | 'mark'
  | 'receiveBuffer'
  | 'sendBuffer'
  | 'typeOfService'
  | 'trafficClass'
  | 'transparent'
  | 'transparent6';

export type TextSocketOption = 'congestion' | 'device';

// [Linux, macOS]; undefined where the platform has no such option.
const OPTIONS: Readonly<Record<SocketOption, readonly [Place, Place | undefined]>> = {
  /** Seconds idle before the first probe (`clitcpka-idle`). */
  keepIdle: [
    [6, 4],
    [6, 0x10],
  ],
  /** Seconds between probes. */
  keepInterval: [
    [6, 5],
    [6, 0x101],
  ],
  /** Probes before the connection is given up. */
  keepCount: [
    [6, 6],
    [6, 0x102],
  ],
  keepAlive: [
    [1, 9],
    [0xffff, 8],
  ],
  noDelay: [
    [6, 1],
    [6, 1],
  ],
  /** `mss` on a bind line. */
  maxSegment: [
    [6, 2],
    [6, 2],
  ],
  /** Milliseconds that sent data may stay unacknowledged (`tcp-ut`). */
  userTimeout: [[6, 18], undefined],
  /** Seconds to wait for data before a connection is accepted (`defer-accept`). */
  deferAccept: [[6, 9], undefined],
  /** Length of the queue of connections opened with data (`tfo`). */
  fastOpen: [
    [6, 23],
    [6, 0x105],
  ],
  /** A connection begins with its first bytes. */
  fastOpenConnect: [[6, 30], undefined],
  reuseAddress: [
    [1, 2],
    [0xffff, 4],
  ],
  v6only: [
    [41, 26],
    [41, 27],
  ],
  quickAck: [[6, 12], undefined],
  /** Packet mark for netfilter (`set-mark`); needs CAP_NET_ADMIN. */
  mark: [[1, 36], undefined],
  receiveBuffer: [
    [1, 8],
    [0xffff, 0x1002],
  ],
  sendBuffer: [
    [1, 7],
    [0xffff, 0x1001],
  ],
  /** The byte of IPv4's type of service (`set-tos`), and of IPv6's traffic class. */
  typeOfService: [
    [0, 1],
    [0, 3],
  ],
  trafficClass: [
    [41, 67],
    [41, 36],
  ],
  /** Accepts addresses that are not the machine's (`transparent`); needs CAP_NET_ADMIN, before binding. */
  transparent: [[0, 19], undefined],
  transparent6: [[41, 75], undefined],
};

const TEXT_OPTIONS: Readonly<Record<TextSocketOption, Place>> = {
  /** The congestion control algorithm (`cc`). */
  congestion: [6, 13],
  /** The interface that packets must come through (`interface`); needs CAP_NET_RAW. */
  device: [1, 25],
};

type Owner = PlainSocket | net.Server | number;

function descriptor(owner: Owner): number {
  return typeof owner === 'number' ? owner : (descriptorOf(owner) ?? -1);
}

/** Sets an option on a socket, server or descriptor. Answers `ENOPROTOOPT` where the platform lacks it. */
export function setSocketOption(libc: Libc, owner: Owner, option: SocketOption, value: number): ErrorCode {
  const place = OPTIONS[option][libc.platform.name === 'linux' ? 0 : 1];
  if (place === undefined) return 'ENOPROTOOPT';
  return libc.setsockopt(descriptor(owner), place[0], place[1], bytesOf(value));
}

/** Reads an option's value; undefined when it cannot be read. The system doubles buffer sizes. */
export function getSocketOption(libc: Libc, owner: Owner, option: SocketOption): number | undefined {
  const place = OPTIONS[option][libc.platform.name === 'linux' ? 0 : 1];
  if (place === undefined) return undefined;
  const value = new Int32Array(1);
  const code = libc.getsockopt(descriptor(owner), place[0], place[1], new Uint8Array(value.buffer));
  return code === undefined ? value[0] : undefined;
}

/** Sets an option whose value is a name; Linux only. */
export function setSocketTextOption(libc: Libc, owner: Owner, option: TextSocketOption, value: string): ErrorCode {
  if (libc.platform.name !== 'linux') return 'ENOPROTOOPT';
  const [level, number] = TEXT_OPTIONS[option];
  return libc.setsockopt(descriptor(owner), level, number, Buffer.from(value, 'latin1'));
}

/** SO_LINGER with zero: closing sends RST, also when Node's own reset is refused because an end is pending. */
export function lingerZero(libc: Libc, owner: Owner): ErrorCode {
  const [level, option]: Place = libc.platform.name === 'linux' ? [1, 13] : [0xffff, 0x80];
  return libc.setsockopt(descriptor(owner), level, option, new Uint8Array(Int32Array.of(1, 0).buffer));
}

function bytesOf(value: number): Uint8Array {
  return new Uint8Array(Int32Array.of(value).buffer);
}
