/** Unread bytes of one body at which its connection is read no further. */
const HIGH_WATER = 65_536;

/** Told when a body has much or little that nobody has read. */
export interface BodyFlow {
  full(): void;
  drained(): void;
}

/**
 * The body of a streamed message (README, "Body streaming"): an async iterable of Buffers for one reader. Iterating throws when the
 * body breaks off. Leaving the loop drops the rest.
 */
export class Body implements AsyncIterable<Buffer> {
  readonly #chunks: Buffer[] = [];
  readonly #flow: BodyFlow;
  #unread = 0;
  #full = false;
  #state: 'open' | 'ended' | 'broken' = 'open';
  #dropped = false;
  #taken = false;
  #wake: (() => void) | null = null;

  /** @internal */
  constructor(flow: BodyFlow) {
    this.#flow = flow;
  }

  /** @internal Whether its last chunk has not come yet. */
  get open(): boolean {
    return this.#state === 'open';
  }

  /** @internal */
  push(chunk: Buffer): void {
    if (this.#dropped || this.#state !== 'open' || chunk.length === 0) return;
    this.#chunks.push(chunk);
    this.#unread += chunk.length;
    if (this.#unread >= HIGH_WATER && !this.#full) {
      this.#full = true;
      this.#flow.full();
    }
    this.#woken();
  }

  /** @internal */
  end(): void {
    if (this.#state === 'open') this.#state = 'ended';
    this.#woken();
  }

  /** @internal The sender left. What nobody has read of it is of no use, and must not hold the connection. */
  breakOff(): void {
    if (this.#state === 'open') {
      this.#state = 'broken';
      this.#forget();
    }
    this.#woken();
  }

  /** @internal Nobody reads any more. */
  drop(): void {
    this.#dropped = true;
    this.#forget();
    this.#woken();
  }

  /** The whole body in one Buffer. @throws RangeError as soon as it is longer than `limit` bytes. */
  async buffer(limit: number): Promise<Buffer> {
    const chunks: Buffer[] = [];
    let length = 0;
    for await (const chunk of this) {
      length += chunk.length;
      if (length > limit) throw new RangeError(`the body is longer than ${limit} bytes`);
      chunks.push(chunk);
    }
    return Buffer.concat(chunks);
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer, void, undefined> {
    if (this.#taken) throw new Error('this body is being read already, or was');
    this.#taken = true;
    try {
      for (;;) {
        const chunk = this.#chunks.shift();
        if (chunk) {
          this.#read(chunk.length);
          yield chunk;
        } else if (this.#dropped || this.#state === 'ended') return;
        else if (this.#state === 'broken') throw new Error('the body broke off');
        else await new Promise<void>((resolve) => (this.#wake = resolve));
      }
    } finally {
      this.drop();
    }
  }

  #forget(): void {
    this.#chunks.length = 0;
    this.#read(this.#unread);
  }

  #read(bytes: number): void {
    this.#unread -= bytes;
    if (!this.#full || this.#unread >= HIGH_WATER / 2) return;
    this.#full = false;
    this.#flow.drained();
  }

  #woken(): void {
    const wake = this.#wake;
    this.#wake = null;
    wake?.();
  }
}
