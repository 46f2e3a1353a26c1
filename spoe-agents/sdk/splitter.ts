import { CodecError, STATUS } from './protocol.ts';

/** Gets a frame, without its length, at `buffer[start..end)`. */
export type FrameSink = (buffer: Buffer, start: number, end: number) => void;

/**
 * Cuts a stream of bytes into frames. A frame that lies whole in what was pushed is given where it lies; one that arrives in
 * parts is put together in memory of its own. So views into a frame stay good as long as the pushed buffer does, and a
 * pushed buffer may be used again as soon as `push` returns if no views are kept. At most one frame is held.
 */
export class FrameSplitter {
  /** The largest frame taken, in bytes without its length; may be changed after the handshake. */
  maxFrameSize: number;
  readonly #sink: FrameSink;
  readonly #head: Buffer = Buffer.allocUnsafe(4);
  /** Bytes of `#head` that are there; only while `#frame` is null. */
  #headBytes = 0;
  #frame: Buffer | null = null;
  #frameBytes = 0;
  #paused = false;

  constructor(maxFrameSize: number, sink: FrameSink) {
    this.maxFrameSize = maxFrameSize;
    this.#sink = sink;
  }

  /** Whether a frame has begun to arrive and is not complete. */
  get partial(): boolean {
    return this.#headBytes > 0 || this.#frame !== null;
  }

  /** Makes `push` return behind the current frame; for a sink that can take no more now. Holds until `resume`. */
  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
  }

  /**
   * Takes the bytes `chunk[from..to)` and answers how far it came: `to` if nobody paused it; else the rest is to be pushed again.
   * @throws CodecError when a frame says to be larger than `maxFrameSize`; then nothing more can be read.
   */
  push(chunk: Buffer, from = 0, to: number = chunk.length): number {
    let at = from;
    while (at < to && !this.#paused) {
      if (this.#frame !== null) at = this.#fill(chunk, at, to);
      else if (this.#headBytes > 0 || to - at < 4) at = this.#fillHead(chunk, at, to);
      else {
        const length = this.#allowed(chunk, at);
        at += 4;
        if (to - at < length) this.#begin(length);
        else {
          const end = at + length;
          this.#sink(chunk, at, end);
          at = end;
        }
      }
    }
    return at;
  }

  #fillHead(chunk: Buffer, from: number, to: number): number {
    let at = from;
    while (at < to && this.#headBytes < 4) this.#head[this.#headBytes++] = chunk[at++]!;
    if (this.#headBytes === 4) {
      this.#begin(this.#allowed(this.#head, 0));
      this.#headBytes = 0;
    }
    return at;
  }

  #fill(chunk: Buffer, from: number, to: number): number {
    const frame = this.#frame!;
    const end = Math.min(to, from + frame.length - this.#frameBytes);
    chunk.copy(frame, this.#frameBytes, from, end);
    this.#frameBytes += end - from;
    if (this.#frameBytes === frame.length) {
      this.#frame = null;
      this.#sink(frame, 0, frame.length);
    }
    return end;
  }

  #begin(length: number): void {
    this.#frame = Buffer.allocUnsafeSlow(length);
    this.#frameBytes = 0;
  }

  #allowed(bytes: Buffer, at: number): number {
    const length = ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0;
    if (length > this.maxFrameSize)
      throw new CodecError(
        STATUS.TOO_BIG,
        `a frame of ${length} bytes, where at most ${this.maxFrameSize} are allowed`,
      );
    // No frame is that short, and an empty one could never be filled.
    if (length < 7) throw new CodecError(STATUS.INVALID, `a frame has at least 7 bytes, not ${length}`);
    return length;
  }
}
