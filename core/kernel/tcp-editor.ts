import type { ReceivedEditor } from '../api/index.ts';
import type { BodyState } from '../http/messages.ts';

/** What the editor needs of a connection in TCP mode. */
export interface Edited {
  /** What rules look at now, and whether more of it can come. */
  readonly held: BodyState;
  readonly open: boolean;
  sendToClient(bytes: Buffer): void;
  /** False: there is no connection yet. */
  sendToServer(bytes: Buffer): boolean;
}

/** Made for the first action of a connection that wants to change bytes. */
export class TcpEditor implements ReceivedEditor {
  readonly #edited: Edited;
  #waiting: (() => void)[] = [];
  #ahead: Buffer[] = [];

  constructor(edited: Edited) {
    this.#edited = edited;
  }

  get open(): boolean {
    return this.#edited.open;
  }

  replace(bytes: Buffer): void {
    if (bytes.length === 0) this.#edited.held.release();
    else this.#edited.held.hold(bytes, 0, bytes.length);
  }

  send(to: 'client' | 'server', bytes: Buffer): void {
    if (bytes.length === 0) return;
    if (to === 'client') this.#edited.sendToClient(bytes);
    else if (!this.#edited.sendToServer(bytes)) this.#ahead.push(bytes);
  }

  onMore(run: () => void): void {
    this.#waiting.push(run);
  }

  /** Bytes have come, or the side has ended. */
  changed(): void {
    const waiting = this.#waiting;
    if (waiting.length === 0) return;
    this.#waiting = [];
    for (const run of waiting) run();
  }

  /** What was to be sent to the server before there was one. */
  takeAhead(): Buffer[] {
    return this.#ahead.splice(0);
  }
}
