import { connect, type Socket } from 'node:net';
import { Changing } from './wait.ts';

/** A TCP client that sends and keeps byte strings (one char per byte) and knows nothing of HTTP. */
export class RawClient extends Changing {
  readonly socket: Socket;
  /** Everything received so far. */
  received = '';
  /** How the peer closed: not yet, in order, or with a reset. */
  closed: 'open' | 'end' | 'reset' = 'open';

  private constructor(socket: Socket) {
    super();
    this.socket = socket;
    socket.setNoDelay(true);
    socket.setEncoding('latin1');
    socket.on('data', (bytes) => {
      this.received += String(bytes);
      this.changed();
    });
    socket.on('end', () => this.#close('end'));
    socket.on('error', () => this.#close('reset'));
    socket.on('close', () => this.#close('end'));
  }

  /** Connects to a port of 127.0.0.1; `halfOpen` keeps the own side open when the peer has ended. Rejects with the system's error. */
  static connect(port: number, options: { host?: string; halfOpen?: boolean } = {}): Promise<RawClient> {
    return new Promise((resolve, reject) => {
      const socket = connect({ port, host: options.host ?? '127.0.0.1', allowHalfOpen: options.halfOpen ?? false });
      socket.once('error', reject);
      socket.once('connect', () => {
        socket.off('error', reject);
        resolve(new RawClient(socket));
      });
    });
  }

  /** Writes a byte string; what cannot be sent any more is dropped, as the peer's closing is an outcome and no mistake. */
  send(bytes: string): void {
    if (!this.socket.destroyed && this.socket.writable) this.socket.write(bytes, 'latin1');
  }

  /** Sends FIN and goes on reading. */
  end(): void {
    this.socket.end();
  }

  /** Closes with RST. */
  reset(): void {
    this.socket.resetAndDestroy();
  }

  /** Closes at once and forgets what has not been read. */
  destroy(): void {
    this.socket.destroy();
  }

  /** Resolves true once the bytes received contain `text`, false after `ms` milliseconds. */
  sees(text: string, ms?: number): Promise<boolean> {
    return this.when(() => this.received.includes(text), ms);
  }

  /** Resolves true once the peer has closed, false after `ms` milliseconds. */
  sawClose(ms?: number): Promise<boolean> {
    return this.when(() => this.closed !== 'open', ms);
  }

  #close(how: 'end' | 'reset'): void {
    if (this.closed === 'open') this.closed = how;
    this.changed();
  }
}
