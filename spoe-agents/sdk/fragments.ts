import { CodecError, FLAG, FRAME, STATUS } from './protocol.ts';

/** What keeping a fragment costs beside its bytes: a flood of empty ones is bounded as well. */
const OVERHEAD = 64;

/**
 * Puts the payloads of fragmented NOTIFY frames together. HAProxy up to 3.0 sends what is larger than a frame as a NOTIFY without FIN and UNSET
 * frames with the same ids, the last with FIN, to agents that announced `fragmentation`.
 */
export class Fragments {
  readonly #parts = new Map<string, Buffer[]>();
  readonly #limit: number;
  #bytes = 0;

  /** @param limit bytes of all that is incomplete on one connection. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  get size(): number {
    return this.#parts.size;
  }

  /** Takes a fragment; answers the whole payload with the last one. @param payload copied. */
  add(type: number, flags: number, streamId: number, frameId: number, payload: Buffer): Buffer | undefined {
    const key = `${streamId}:${frameId}`;
    let parts = this.#parts.get(key);
    if (type === FRAME.NOTIFY) {
      if (parts) throw new CodecError(STATUS.INTERLACED, `frame ${key} begins a second time`);
      parts = [];
      this.#parts.set(key, parts);
    } else if (!parts) throw new CodecError(STATUS.NO_FRAME, `a fragment of frame ${key}, which has not begun`);
    if (flags & FLAG.ABORT) {
      this.#forget(key, parts);
      return undefined;
    }
    this.#bytes += payload.length + OVERHEAD;
    if (this.#bytes > this.#limit)
      throw new CodecError(STATUS.TOO_BIG, `fragments of more than ${this.#limit} bytes are not taken`);
    parts.push(Buffer.from(payload));
    if (!(flags & FLAG.FIN)) return undefined;
    this.#forget(key, parts);
    return Buffer.concat(parts);
  }

  #forget(key: string, parts: readonly Buffer[]): void {
    this.#parts.delete(key);
    for (const part of parts) this.#bytes -= part.length + OVERHEAD;
  }
}
