const NOTHING = Buffer.alloc(0);

/** Bytes that have come and have not been read, in the pieces in which they came. */
export class ByteQueue {
  readonly #pieces: Buffer[] = [];
  #length = 0;

  get length(): number {
    return this.#length;
  }

  push(piece: Buffer): void {
    if (piece.length === 0) return;
    this.#pieces.push(piece);
    this.#length += piece.length;
  }

  /** Bytes up to the first of that value, itself included; undefined when it has not come. */
  through(byte: number): Buffer | undefined {
    let before = 0;
    for (const piece of this.#pieces) {
      const at = piece.indexOf(byte);
      if (at >= 0) return this.take(before + at + 1);
      before += piece.length;
    }
    return undefined;
  }

  /** That many bytes, or as many as there are. */
  take(count: number = this.#length): Buffer {
    const parts: Buffer[] = [];
    let missing = Math.min(count, this.#length);
    this.#length -= missing;
    while (missing > 0) {
      const piece = this.#pieces[0]!;
      if (piece.length <= missing) {
        parts.push(piece);
        this.#pieces.shift();
      } else {
        parts.push(piece.subarray(0, missing));
        this.#pieces[0] = piece.subarray(missing);
      }
      missing -= parts.at(-1)!.length;
    }
    return parts.length === 0 ? NOTHING : parts.length === 1 ? parts[0]! : Buffer.concat(parts);
  }
}
