import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls, type ConnectionOptions } from 'node:tls';
import { decodeFrame, readActions, type DecodedAction, type DecodedFrame } from './decode.ts';
import { readAgentHello, readDisconnect, writeDisconnect, writeHaproxyHello } from './handshake.ts';
import type { AgentHello, Disconnect } from './handshake.ts';
import { DEFAULT_FRAME_SIZE, FLAG, FRAME, STATUS, type Scope } from './protocol.ts';
import { SpopReader } from './reader.ts';
import { FrameSplitter } from './splitter.ts';
import type { SpopInput, SpopValue } from './values.ts';
import { SpopWriter } from './writer.ts';

/** Where the agent is, and what HAProxy it plays. */
export interface TestClientOptions {
  readonly port?: number | undefined;
  readonly host?: string | undefined;
  readonly path?: string | undefined;
  readonly tls?: ConnectionOptions | undefined;
  readonly maxFrameSize?: number | undefined;
  /** `['pipelining']` by default, as HAProxy from 3.1 on. */
  readonly capabilities?: readonly string[] | undefined;
  readonly engineId?: string | undefined;
  /** Milliseconds after which waiting for the agent is given up; 5000 by default. */
  readonly timeoutMs?: number | undefined;
}

/** A message to send; arguments by name, or as pairs where names repeat or are empty. */
export interface TestMessage {
  readonly name: string;
  readonly args?:
    | Readonly<Record<string, SpopInput>>
    | readonly (readonly [name: string, value: SpopInput])[]
    | undefined;
}

/** What the agent answered. */
export interface TestAck {
  readonly streamId: number;
  readonly frameId: number;
  readonly actions: readonly DecodedAction[];
  /** Variables that were set, as `<scope>.<name>`. */
  readonly vars: { readonly [name in `${Scope}.${string}`]?: SpopValue };
}

interface Waiting {
  readonly what: string;
  readonly since: number;
  resolve(ack: TestAck): void;
  reject(error: Error): void;
}

/**
 * Plays HAProxy towards an agent, for its unit tests:
 *
 *     const proxy = await TestClient.connect({ port });
 *     const { vars } = await proxy.notify('check-client-ip', { ip: Ip.parse('192.0.2.1') });
 *     expect(vars['sess.ip_score']).toBe(20);
 *     await proxy.disconnect();
 */
export class TestClient {
  /** What the agent said of itself. */
  hello: AgentHello | null = null;
  /** The frames that nobody waited for, in order. */
  readonly unexpected: DecodedFrame[] = [];
  readonly #socket: Socket;
  readonly #writer = new SpopWriter();
  readonly #reader = new SpopReader();
  readonly #waiting = new Map<string, Waiting>();
  readonly #timeoutMs: number;
  #watchdog: NodeJS.Timeout | null = null;
  #helloed: { resolve(): void; reject(error: Error): void } | null = null;
  #nextStream = 1;
  #flushing = false;
  readonly #ended: Promise<void>;
  #goodbye: Disconnect | null = null;
  #error: Error | null = null;

  private constructor(socket: Socket, timeoutMs: number) {
    this.#socket = socket;
    this.#timeoutMs = timeoutMs;
    const splitter = new FrameSplitter(1 << 24, (buffer, start, end) => this.#frame(buffer, start, end));
    socket.setNoDelay(true);
    socket.on('data', (chunk) => {
      try {
        splitter.push(chunk);
      } catch (error) {
        socket.destroy(error as Error);
      }
    });
    socket.on('error', (error) => (this.#error = error));
    this.#ended = new Promise((resolve) => {
      socket.on('close', () => {
        this.#fail();
        resolve();
      });
    });
  }

  /** Connects and shakes hands. @throws Error with the agent's reason when it refuses. */
  static async connect(options: TestClientOptions): Promise<TestClient> {
    const client = await TestClient.#open(options);
    await client.#handshake(options, false);
    return client;
  }

  /** What a proxy's health check (`option spop-check`) does; answers what the agent said. @throws Error when it is not well. */
  static async healthCheck(options: TestClientOptions): Promise<AgentHello> {
    const client = await TestClient.#open(options);
    await client.#handshake({ capabilities: [], ...options }, true);
    client.destroy();
    return client.hello!;
  }

  /** Only connects; for what a proxy would never send (`send`). */
  static raw(options: TestClientOptions): Promise<TestClient> {
    return TestClient.#open(options);
  }

  static #open(options: TestClientOptions): Promise<TestClient> {
    const { port, host = '127.0.0.1', path, tls, timeoutMs = 5000 } = options;
    const where = path === undefined ? { port: port!, host } : { path };
    return new Promise((resolve, reject) => {
      const socket: Socket = tls ? connectTls({ ...tls, ...where }) : connectTcp(where);
      socket.once('error', reject);
      socket.once(tls ? 'secureConnect' : 'connect', () => {
        socket.off('error', reject);
        resolve(new TestClient(socket, timeoutMs));
      });
    });
  }

