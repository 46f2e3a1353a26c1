/**
 * The listening sockets of the process, by key. A generation claims what it listens on; a socket that both the old and
 * the new generation claim is the same one, so no connection is refused while they change places.
 */

import { ListenError, listenKey } from './listen-target.ts';
import { ListeningSocket } from './listening-socket.ts';
import type { ListenOptions } from './listening-socket.ts';

interface Entry {
  readonly opening: Promise<ListeningSocket>;
  readonly owners: Set<object>;
}

export class ListeningSockets {
  readonly #entries = new Map<string, Entry>();

  /**
   * The socket for a target, opened if no generation has it yet. The caller calls `accept` on it when it takes charge,
   * not before. Rejects with ListenError; also when the same owner asks for the same address twice.
   */
  async claim(owner: object, options: ListenOptions): Promise<ListeningSocket> {
    const key = options.identity ?? listenKey(options.target);
    let entry = this.#entries.get(key);
    if (entry === undefined) {
      entry = { opening: ListeningSocket.open(options), owners: new Set() };
      this.#entries.set(key, entry);
    } else if (entry.owners.has(owner)) {
      throw new ListenError(`cannot bind socket (Address already in use) for [${key}]`, 'EADDRINUSE');
    }
    const taken = entry.owners.size > 0;
    entry.owners.add(owner);
    try {
      const socket = await entry.opening;
      if (taken) {
        socket.configure(options.configure);
        // The configuration before may have let go of it.
        await socket.rebind();
      }
      return socket;
    } catch (error) {
      this.#entries.delete(key);
      throw error;
    }
  }

  /** Gives up all that an owner has claimed; a socket that nobody else claims is closed. */
  async release(owner: object): Promise<void> {
    const closing: Promise<void>[] = [];
    for (const [key, entry] of this.#entries) {
      if (!entry.owners.delete(owner) || entry.owners.size > 0) continue;
      this.#entries.delete(key);
      closing.push(
        entry.opening.then(
          (socket) => socket.close(),
          () => undefined,
        ),
      );
    }
    await Promise.all(closing);
  }

  /** Lets go of every address for a moment, for another process to take it. */
  async unbind(): Promise<void> {
    for (const { opening } of this.#entries.values()) (await opening).unbind();
  }

  /** Takes every address back. Rejects with the first ListenError, having tried all. */
  async rebind(): Promise<void> {
    const results = await Promise.allSettled(
      [...this.#entries.values()].map(async ({ opening }) => (await opening).rebind()),
    );
    for (const result of results) if (result.status === 'rejected') throw result.reason;
  }

  /** The keys of all open sockets. */
  keys(): string[] {
    return [...this.#entries.keys()];
  }
}
