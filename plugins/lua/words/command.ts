import type { CommandKeyword, CommandSession, Conversation, Verdict } from 'sluice/plugin';
import { Applet, APPLET_TCP } from '../classes/applet.ts';
import type { LuaHost } from '../host.ts';
import type { RegisteredCommand } from '../registry.ts';

/** A client of the Runtime API, read and written as a service reads and writes its client. */
class CommandConversation implements Conversation {
  readonly verdict: Promise<Verdict> = Promise.resolve(undefined);
  onChange: (() => void) | undefined = undefined;
  writable = true;
  readEnded = false;
  readonly #session: CommandSession;
  #unread: Buffer = Buffer.alloc(0);
  #reading = false;

  constructor(session: CommandSession) {
    this.#session = session;
  }

  begin(): void {}
  end(): void {}
  abort(): void {
    this.#session.end();
  }

  get over(): boolean {
    return this.#session.signal.aborted;
  }

  write(bytes: string | Uint8Array): boolean {
    const text = typeof bytes === 'string' ? bytes : Buffer.from(bytes).latin1Slice();
    if (this.#session.write(text) || !this.writable) return this.writable;
    this.writable = false;
    void this.#session.ready().then(() => {
      this.writable = true;
      this.onChange?.();
    });
    return false;
  }

  get readable(): number {
    return this.#unread.length;
  }

  read(most: number): Buffer {
    if (this.#unread.length === 0 && !this.readEnded) void this.#readMore();
    const taken = this.#unread.subarray(0, most);
    this.#unread = this.#unread.subarray(taken.length);
    return taken;
  }

  async #readMore(): Promise<void> {
    if (this.#reading) return;
    const now = this.#session.readNow();
    if (now !== undefined && now.length > 0) {
      this.#unread = now;
      return;
    }
    this.#reading = true;
    const bytes = await this.#session.read();
    this.#reading = false;
    if (bytes === undefined) this.readEnded = true;
    else this.#unread = Buffer.concat([this.#unread, bytes]);
    this.onChange?.();
  }
}

function command({ world, run, role, path, usage }: RegisteredCommand): CommandKeyword {
  return {
    usage: path.join(' '),
    summary: usage,
    level: 'user',
    run(words, session) {
      const conversation = new CommandConversation(session);
      const applet = new Applet(undefined, conversation);
      const task = world.take();
      const stack = task.start(run, role);
      stack.pushObject(world.class(APPLET_TCP), applet);
      for (const word of [...path, ...words.rest()]) stack.pushString(word);
      conversation.onChange = () => applet.waiter?.wake();
      if (task.run()) {
        task.release();
        return undefined;
      }
      const { life } = task;
      return new Promise((resolve) => {
        task.settled = (ended) => {
          ended.release();
          resolve();
        };
        session.signal.addEventListener('abort', () => {
          if (task.life === life) task.end();
          resolve();
        });
      });
    },
  };
}

/** The commands that scripts have registered. */
export function commands(host: LuaHost): Record<string, CommandKeyword> {
  return Object.fromEntries([...host.registry.commands].map(([name, found]) => [name, command(found)]));
}