  /** Sends one message and waits for its ACK. */
  notify(name: string, args?: TestMessage['args']): Promise<TestAck> {
    return this.notifyAll([{ name, args }]);
  }

  /**
   * Sends one NOTIFY with these messages and waits for its ACK. Any number may be under way. Without ids of its own it has the next stream of this
   * connection and frame 1, as HAProxy from 3.1 on.
   */
  notifyAll(messages: readonly TestMessage[], ids: { streamId?: number; frameId?: number } = {}): Promise<TestAck> {
    const { streamId = this.#stream(), frameId = 1 } = ids;
    this.#write(streamId, frameId, FLAG.FIN, messages);
    return this.#answer(`${streamId}:${frameId}`, `the ACK of stream ${streamId}`);
  }

  /** Sends a NOTIFY and does not wait; its ACK will be in `unexpected`. */
  post(messages: readonly TestMessage[], ids: { streamId?: number; frameId?: number } = {}): void {
    this.#write(ids.streamId ?? this.#stream(), ids.frameId ?? 1, FLAG.FIN, messages);
  }

  /** Sends a streamed message (README, "Body streaming"), the body as it comes, and waits for its ACK. */
  async notifyBody(
    name: string,
    args: TestMessage['args'],
    body: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
  ): Promise<TestAck> {
    const streamId = this.#stream();
    let frameId = 1;
    const key = (id: number): string => `${streamId}:${id}`;
    const first: (readonly [string, SpopInput])[] = [...pairs(args), ['stream-end', false]];
    this.#write(streamId, frameId, FLAG.FIN, [{ name, args: first }]);
    const answer = this.#answer(key(frameId), `the ACK of streamed message '${name}'`);
    let answered = false;
    const seen = (): void => void (answered = true);
    answer.then(seen, seen);
    const piece = async (piecesArgs: Record<string, SpopInput>): Promise<void> => {
      const waiting = this.#waiting.get(key(frameId));
      if (!waiting) return;
      // The agent may name any frame up to the last.
      this.#waiting.set(key(++frameId), waiting);
      this.#write(streamId, frameId, FLAG.FIN, [{ name, args: piecesArgs }]);
      this.#flush();
      if (this.#socket.writableNeedDrain) await new Promise((resolve) => this.#socket.once('drain', resolve));
    };
    for await (const chunk of body) {
      if (answered) break;
      await piece({ 'stream-chunk': chunk, 'stream-end': false });
    }
    if (!answered) await piece({ 'stream-end': true });
    try {
      return await answer;
    } finally {
      for (let id = 1; id <= frameId; id++) this.#waiting.delete(key(id));
    }
  }

  /** Sends any bytes. */
  send(bytes: Uint8Array): void {
    this.#flush();
    this.#socket.write(bytes);
  }

  /** Says goodbye (HAPROXY-DISCONNECT) and waits for the agent to do so too. */
  async disconnect(status: number = STATUS.NORMAL): Promise<Disconnect> {
    writeDisconnect(this.#writer, 'haproxy', status);
    this.#flush();
    return this.disconnected();
  }

  /** Waits until the agent has closed the connection; answers what its AGENT-DISCONNECT said. */
  async disconnected(): Promise<Disconnect> {
    await this.#within(this.#ended, 'the end of the connection');
    if (!this.#goodbye) throw this.#error ?? new Error('the agent closed the connection without AGENT-DISCONNECT');
    return this.#goodbye;
  }

  /** Closes as a stopping HAProxy does: with no frame. */
  destroy(): void {
    this.#socket.destroy();
  }

  /** Stops reading, or goes on. */
  pause(paused: boolean): void {
    if (paused) this.#socket.pause();
    else this.#socket.resume();
  }

  async #handshake(options: TestClientOptions, healthcheck: boolean): Promise<void> {
    const { maxFrameSize = DEFAULT_FRAME_SIZE, capabilities = ['pipelining'], engineId } = options;
    const hello = { maxFrameSize, capabilities, healthcheck };
    writeHaproxyHello(this.#writer, healthcheck ? hello : { ...hello, engineId: engineId ?? 'test-client' });
    this.#flush();
    await this.#within(new Promise<void>((resolve, reject) => (this.#helloed = { resolve, reject })), 'AGENT-HELLO');
  }

  #stream(): number {
    const id = this.#nextStream;
    this.#nextStream += 2;
    return id;
  }

  #write(streamId: number, frameId: number, flags: number, messages: readonly TestMessage[]): void {
    const writer = this.#writer;
    writer.beginFrame(FRAME.NOTIFY, streamId, frameId, flags);
    for (const { name, args } of messages) {
      const all = pairs(args);
      writer.beginMessage(name, all.length);
      for (const [key, value] of all) {
        writer.argument(key);
        writer.value(value);
      }
    }
    writer.endFrame();
    if (this.#flushing) return;
    this.#flushing = true;
    setImmediate(() => this.#flush());
  }

  #flush(): void {
    this.#flushing = false;
    if (this.#writer.length > 0 && this.#socket.writable) this.#socket.write(this.#writer.take());
  }

  #answer(key: string, what: string): Promise<TestAck> {
    const waiting = new Promise<TestAck>((resolve, reject) => {
      this.#waiting.set(key, { resolve, reject, what, since: performance.now() });
    });
    this.#watch();
    // A test that ends before its answers came is not to fail by them.
    waiting.catch(() => {});
    return waiting;
  }

  /** One timer for all that are waited for: a client under load has thousands. */
  #watch(): void {
    this.#watchdog ??= setTimeout(() => {
      this.#watchdog = null;
      const old = performance.now() - this.#timeoutMs;
      for (const [key, { reject, what, since }] of this.#waiting) {
        if (since > old + 1) continue;
        this.#waiting.delete(key);
        reject(new Error(`${what} did not come within ${this.#timeoutMs} ms`));
      }
      if (this.#waiting.size > 0) this.#watch();
    }, this.#timeoutMs);
  }

  #frame(buffer: Buffer, start: number, end: number): void {
    const reader = this.#reader;
    reader.frame(buffer, start, end);
    const waiting = reader.frameType === FRAME.ACK && this.#waiting.get(`${reader.streamId}:${reader.frameId}`);
    if (waiting) {
      const { streamId, frameId } = reader;
      this.#waiting.delete(`${streamId}:${frameId}`);
      const actions = readActions(reader);
      const vars: Record<string, SpopValue> = {};
      for (const action of actions)
        if (action.kind === 'set-var') vars[`${action.scope}.${action.name}`] = action.value;
      waiting.resolve({ streamId, frameId, actions, vars });
    } else if (reader.frameType === FRAME.AGENT_HELLO && this.hello === null) {
      this.hello = readAgentHello(reader);
      this.#helloed?.resolve();
    } else if (reader.frameType === FRAME.AGENT_DISCONNECT) {
      this.#goodbye = readDisconnect(reader);
      this.#socket.end();
    } else this.unexpected.push(decodeFrame(reader, buffer, start, end));
  }

  #fail(): void {
    const reason = this.#goodbye ? `AGENT-DISCONNECT ${this.#goodbye.status}: ${this.#goodbye.message}` : 'no reason';
    const error = this.#error ?? new Error(`the agent closed the connection (${reason})`);
    this.#helloed?.reject(error);
    for (const waiting of this.#waiting.values()) waiting.reject(error);
    this.#waiting.clear();
    clearTimeout(this.#watchdog ?? undefined);
  }

  async #within<T>(promise: Promise<T>, what: string): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => reject(new Error(`${what} did not come within ${this.#timeoutMs} ms`)), this.#timeoutMs);
    });
    try {
      return await Promise.race([promise, late]);
    } finally {
      clearTimeout(timer);
    }
  }
}

function pairs(args: TestMessage['args']): readonly (readonly [string, SpopInput])[] {
  if (args === undefined) return [];
  return Array.isArray(args) ? (args as readonly (readonly [string, SpopInput])[]) : Object.entries(args as object);
}
