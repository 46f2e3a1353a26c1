import { RingForwarder, type RingServer } from './ring-forwarder.ts';
import type { Sink } from './sink.ts';

/** What a `ring` section says; configuration.txt 12.5. */
export interface RingSettings {
  readonly name: string;
  /** Bytes of all messages together. */
  readonly size: number;
  readonly servers: readonly RingServer[];
  /** Milliseconds; 0: none. */
  readonly connectTimeout: number;
  readonly serverTimeout: number;
  /** Makes the line that tells how many were lost. */
  readonly announce: (count: number) => string;
}

/** What each message takes besides its own bytes: its length and who is reading it. */
const OVERHEAD = 3;

/**
 * The last messages, as many as its size holds, on their way to its servers. A server that is connected and does not read holds up
 * the old ones, and new ones are lost, which it is told later; one that is away holds up nothing.
 */
export class Ring implements Sink {
  dropped = 0;
  readonly #settings: RingSettings;
  readonly #forwarders: readonly RingForwarder[];
  /** A queue over an array: what lies before `#first` is gone, and cut off now and then. */
  #messages: string[] = [];
  #first = 0;
  /** The number of the message at `#first`; messages count up from 0. */
  #base = 0;
  #used = 0;
  #unannounced = 0;
  #turn: NodeJS.Immediate | undefined;

  constructor(settings: RingSettings) {
    this.#settings = settings;
    this.#forwarders = settings.servers.map((server) => new RingForwarder(server, settings, this));
  }

  async open(): Promise<void> {
    for (const forwarder of this.#forwarders) forwarder.connect();
  }

  /** A ring frames by itself: the newline is for the servers that want one. */
  write(line: string): void {
    const message = line.endsWith('\n') ? line.slice(0, -1) : line;
    if (this.#unannounced > 0 && !this.#announce()) {
      this.#lose();
      return;
    }
    if (!this.#add(message)) {
      this.#lose();
      return;
    }
    if (this.#forwarders.length > 0) this.#turn ??= setImmediate(() => this.#forward());
  }

  async close(): Promise<void> {
    if (this.#unannounced > 0) this.#announce();
    this.#forward();
    await Promise.all(this.#forwarders.map((forwarder) => forwarder.close()));
  }

  /** The message of that number, or the oldest there is. */
  from(number: number): { readonly number: number; readonly message: string } | undefined {
    const at = Math.max(number, this.#base);
    const message = this.#messages[this.#first + at - this.#base];
    return message === undefined ? undefined : { number: at, message };
  }

  #lose(): void {
    this.dropped++;
    this.#unannounced++;
  }

  #announce(): boolean {
    if (!this.#add(this.#settings.announce(this.#unannounced))) return false;
    this.#unannounced = 0;
    return true;
  }

  #add(message: string): boolean {
    const needed = message.length + OVERHEAD;
    while (this.#used + needed > this.#settings.size) {
      if (this.#first === this.#messages.length) return false;
      if (this.#base >= this.#keep()) {
        // Many messages of one turn of the event loop: what the servers take at once makes room.
        this.#forward();
        if (this.#base >= this.#keep()) return false;
      }
      this.#used -= this.#messages[this.#first]!.length + OVERHEAD;
      this.#messages[this.#first] = '';
      this.#first++;
      this.#base++;
    }
    if (this.#first > 1024 && this.#first * 2 > this.#messages.length) {
      this.#messages = this.#messages.slice(this.#first);
      this.#first = 0;
    }
    this.#messages.push(message);
    this.#used += needed;
    return true;
  }

  /** The number of the first message that a connected server has still to get. */
  #keep(): number {
    let least = Infinity;
    for (const forwarder of this.#forwarders) if (forwarder.connected) least = Math.min(least, forwarder.next);
    return least;
  }

  #forward(): void {
    if (this.#turn !== undefined) clearImmediate(this.#turn);
    this.#turn = undefined;
    for (const forwarder of this.#forwarders) forwarder.forward();
  }
}
