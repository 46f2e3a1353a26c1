import { Duplex } from 'node:stream';
import type { OutgoingReader, OutgoingSocket } from 'sluice/plugin';

/** A connection as a stream, for libraries that want one. */
export class SocketStream extends Duplex implements OutgoingReader {
  #socket: OutgoingSocket | undefined = undefined;
  #written: (() => void) | undefined = undefined;
  readonly #connected: () => void;
  readonly #failed: (words: string) => void;

  constructor(connected: () => void, failed: (words: string) => void) {
    super();
    this.#connected = connected;
    this.#failed = failed;
  }

  use(socket: OutgoingSocket): void {
    this.#socket = socket;
  }

  onConnect(): void {
    this.#connected();
  }

  onData(bytes: Buffer): void {
    this.push(Buffer.from(bytes));
  }

  onEnd(): void {
    this.push(null);
  }

  onError(_code: string, words: string): void {
    this.#socket = undefined;
    this.#failed(words);
    this.destroy();
  }

  onDrain(): void {
    const written = this.#written;
    this.#written = undefined;
    written?.();
  }

  /** It cannot be held back, and answers to checks are short. */
  override _read(): void {
    // Bytes are pushed as they come.
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    if (this.#socket === undefined || this.#socket.write(chunk)) done();
    else this.#written = done;
  }

  override _final(done: () => void): void {
    this.#socket?.end();
    done();
  }

  override _destroy(_error: Error | null, done: (error?: Error | null) => void): void {
    this.#socket?.destroy();
    this.#socket = undefined;
    done();
  }
}
