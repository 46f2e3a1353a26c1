import type { Backend, Eventually, PluginContext, Server, Transaction, Verdict } from 'sluice/plugin';
import { type SpopReader, STATUS, SpopWriter } from 'sluice/agent';
import { Actions } from './actions.ts';
import { AgentClient } from './agent-client.ts';
import { BodyTransfer } from './body-transfer.ts';
import { writeArguments, writeMessages } from './encode.ts';
import { Exchange } from './exchange.ts';
import { Reporter } from './reporter.ts';
import type { Agent, EventName, Message } from './settings.ts';
import { FAILURE, spopFailure } from './status.ts';
import { WaitingList } from './waiting-list.ts';

/** Where messages are written before it is known on which connection they leave. */
const scratch = new SpopWriter('latin1');
/** Type, flags, and the identifiers at their shortest. */
const FRAME_HEAD = 7;

/** How long the end of a generation waits for agents at the most, in milliseconds. */
const FAREWELL = 1000;

/** What an engine knows of a transaction. */
class EngineState {
  /** An error has ended its work for this transaction. */
  off = false;
  exchange: Exchange | undefined = undefined;
  readonly bodies: Set<Exchange> = new Set();
  totalTime = 0;
}

/** One `filter spoe` line: what it sends, and to whom. */
export class Engine {
  readonly name: string;
  readonly agent: Agent;
  readonly groups: ReadonlyMap<string, readonly Message[]>;
  readonly events: ReadonlyMap<EventName, readonly Message[]>;
  readonly #key: symbol;
  readonly #waiting: WaitingList;
  readonly #reporter: Reporter;
  #actions: Actions;
  #client: AgentClient | undefined = undefined;

  constructor(
    name: string,
    agent: Agent,
    groups: ReadonlyMap<string, readonly Message[]>,
    events: ReadonlyMap<EventName, readonly Message[]>,
  ) {
    this.name = name;
    this.agent = agent;
    this.groups = groups;
    this.events = events;
    this.#key = Symbol(name);
    this.#waiting = new WaitingList(agent.processing, (exchange) => this.end(exchange, FAILURE.timeout));
    this.#reporter = new Reporter(agent);
    this.#actions = new Actions({ prefix: agent.prefix, known: new Set(), all: agent.forceSetVar });
  }

  /** `known` are the variables of the whole configuration. */
  start(backend: Backend, known: ReadonlySet<string>, context: PluginContext): void {
    this.#actions = new Actions({ prefix: this.agent.prefix, known, all: this.agent.forceSetVar });
    const bodies = this.events.has('on-http-request-body') || this.events.has('on-http-response-body');
    this.#client = new AgentClient(this.agent, bodies, backend, context);
    this.#waiting.start(context);
  }

  /** What was to be told at the end of transactions is given a moment to leave. */
  async stop(): Promise<void> {
    await this.#waiting.emptied(FAREWELL);
    this.#client?.stop();
    this.#waiting.stop();
  }

  /** Sends the messages whose conditions hold and waits for what the agent does with them. */
  process(transaction: Transaction, title: string, messages: readonly Message[]): Eventually<Verdict> {
    if (transaction.peek<EngineState>(this.#key)?.off === true) return undefined;
    const exchange = this.#begin(transaction, title, messages, false);
    if (exchange === undefined || exchange.over) return undefined;
    return new Promise<undefined>((resolve) => {
      exchange.resolve = () => resolve(undefined);
    });
  }

  /** The same, for a transaction that is over: nobody waits. */
  tell(transaction: Transaction, title: string, messages: readonly Message[]): void {
    const exchange = this.#begin(transaction, title, messages, true);
    exchange?.lease?.orphan();
  }

  #begin(
    transaction: Transaction,
    title: string,
    messages: readonly Message[],
    detached: boolean,
  ): Exchange | undefined {
    const startedAt = transaction.process.clock.now();
    scratch.reset();
    if (writeMessages(scratch, messages, transaction) === 0) return undefined;
    const exchange = new Exchange(this, transaction, title, startedAt, detached);
    this.#reporter.begin();
    if (!detached) this.#stateOf(transaction).exchange = exchange;
    this.#launch(exchange);
    return exchange;
  }

  /** Finds a server for what has been written. */
  #launch(exchange: Exchange): void {
    if (scratch.length + FRAME_HEAD > this.agent.maxFrameSize) {
      this.end(exchange, FAILURE.tooBig);
      return;
    }
    this.#waiting.add(exchange);
    const payload = scratch.bytes();
    const client = this.#client!;
    const lease = client.backend.lease(exchange.transaction, exchange, client.identity);
    exchange.lease = lease;
    if (lease.server !== undefined) this.send(exchange, lease.server, payload);
    else if (lease.waiting) exchange.payload = Buffer.from(payload);
    else this.noServer(exchange);
  }

