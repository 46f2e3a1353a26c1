import type { Server } from 'node:net';
import type { AgentState, Capability, Handler } from './agent-state.ts';
import { Connection } from './connection.ts';
import type { AnyVars } from './context.ts';
import { newCounters, type AgentCounters } from './counters.ts';
import { listen, type ListenAddress, type ListenOptions } from './listen.ts';
import { consoleLogger, type AgentLogger } from './logger.ts';
import { MIN_FRAME_SIZE } from './protocol.ts';
import { SpopReader } from './reader.ts';
import { Seldom } from './seldom.ts';
import type { SpopInput } from './values.ts';

export interface AgentOptions {
  /** What log lines call it. */
  readonly name: string;
  /** The largest frame it takes, in bytes, from 256; the proxy's limit applies where that is lower. 65536 by default, HAProxy announces 16380. */
  readonly maxFrameSize?: number | undefined;
  /** `pipelining` and `fragmentation` by default. An agent that is not asked to leave one out has nothing to do for them. */
  readonly capabilities?: readonly Capability[] | undefined;
  /** Warnings and errors go to stderr by default. A pino logger fits. */
  readonly logger?: AgentLogger | undefined;
  /** NOTIFY frames of one connection that are handled at once; the next wait in the socket. 256 by default; HAProxy sends 20. */
  readonly maxInFlight?: number | undefined;
  /** The largest NOTIFY put together from fragments, in bytes; 1 MiB by default. */
  readonly maxMessageSize?: number | undefined;
  /** Within this time a connection has to say HELLO, in milliseconds; 10 s by default. */
  readonly helloTimeoutMs?: number | undefined;
}

/** An agent; `createAgent` makes one. */
export class Agent<Vars = AnyVars> {
  readonly #state: AgentState;
  readonly #handlers = new Map<string, Handler>();
  readonly #counters: AgentCounters = newCounters();
  readonly #servers = new Set<Server>();
  readonly #connections = new Set<Connection>();
  readonly #warned = new Set<string>();
  #closing: Promise<void> | null = null;

  /** @internal */
  constructor(options: AgentOptions) {
    const logger = options.logger ?? consoleLogger;
    this.#state = {
      name: options.name,
      maxFrameSize: positive('maxFrameSize', options.maxFrameSize ?? 65_536, MIN_FRAME_SIZE),
      maxMessageSize: positive('maxMessageSize', options.maxMessageSize ?? 1_048_576),
      maxInFlight: positive('maxInFlight', options.maxInFlight ?? 256),
      helloTimeoutMs: positive('helloTimeoutMs', options.helloTimeoutMs ?? 10_000),
      capabilities: options.capabilities ?? ['pipelining', 'fragmentation'],
      handlers: this.#handlers,
      logger,
      complaints: new Seldom(1000),
      reader: new SpopReader(),
      counters: this.#counters,
      unhandled: (message) => this.#unhandled(message),
    };
  }

  get name(): string {
    return this.#state.name;
  }

  /** A copy of the counters. */
  get counters(): Readonly<AgentCounters> {
    return { ...this.#counters };
  }

  /**
   * Handles the messages of this name (a `spoe-message` section). When the handler returns, or its promise is fulfilled, the NOTIFY is
   * acknowledged with the variables it set; if it throws, without them: the error is logged and counted.
   * @throws Error when there is a handler for this name.
   */
  on(message: string, handler: Handler<Vars>): this {
    if (this.#handlers.has(message)) throw new Error(`'${message}' has a handler already`);
    // Which variables it may set is the compiler's matter.
    this.#handlers.set(message, handler as unknown as Handler);
    return this;
  }

  /** Listens, also at several places one after another. @throws the system's error. */
  async listen(options: ListenOptions): Promise<ListenAddress> {
    if (this.#closing) throw new Error(`agent '${this.name}' is closed`);
    const { server, address } = await listen(options, (socket, remote) => {
      const connection = new Connection(this.#state, socket, remote);
      this.#connections.add(connection);
      socket.on('close', () => this.#connections.delete(connection));
    });
    server.on('error', (error) => this.#state.logger.error({ err: error }, 'listening failed'));
    this.#servers.add(server);
    return address;
  }

  /**
   * Takes no new connection, ends each one when nothing is in flight on it (AGENT-DISCONNECT), and is done when all have ended. What runs longer than
   * `drainMs` (5000) milliseconds has its signal aborted and is acknowledged without variables.
   */
  close({ drainMs = 5000 }: { readonly drainMs?: number } = {}): Promise<void> {
    this.#closing ??= this.#close(drainMs);
    return this.#closing;
  }

  async #close(drainMs: number): Promise<void> {
    const ended = [...this.#servers].map(
      // Its callback comes when the last connection has ended.
      (server) => new Promise<void>((resolve) => server.close(() => resolve())),
    );
    for (const connection of this.#connections) connection.drain();
    const cut = setTimeout(() => {
      for (const connection of this.#connections) connection.cut();
      destroy = setTimeout(() => {
        for (const connection of this.#connections) connection.destroy();
      }, 500);
    }, drainMs);
    let destroy: NodeJS.Timeout | undefined;
    await Promise.all(ended);
    clearTimeout(cut);
    clearTimeout(destroy);
  }

  #unhandled(message: string): void {
    this.#counters.unhandled++;
    // The name comes from outside: it is told once, and not any number of them.
    if (this.#warned.has(message) || this.#warned.size >= 100) return;
    this.#warned.add(message);
    this.#state.logger.warn({ agent: this.name, spoeMessage: message }, 'there is no handler for this message');
  }
}

/**
 * Makes an agent:
 *
 *     const agent = createAgent({ name: 'reputation' });
 *     agent.on('check-client-ip', async (args, ctx) => {
 *       ctx.setVar('sess', 'ip_score', await score(args.ip('ip')));
 *     });
 *     await agent.listen({ port: 12345 });
 *
 * With its variables named, none else can be set, nor one with a value of another type:
 * `createAgent<{ 'sess.ip_score': number }>({ … })`.
 */
export function createAgent<Vars extends { readonly [Name in keyof Vars]: SpopInput } = AnyVars>(
  options: AgentOptions,
): Agent<Vars> {
  return new Agent<Vars>(options);
}

function positive(name: string, value: number, least = 1): number {
  if (!Number.isSafeInteger(value) || value < least || value > 0x7fff_ffff)
    throw new RangeError(`${name} is an integer from ${least} to 2^31-1, not ${value}`);
  return value;
}
