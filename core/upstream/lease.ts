import type { Lease, LeaseHolder, Transaction } from '../api/index.ts';
import { countRetry, namedServer, takeServer } from '../kernel/server-choice.ts';
import type { ProxyClock } from '../kernel/proxy-clock.ts';
import { schedule, type Timed, unschedule } from '../kernel/timers.ts';
import { enter } from '../state/counters.ts';
import type { UpstreamBackend } from './backend.ts';
import { ChildTransaction } from './child.ts';
import { type Queued, WaitQueue } from './queue.ts';
import type { UpstreamServer } from './server.ts';

/** How long to wait at the most before a server that could not be reached is tried again, in milliseconds. */
const TURN_AROUND = 1000;

/** A place on a server for what a plugin does itself. Pooled by its backend. */
export class ServerLease implements Lease, Queued, Timed {
  server: UpstreamServer | undefined = undefined;
  queue: WaitQueue | null = null;
  heapSlot = -1;
  queueTicket = 0;
  queueDate = 0;
  queueBefore = 0;
  readonly clock: ProxyClock;
  deadline: number = Infinity;
  wakeAt: number = Infinity;
  heapIndex = -1;
  readonly #backend: UpstreamBackend;
  readonly #child: ChildTransaction;
  readonly #giveBack: (lease: ServerLease) => void;
  #holder: LeaseHolder | undefined = undefined;
  /** The server is to be tried again, if it is still there. */
  #again: UpstreamServer | undefined = undefined;

  constructor(backend: UpstreamBackend, giveBack: (lease: ServerLease) => void) {
    this.#backend = backend;
    this.clock = backend.clock;
    this.#giveBack = giveBack;
    this.#child = new ChildTransaction(backend);
  }

  get transaction(): Transaction {
    return this.#child as unknown as Transaction;
  }

  get assigned(): boolean {
    return this.#child.assigned;
  }

  get priorityClass(): number {
    return this.#child.priorityClass;
  }

  get priorityOffset(): number {
    return this.#child.priorityOffset;
  }

  get waiting(): boolean {
    return this.queue !== null || this.#again !== undefined;
  }

  begin(parent: Transaction, holder: LeaseHolder, data: readonly [key: symbol, value: object] | undefined): void {
    const backend = this.#backend;
    this.#child.begin(parent, data);
    this.#holder = holder;
    enter(backend.counters, this.clock.now());
    if (backend.runtime.onBackend !== null) for (const run of backend.runtime.onBackend) run(this.transaction, backend);
    this.#take(namedServer(this.#child));
  }

  #take(named: UpstreamServer | undefined): void {
    const backend = this.#backend;
    const place = takeServer(backend, named ?? backend.pick(this.transaction));
    if (place instanceof WaitQueue) {
      place.add(this);
      const { timeouts } = backend.settings;
      schedule(this, timeouts.queue ?? timeouts.connect, this.clock.now());
    } else if (place !== undefined) this.#use(place);
  }

  #use(server: UpstreamServer): void {
    this.server = server;
    this.#child.server = server;
    if (server.config.shutdownWhenDown || server.backup) server.leases.add(this);
  }

  shutdown(): void {
    this.#holder?.onShutdown();
  }

  /** What {@link #take} found, for a holder who has gone on to other things. */
  #tell(): void {
    const holder = this.#holder!;
    if (this.server !== undefined) holder.onServer(this.server);
    else if (!this.waiting) holder.onNoServer();
  }

  onServerFree(server: UpstreamServer): void {
    unschedule(this);
    this.#use(server);
    this.#tell();
  }

  onServerLost(): void {
    unschedule(this);
    this.#child.assigned = false;
    this.#take(undefined);
    this.#tell();
  }

  onQueueLeft(): void {
    // Nobody logs how long it waited.
  }

  /** In a queue for too long, or it is time for another try. */
  onTimeout(): void {
    const again = this.#again;
    if (again === undefined) this.queue?.remove(this);
    else {
      this.#again = undefined;
      this.#take(this.#child.assigned || again.usable ? again : undefined);
    }
    this.#tell();
  }

  onFault(error: unknown): void {
    this.#backend.runtime.generation.blame('kernel', 'lease', error);
    this.#holder?.onNoServer();
  }

  orphan(): void {
    this.#child.orphan();
  }

  connected(): void {
    this.server?.observer?.('connected');
  }

  failed(): void {
    const server = this.server!;
    const backend = this.#backend;
    server.observer?.('connect-failed');
    this.#leave();
    if (this.#child.retriesLeft <= 0) {
      server.counters.connectionErrors++;
      backend.counters.connectionErrors++;
      this.#tell();
      return;
    }
    if (countRetry(this.#child, server) === 'elsewhere') {
      this.#take(undefined);
      this.#tell();
      return;
    }
    this.#again = server;
    schedule(this, Math.min(TURN_AROUND, backend.settings.timeouts.connect || TURN_AROUND), this.clock.now());
  }

  #leave(): void {
    const { server } = this;
    this.server = undefined;
    this.#child.server = undefined;
    if (server === undefined) return;
    server.leases.delete(this);
    this.#backend.drop(server);
  }

  release(): void {
    if (this.#holder === undefined) return;
    this.#holder = undefined;
    this.#again = undefined;
    unschedule(this);
    this.queue?.remove(this);
    this.#leave();
    this.#backend.counters.current--;
    this.#child.finish();
    this.#giveBack(this);
  }
}
