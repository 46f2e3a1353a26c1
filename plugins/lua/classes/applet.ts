import type { Conversation } from 'sluice/plugin';
import { classKey, type ClassKey } from '../class-key.ts';
import type { LuaCall } from '../engine/engine.ts';
import type { Task } from '../task.ts';
import type { Txn } from './txn.ts';
import { Unread } from './unread.ts';

/** What stands behind the object that a service gets. */
export class Applet {
  readonly #txn: Txn | undefined;
  readonly conversation: Conversation;
  status = 200;
  reason: string | undefined;
  readonly headers: [name: string, value: string][] = [];
  /** The answer has begun. */
  started = false;
  readonly unread: Unread = new Unread();
  /** Its code waits for the client. */
  waiter: Task | undefined;

  /** Commands have no transaction. */
  constructor(txn: Txn | undefined, conversation: Conversation) {
    this.#txn = txn;
    this.conversation = conversation;
  }

  txn(call: LuaCall): Txn {
    return this.#txn ?? call.fail('a command of the Runtime API has no transaction');
  }
}

export const APPLET_HTTP: ClassKey<Applet> = classKey('AppletHTTP');
export const APPLET_TCP: ClassKey<Applet> = classKey('AppletTCP');
