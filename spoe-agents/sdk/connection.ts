import type { Socket } from 'node:net';
import type { AgentState, Handler } from './agent-state.ts';
import { Args } from './args.ts';
import { Body } from './body.ts';
import { Context, Exchange, type Peer } from './context.ts';
import { Fragments } from './fragments.ts';
import { readDisconnect, readHaproxyHello, writeAgentHello, writeDisconnect } from './handshake.ts';
import { CodecError, FLAG, FRAME, frameName, MIN_FRAME_SIZE, STATUS, statusText } from './protocol.ts';
import type { SpopReader } from './reader.ts';
import { FrameSplitter } from './splitter.ts';
import { SpopWriter } from './writer.ts';

/** How long a proxy may take to close when we have, in milliseconds. */
const LINGER = 2000;

/** One connection of a proxy, from its HELLO to its end. */
export class Connection implements Peer {
  engineId: string | undefined;
  maxFrameSize: number;
  readonly #agent: AgentState;
  readonly #socket: Socket;
  readonly #remote: string;
  readonly #splitter: FrameSplitter;
  readonly #reader: SpopReader;
  readonly #writer = new SpopWriter();
  /** What was announced by both sides. */
  #shared: ReadonlySet<string> = new Set();
  #state: 'new' | 'ready' | 'closing' = 'new';
  /** Those whose handlers run. */
  readonly #open = new Set<Exchange>();
  readonly #fragments: Fragments;
  /** The message whose body is coming. */
  #streamed: Exchange | null = null;
  #bodyFull = false;
  /** Bytes that were read and have to wait, for there is too much in flight. */
  #rest: Buffer | null = null;
  #reading = false;
  #flushing = false;
  #draining = false;
  /** Until HELLO has come; and from our own end to the proxy's. */
  #timer: NodeJS.Timeout;

