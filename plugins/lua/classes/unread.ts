import type { Conversation } from 'sluice/plugin';

const NEWLINE = 10;

/** What has been read and not been asked for yet. */
export class Unread {
  #bytes: Buffer = Buffer.alloc(0);
  #searched = 0;

  get size(): number {
    return this.#bytes.length;
  }

  fill(conversation: Conversation): void {
    const more = conversation.read(Number.MAX_SAFE_INTEGER);
    if (more.length > 0) this.#bytes = this.#bytes.length === 0 ? more : Buffer.concat([this.#bytes, more]);
  }

  line(): Buffer | undefined {
    const end = this.#bytes.indexOf(NEWLINE, this.#searched);
    if (end < 0) {
      this.#searched = this.#bytes.length;
      return undefined;
    }
    return this.take(end + 1);
  }

  take(most: number): Buffer {
    const taken = this.#bytes.subarray(0, most);
    this.#bytes = this.#bytes.subarray(taken.length);
    this.#searched = 0;
    return taken;
  }
}
