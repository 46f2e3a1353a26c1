import type { Server, ServerState } from '../api/index.ts';

/** A server of the proxy under test, for `given that it is down`. */
export class ServerControl {
  readonly #server: Server;

  constructor(server: Server) {
    this.#server = server;
  }

  /** `backend/server`. */
  get path(): string {
    return `${this.#server.backend.name}/${this.#server.name}`;
  }

  /** What the status column of the statistics says: `UP`, `DOWN`, `MAINT`, `no check` … */
  get status(): string {
    return this.#server.state.text;
  }

  /** The whole state machine of the server, as plugins have it. */
  get state(): ServerState {
    return this.#server.state;
  }

  /** Transactions under way on it, and waiting for it. */
  get active(): number {
    return this.#server.active;
  }
  get queued(): number {
    return this.#server.queued;
  }

  /** As if its health check had failed for good: no check brings it back before {@link up}. */
  down(): this {
    this.state.enable('health', false);
    this.#done(this.state.setHealth('down'));
    return this;
  }

  /** As if its health check had passed; checks go on from here. */
  up(): this {
    this.#done(this.state.setHealth('up'));
    if (this.state.health.configured) this.state.enable('health', true);
    return this;
  }

  /** `set server … state maint`, `drain` and `ready`. */
  maint(): this {
    this.state.set('maint');
    return this;
  }
  drain(): this {
    this.state.set('drain');
    return this;
  }
  ready(): this {
    this.state.set('ready');
    return this;
  }

  /** `set server … weight`: 0 to 256, or a percentage of the configured one. */
  weight(weight: number | string): this {
    this.#done(this.state.setWeight(String(weight)));
    return this;
  }

  #done(refusal: string | undefined): void {
    if (refusal !== undefined) throw new Error(`${this.path}: ${refusal}`);
  }
}
