import { newEvent } from '../net/clock.ts';
import type { Acceptor } from './acceptor.ts';

/** What all generations of a process share: the connections there are, and the most there may be (global `maxconn`). */
export class ProcessState {
  /** 0: no limit. */
  maxconn = 0;
  connections = 0;
  readonly startedAt: number = Date.now();
  readonly acceptors: Set<Acceptor> = new Set();
  /** Listeners are paused from outside. */
  held = false;
  #wasFull = false;

  get full(): boolean {
    return this.maxconn > 0 && this.connections >= this.maxconn;
  }

  enter(): void {
    this.connections++;
    if (this.full) {
      this.#wasFull = true;
      for (const acceptor of this.acceptors) acceptor.reconsider();
    }
  }

  leave(): void {
    this.connections--;
    if (!this.#wasFull || this.full) return;
    this.#wasFull = false;
    for (const acceptor of this.acceptors) acceptor.reconsider();
  }

  hold(held: boolean): void {
    newEvent();
    this.held = held;
    for (const acceptor of this.acceptors) {
      if (held) acceptor.socket.pause();
      else acceptor.reconsider();
    }
  }
}
