import { type Action, type ActionKeyword, type Ruleset, type Transaction, type Verdict } from 'sluice/plugin';
import { Txn, TXN } from '../classes/txn.ts';
import { LUA } from '../host.ts';
import { Conclusion } from '../library/transactions.ts';
import type { RegisteredAction } from '../registry.ts';
import type { Task } from '../task.ts';
import { isResponse, placesOf } from './places.ts';

/** `http-request lua.<name> [ <argument> … ]` and the same in the other rule sets. */
export const action: ActionKeyword = {
  usage: 'lua.<name> [ <argument> … ]',
  summary: 'Runs an action that a Lua script has registered.',
  in: ['tcp-request content', 'tcp-response content', 'http-request', 'http-response', 'http-after-response'],
  prefix: true,
  parse(words, scope) {
    const [, set, word] = /^(.*) lua\.([^ ]*)$/s.exec(words.keyword)!;
    const registered = scope.global.findExtension(LUA)?.registry.actions;
    const actions = registered?.get(set as Ruleset);
    const found = actions?.get(word!);
    if (found === undefined) {
      const elsewhere = [...(registered ?? [])].filter(([, others]) => others.has(word!)).map(([other]) => other);
      if (elsewhere.length > 0) {
        words.fail(`the Lua action 'lua.${word}' has not been registered for '${set}' but for ${elsewhere.join(', ')}`);
      }
      return words.unknown(
        'Lua action',
        [...(actions?.keys() ?? [])].map((name) => `lua.${name}`),
      );
    }
    const args: string[] = [];
    for (let count = 0; count < found.argumentCount; count++) {
      if (words.remaining === 0) words.fail(`expects ${found.argumentCount} argument(s) behind 'lua.${word}'`);
      args.push(words.next('an argument'));
    }
    const places = placesOf(scope, []);
    return new LuaAction(found, args, places, set === 'http-after-response', isResponse(places));
  },
};

class LuaAction implements Action {
  readonly #action: RegisteredAction;
  readonly #args: readonly string[];
  readonly #places: Txn['places'];
  readonly #response: boolean;
  readonly #role: RegisteredAction['role'];
  readonly #type: ReturnType<RegisteredAction['world']['class']>;

  constructor(
    found: RegisteredAction,
    args: readonly string[],
    places: Txn['places'],
    final: boolean,
    response: boolean,
  ) {
    this.#action = found;
    this.#args = args;
    this.#places = places;
    this.#response = response;
    this.#role = final ? found.finalRole : found.role;
    this.#type = found.world.class(TXN);
  }

  run(transaction: Transaction): Verdict | Promise<Verdict> {
    const { world, run } = this.#action;
    const task = world.take();
    const stack = task.start(run, this.#role, transaction);
    stack.pushObject(this.#type, new Txn(transaction, this.#places, this.#response));
    for (const text of this.#args) stack.pushString(text);
    if (task.run()) return this.#finish(task, transaction);
    return this.#later(task, transaction);
  }

  async #later(task: Task, transaction: Transaction): Promise<Verdict> {
    return task.later((ended) => this.#finish(ended, transaction));
  }

  /** What the action's result, or its end, means for the transaction. lua-api.rst, "act class". */
  #finish(task: Task, transaction: Transaction): Verdict | Promise<Verdict> {
    const { stack, attachment, wakeTime } = task;
    const code = task.failed || task.concluded || stack.count === 0 ? 0 : stack.isInteger(-1) ? stack.int(-1) : 0;
    const concluded = task.concluded && attachment instanceof Conclusion ? attachment : undefined;
    task.release();
    if (concluded !== undefined) {
      const { reply } = concluded;
      if (reply === undefined) return 'abort';
      return transaction.request === undefined ? 'abort' : transaction.reply(reply);
    }
    switch (code) {
      case 0:
        return undefined;
      case 1:
      case 4:
        return 'stop';
      case 2:
        return this.#again(transaction, wakeTime);
      case 3:
        return transaction.request === undefined ? 'abort' : transaction.error(500, 'internal');
      case 5:
        return 'deny';
      case 6:
        return 'abort';
      case 7:
        return transaction.request === undefined ? 'abort' : transaction.error(this.#response ? 502 : 400);
      default:
        return undefined;
    }
  }

  /** `act.YIELD`: from its beginning, when the time that it named has come. */
  async #again(transaction: Transaction, wakeTime: number | undefined): Promise<Verdict> {
    // Without a time HAProxy waits for something to happen; a millisecond is soon enough for what may have.
    const alive = await transaction.sleep(Math.max(1, wakeTime ?? 1));
    return alive ? this.run(transaction) : 'abort';
  }
}
