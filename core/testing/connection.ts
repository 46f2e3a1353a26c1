import type { Duplex } from 'node:stream';
import { bytesOf } from './fields.ts';
import { Changing, shown } from './wait.ts';

/** One end of a connection that a test plays: bytes come and go, and nothing is read into them. */
export class WireConnection extends Changing {
  readonly stream: Duplex;
  /** How the peer left: not yet, in order (FIN), or with a reset. */
  closed: 'open' | 'end' | 'reset' = 'open';
  readonly #parts: Buffer[] = [];
  #received: Buffer = Buffer.alloc(0);

  constructor(stream: Duplex) {
    super();
    this.stream = stream;
    stream.on('data', (bytes: Buffer) => {
      this.#parts.push(bytes);
      this.arrived(bytes);
      this.changed();
    });
    stream.on('end', () => this.#close('end'));
    stream.on('error', () => this.#close('reset'));
    stream.on('close', () => this.#close('end'));
  }

  /** For who reads messages into the bytes. */
  protected arrived(_bytes: Buffer): void {}
  protected ended(): void {}

  /** Everything that has come so far. */
  get received(): Buffer {
    if (this.#parts.length > 0) this.#received = Buffer.concat([this.#received, ...this.#parts.splice(0)]);
    return this.#received;
  }

  /** The same as a byte string: one character for each byte. */
  get text(): string {
    return this.received.toString('latin1');
  }

  /** Sends bytes as they are; a string in UTF-8. What a peer that has left does not take any more is dropped. */
  send(data: string | Uint8Array): void {
    if (!this.stream.destroyed && this.stream.writable) this.stream.write(bytesOf(data));
  }

  /** Sends FIN and goes on reading. */
  end(): void {
    this.stream.end();
  }

  /** Closes with RST: nobody may take what was sent for complete. */
  reset(): void {
    const { stream } = this;
    if ('resetAndDestroy' in stream && typeof stream.resetAndDestroy === 'function') stream.resetAndDestroy();
    else stream.destroy(Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' }));
  }

  /** Closes at once; what has not been read is forgotten. */
  close(): void {
    this.stream.destroy();
  }

  /** Stops reading, as a slow peer does; {@link resume} goes on. */
  pause(): void {
    this.stream.pause();
  }
  resume(): void {
    this.stream.resume();
  }

  /** Resolves with all that was received once it contains a text, or matches. */
  async receive(wanted: string | RegExp, milliseconds?: number): Promise<string> {
    const has = (): boolean => (typeof wanted === 'string' ? this.text.includes(wanted) : wanted.test(this.text));
    return this.until(
      () => (has() ? this.text : undefined),
      () => `${typeof wanted === 'string' ? JSON.stringify(wanted) : String(wanted)}; received so far: ${this.told()}`,
      milliseconds,
    );
  }

  /** Resolves once the peer has ended the connection, with how. */
  async whenClosed(milliseconds?: number): Promise<'end' | 'reset'> {
    return this.until(
      () => (this.closed === 'open' ? undefined : this.closed),
      () => `the end of the connection; received so far: ${this.told()}`,
      milliseconds,
    );
  }

  protected told(): string {
    return `${shown(this.received)}${this.closed === 'open' ? '' : ` (the peer has closed: ${this.closed})`}`;
  }

  #close(how: 'end' | 'reset'): void {
    if (this.closed === 'open') {
      this.closed = how;
      this.ended();
    }
    this.changed();
  }
}
