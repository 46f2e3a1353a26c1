import { type Message, messages } from '../h1-conformance/messages.ts';
import { type Conversation, RawOrigin } from '../support/raw-origin.ts';
import { Changing } from '../support/wait.ts';

/** A request as it reached an origin. */
export interface Arrived extends Message {
  readonly method: string;
  readonly target: string;
  /** Which connection it came on, counted from 0, and which request of it. */
  readonly connection: number;
  readonly number: number;
  readonly on: Conversation;
}

/** A whole response with a length. */
export function response(body: string, ...fields: string[]): string {
  return ['HTTP/1.1 200 OK', `Content-Length: ${body.length}`, ...fields, '', body].join('\r\n');
}

/** An origin that answers whole requests, by default with 200 and their target, or that is played by hand. */
export class ScriptedOrigin extends Changing {
  readonly raw: RawOrigin;
  /** Gives the bytes of the answer; nothing when the test sends them itself. */
  answer: (request: Arrived) => string | undefined | void = ({ target }) => response(target);
  /** Plays a connection by hand. */
  play: ((conversation: Conversation, index: number) => void | Promise<void>) | undefined;
  readonly requests: Arrived[] = [];

  private constructor(raw: RawOrigin) {
    super();
    this.raw = raw;
  }

  static async start(): Promise<ScriptedOrigin> {
    const holder: { origin?: ScriptedOrigin } = {};
    const raw = await RawOrigin.start((conversation, index) => holder.origin!.#begin(conversation, index));
    holder.origin = new ScriptedOrigin(raw);
    return holder.origin;
  }

  get port(): number {
    return this.raw.port;
  }

  /** Connections so far. */
  get connections(): readonly Conversation[] {
    return this.raw.conversations;
  }

  /** Connections that are still open. */
  get open(): number {
    return this.connections.filter(({ closed }) => closed === 'open').length;
  }

  /** All bytes of all connections, one after the other. */
  get received(): string {
    return this.connections.map(({ received }) => received).join('');
  }

  /** Resolves once `count` whole requests have come. */
  got(count: number, ms?: number): Promise<boolean> {
    return this.when(() => this.requests.length >= count, ms);
  }

  stop(): Promise<void> {
    return this.raw.stop();
  }

  async #begin(conversation: Conversation, connection: number): Promise<void> {
    if (this.play !== undefined) {
      await this.play(conversation, connection);
      return;
    }
    let number = 0;
    let size = 0;
    for (;;) {
      const whole = messages(conversation.received, { kind: 'request' }).filter(
        ({ complete, framing }) => complete || framing === 'tunnel',
      );
      for (; number < whole.length; number++) {
        const message = whole[number]!;
        const [method, target] = message.head.split(' ');
        const arrived = { ...message, method: method!, target: target!, connection, number, on: conversation };
        this.requests.push(arrived);
        this.changed();
        const bytes = this.answer(arrived);
        if (bytes !== undefined) conversation.send(bytes);
      }
      size = conversation.received.length;
      await conversation.when(() => conversation.received.length > size || conversation.closed !== 'open', 60_000);
      if (conversation.closed !== 'open') {
        conversation.end();
        this.changed();
        return;
      }
    }
  }
}
