import type { OutgoingReader, OutgoingSocket, Timer } from 'sluice/plugin';
import {
  CodecError,
  FLAG,
  FRAME,
  FrameSplitter,
  MIN_FRAME_SIZE,
  SPOP_VERSION,
  SpopReader,
  SpopWriter,
  STATUS,
  readAgentHello,
  readItems,
  writeDisconnect,
  writeHaproxyHello,
} from 'sluice/agent';
import type { BodyTransfer } from './body-transfer.ts';
import type { Exchange } from './exchange.ts';
import { flushLater, type Flushable } from './flush.ts';
import type { ServerPool } from './server-pool.ts';
import { FAILURE, spopFailure } from './status.ts';

const PIPELINING = 'pipelining';
/** Ours: messages may carry bodies, piece by piece. */
const BODY_STREAM = 'body-stream';
/** How long an agent may take to close after it has been told what is wrong, in milliseconds. */
const FAREWELL = 1000;

/** Shared: what is read of a frame is used before the next one is. */
const reader = new SpopReader('latin1');
/** The same for connections with one exchange at a time: what they write leaves at once, as there is nothing to wait for. */
const single = new SpopWriter('latin1');

/** A connection to an agent. SPOE.txt 3.2.3. */
export class AgentConnection implements OutgoingReader, Flushable {
  readonly pool: ServerPool;
  /** Where it stands in the pool's list of those that have room; kept by the pool. */
  listed = false;
  /** It counts among the pool's idle ones; kept by the pool. */
  idle = false;
  /** `connecting`: until AGENT-HELLO; `closing`: a mistake of the agent has been told to it. */
  state: 'connecting' | 'ready' | 'closing' | 'closed' = 'connecting';
  /** It takes no more, and is closed when the last exchange is over. */
  retired = false;
  /** Exchanges it has carried. */
  uses = 0;
  /** A body that is being sent: nothing else is meanwhile. */
  #exclusive: Exchange | undefined = undefined;
  /** The agent takes bodies. */
  #takesBodies = false;
  /** Who will use it once it is ready. */
  #waiting: Exchange[] = [];
  readonly #pending = new Map<number, Exchange>();
  #limit: number;
  #nextId = 1;
  #frameSize: number;
  #writer: SpopWriter;
  readonly #splitter: FrameSplitter;
  readonly #timer: Timer;
  #socket: OutgoingSocket;
  #flushing = false;
  /** It takes what it is sent more slowly than it comes. */
  #choked = false;
  /** How exchanges end when the agent closes. */
  #failure: number = spopFailure(STATUS.IO);

  constructor(pool: ServerPool) {
    this.pool = pool;
    this.#limit = pool.limit;
    this.#writer = pool.limit === 1 ? single : new SpopWriter('latin1');
    this.#frameSize = pool.client.maxFrameSize;
    this.#splitter = new FrameSplitter(this.#frameSize, this.#onFrame);
    this.#timer = pool.client.timer(() => this.#onTime());
    this.#socket = pool.open(this);
    this.#arm(pool.timeout('connect'));
  }

  /** Exchanges that it has, or will have. */
  get load(): number {
    return this.#pending.size + this.#waiting.length;
  }

  /** It may be given another exchange. */
  get room(): boolean {
    if (this.retired || (this.state !== 'ready' && this.state !== 'connecting')) return false;
    return this.load < this.#limit && this.#exclusive === undefined && !this.#choked && !this.pool.worn(this);
  }

