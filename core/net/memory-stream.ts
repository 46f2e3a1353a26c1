import { Duplex } from 'node:stream';
import { systemError } from './system-error.ts';

/** Bytes that are under way in one direction at the most before a writer has to wait, as in the system's socket buffers. */
const ROOM = 262_144;

/**
 * One end of a connection within the process. It behaves as TCP does, but for the wire: what is written arrives in a later turn of the
 * event loop, so that nobody is called in the middle of his own work; each side ends by itself; a reset loses what is under way.
 */
export class MemoryStream extends Duplex {
  #peer!: MemoryStream;
  /** What is on its way to us; null is the end. */
  #arriving: (Buffer | null)[] = [];
  #size = 0;
  #delivery: NodeJS.Immediate | undefined;
  #wanted = false;
  /** A write of the peer that waits for room. */
  #waiting: (() => void) | undefined;

  private constructor() {
    super({ allowHalfOpen: true });
  }

  /** Both ends of a new connection. */
  static pair(): [MemoryStream, MemoryStream] {
    const [one, other] = [new MemoryStream(), new MemoryStream()];
    one.#peer = other;
    other.#peer = one;
    return [one, other];
  }

  override _read(): void {
    this.#wanted = true;
    this.#deliverLater();
  }

  override _write(chunk: Buffer, _encoding: string, done: (error?: Error) => void): void {
    const peer = this.#peer;
    if (peer.destroyed) {
      done(systemError('EPIPE', 'write'));
      return;
    }
    // The writer may use his memory again.
    peer.#arriving.push(Buffer.from(chunk));
    peer.#size += chunk.length;
    peer.#deliverLater();
    if (peer.#size <= ROOM) done();
    else peer.#waiting = done;
  }

  override _final(done: () => void): void {
    this.#peer.#arriving.push(null);
    this.#peer.#deliverLater();
    done();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    clearImmediate(this.#delivery);
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.();
    const peer = this.#peer;
    if (!peer.destroyed) {
      if (error !== null) setImmediate(() => peer.destroy(systemError('ECONNRESET', 'read')));
      else if (!this.writableEnded) {
        peer.#arriving.push(null);
        peer.#deliverLater();
      }
    }
    done(error);
  }

  /** Closes as a socket does with RST. */
  resetAndDestroy(): void {
    this.destroy(systemError('ECONNRESET', 'read'));
  }

  #deliverLater(): void {
    if (this.#delivery !== undefined || !this.#wanted || this.#arriving.length === 0 || this.destroyed) return;
    this.#delivery = setImmediate(() => {
      this.#delivery = undefined;
      this.#deliver();
    });
  }

  #deliver(): void {
    while (this.#arriving.length > 0 && this.#wanted && !this.destroyed) {
      const chunk = this.#arriving.shift()!;
      if (chunk !== null) this.#size -= chunk.length;
      this.#wanted = this.push(chunk) && chunk !== null;
    }
    if (this.#size > ROOM) return;
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.();
  }
}
