/** The system's address structures (sockaddr_in, sockaddr_in6, sockaddr_un) as bytes, for native calls. */

import { parseIPv4, parseIPv6 } from './ip.ts';
import { SUN_PATH } from './listen-target.ts';
import type { Platform } from './libc.ts';

function withFamily(platform: Platform, family: 'unix' | 4 | 6, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  // The BSDs put the length into the first byte; Linux has 16 bits of family (all supported machines: little-endian).
  if (platform.name === 'darwin') {
    bytes[0] = length;
    bytes[1] = platform.families[family];
  } else {
    bytes.writeUInt16LE(platform.families[family]);
  }
  return bytes;
}

/** For a numeric address. Throws TypeError for a name. */
export function inetSockaddr(platform: Platform, host: string, port: number): Buffer {
  const four = parseIPv4(host);
  if (four >= 0) {
    const bytes = withFamily(platform, 4, 16);
    bytes.writeUInt16BE(port, 2);
    bytes.writeUInt32BE(four, 4);
    return bytes;
  }
  const six = parseIPv6(host);
  if (six === undefined) throw new TypeError(`not an IP address: ${host}`);
  const bytes = withFamily(platform, 6, 28);
  bytes.writeUInt16BE(port, 2);
  bytes.set(six, 8);
  return bytes;
}

/** For a path as a byte string; one that starts with `@` is an abstract name of its own length, as systemd writes it. */
export function unixSockaddr(platform: Platform, path: string): Buffer {
  if (path.length >= SUN_PATH) throw new TypeError(`socket path too long: ${path}`);
  const abstract = path.startsWith('@');
  const bytes = withFamily(platform, 'unix', 2 + path.length + (abstract ? 0 : 1));
  bytes.write(abstract ? `\0${path.slice(1)}` : path, 2, 'latin1');
  return bytes;
}