  #arm(time: number): void {
    if (time > 0) this.#timer.start(time);
  }

  /** Too long without a connection, an AGENT-HELLO, an exchange, or an end. */
  #onTime(): void {
    if (this.state === 'ready' && this.load > 0) this.#arm(this.pool.timeout('server'));
    else this.#close(this.#failure);
  }

  /** Sends messages as soon as it can; there is room. */
  carry(exchange: Exchange, payload: Uint8Array): void {
    exchange.connection = this;
    this.uses++;
    if (exchange.body !== undefined) this.#exclusive = exchange;
    if (this.state === 'ready') this.#notify(exchange, payload);
    else {
      exchange.payload ??= Buffer.from(payload);
      this.#waiting.push(exchange);
    }
  }

  #notify(exchange: Exchange, payload: Uint8Array): void {
    if (exchange.body !== undefined && this.#takesBodies) {
      this.#beginBody(exchange, exchange.body, payload);
      return;
    }
    const id = this.#nextId;
    const writer = this.#writer;
    writer.beginFrame(FRAME.NOTIFY, id, 1);
    if (exchange.body !== undefined) writer.raw(exchange.body.message.head);
    writer.raw(payload);
    if (writer.endFrame() > this.#frameSize) {
      writer.cancelFrame();
      exchange.engine.end(exchange, FAILURE.tooBig);
      return;
    }
    this.#nextId += 2;
    exchange.streamId = id;
    exchange.payload = undefined;
    this.#pending.set(id, exchange);
    this.#send();
    if (exchange.body !== undefined) this.#endBody(exchange.body);
  }

  /** The exchange gets its number; the first frame leaves with the first bytes. */
  #beginBody(exchange: Exchange, body: BodyTransfer, payload: Uint8Array): void {
    exchange.streamId = this.#nextId;
    this.#nextId += 2;
    exchange.payload ??= Buffer.from(payload);
    this.#pending.set(exchange.streamId, exchange);
    body.begin(this);
  }

  #endBody(body: BodyTransfer): void {
    body.complete = true;
    body.begin(undefined);
    this.#exclusive = undefined;
    this.pool.changed(this);
  }

  /** Sends a piece of a body in as many frames as it needs. False when the agent has to catch up: see {@link BodyTransfer.drain}. */
  sendBody(exchange: Exchange, chunk: Uint8Array, last: boolean): boolean {
    const { body, streamId } = exchange;
    if (body === undefined || body.complete || exchange.over || this.state !== 'ready') return true;
    if (!body.write(this.#writer, streamId, exchange.payload!, chunk, last, this.#frameSize)) {
      exchange.engine.end(exchange, FAILURE.tooBig);
      return true;
    }
    if (last) this.#endBody(body);
    this.flush();
    return !this.#choked;
  }

  /** A body breaks off. */
  #abortBody(exchange: Exchange, body: BodyTransfer): void {
    this.#exclusive = undefined;
    if (body.complete || body.frames === 0 || this.state !== 'ready') return;
    this.#writer.beginFrame(FRAME.NOTIFY, exchange.streamId, body.frames + 1, FLAG.FIN | FLAG.ABORT);
    this.#writer.endFrame();
    this.#send();
  }

  #send(): void {
    if (this.#writer === single) this.flush();
    if (this.#flushing || this.#writer.length === 0) return;
    this.#flushing = true;
    flushLater(this);
  }

  flush(): void {
    this.#flushing = false;
    if (this.#writer.length === 0) return;
    const bytes = this.#writer.take();
    if (this.state !== 'closed' && !this.#socket.write(bytes)) {
      this.#choked = true;
      this.pool.changed(this);
    }
  }

  onDrain(): void {
    this.#choked = false;
    this.#exclusive?.body?.goOn();
    this.pool.changed(this);
  }

  /** The exchange wants no answer any more; that it may come is no mistake of the agent. */
  leave(exchange: Exchange): void {
    exchange.connection = undefined;
    if (this.#pending.get(exchange.streamId) === exchange) this.#pending.delete(exchange.streamId);
    else this.#waiting = this.#waiting.filter((other) => other !== exchange);
    if (this.#exclusive === exchange) this.#abortBody(exchange, exchange.body!);
    this.#unused();
    this.pool.changed(this);
  }

  retire(): void {
    this.retired = true;
    this.pool.changed(this);
    this.#unused();
  }

  /** What nobody waits for is idle, if it is good for anything. */
  #unused(): void {
    if (this.load > 0 || this.state === 'closed') return;
    if (this.state !== 'ready' || this.#choked || !this.pool.keeps(this)) this.#close(FAILURE.none);
    else this.#arm(this.pool.timeout('server'));
  }

  onConnect(): void {
    writeHaproxyHello(this.#writer, this.pool.client.hello);
    this.flush();
    this.#arm(this.pool.timeout('server'));
  }

  onData(bytes: Buffer): void {
    if (this.state === 'closing') return;
    try {
      this.#splitter.push(bytes);
    } catch (error) {
      if (!(error instanceof CodecError)) throw error;
      this.#refuse(error.code);
    }
  }

  readonly #onFrame = (buffer: Buffer, start: number, end: number): void => {
    if (this.state === 'closing' || this.state === 'closed') return;
    reader.frame(buffer, start, end);
    if ((reader.flags & FLAG.FIN) === 0) throw new CodecError(STATUS.NO_FRAGMENTATION, 'a fragment');
    switch (reader.frameType) {
      case FRAME.ACK:
        if (this.state !== 'ready') throw new CodecError(STATUS.INVALID, 'an ACK before AGENT-HELLO');
        this.#acknowledged();
        break;
      case FRAME.AGENT_HELLO:
        if (this.state === 'ready') throw new CodecError(STATUS.INVALID, 'another AGENT-HELLO');
        this.#agreed();
        break;
      case FRAME.AGENT_DISCONNECT: {
        const status = readItems(reader).get('status-code');
        this.#close(spopFailure(typeof status === 'number' ? status : STATUS.NORMAL));
        break;
      }
      default:
      // What later versions may have.
    }
  };

  #acknowledged(): void {
    const { streamId, frameId } = reader;
    const exchange = this.#pending.get(streamId);
    if (exchange === undefined) {
      // Of one that has ended, or of none.
      if (streamId >= this.#nextId) throw new CodecError(STATUS.NO_FRAME, 'an ACK of nothing');
      return;
    }
    if (frameId > Math.max(1, exchange.body?.frames ?? 1)) throw new CodecError(STATUS.NO_FRAME, 'an ACK of nothing');
    if (frameId === 0) return;
    // An agent that has answered wants no more of the body, which is no breaking off.
    if (exchange.body !== undefined) exchange.body.complete = true;
    if (!exchange.detached) exchange.engine.act(exchange, reader);
    exchange.engine.end(exchange, FAILURE.none);
  }

  #agreed(): void {
    const { version, maxFrameSize, capabilities } = readAgentHello(reader);
    if (version === undefined) throw new CodecError(STATUS.NO_VERSION, 'no version');
    if (version !== SPOP_VERSION) throw new CodecError(STATUS.BAD_VERSION, 'another version');
    if (maxFrameSize !== undefined) {
      if (maxFrameSize < MIN_FRAME_SIZE || maxFrameSize > this.#frameSize)
        throw new CodecError(STATUS.BAD_FRAME_SIZE, 'another frame size');
      this.#frameSize = maxFrameSize;
      this.#splitter.maxFrameSize = maxFrameSize;
    }
    if (capabilities?.includes(PIPELINING) !== true) {
      this.#limit = 1;
      this.#writer = single;
    }
    this.pool.limit = this.#limit;
    this.#takesBodies = capabilities?.includes(BODY_STREAM) === true;
    this.state = 'ready';
    const waiting = this.#waiting;
    this.#waiting = [];
    waiting[0]?.lease?.connected();
    for (const exchange of waiting.splice(0, this.#limit))
      if (!exchange.over) this.#notify(exchange, exchange.payload!);
    this.pool.changed(this);
    // Who came in the hope of pipelining finds a connection elsewhere.
    for (const exchange of waiting) {
      this.uses--;
      exchange.engine.send(exchange, this.pool.server, exchange.payload!);
    }
    this.#unused();
    this.pool.changed(this);
  }

  /** The agent has made a mistake: it is told, and has to close. */
  #refuse(status: number): void {
    if (this.state === 'closed') return;
    const met = this.state === 'ready';
    this.#failure = spopFailure(status);
    this.state = 'closing';
    this.#splitter.pause();
    writeDisconnect(this.#writer, 'haproxy', status);
    this.flush();
    this.#socket.end();
    this.pool.changed(this);
    if (!met) this.#retryAll();
    if (this.load === 0) this.#close(this.#failure);
    else this.#arm(this.pool.timeout('server') || FAREWELL);
  }

  onEnd(): void {
    this.#close(this.#failure);
  }

  onError(): void {
    this.#close(this.#failure);
  }

  /** No connection came of it: those who wait try again, or elsewhere. */
  #retryAll(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#exclusive = undefined;
    for (const exchange of waiting) {
      exchange.connection = undefined;
      exchange.lease?.failed();
    }
  }

  /** Ends it at once, and its exchanges with `failure`. */
  #close(failure: number): void {
    if (this.state === 'closed') return;
    this.state = 'closed';
    this.#timer.stop();
    this.#socket.destroy();
    this.pool.gone(this);
    this.#retryAll();
    const pending = [...this.#pending.values()];
    this.#pending.clear();
    for (const exchange of pending) {
      exchange.connection = undefined;
      // Who is sent an ACK of nothing waits on, as with HAProxy: it may have been meant for another.
      if (failure !== spopFailure(STATUS.NO_FRAME) || exchange.deadline === exchange.startedAt)
        exchange.engine.end(exchange, failure);
    }
  }

  /** The generation is over. */
  destroy(): void {
    this.#close(FAILURE.interrupted);
  }
}
