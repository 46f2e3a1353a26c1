import { connect, type Socket } from 'node:net';

/** A syslog server over TCP or a stream socket of UNIX. */
export interface RingServer {
  readonly name: string;
  readonly to:
    | { readonly host: string; readonly port: number; readonly family: 4 | 6 | undefined }
    | { readonly path: string };
  /** RFC 6587: the length in front (`log-proto octet-count`), or a newline behind. */
  readonly framing: 'octet-count' | 'newline';
}

/** Where its messages come from. */
interface Source {
  from(number: number): { readonly number: number; readonly message: string } | undefined;
}

const RETRY_MS = 1000;
/** Bytes of one write. */
const BATCH = 16_384;
/** What a server gets to take the last messages when the configuration ends. */
const FAREWELL_MS = 500;

/** Sends a ring's messages to one server, and connects again for as long as it takes. Nothing of it keeps the process alive. */
export class RingForwarder {
  connected = false;
  /** The number of the next message to send. */
  next = 0;
  readonly #server: RingServer;
  readonly #timeouts: { readonly connectTimeout: number; readonly serverTimeout: number };
  readonly #source: Source;
  #socket: Socket | undefined;
  #timer: NodeJS.Timeout | undefined;
  /** The last write has not gone out. */
  #full = false;
  #closing = false;

  constructor(
    server: RingServer,
    timeouts: { readonly connectTimeout: number; readonly serverTimeout: number },
    source: Source,
  ) {
    this.#server = server;
    this.#timeouts = timeouts;
    this.#source = source;
  }

  connect(): void {
    const { to } = this.#server;
    const socket = 'path' in to ? connect(to.path) : connect({ host: to.host, port: to.port, family: to.family ?? 0 });
    this.#socket = socket;
    socket.unref();
    this.#limit(this.#timeouts.connectTimeout);
    socket.on('connect', () => {
      this.#limit(0);
      this.connected = true;
      socket.setNoDelay(true);
      this.forward();
    });
    socket.on('drain', () => {
      this.#limit(0);
      this.#full = false;
      this.forward();
    });
    // What a server says is not listened to.
    socket.on('data', () => {});
    socket.on('error', () => {});
    socket.on('close', () => {
      if (this.#socket !== socket) return;
      this.#limit(0);
      this.connected = false;
      this.#full = false;
      this.#socket = undefined;
      if (this.#closing) return;
      this.#timer = setTimeout(() => this.connect(), RETRY_MS);
      this.#timer.unref();
    });
  }

  /** Sends what there is, as far as the server takes it. */
  forward(): void {
    while (this.connected && !this.#full) {
      const batch = this.#batch();
      if (batch === '') return;
      if (this.#socket!.write(batch, 'latin1')) continue;
      this.#full = true;
      this.#limit(this.#timeouts.serverTimeout);
    }
  }

  /** Sends the last messages, if the server takes them soon. */
  async close(): Promise<void> {
    this.#closing = true;
    this.#limit(0);
    const socket = this.#socket;
    if (socket === undefined) return;
    if (this.connected) {
      this.forward();
      socket.end();
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, FAREWELL_MS);
        socket.once('finish', () => {
          clearTimeout(timer);
          resolve();
        });
      });
    }
    socket.destroy();
  }

  #batch(): string {
    let bytes = '';
    while (bytes.length < BATCH) {
      const found = this.#source.from(this.next);
      if (found === undefined) break;
      this.next = found.number + 1;
      const { message } = found;
      bytes += this.#server.framing === 'newline' ? `${message}\n` : `${message.length} ${message}`;
    }
    return bytes;
  }

  /** Gives up the connection after that many milliseconds; 0: never. */
  #limit(milliseconds: number): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (milliseconds === 0) return;
    this.#timer = setTimeout(() => this.#socket?.destroy(), milliseconds);
    this.#timer.unref();
  }
}
