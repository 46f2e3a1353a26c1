import { ChunkedTracker } from './chunked.ts';
import { BODY_CHUNKED } from './messages.ts';

/** Takes the framing off a body for those who want what is in it. */
export class BodyReader {
  readonly #chunks: ChunkedTracker | null = null;

  constructor(kind: number) {
    if (kind !== BODY_CHUNKED) return;
    this.#chunks = new ChunkedTracker();
    this.#chunks.keepTrailers = true;
  }

  /** Copies the payload in bytes[from, to), which are part of the body and well framed, to the start of `target`, which has room for it. */
  payload(bytes: Buffer, from: number, to: number, target: Buffer): Buffer {
    let size = to - from;
    if (this.#chunks === null) bytes.copy(target, 0, from, to);
    else {
      size = 0;
      this.#chunks.advance(bytes, from, to, (part, start, end) => {
        (part as Buffer).copy(target, size, start, end);
        size += end - start;
      });
    }
    return size === target.length ? target : target.subarray(0, size);
  }

  /** The fields behind a chunked body, once all of it has been read. */
  get trailers(): [name: string, value: string][] {
    if (this.#chunks === null || this.#chunks.trailers.length <= 2) return [];
    return this.#chunks.trailers
      .split('\r\n')
      .filter((line) => line !== '')
      .map((line): [string, string] => {
        const colon = line.indexOf(':');
        return [line.slice(0, colon), line.slice(colon + 1).trim()];
      });
  }
}
