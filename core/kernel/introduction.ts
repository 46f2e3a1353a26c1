import { resetSocket, type SocketReader } from '../net/fast-socket.ts';
import { parseNetscalerCip } from '../net/netscaler-cip.ts';
import { flattenTlvs, parseProxyHeader, type ProxyEnds } from '../net/proxy-protocol.ts';
import type { ConnectionError } from '../api/index.ts';
import type { ClientSession } from './client-session.ts';
import { NETSCALER_ERRORS, PROXY_ERRORS, type IntroductionFault } from './connection-errors.ts';
import { sharedBuffer } from './buffers.ts';
import { schedule } from './timers.ts';

/** Which header has to come first. */
export interface Introduction {
  readonly acceptProxy: boolean;
  readonly acceptNetscalerCip: number | undefined;
}

/** Who waits for it to be read. */
export interface IntroductionDoor {
  admit(session: ClientSession): void;
  /** It was not read: the connection is about to be closed. */
  fail(session: ClientSession, error: ConnectionError): void;
}

/**
 * Reads the header that says who the client is (`accept-proxy`, `accept-netscaler-cip`) before the session gets to see a byte.
 * It must come whole within the client's time, or the connection is closed (configuration.txt 5.1).
 */
export class IntroductionReader implements SocketReader {
  readonly #session: ClientSession;
  readonly #door: IntroductionDoor;
  #wanted: Introduction = { acceptProxy: true, acceptNetscalerCip: undefined };
  #bytes: Buffer = Buffer.alloc(0);

  constructor(session: ClientSession, door: IntroductionDoor) {
    this.#session = session;
    this.#door = door;
  }

  begin(wanted: Introduction): void {
    this.#wanted = wanted;
    this.#session.introduction = this;
    const { frontend, clock } = this.#session;
    schedule(this.#session, frontend.settings.timeouts['client-hs'] ?? frontend.clientTimeout, clock.now());
    this.#session.resume();
  }

  buffer(): Buffer {
    return sharedBuffer;
  }

  onData(n: number, buffer: Buffer): void {
    this.#bytes = Buffer.concat([this.#bytes, buffer.subarray(0, n)]);
    const { acceptProxy, acceptNetscalerCip } = this.#wanted;
    if (acceptProxy) {
      const result = parseProxyHeader(this.#bytes);
      if (result.state === 'done') {
        this.#session.receivedProxyHeader = true;
        this.#session.proxyHeaderValues = flattenTlvs(result.header.tlvs);
        this.#admit(result.header.ends, result.length);
      } else if (result.state === 'bad') this.#refuse(result.fault);
      return;
    }
    const result = parseNetscalerCip(this.#bytes, acceptNetscalerCip ?? 0);
    if (result.state === 'done') this.#admit(result.header, result.length);
    else if (result.state === 'bad') this.#refuse(result.fault);
  }

  /** HAProxy leaves what it refuses in the system's buffer, which answers the close with a reset. */
  #refuse(fault: IntroductionFault): void {
    this.#fail(fault);
    resetSocket(this.#session.socket);
    this.#session.destroy();
  }

  #fail(fault: IntroductionFault): void {
    if (this.#session.closed) return;
    const errors = this.#wanted.acceptProxy ? PROXY_ERRORS : NETSCALER_ERRORS;
    this.#door.fail(this.#session, errors[this.#bytes.length > 0 && isSilence(fault) ? 'truncated' : fault]);
  }

  /** Its time is over. */
  expire(): void {
    this.#fail('timeout');
    this.#session.destroy();
  }

  #admit(ends: ProxyEnds | undefined, length: number): void {
    const session = this.#session;
    if (ends?.family === 'unix') {
      session.source = { family: 'unix', address: ends.source, port: 0 };
      session.destination = { family: 'unix', address: ends.destination, port: 0 };
    } else if (ends !== undefined) {
      const family = ends.source.includes(':') ? 6 : 4;
      session.source = { family, address: ends.source, port: ends.sourcePort };
      session.destination = { family, address: ends.destination, port: ends.destinationPort };
    }
    session.introduction = null;
    session.handshakeEnd = session.clock.now();
    session.pause();
    session.socket.reader = session;
    const rest = this.#bytes.subarray(length);
    // Rules may be at work before the session sees it.
    if (rest.length > 0) session.early = rest;
    this.#door.admit(session);
  }

  onEnd(): void {
    this.#fail('empty');
    this.#session.destroy();
  }

  onError(): void {
    this.#fail('abort');
    this.#session.destroy();
  }

  onClose(): void {
    this.#session.onClose();
  }

  onDrain(): void {
    // Nothing has been written yet.
  }
}

/** Nothing more came; what had come before decides what to call it. */
function isSilence(fault: IntroductionFault): boolean {
  return fault === 'empty' || fault === 'abort' || fault === 'timeout';
}
