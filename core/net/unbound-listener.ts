import type { PlainSocket } from './fast-socket.ts';
import type { ListeningSocket } from './listening-socket.ts';
import type { ListenTarget } from './listen-target.ts';

/** What an acceptor uses of a listening socket. */
export interface Listening extends Pick<ListeningSocket, 'target' | 'port' | 'paused' | 'give' | 'pause' | 'resume'> {
  accept(handler: (socket: PlainSocket) => void): void;
  unbind?(): void;
  rebind?(): Promise<void>;
}

/** Stands in for the socket of an address at which nobody listens: connections come from within the process only. */
export class UnboundListener implements Listening {
  readonly target: ListenTarget;
  readonly port = undefined;
  paused = true;
  #handler: ((socket: PlainSocket) => void) | undefined;
  readonly #held: PlainSocket[] = [];

  constructor(target: ListenTarget) {
    this.target = target;
  }

  accept(handler: (socket: PlainSocket) => void): void {
    this.#handler = handler;
    this.resume();
  }

  give(socket: PlainSocket): void {
    this.#held.push(socket);
    if (!this.paused) this.#giveOut();
  }

  pause(): void {
    this.paused = true;
  }

  resume(): void {
    this.paused = false;
    this.#giveOut();
  }

  #giveOut(): void {
    while (!this.paused && this.#held.length > 0) this.#handler!(this.#held.shift()!);
  }
}
