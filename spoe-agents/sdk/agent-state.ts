import type { Args } from './args.ts';
import type { AnyVars, Context } from './context.ts';
import type { AgentCounters } from './counters.ts';
import type { AgentLogger } from './logger.ts';
import type { SpopReader } from './reader.ts';
import type { Seldom } from './seldom.ts';

/** Extensions that an agent may announce; SPOE.txt 3.2.1, and `body-stream` of ours. */
export type Capability = 'pipelining' | 'async' | 'fragmentation' | 'body-stream';

export type Handler<Vars = AnyVars> = (args: Args, ctx: Context<Vars>) => void | PromiseLike<void>;

/** What all connections of an agent share. */
export interface AgentState {
  readonly name: string;
  readonly maxFrameSize: number;
  readonly maxMessageSize: number;
  readonly maxInFlight: number;
  readonly helloTimeoutMs: number;
  readonly capabilities: readonly Capability[];
  readonly handlers: ReadonlyMap<string, Handler>;
  readonly logger: AgentLogger;
  /** Lines about what proxies do wrong, of which there might be any number. */
  readonly complaints: Seldom;
  /** One for all: nothing of a frame is left unread when a handler is called. */
  readonly reader: SpopReader;
  readonly counters: AgentCounters;
  /** Told of every message that has no handler. */
  unhandled(message: string): void;
}
