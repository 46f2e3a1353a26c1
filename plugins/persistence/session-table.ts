/** Sessions remembered at the most; then the one that was not used for the longest time goes. */
const MOST = 1_000_000;

interface Entry {
  readonly server: string;
  expires: number;
}

/** Which server has which session of the application. Kept over a reload, so it holds names. Times are milliseconds since 1970. */
export class SessionTable {
  /** The least recently used first. */
  readonly #entries = new Map<string, Entry>();

  get size(): number {
    return this.#entries.size;
  }

  /** The server's name; undefined for a session that is not known or was not used for too long. Counts as a use. */
  find(session: string, timeout: number, now: number): string | undefined {
    const entry = this.#entries.get(session);
    if (entry === undefined) return undefined;
    this.#entries.delete(session);
    if (entry.expires <= now) return undefined;
    entry.expires = now + timeout;
    this.#entries.set(session, entry);
    return entry.server;
  }

  learn(session: string, server: string, timeout: number, now: number): void {
    this.#entries.delete(session);
    this.#entries.set(session, { server, expires: now + timeout });
    // Each one that comes makes room: no timer is needed, and the table never grows without end.
    for (const [old, { expires }] of this.#entries) {
      if (expires > now && this.#entries.size <= MOST) return;
      this.#entries.delete(old);
    }
  }
}
