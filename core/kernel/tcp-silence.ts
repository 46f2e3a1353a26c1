import { schedule, type Timed } from './timers.ts';

/** What a session in TCP mode knows of its two sides. */
export interface Sides extends Timed {
  /** The client may still send, or has bytes to take; the same of the server. */
  readonly clientOwes: boolean;
  readonly serverOwes: boolean;
  /** `option independent-streams`: what one side does is nothing to the other. */
  readonly independent: boolean;
  /** Bytes on their way to either. */
  unsent(): number;
}

/** How long each side of a connection in TCP mode has been silent, and may be. */
export class Silence {
  /** Milliseconds. */
  clientLimit: number = Infinity;
  serverLimit: number = Infinity;
  /** Something else wants to be woken then (monotonic milliseconds). */
  until: number = Infinity;
  readonly #sides: Sides;
  /** When something moved last. */
  #clientAt = 0;
  /** The same of the server; with `option independent-streams` it need not be the same time. */
  #serverAt = 0;
  #unsent = 0;

  constructor(sides: Sides) {
    this.#sides = sides;
  }

  /** Something moved: both sides have their time again, whoever it was (configuration.txt 4.2, option independent-streams). */
  touch(at: number): void {
    this.#clientAt = at;
    this.#serverAt = at;
    this.watch();
  }

  /** One side sent something, or took something. */
  moved(at: number, client: boolean): void {
    if (!this.#sides.independent) this.touch(at);
    else {
      if (client) this.#clientAt = at;
      else this.#serverAt = at;
      this.watch();
    }
  }

  watch(): void {
    const lag = this.#serverAt - this.#clientAt;
    const limit = Math.min(this.#clientTime, this.#serverTime + lag, this.until - this.#clientAt);
    schedule(this.#sides, limit, this.#clientAt);
  }

  /** `timeout client-fin` or `server-fin`: the other side has ended, so this one's time is another, and begins now. */
  restart(side: 'client' | 'server', limit: number | undefined): void {
    if (limit === undefined) return;
    if (side === 'client') this.clientLimit = limit;
    else this.serverLimit = limit;
    this.#clientAt = this.#sides.clock.now();
    this.#serverAt = this.#clientAt;
  }

  get #clientTime(): number {
    return this.#sides.clientOwes ? this.clientLimit : Infinity;
  }

  get #serverTime(): number {
    return this.#sides.serverOwes ? this.serverLimit : Infinity;
  }

  /** Remembers what is on its way. Says whether that is less than it was: a slow reader takes some without emptying it. */
  progressed(): boolean {
    const unsent = this.#sides.unsent();
    const moved = unsent !== this.#unsent;
    this.#unsent = unsent;
    return moved && unsent > 0;
  }

  /** Whose time is over. */
  expired(at: number): { readonly client: boolean; readonly server: boolean } {
    return { client: this.#clientAt + this.#clientTime <= at, server: this.#serverAt + this.#serverTime <= at };
  }
}
