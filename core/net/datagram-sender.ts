/**
 * Sends datagrams without waiting, to a UNIX socket (/dev/log, NOTIFY_SOCKET) or an IP address: one system call per
 * message, no event-loop turn, and what finds no room is lost, as syslog has it.
 */

import { inetSockaddr, unixSockaddr } from './sockaddr.ts';
import type { ErrorCode, Libc } from './libc.ts';

/** Where to send to: a path (byte string, `@name` for an abstract one) or a numeric address with a port. */
export type DatagramTarget = { readonly path: string } | { readonly host: string; readonly port: number };

export class DatagramSender {
  readonly #libc: Libc;
  readonly #family: 'unix' | 4 | 6;
  readonly #address: Uint8Array;
  #fd = -1;
  /** Messages that could not be sent. */
  lost = 0;

  /** Opens nothing yet. Throws TypeError when the target is no address. */
  constructor(libc: Libc, target: DatagramTarget) {
    this.#libc = libc;
    if ('path' in target) {
      this.#family = 'unix';
      this.#address = unixSockaddr(libc.platform, target.path);
    } else {
      this.#family = target.host.includes(':') ? 6 : 4;
      this.#address = inetSockaddr(libc.platform, target.host, target.port);
    }
  }

  /**
   * Sends the first `length` bytes. A receiver that went away and came back (a restarted syslogd leaves the old socket
   * dead) is reconnected to once. Answers the error's code when the message is lost.
   */
  send(data: Uint8Array, length: number = data.length): ErrorCode {
    let code = this.#open() ?? this.#libc.send(this.#fd, data, length);
    if (code === 'ECONNREFUSED' || code === 'ENOTCONN' || code === 'ECONNRESET') {
      // On UDP, ECONNREFUSED tells of the datagram before this one, so the second try is right there too.
      if (this.#family === 'unix') this.close();
      code = this.#open() ?? this.#libc.send(this.#fd, data, length);
    }
    if (code !== undefined) this.lost++;
    return code;
  }

  #open(): ErrorCode {
    if (this.#fd >= 0) return undefined;
    const fd = this.#libc.datagramSocket(this.#family);
    if (typeof fd === 'string') return fd;
    const code = this.#libc.connect(fd, this.#address);
    if (code === undefined) this.#fd = fd;
    else this.#libc.close(fd);
    return code;
  }

  /** Closes the descriptor; a later send opens another. */
  close(): void {
    if (this.#fd >= 0) this.#libc.close(this.#fd);
    this.#fd = -1;
  }
}
