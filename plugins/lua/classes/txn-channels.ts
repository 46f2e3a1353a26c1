import type { ReceivedEditor } from 'sluice/plugin';
import type { HostFunction, LuaCall } from '../engine/engine.ts';
import { suspend, taskOf } from '../task.ts';
import type { World } from '../world.ts';
import { CHANNEL, type LuaChannel } from './channel.ts';
import { PayloadWindow } from './payload-window.ts';
import type { Txn } from './txn.ts';

/** `txn.req` and `txn.res` in rules: the bytes that rules may look at; those of the other direction have not come, or are gone. */
class RuleChannel implements LuaChannel {
  readonly response: boolean;
  readonly http: boolean;
  readonly capacity: number;
  readonly #txn: Txn;

  constructor(txn: Txn, response: boolean, http: boolean, capacity: number) {
    this.#txn = txn;
    this.response = response;
    this.http = http;
    this.capacity = capacity;
  }

  /** Whether it is the direction that rules look at. */
  get #own(): boolean {
    return this.#txn.response === this.response;
  }

  window(call: LuaCall): PayloadWindow {
    const transaction = this.#txn.transaction(call);
    const window = new PayloadWindow();
    if (this.http) {
      const message = this.response ? transaction.response : transaction.request;
      window.input = message === undefined ? '' : message.body.available().latin1Slice();
      window.open = message?.body.complete !== true;
      return window;
    }
    const { received } = transaction;
    if (received !== undefined && this.#own)
      window.input = (this.response ? received.response : received.request).latin1Slice();
    window.open = this.#own ? (received?.editor?.open ?? false) : true;
    return window;
  }

  /** Only actions can wait. */
  more(call: LuaCall, finish: HostFunction): number | undefined {
    const task = taskOf(call);
    const editor = this.#txn.transaction(call).received?.editor;
    if (!this.#own || editor === undefined || task?.role.kind !== 'action' || task.role.waiting !== 'allowed')
      return undefined;
    const { life } = task;
    editor.onMore(() => {
      if (task.life === life) task.wake();
    });
    return suspend(call, finish);
  }

  settle(window: PayloadWindow, call: LuaCall): void {
    const editor: ReceivedEditor | undefined = this.#txn.transaction(call).received?.editor;
    if (editor === undefined) return;
    const out = window.take();
    if (out !== undefined) editor.send(this.response ? 'client' : 'server', out);
    if (this.#own) editor.replace(Buffer.from(window.input, 'latin1'));
  }
}

/** The fields `req` and `res` of `txn`; lua-api.rst, "TXN class". */
export function txnChannels(world: World): void {
  for (const [name, response] of [
    ['req', false],
    ['res', true],
  ] as const)
    world.txnAttributes.set(name, (call, txn) => {
      const { bufsize } = world.host.global.settings;
      const http = txn.transaction(call).frontend.settings.mode === 'http';
      call.pushObject(world.class(CHANNEL), new RuleChannel(txn, response, http, bufsize));
    });
}
