import type { FilterFlow, FilterSide, Verdict } from 'sluice/plugin';
import type { AgentConnection } from './agent-connection.ts';
import type { Engine } from './engine.ts';
import type { Exchange } from './exchange.ts';
import type { Message } from './settings.ts';

const NOTHING = Buffer.alloc(0);

/**
 * Shows a body to an agent as it passes. With a `deny` line it is held back until the agent has answered, up to `hold` bytes; what is
 * longer passes, and can only be cut.
 */
export class BodySide implements FilterSide {
  readonly borrows = true;
  readonly #engine: Engine;
  readonly #message: Message;
  readonly #title: string;
  #exchange: Exchange | undefined = undefined;
  #connection: AgentConnection | undefined = undefined;
  #asked = false;
  /** What is held back, while anything is. */
  #held: Buffer[] | undefined = undefined;
  #size = 0;

  constructor(engine: Engine, title: string, message: Message) {
    this.#engine = engine;
    this.#title = title;
    this.#message = message;
  }

  head(flow: FilterFlow): void {
    this.#exchange = this.#engine.openBody(flow.transaction, this.#title, this.#message);
    if (this.#exchange === undefined) {
      flow.leave();
      return;
    }
    if (this.#message.deny === undefined) return;
    this.#held = [];
    flow.hold();
  }

  async data(chunk: Buffer, flow: FilterFlow): Promise<Buffer | undefined> {
    await this.#send(chunk, false);
    if (this.#held === undefined) return chunk;
    this.#held.push(Buffer.from(chunk));
    this.#size += chunk.length;
    if (this.#size <= this.#message.hold) return undefined;
    for (const held of this.#held) flow.write(held);
    this.#held = undefined;
    return undefined;
  }

  /** Waits for the answer where something depends on it. */
  async end(flow: FilterFlow): Promise<Buffer | Verdict> {
    await this.#send(NOTHING, true);
    const { deny } = this.#message;
    if (deny === undefined) return undefined;
    await this.#exchange?.body?.over;
    if (deny.evaluate(flow.transaction)) return 'deny';
    return this.#held === undefined ? undefined : Buffer.concat(this.#held);
  }

  /** Ends at once where nobody wants the body any more. */
  async #send(chunk: Uint8Array, last: boolean): Promise<void> {
    const exchange = this.#exchange!;
    if (!this.#asked) {
      this.#asked = true;
      this.#connection = await exchange.body!.ready;
    }
    if (this.#connection === undefined || exchange.over) return;
    const drained = this.#connection.sendBody(exchange, chunk, last);
    this.#engine.progress(exchange);
    if (!drained && !exchange.over) await exchange.body!.drain();
  }
}
