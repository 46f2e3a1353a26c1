import { FRAME, type SpopWriter } from 'sluice/agent';
import type { AgentConnection } from './agent-connection.ts';
import type { Message } from './settings.ts';

/** What a frame has besides its head and a piece of a body: type and length of the piece, `stream-end` and its value. */
const OVERHEAD = 4 + 12;

/** One body on its way to an agent: the sender's end of "Body streaming" in the SDK's README. */
export class BodyTransfer {
  readonly message: Message;
  /** Frames sent. */
  frames = 0;
  /** The last frame has been sent, or there will be none. */
  complete = false;
  /** Fulfilled when a connection takes the body, with it; with undefined when none does. */
  readonly ready: Promise<AgentConnection | undefined>;
  readonly #settle: (connection: AgentConnection | undefined) => void;
  #drained: (() => void) | undefined = undefined;
  /** Fulfilled when the exchange is over. */
  readonly over: Promise<void>;
  readonly #end: () => void;

  constructor(message: Message) {
    this.message = message;
    let settle: (connection: AgentConnection | undefined) => void = () => undefined;
    this.ready = new Promise((resolve) => (settle = resolve));
    this.#settle = settle;
    let end: () => void = () => undefined;
    this.over = new Promise((resolve) => (end = resolve));
    this.#end = end;
  }

  /** Writes a piece in as many frames as it needs; the first one has the message's arguments. False when there is no room for them. */
  write(
    writer: SpopWriter,
    streamId: number,
    args: Uint8Array,
    chunk: Uint8Array,
    last: boolean,
    frameSize: number,
  ): boolean {
    let from = 0;
    do {
      const first = this.frames === 0;
      writer.beginFrame(FRAME.NOTIFY, streamId, ++this.frames);
      writer.raw(first ? this.message.streamHead : this.message.chunkHead);
      if (first) writer.raw(args);
      writer.argument('stream-chunk');
      const room = frameSize - writer.frameLength - OVERHEAD;
      if (room <= 0) {
        writer.cancelFrame();
        return false;
      }
      const end = Math.min(chunk.length, from + room);
      writer.bin(chunk.subarray(from, end));
      writer.argument('stream-end');
      writer.bool(last && end === chunk.length);
      writer.endFrame();
      from = end;
    } while (from < chunk.length);
    return true;
  }

  /** The agent takes bodies; or it does not, and has been sent the message alone. */
  begin(connection: AgentConnection | undefined): void {
    this.#settle(connection);
  }

  /** Waits until the connection takes more, or nobody wants more. */
  drain(): Promise<void> {
    return new Promise((resolve) => (this.#drained = resolve));
  }

  goOn(): void {
    const drained = this.#drained;
    this.#drained = undefined;
    drained?.();
  }

  /** The exchange has ended. */
  finish(): void {
    this.complete = true;
    this.#settle(undefined);
    this.goOn();
    this.#end();
  }
}
