import type { Duplex } from 'node:stream';
import { newEvent } from '../net/clock.ts';
import type { UpstreamServer } from '../upstream/server.ts';
import type { Acceptor } from './acceptor.ts';
import { ProxyClock } from './proxy-clock.ts';

/** What whoever runs the proxy has decided, and wants to be told. */
export interface Surroundings {
  /** Where to listen instead of an address of a `bind` line; undefined: there; false: nowhere. */
  readonly bind?:
    | ((address: { frontend: string; address: string; name: string | undefined }) => string | false | undefined)
    | undefined;
  /** Where to connect instead of a server's own address; undefined: there. */
  readonly dial?: Dial | undefined;
  serverChanged(server: UpstreamServer, up: boolean): void;
  /** A plugin threw, or connections could not be accepted; it is in the log already. */
  failed(error: Error): void;
}

export type Dial = (server: {
  backend: string;
  server: string;
  purpose: 'traffic' | 'check';
  host: string;
  port: number;
}) =>
  | { readonly host: string; readonly port: number }
  | { readonly path: string }
  | { readonly stream: Duplex }
  | undefined;

/** What all generations of a process share: the connections there are, and the most there may be (global `maxconn`). */
export class ProcessState {
  /** 0: no limit. */
  maxconn = 0;
  connections = 0;
  readonly clock: ProxyClock = new ProxyClock();
  readonly startedAt: number = this.clock.wall();
  readonly acceptors: Set<Acceptor> = new Set();
  /** Listeners are paused from outside. */
  held = false;
  readonly surroundings: Surroundings;
  #wasFull = false;

  constructor(surroundings: Surroundings) {
    this.surroundings = surroundings;
  }

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
