import type { Duplex } from 'node:stream';
import { newEvent } from './clock.ts';
import type { ConnectReader, ReadSocket, SocketReader } from './fast-socket.ts';

/** The two ends that a connection says it has. */
export interface StreamEnds {
  readonly source: { readonly host: string; readonly port: number };
  /** Undefined: what the listener stands for. */
  readonly destination: { readonly host: string; readonly port: number } | undefined;
}

const NOBODY: SocketReader = {
  buffer: () => new Uint8Array(0),
  onData: () => undefined,
  onEnd: () => undefined,
  onError: () => undefined,
  onClose: () => undefined,
  onDrain: () => undefined,
};

/** Any duplex stream of Node in the place of a socket: a connection within the process. */
export class StreamSocket implements ReadSocket {
  reader: SocketReader = NOBODY;
  connecting = false;
  readonly remoteAddress: string | undefined;
  readonly remotePort: number | undefined;
  readonly remoteFamily: string | undefined;
  readonly localAddress: string | undefined;
  readonly localPort: number | undefined;
  readonly localFamily: string | undefined;
  readonly #stream: Duplex;

  constructor(stream: Duplex, ends?: StreamEnds) {
    this.#stream = stream;
    this.remoteAddress = ends?.source.host;
    this.remotePort = ends?.source.port;
    this.remoteFamily = familyOf(ends?.source.host);
    this.localAddress = ends?.destination?.host;
    this.localPort = ends?.destination?.port;
    this.localFamily = familyOf(ends?.destination?.host);
    stream.pause();
    stream.on('data', (bytes: Buffer) => this.#tell(() => this.reader.onData(bytes.length, bytes)));
    stream.on('end', () => this.#tell(() => this.reader.onEnd()));
    stream.on('drain', () => this.#tell(() => this.reader.onDrain()));
    stream.on('error', (error) => this.#tell(() => this.reader.onError(error)));
    stream.on('close', () => this.#tell(() => this.reader.onClose()));
  }

  /** A connection to a server, which stands in the next turn of the event loop. */
  static connect(stream: Duplex, reader: ConnectReader): StreamSocket {
    const socket = new StreamSocket(stream);
    socket.reader = reader;
    socket.connecting = true;
    let held = false;
    socket.#holdBack = (paused) => (held = paused);
    setImmediate(() => {
      if (stream.destroyed) return;
      socket.connecting = false;
      socket.#holdBack = undefined;
      if (!held) stream.resume();
      socket.#tell(() => reader.onConnect());
    });
    return socket;
  }

  #holdBack: ((paused: boolean) => void) | undefined = undefined;

  #tell(event: () => void): void {
    newEvent();
    try {
      event();
    } catch (error) {
      if (this.reader.onFault === undefined) throw error;
      this.reader.onFault(error);
    }
  }

  get destroyed(): boolean {
    return this.#stream.destroyed;
  }
  get writable(): boolean {
    return this.#stream.writable;
  }
  get writableEnded(): boolean {
    return this.#stream.writableEnded;
  }
  get writableLength(): number {
    return this.#stream.writableLength;
  }

  write(data: string | Uint8Array, encoding: 'latin1' = 'latin1'): boolean {
    if (!this.#stream.writable) return false;
    // The memory of bytes is the caller's, who uses it again.
    return typeof data === 'string' ? this.#stream.write(data, encoding) : this.#stream.write(Buffer.from(data));
  }

  end(data?: string, encoding: 'latin1' = 'latin1'): this {
    if (data !== undefined) this.#stream.write(data, encoding);
    this.#stream.end();
    return this;
  }

  destroy(error?: Error): this {
    this.#stream.destroy(error);
    return this;
  }

  destroySoon(): void {
    if (this.#stream.writableFinished) this.destroy();
    else {
      this.#stream.once('finish', () => this.destroy());
      this.#stream.end();
    }
  }

  resetAndDestroy(): this {
    const stream = this.#stream as Duplex & { resetAndDestroy?: () => void };
    if (stream.resetAndDestroy === undefined) stream.destroy();
    else {
      // We hear no error of what we do ourselves.
      const { reader } = this;
      this.reader = { ...NOBODY, onClose: () => reader.onClose() };
      stream.resetAndDestroy();
    }
    return this;
  }

  pause(): this {
    if (this.#holdBack === undefined) this.#stream.pause();
    else this.#holdBack(true);
    return this;
  }

  resume(): this {
    if (this.#holdBack === undefined) this.#stream.resume();
    else this.#holdBack(false);
    return this;
  }

  setKeepAlive(): this {
    return this;
  }
}

function familyOf(host: string | undefined): string | undefined {
  return host === undefined ? undefined : host.includes(':') ? 'IPv6' : 'IPv4';
}
