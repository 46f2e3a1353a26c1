import { createServer, type Server, type Socket } from 'node:net';
import {
  type AgentHello,
  FRAME,
  FrameSplitter,
  Ip,
  readDisconnect,
  readHaproxyHello,
  SCOPE,
  type Scope,
  type SpopInput,
  SpopReader,
  SpopWriter,
  writeAgentHello,
} from 'sluice/agent';
import { listenAnywhere } from '../support/free-port.ts';
import { Changing } from '../support/wait.ts';

/** An argument as it was on the wire: `[name, type, text]`. */
export type SeenArgument = readonly [name: string, type: number, text: string];
export interface SeenMessage {
  readonly name: string;
  readonly args: readonly SeenArgument[];
}
/** A NOTIFY that came. */
export interface Seen {
  readonly streamId: number;
  readonly frameId: number;
  readonly flags: number;
  readonly messages: readonly SeenMessage[];
  /** The number of its connection, from 0. */
  readonly connection: number;
  readonly bytes: string;
}

/** What an agent does about a NOTIFY: nothing is sent but what it writes. */
export type Answer = (talk: AgentTalk, seen: Seen) => void | Promise<void>;

export interface AgentScript {
  /** Instead of an AGENT-HELLO. */
  readonly hello?: (talk: AgentTalk) => void;
  readonly notify?: Answer;
  readonly helloValues?: Partial<AgentHello>;
}

const text = (value: unknown): string => {
  if (Buffer.isBuffer(value)) return value.toString('hex');
  if (value instanceof Ip) return value.toString();
  return String(value);
};

/** One connection of a {@link ScriptedAgent}. */
export class AgentTalk {
  readonly socket: Socket;
  readonly index: number;
  readonly agent: ScriptedAgent;
  readonly writer: SpopWriter = new SpopWriter('latin1');
  hello: ReturnType<typeof readHaproxyHello> | undefined;
  closed = false;

  constructor(agent: ScriptedAgent, socket: Socket, index: number) {
    this.agent = agent;
    this.socket = socket;
    this.index = index;
    const reader = new SpopReader('latin1');
    const splitter = new FrameSplitter(1 << 20, (buffer, start, end) => {
      reader.frame(buffer, start, end);
      agent.frame(this, reader, buffer.latin1Slice(start, end));
    });
    socket.setNoDelay(true);
    socket.on('data', (bytes: Buffer) => splitter.push(bytes));
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.closed = true;
      agent.touch();
    });
  }

  send(): void {
    if (!this.socket.destroyed) this.socket.write(Buffer.from(this.writer.take()));
  }

  /** Bytes behind a length of theirs, or of another. */
  frame(bytes: Uint8Array, length: number = bytes.length): void {
    const head = Buffer.alloc(4);
    head.writeUInt32BE(length);
    if (!this.socket.destroyed) this.socket.write(Buffer.concat([head, bytes]));
  }

  /** AGENT-HELLO with these values instead of the usual ones; undefined leaves a key out. */
  greet(values: Partial<AgentHello> = {}): void {
    const usual = { version: '2.0', maxFrameSize: this.hello?.maxFrameSize ?? 16_380, capabilities: ['pipelining'] };
    writeAgentHello(this.writer, { ...usual, ...values } as never);
    this.send();
  }

  ack(
    { streamId, frameId }: { streamId: number; frameId: number },
    actions: readonly (readonly [Scope, string, SpopInput?])[] = [],
    flags = 1,
  ): void {
    this.writer.beginFrame(FRAME.ACK, streamId, frameId, flags);
    for (const [scope, name, value] of actions) {
      this.writer.setVar(scope, name);
      this.writer.value(value);
    }
    this.writer.endFrame();
    this.send();
  }

  /** An ACK with a payload of any bytes. */
  ackRaw({ streamId, frameId }: { streamId: number; frameId: number }, payload: readonly number[]): void {
    this.writer.beginFrame(FRAME.ACK, streamId, frameId);
    this.writer.raw(Uint8Array.from(payload));
    this.writer.endFrame();
    this.send();
  }
}

/** The bytes of a set-var action: `name` in `scope` becomes the INT32 `value`. */
export function setVarBytes(scope: Scope, name: string, value: number): number[] {
  return [1, 3, SCOPE[scope], name.length, ...Buffer.from(name), 2, value];
}

/** An agent that keeps what it is sent and answers as it is told; an empty ACK by default. */
export class ScriptedAgent extends Changing {
  readonly server: Server;
  port = 0;
  readonly talks: AgentTalk[] = [];
  /** NOTIFYs in the order of their coming. */
  seen: Seen[] = [];
  /** HAPROXY-DISCONNECTs. */
  disconnects: { readonly status: number; readonly message: string }[] = [];
  checks = 0;
  script: AgentScript = {};

  constructor() {
    super();
    this.server = createServer((socket) => {
      this.talks.push(new AgentTalk(this, socket, this.talks.length));
      this.changed();
    });
  }

  static async start(script: AgentScript = {}): Promise<ScriptedAgent> {
    const agent = new ScriptedAgent();
    agent.script = script;
    agent.port = await listenAnywhere(agent.server);
    return agent;
  }

  touch(): void {
    this.changed();
  }

  get open(): number {
    return this.talks.filter((talk) => !talk.closed).length;
  }

  frame(talk: AgentTalk, reader: SpopReader, bytes: string): void {
    const { frameType, streamId, frameId, flags } = reader;
    if (frameType === FRAME.HAPROXY_HELLO) {
      talk.hello = readHaproxyHello(reader);
      if (talk.hello.healthcheck) this.checks++;
      if (this.script.hello) this.script.hello(talk);
      else talk.greet(this.script.helloValues);
    } else if (frameType === FRAME.HAPROXY_DISCONNECT) this.disconnects.push(readDisconnect(reader));
    else if (frameType === FRAME.NOTIFY) {
      const messages: SeenMessage[] = [];
      while (reader.more) {
        const name = reader.string();
        const args: SeenArgument[] = [];
        for (let left = reader.uint8(); left > 0; left--) {
          const key = reader.string();
          const value = reader.value();
          args.push([key, reader.type, text(value)]);
        }
        messages.push({ name, args });
      }
      const seen = { streamId, frameId, flags, messages, connection: talk.index, bytes };
      this.seen.push(seen);
      if (this.script.notify) void this.script.notify(talk, seen);
      else talk.ack(seen);
    }
    this.changed();
  }

  async stop(): Promise<void> {
    for (const { socket } of this.talks) socket.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }
}
