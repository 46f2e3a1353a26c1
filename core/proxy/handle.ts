import type { Duplex } from 'node:stream';
import type { LoadedConfig } from '../config/load.ts';
import type { Diagnostic } from '../config/diagnostics.ts';
import type { ProxyAddress } from './addresses.ts';
import type { ProxyEventName, ProxyEvents } from './events.ts';
import type { ConfigSources } from './options.ts';
import type { ProxyStats } from './stats.ts';

/** How a proxy ends. */
export interface StopOptions {
  /**
   * What is under way may end by itself, and no new connections come in: without limit (true), or for so many milliseconds.
   * Otherwise every session ends at once.
   */
  readonly drain?: boolean | number;
}

/** Which frontend a connection within the process comes to, and what it says of its ends. */
export interface OpenOptions {
  /** The first that has a `bind` line if left out. */
  readonly frontend?: string;
  /** Who the client is; 127.0.0.1 with a port of its own if left out. */
  readonly source?: { readonly host: string; readonly port?: number };
  /** What it connected to; the address of the `bind` line if left out. */
  readonly destination?: { readonly host: string; readonly port: number };
}

/** A proxy in this process. */
export interface ProxyHandle {
  /** Binds and begins. Rejects with ConfigurationError when a socket cannot be bound or a plugin fails. */
  start(): Promise<void>;
  /**
   * Reads the configuration again, or another one, which takes over the sockets without a refused connection; the old one
   * ends with its last session. Rejects with ConfigurationError and keeps the old one where the new one is refused.
   */
  reload(change?: ConfigSources): Promise<void>;
  /** Lets nobody in any more, and resolves when nothing is left. A stopped proxy stays stopped. */
  stop(options?: StopOptions): Promise<void>;
  /** The same as {@link stop}: `await using proxy = await createProxy(…)`. */
  [Symbol.asyncDispose](): Promise<void>;
  /** Where it listens, in the order of the configuration; empty before {@link start}. */
  readonly addresses: readonly ProxyAddress[];
  /** The first address of a frontend, or of the first frontend. Throws with the names there are. */
  address(frontend?: string): ProxyAddress;
  /**
   * A client's connection to a frontend without a socket: a stream of Node, whose other end the proxy serves as any other
   * connection, under the same limits and rules.
   */
  open(options?: OpenOptions): Duplex;
  /** Counters and states as they are now; a snapshot of plain objects. */
  stats(): ProxyStats;
  /** What was said about the configuration in charge. */
  readonly diagnostics: readonly Diagnostic[];
  /** The configuration in charge, as it was read. */
  readonly config: LoadedConfig;
  on<Name extends ProxyEventName>(event: Name, listener: (...args: ProxyEvents[Name]) => void): this;
  once<Name extends ProxyEventName>(event: Name, listener: (...args: ProxyEvents[Name]) => void): this;
  off<Name extends ProxyEventName>(event: Name, listener: (...args: ProxyEvents[Name]) => void): this;
  /** Lets go of the addresses for another process to take them (SIGTTOU); what has been accepted goes on. */
  pauseListeners(): Promise<void>;
  /** Takes them back (SIGTTIN). Rejects with ListenError when somebody else has one now. */
  resumeListeners(): Promise<void>;
}
