import { BODY_CHUNKED, BODY_LENGTH, BODY_NONE } from '../http/messages.ts';
import type { ReadSocket } from '../net/fast-socket.ts';
import { writeLatin1 } from '../net/direct-write.ts';

/** Heads and bodies up to this size leave as one string (see response-send.ts). */
const STRING_LIMIT = 12_288;

/** Writes what filters made of a message: frames the body anew, and keeps count of what was promised. */
export class FilterOutput {
  kind: number = BODY_NONE;
  /** Bytes still owed, for BODY_LENGTH. */
  remaining = 0;
  /** Bytes written, framing included. */
  written = 0;

  begin(kind: number, length: number | undefined): void {
    this.kind = kind;
    this.remaining = length ?? 0;
  }

  /**
   * Writes a head (an empty string if it has left) and body bytes; `last` when nothing follows. False when the receiver has to
   * catch up. Throws {@link LengthError} where a filter gave more or less than the head says.
   */
  write(
    socket: ReadSocket,
    head: string,
    parts: readonly Buffer[],
    size: number,
    last: boolean,
    trailers: readonly (readonly [string, string])[],
  ): boolean {
    if (this.kind === BODY_LENGTH) {
      this.remaining -= size;
      if (this.remaining < 0 || (last && this.remaining > 0)) throw new LengthError(this.remaining);
    } else if (this.kind === BODY_NONE && size > 0) throw new LengthError(-size);
    const { before, after } = this.#frame(head, size, last, trailers);
    const total = before.length + size + after.length;
    if (total === 0) return true;
    this.written += total;
    if (total <= STRING_LIMIT && (total > size || parts.length > 1))
      return writeLatin1(socket, join(before, parts, after));
    if (before !== '') writeLatin1(socket, before);
    let flowing = true;
    for (const part of parts) flowing = socket.write(part);
    return after === '' ? flowing : writeLatin1(socket, after);
  }

  /** A whole message as one string, as `write` would send it. */
  text(head: string, parts: readonly Buffer[], size: number, trailers: readonly (readonly [string, string])[]): string {
    const { before, after } = this.#frame(head, size, true, trailers);
    return join(before, parts, after);
  }

  /** What stands around the bytes: all there is goes into one chunk. */
  #frame(
    head: string,
    size: number,
    last: boolean,
    trailers: readonly (readonly [string, string])[],
  ): { before: string; after: string } {
    if (this.kind !== BODY_CHUNKED) return { before: head, after: '' };
    let after = size > 0 ? '\r\n' : '';
    if (last) {
      after += '0\r\n';
      for (const [name, value] of trailers) after += `${name}: ${value}\r\n`;
      after += '\r\n';
    }
    return { before: size > 0 ? `${head}${size.toString(16)}\r\n` : head, after };
  }
}

function join(before: string, parts: readonly Buffer[], after: string): string {
  let text = before;
  for (const part of parts) text += part.latin1Slice();
  return text + after;
}

/** Filters gave another number of bytes than they said. */
export class LengthError extends Error {
  constructor(missing: number) {
    super(missing > 0 ? `${missing} bytes of the body are missing` : `${-missing} bytes too many in the body`);
  }
}