  constructor(agent: AgentState, socket: Socket, remote: string) {
    this.#agent = agent;
    this.#reader = agent.reader;
    this.#socket = socket;
    this.#remote = remote;
    this.maxFrameSize = agent.maxFrameSize;
    this.#fragments = new Fragments(agent.maxMessageSize);
    this.#splitter = new FrameSplitter(agent.maxFrameSize, (buffer, start, end) => this.#frame(buffer, start, end));
    this.#timer = setTimeout(() => this.#fail(STATUS.TIMEOUT, 'no HELLO came'), agent.helloTimeoutMs).unref();
    agent.counters.connections++;
    agent.counters.accepted++;
    socket.setNoDelay(true);
    socket.on('data', (chunk) => this.#data(chunk));
    socket.on('drain', () => this.#proceed());
    socket.on('error', (error) => agent.logger.info({ err: error, remote }, 'connection of a proxy failed'));
    socket.on('end', () => this.#abandon());
    socket.on('close', () => this.#closed());
  }

  get remote(): string {
    return this.#remote;
  }

  /** Ends the connection as soon as nothing is in flight on it. */
  drain(): void {
    this.#draining = true;
    this.#bye();
  }

  /** Ends the connection now: what is in flight is acknowledged as it is, without actions. */
  cut(): void {
    for (const exchange of this.#open) {
      for (const context of exchange.contexts) context.discard();
      this.#acknowledge(exchange, true);
    }
    this.#leave(STATUS.NORMAL);
    this.#flush();
    this.#socket.destroySoon();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  #data(chunk: Buffer): void {
    if (this.#state === 'closing') return;
    this.#rest = this.#rest === null ? chunk : Buffer.concat([this.#rest, chunk]);
    this.#proceed();
  }

  /** Reads on if that is possible now, and lets the socket do so. */
  #proceed(): void {
    if (this.#reading || this.#socket.destroyed) return;
    this.#reading = true;
    try {
      while (this.#rest !== null && !this.#blocked()) {
        const chunk = this.#rest;
        this.#splitter.resume();
        const at = this.#splitter.push(chunk);
        this.#rest = at < chunk.length && this.#state !== 'closing' ? chunk.subarray(at) : null;
      }
    } catch (error) {
      if (error instanceof CodecError) this.#fail(error.code, error.message);
      else throw error;
    } finally {
      this.#reading = false;
      this.#reader.release();
    }
    this.#flush();
    if (this.#blocked()) this.#socket.pause();
    else if (this.#socket.isPaused()) this.#socket.resume();
    if (this.#draining) this.#bye();
  }

  #blocked(): boolean {
    if (this.#state === 'closing') return false;
    if (this.#bodyFull || this.#socket.writableNeedDrain) return true;
    return this.#open.size >= this.#agent.maxInFlight && this.#streamed === null;
  }

  #frame(buffer: Buffer, start: number, end: number): void {
    const reader = this.#reader;
    reader.frame(buffer, start, end);
    const type = reader.frameType;
    if (this.#state === 'closing') return;
    if (type === FRAME.HAPROXY_DISCONNECT) this.#dismissed();
    else if (this.#state === 'new') {
      if (type !== FRAME.HAPROXY_HELLO)
        throw new CodecError(STATUS.INVALID, `${frameName(type) ?? `frame type ${type}`} where HELLO was to come`);
      this.#hello();
    } else if (type === FRAME.NOTIFY || type === FRAME.UNSET) this.#notify(buffer);
    else if (type === FRAME.HAPROXY_HELLO) throw new CodecError(STATUS.INVALID, 'a second HELLO');
    // Of other types SPOE.txt 3.2.2 leaves it to us: they are passed over.
    if (this.#blocked()) this.#splitter.pause();
  }

  #dismissed(): void {
    const { status, message } = readDisconnect(this.#reader);
    // A timeout while nothing is asked is `timeout idle` of HAProxy up to 3.0.
    const idle = status === STATUS.TIMEOUT && this.#open.size === 0;
    if (status !== STATUS.NORMAL && !idle)
      this.#complain({ status, reason: message }, 'a proxy found a fault with this agent');
    this.#leave(STATUS.NORMAL);
  }

  #hello(): void {
    const hello = readHaproxyHello(this.#reader);
    if (!hello.versions) throw new CodecError(STATUS.NO_VERSION, statusText(STATUS.NO_VERSION));
    if (hello.maxFrameSize === undefined) throw new CodecError(STATUS.NO_FRAME_SIZE, statusText(STATUS.NO_FRAME_SIZE));
    if (!hello.capabilities) throw new CodecError(STATUS.NO_CAPABILITIES, statusText(STATUS.NO_CAPABILITIES));
    if (!hello.versions.some((version) => version.startsWith('2.')))
      throw new CodecError(STATUS.BAD_VERSION, `this agent speaks SPOP 2.0, not ${hello.versions.join(', ')}`);
    if (hello.maxFrameSize < MIN_FRAME_SIZE)
      throw new CodecError(STATUS.BAD_FRAME_SIZE, `frames of ${hello.maxFrameSize} bytes are too small`);
    clearTimeout(this.#timer);
    this.maxFrameSize = Math.min(this.#agent.maxFrameSize, hello.maxFrameSize);
    this.#splitter.maxFrameSize = this.maxFrameSize;
    this.engineId = hello.engineId;
    const announced = hello.capabilities;
    this.#shared = new Set(this.#agent.capabilities.filter((one) => announced.includes(one)));
    writeAgentHello(this.#writer, { maxFrameSize: this.maxFrameSize, capabilities: this.#agent.capabilities });
    this.#state = 'ready';
    if (!hello.healthcheck) return;
    this.#agent.counters.healthChecks++;
    this.#end();
  }

  #notify(frame: Buffer): void {
    const reader = this.#reader;
    const { flags, streamId, frameId } = reader;
    if (this.#streamed?.streamId === streamId && (flags & FLAG.ABORT) !== 0) return this.#breakOff();
    let payload = frame;
    const whole = reader.frameType === FRAME.NOTIFY && (flags & (FLAG.FIN | FLAG.ABORT)) === FLAG.FIN;
    if (!whole) {
      if (!this.#agent.capabilities.includes('fragmentation'))
        throw new CodecError(STATUS.NO_FRAGMENTATION, statusText(STATUS.NO_FRAGMENTATION));
      const joined = this.#fragments.add(reader.frameType, flags, streamId, frameId, reader.rest());
      if (!joined) return;
      payload = joined;
      reader.payload(payload);
    }
    const messages: [name: string, args: Args][] = [];
    while (reader.more) {
      const name = reader.name();
      messages.push([name, Args.read(reader, payload, name)]);
    }
    const first = messages[0];
    if (first && this.#shared.has('body-stream') && first[1].type('stream-end') === 'bool')
      return this.#piece(streamId, frameId, first[0], first[1], messages.length);
    if (this.#streamed) this.#leaveStream();
    this.#run(new Exchange(this, streamId, frameId), messages);
  }

  /** A frame of a streamed message: its first or another one. README, "Body streaming". */
  #piece(streamId: number, frameId: number, name: string, args: Args, messages: number): void {
    if (messages > 1) throw new CodecError(STATUS.INVALID, 'a streamed message comes alone');
    const last = args.boolean('stream-end') === true;
    const chunk = args.bytes('stream-chunk');
    let exchange = this.#streamed;
    if (exchange && exchange.streamId !== streamId) {
      this.#leaveStream();
      exchange = null;
    }
    if (exchange) {
      if (frameId !== exchange.frameId + 1)
        throw new CodecError(STATUS.NO_FRAME, `frame ${frameId} of stream ${streamId} behind ${exchange.frameId}`);
      exchange.frameId = frameId;
      if (chunk) exchange.body!.push(chunk);
    } else {
      exchange = new Exchange(this, streamId, frameId);
      const body = new Body({ full: () => this.#hold(true), drained: () => this.#hold(false) });
      exchange.body = body;
      this.#streamed = exchange;
      if (chunk) body.push(chunk);
      this.#run(exchange, [[name, args.without('stream-chunk', 'stream-end')]]);
    }
    if (!last) return;
    exchange.body!.end();
    this.#streamed = null;
  }

  /** Another message comes while a body was to go on: only right if that one was acknowledged before its end. */
  #leaveStream(): void {
    if (this.#streamed!.state === 'open')
      throw new CodecError(STATUS.INTERLACED, 'another message in the middle of a streamed one');
    this.#streamed = null;
  }

  #breakOff(): void {
    const exchange = this.#streamed!;
    this.#streamed = null;
    this.#forget(exchange);
  }

  #hold(full: boolean): void {
    this.#bodyFull = full;
    if (!full) setImmediate(() => this.#proceed());
  }

  #run(exchange: Exchange, messages: readonly (readonly [name: string, args: Args])[]): void {
    const { counters, handlers } = this.#agent;
    counters.notifies++;
    counters.messages += messages.length;
    counters.inFlight++;
    this.#open.add(exchange);
    // One more than there are messages, so that the last to end is this method or a promise after it.
    exchange.pending = messages.length + 1;
    for (const [name, args] of messages) {
      const handler = handlers.get(name);
      if (handler) this.#call(handler, args, exchange, name);
      else {
        this.#agent.unhandled(name);
        exchange.pending--;
      }
    }
    this.#handled(exchange);
  }

  #call(handler: Handler, args: Args, exchange: Exchange, name: string): void {
    const context = new Context(name, exchange);
    exchange.contexts.push(context);
    try {
      const result = handler(args, context);
      if (result && typeof result.then === 'function') {
        result.then(
          () => this.#handled(exchange),
          (error: unknown) => {
            this.#failed(error, context);
            this.#handled(exchange);
          },
        );
        return;
      }
    } catch (error) {
      this.#failed(error, context);
    }
    this.#handled(exchange);
  }

  #failed(error: unknown, context: Context): void {
    context.discard();
    // What a handler says of its own end is no news.
    if (context.signal.aborted) return;
    this.#agent.counters.handlerErrors++;
    const { message, engineId, streamId, remote } = context;
    const details = { err: error, agent: this.#agent.name, spoeMessage: message, engineId, streamId, remote };
    this.#agent.logger.error(details, 'the handler of a message failed');
  }

  #handled(exchange: Exchange): void {
    if (--exchange.pending > 0) return;
    this.#acknowledge(exchange, false);
    if (this.#reading) return;
    this.#later();
    if (this.#rest !== null || this.#draining) this.#proceed();
    else if (this.#socket.isPaused() && !this.#blocked()) this.#socket.resume();
  }

  /** @param early its handlers have not ended. */
  #acknowledge(exchange: Exchange, early: boolean): void {
    if (exchange.state !== 'open') return;
    const { counters } = this.#agent;
    this.#open.delete(exchange);
    counters.inFlight--;
    counters.acks++;
    const writer = this.#writer;
    writer.beginFrame(FRAME.ACK, exchange.streamId, exchange.frameId);
    for (const context of exchange.contexts) context.write(writer);
    writer.endFrame();
    if (early) exchange.abandon();
    else exchange.state = 'acknowledged';
    exchange.body?.drop();
  }

  #flush(): void {
    if (this.#writer.length === 0 || !this.#socket.writable) return;
    this.#socket.write(this.#writer.take());
  }

  /** What handlers answer within one turn of the event loop leaves in one write. */
  #later(): void {
    if (this.#flushing) return;
    this.#flushing = true;
    setImmediate(() => {
      this.#flushing = false;
      this.#flush();
    });
  }

  #fail(status: number, message: string): void {
    this.#agent.counters.protocolErrors++;
    this.#complain({ status, reason: message }, 'a proxy sent what it may not; disconnected');
    this.#leave(status, message);
    this.#flush();
  }

  #complain(details: { readonly status: number; readonly reason: string }, message: string): void {
    const { complaints, logger, name } = this.#agent;
    complaints.pass((withheld) => logger.warn({ agent: name, ...details, remote: this.#remote, withheld }, message));
  }

  #leave(status: number, message?: string): void {
    if (this.#state === 'closing') return;
    writeDisconnect(this.#writer, 'agent', status, message);
    this.#abandon();
    this.#end();
  }

  /** Says goodbye if nothing is in flight, nor half arrived. */
  #bye(): void {
    if (this.#open.size > 0 || this.#rest !== null || this.#splitter.partial) return;
    this.#leave(STATUS.NORMAL);
    this.#flush();
  }

  /** No more is read; what was written leaves, then FIN. Until the proxy ends too, what comes is read and dropped, lest it gets a reset. */
  #end(): void {
    this.#state = 'closing';
    this.#rest = null;
    this.#splitter.pause();
    this.#flush();
    this.#socket.end();
    this.#socket.resume();
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#socket.destroy(), LINGER).unref();
  }

  #abandon(): void {
    for (const exchange of this.#open) this.#forget(exchange);
  }

  #forget(exchange: Exchange): void {
    if (!this.#open.delete(exchange)) return;
    this.#agent.counters.inFlight--;
    this.#agent.counters.abandoned++;
    exchange.abandon();
  }

  #closed(): void {
    clearTimeout(this.#timer);
    this.#state = 'closing';
    this.#rest = null;
    this.#agent.counters.connections--;
    this.#abandon();
  }
}
