import type { Conversation } from 'sluice/plugin';
import { classKey, type ClassKey } from '../class-key.ts';
import type { Task } from '../task.ts';
import type { Txn } from './txn.ts';

/** What stands behind the object that a service gets. */
export class Applet {
  readonly txn: Txn;
  readonly conversation: Conversation;
  status = 200;
  reason: string | undefined;
  readonly headers: [name: string, value: string][] = [];
  /** The answer has begun. */
  started = false;
  /** Its code waits for the client. */
  waiter: Task | undefined;

  constructor(txn: Txn, conversation: Conversation) {
    this.txn = txn;
    this.conversation = conversation;
  }
}

export const APPLET_HTTP: ClassKey<Applet> = classKey('AppletHTTP');
export const APPLET_TCP: ClassKey<Applet> = classKey('AppletTCP');
