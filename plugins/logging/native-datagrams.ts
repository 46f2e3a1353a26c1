import { isIPv4 } from 'node:net';

/** Datagram sockets through the C library: Node has none for Unix sockets, and its UDP queues what cannot be sent. */
export interface NativeDatagrams {
  /** A socket that sends to that address. Throws when the system has none to give. */
  open(address: Uint8Array): NativeSocket;
  /** Sends what a connected socket takes at once: how many bytes, or -1. */
  sendSome(fd: number, bytes: Uint8Array): number;
}
export interface NativeSocket {
  /** Whether the system took it. */
  send(bytes: Uint8Array): boolean;
  close(): void;
}

const AF_UNIX = 1;
const AF_INET = 2;
const AF_INET6 = 10;
const SOCK_DGRAM = 2;
const SOCK_CLOEXEC = 0o2000000;
const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;

let loading: Promise<NativeDatagrams | undefined> | undefined;

/** Undefined without koffi, or on a system other than Linux, whose constants these are. */
export function nativeDatagrams(): Promise<NativeDatagrams | undefined> {
  loading ??= load();
  return loading;
}

async function load(): Promise<NativeDatagrams | undefined> {
  if (process.platform !== 'linux') return undefined;
  try {
    const { default: koffi } = await import('koffi');
    const libc = koffi.load(null);
    const socket = libc.func('int socket(int, int, int)') as (...args: number[]) => number;
    const close = libc.func('int close(int)') as (fd: number) => number;
    const sendto = libc.func('long sendto(int, const void *, size_t, int, const void *, uint32_t)') as (
      fd: number,
      bytes: Uint8Array,
      length: number,
      flags: number,
      address: Uint8Array | null,
      size: number,
    ) => number;
    return {
      sendSome: (fd, bytes) => sendto(fd, bytes, bytes.length, MSG_DONTWAIT | MSG_NOSIGNAL, null, 0),
      open: (address) => {
        const fd = socket(address[0]!, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        if (fd < 0) throw new Error('cannot make a datagram socket');
        return {
          send: (bytes) => sendto(fd, bytes, bytes.length, MSG_DONTWAIT | MSG_NOSIGNAL, address, address.length) >= 0,
          close: () => void close(fd),
        };
      },
    };
  } catch {
    // An optional dependency: not installed, or not for this processor.
    return undefined;
  }
}

/** `struct sockaddr_in` or `sockaddr_in6` as Linux has them; the family's high byte is 0 in either byte order we run on. */
export function inetAddress(address: string, family: 4 | 6, port: number): Uint8Array {
  if (family === 4) {
    const bytes = Buffer.alloc(16);
    bytes[0] = AF_INET;
    bytes.writeUInt16BE(port, 2);
    bytes.set(address.split('.').map(Number), 4);
    return bytes;
  }
  const bytes = Buffer.alloc(28);
  bytes[0] = AF_INET6;
  bytes.writeUInt16BE(port, 2);
  bytes.set(ipv6Bytes(address), 8);
  return bytes;
}

/** `struct sockaddr_un`; a name in the abstract namespace begins with NUL and is as long as it is. */
export function unixAddress(path: string): Uint8Array {
  const name = Buffer.from(path, 'latin1');
  if (name.length > 107) throw new Error(`the socket path '${path}' is longer than 107 bytes`);
  return Buffer.concat([Buffer.from([AF_UNIX, 0]), name, Buffer.alloc(path.startsWith('\0') ? 0 : 1)]);
}

function ipv6Bytes(text: string): Buffer {
  const bytes = Buffer.alloc(16);
  const [head = '', tail] = text.split('%', 1)[0]!.split('::', 2);
  const first = groups(head);
  const last = tail === undefined ? [] : groups(tail);
  first.forEach((value, index) => bytes.writeUInt16BE(value, index * 2));
  last.forEach((value, index) => bytes.writeUInt16BE(value, 16 - (last.length - index) * 2));
  return bytes;
}

function groups(part: string): number[] {
  if (part === '') return [];
  return part.split(':').flatMap((group) => (isIPv4(group) ? dotted(group) : [Number.parseInt(group, 16)]));
}

function dotted(text: string): number[] {
  const [a = 0, b = 0, c = 0, d = 0] = text.split('.').map(Number);
  return [a * 256 + b, c * 256 + d];
}
