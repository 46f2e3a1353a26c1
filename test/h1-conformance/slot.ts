import { type Conversation, RawOrigin } from '../support/raw-origin.ts';
import { RawClient } from '../support/raw-client.ts';
import { sleep } from '../support/wait.ts';
import { type Case, DEFAULT_ANSWER, END, type OriginStep, type Outcome, REQUEST, RESET, type Step } from './case.ts';
import { messages, status } from './messages.ts';

/** One origin and one frontend of the proxy that leads to it alone: cases run on it one after the other. */
export class Slot {
  readonly origin: RawOrigin;
  /** The frontend's port, set once the proxy runs. */
  port = 0;
  /** Milliseconds between two writes of one side, so that the proxy reads them apart. */
  apart = 15;
  #script: readonly OriginStep[] | undefined;

  private constructor(origin: RawOrigin) {
    this.origin = origin;
  }

  static async open(): Promise<Slot> {
    // The player is asked for only when a connection comes, and none comes before a case runs.
    const origin: RawOrigin = await RawOrigin.start((conversation, index) =>
      play(conversation, index === 0 ? slot.#script : undefined, slot.apart),
    );
    const slot = new Slot(origin);
    return slot;
  }

  /**
   * Plays a case: sends all its steps, then calls `watch` with a function that tells what has been seen so far and a
   * function that waits for a change. Returns what `watch` returns, after both ends have been closed.
   */
  async run<T>(
    it: Pick<Case, 'send' | 'origin'>,
    watch: (look: () => Outcome, client: RawClient) => Promise<T>,
  ): Promise<T> {
    this.#script = it.origin;
    this.origin.forget();
    const client = await RawClient.connect(this.port, { halfOpen: true });
    const steps = typeof it.send === 'string' ? [it.send] : it.send;
    try {
      await perform(client, steps, this.apart);
      return await watch(() => this.#look(client, steps), client);
    } finally {
      client.destroy();
      // The proxy closes its private origin connections after the client's; a late one must not fall into the next case.
      await this.origin.when(() => this.origin.conversations.every(({ closed }) => closed !== 'open'), 500);
      this.origin.forget();
    }
  }

  #look(client: RawClient, steps: readonly Step[]): Outcome {
    const closed = client.closed !== 'open';
    const methods = methodsOf(steps);
    return {
      statuses: messages(client.received, { kind: 'response', methods, ended: closed }).map(status),
      closed,
      client: client.received,
      origin: this.origin.conversations.map(({ received }) => received).filter((bytes) => bytes !== ''),
    };
  }
}

/** The methods of the requests that a client writes, as far as they begin a line. */
export function methodsOf(steps: string | readonly Step[]): string[] {
  const list = typeof steps === 'string' ? [steps] : steps;
  const text = list.filter((step) => typeof step === 'string').join('');
  return [...text.matchAll(/(?:^|\n)([A-Za-z]+) [^\r\n ]+ HTTP\/1/g)].map((match) => match[1]!);
}

async function perform(client: RawClient, steps: readonly Step[], apart: number): Promise<void> {
  let seen = 0;
  let wrote = false;
  for (const step of steps) {
    if (typeof step === 'string') {
      if (wrote) await sleep(apart);
      client.send(step);
      wrote = true;
    } else if ('pause' in step) await sleep(step.pause);
    else if ('sees' in step) {
      const { sees } = step;
      await client.when(() => client.received.includes(sees, seen) || client.closed !== 'open', 2000);
      seen = client.received.indexOf(sees, seen) + sees.length;
    } else client.end();
  }
}

async function play(
  conversation: Conversation,
  script: readonly OriginStep[] | undefined,
  apart: number,
): Promise<void> {
  let at = 0;
  const whole = (): boolean => messages(conversation.received.slice(at), { kind: 'request' })[0]?.complete === true;
  const next = async (): Promise<boolean> => {
    const came = await conversation.when(() => whole() || tunnel(conversation.received.slice(at)) || gone(), 15_000);
    return came && !gone();
  };
  const gone = (): boolean => conversation.closed === 'reset' || conversation.socket.destroyed;
  for (const step of startsWithWaiting(script ?? [])) {
    if (typeof step === 'string') {
      conversation.send(step);
      await sleep(apart);
    } else if ('pause' in step) await sleep(step.pause);
    else if ('sees' in step) {
      const { sees } = step;
      const from = at;
      if (!(await conversation.when(() => conversation.received.includes(sees, from) || gone(), 15_000))) return;
      at = conversation.received.indexOf(sees, from) + sees.length;
    } else if (step.do === 'request') {
      if (!(await next())) return;
      at += messages(conversation.received.slice(at), { kind: 'request' })[0]!.end;
    } else if (step.do === 'end') conversation.end();
    else if (step.do === 'reset') conversation.reset();
  }
  for (;;) {
    if (!(await next())) return;
    const [message] = messages(conversation.received.slice(at), { kind: 'request' });
    at += message!.end;
    if (message!.head.startsWith('HEAD ')) conversation.send(DEFAULT_ANSWER.slice(0, -2));
    else if (message!.head.startsWith('CONNECT ')) conversation.send('HTTP/1.1 200 OK\r\n\r\n');
    else conversation.send(DEFAULT_ANSWER);
  }
}

/** Whether the first head opens a tunnel, so that no end of the message will come. */
const tunnel = (bytes: string): boolean => {
  const [message] = messages(bytes, { kind: 'request' });
  return message?.framing === 'tunnel' && bytes.includes('\r\n\r\n');
};

function startsWithWaiting(script: readonly OriginStep[]): readonly OriginStep[] {
  const [first] = script;
  return typeof first === 'string' || first === END || first === RESET ? [REQUEST, ...script] : script;
}