  /** Begins a message that carries a body; undefined where an error has ended the engine's work, or the condition does not hold. */
  openBody(transaction: Transaction, title: string, message: Message): Exchange | undefined {
    if (transaction.peek<EngineState>(this.#key)?.off === true) return undefined;
    if (message.event?.condition?.evaluate(transaction) === false) return undefined;
    const exchange = new Exchange(
      this,
      transaction,
      title,
      transaction.process.clock.now(),
      false,
      new BodyTransfer(message),
    );
    scratch.reset();
    writeArguments(scratch, message, transaction);
    this.#reporter.begin();
    this.#stateOf(transaction).bodies.add(exchange);
    this.#launch(exchange);
    return exchange;
  }

  /** A piece of a body has gone on its way. */
  progress(exchange: Exchange): void {
    if (!exchange.over) this.#waiting.renew(exchange);
  }

  #stateOf(transaction: Transaction): EngineState {
    return transaction.data(this.#key, () => {
      const state = new EngineState();
      transaction.onEnd(() => {
        if (state.exchange !== undefined) this.end(state.exchange, FAILURE.interrupted);
        for (const exchange of state.bodies) {
          // A body that the agent has whole is answered some time, which nobody waits for.
          if (exchange.body!.complete && exchange.connection !== undefined) exchange.detached = true;
          else this.end(exchange, FAILURE.interrupted);
        }
      });
      return state;
    });
  }

  /** A server has been found. */
  send(exchange: Exchange, server: Server, payload: Uint8Array): void {
    this.#client!.carry(exchange, server, payload);
  }

  noServer(exchange: Exchange): void {
    this.end(exchange, spopFailure(STATUS.IO));
  }

  /** The agent's answer, of which the actions are left to be read. */
  act({ transaction }: Exchange, reader: SpopReader): void {
    this.#actions.run(reader, transaction);
  }

  /** It is over, one way or the other. */
  end(exchange: Exchange, failure: number): void {
    if (exchange.over) return;
    exchange.over = true;
    this.#waiting.remove(exchange);
    exchange.connection?.leave(exchange);
    exchange.body?.finish();
    exchange.lease?.release();
    exchange.lease = undefined;
    exchange.payload = undefined;
    const time = Math.round(exchange.transaction.process.clock.now() - exchange.startedAt);
    this.#reporter.end(exchange, failure, time, this.#client!);
    if (exchange.detached) return;
    const state = exchange.transaction.peek<EngineState>(this.#key);
    if (state !== undefined) {
      if (exchange.body === undefined) state.exchange = undefined;
      else state.bodies.delete(exchange);
      state.totalTime += time;
      if (failure !== FAILURE.interrupted) this.#note(exchange.transaction, state, failure, time);
    }
    exchange.resolve?.();
  }

  /** Sets the variables that options name. */
  #note(transaction: Transaction, state: EngineState, failure: number, time: number): void {
    const { prefix, setOnError, setProcessTime, setTotalTime, continueOnError } = this.agent;
    if (setProcessTime !== undefined) transaction.setVariable('txn', `${prefix}.${setProcessTime}`, time);
    if (setTotalTime !== undefined) transaction.setVariable('txn', `${prefix}.${setTotalTime}`, state.totalTime);
    if (failure === FAILURE.none) return;
    if (setOnError !== undefined) transaction.setVariable('txn', `${prefix}.${setOnError}`, failure);
    if (!continueOnError) state.off = true;
  }
}
