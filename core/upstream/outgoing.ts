import type { Endpoint, OutgoingOptions, OutgoingReader, OutgoingSocket } from '../api/index.ts';
import { sharedBuffer } from '../kernel/buffers.ts';
import { connectSocket, type ConnectTarget, type ReadSocket, resetSocket } from '../net/fast-socket.ts';
import { abstractName, nativePath } from '../net/listen-target.ts';
import { writeProxyV1, writeProxyV2 } from '../net/proxy-protocol-writer.ts';
import type { SourceReader } from '../net/source-address.ts';
import { errorWords } from '../net/system-error.ts';
import { sourceOf } from './connect.ts';
import { dialed } from './dial.ts';
import type { UpstreamServer } from './server.ts';

/** What connects to an address. */
export function targetOf({ family, address, port }: Endpoint): ConnectTarget {
  if (family !== 'unix') return { host: address, port, family };
  return { path: address.startsWith('abns@') ? abstractName(address.slice(5), false) : nativePath(address) };
}

/** A connection that a plugin opened to a server, or to an address that stands for it. */
export class OutgoingConnection implements OutgoingSocket, SourceReader {
  connected = false;
  #reader: OutgoingReader | null;
  #socket!: ReadSocket;
  readonly #proxyHeader: 1 | 2 | undefined;
  readonly #target: ConnectTarget;

  constructor(server: UpstreamServer, reader: OutgoingReader, options: OutgoingOptions = {}) {
    this.#reader = reader;
    this.#proxyHeader = options.sendProxy;
    let target = options.address === undefined ? server.target : targetOf(options.address);
    if (options.port !== undefined && 'port' in target) target = { ...target, port: options.port };
    target = dialed(server, target, options.purpose ?? 'check');
    if (server.makeSocket !== null) target = { ...target, makeSocket: server.makeSocket };
    this.#target = target;
    const source = sourceOf(server, target);
    if (source === undefined) this.#socket = connectSocket(target, this);
    else if (!source.connect(target as { host: string; port: number }, this)) {
      queueMicrotask(() => this.#fail('EADDRNOTAVAIL'));
    }
  }

  onSocket(socket: ReadSocket): void {
    this.#socket = socket;
  }

  buffer(): Uint8Array {
    return sharedBuffer;
  }

  onConnect(): void {
    this.connected = true;
    if (this.#proxyHeader !== undefined) this.#socket.write(this.#header(this.#proxyHeader));
    this.#reader?.onConnect();
  }

  /** The connection speaks for itself, not for a client. */
  #header(version: 1 | 2): string | Uint8Array {
    if (version === 2) return writeProxyV2(undefined, { command: 'local' });
    const { localAddress, localPort, remoteAddress, remotePort } = this.#socket;
    // A light socket does not ask the system who its peer is: it is the one that was called.
    const called = 'port' in this.#target ? this.#target : { host: undefined, port: 0 };
    const destination = remoteAddress ?? called.host;
    if (localAddress === undefined || destination === undefined) return writeProxyV1(undefined);
    const family = localAddress.includes(':') ? 6 : 4;
    const ends = {
      source: localAddress,
      sourcePort: localPort!,
      destination,
      destinationPort: remotePort ?? called.port,
    };
    return writeProxyV1({ family, ...ends });
  }

  onData(n: number, buffer: Buffer): void {
    this.#reader?.onData(buffer.subarray(0, n));
  }

  onEnd(): void {
    this.#reader?.onEnd();
  }

  onError(error: NodeJS.ErrnoException): void {
    this.#fail(error.code ?? 'EIO');
  }

  onClose(): void {
    this.#fail('ECONNRESET');
  }

  onDrain(): void {
    this.#reader?.onDrain?.();
  }

  onFault(error: unknown): void {
    this.destroy();
    throw error;
  }

  #fail(code: string): void {
    const reader = this.#reader;
    this.#reader = null;
    this.connected = false;
    reader?.onError(code, errorWords(code));
  }

  write(data: string | Uint8Array): boolean {
    return typeof data === 'string' ? this.#socket.write(data, 'latin1') : this.#socket.write(data);
  }

  end(): void {
    this.#socket.end();
  }

  destroy(): void {
    this.#reader = null;
    this.connected = false;
    this.#socket?.destroy();
  }

  reset(): void {
    this.#reader = null;
    this.connected = false;
    if (this.#socket !== undefined) resetSocket(this.#socket);
  }
}
