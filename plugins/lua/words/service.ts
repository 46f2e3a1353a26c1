import type { Conversation, Place, ServiceKeyword, Transaction, Verdict } from 'sluice/plugin';
import { Applet, APPLET_HTTP, APPLET_TCP } from '../classes/applet.ts';
import { Txn } from '../classes/txn.ts';
import { LUA } from '../host.ts';
import type { RegisteredService } from '../registry.ts';
import type { Task } from '../task.ts';
import { placesOf } from './places.ts';

/** `use-service lua.<name>` */
export const service: ServiceKeyword = {
  usage: 'use-service lua.<name>',
  summary: 'Answers with a service that a Lua script has registered.',
  mode: 'either',
  prefix: true,
  parse(name, words, scope) {
    const services = scope.global.findExtension(LUA)?.registry.services;
    const found = services?.get(name.slice('lua.'.length));
    const mode = words.keyword.startsWith('http') ? 'http' : 'tcp';
    if (found === undefined) {
      const known = [...(services ?? [])].filter(([, one]) => one.mode === mode).map(([word]) => `lua.${word}`);
      return words.unknown('service name', known);
    }
    if (found.mode !== mode)
      words.fail(`the service '${name}' has been registered for ${found.mode}, not for ${mode} rules`);
    const places = placesOf(scope, []);
    return (transaction) => serve(found, transaction, places);
  },
};

/** The code runs beside the exchange: the answer begins when it says so, and ends when it does. */
function serve(found: RegisteredService, transaction: Transaction, places: readonly Place[]): Promise<Verdict> {
  const { world, run, role, mode } = found;
  const conversation = transaction.converse();
  const task = world.take();
  const stack = task.start(run, role, transaction);
  const applet = new Applet(new Txn(transaction, places, false), conversation);
  conversation.onChange = () => {
    if (applet.waiter !== undefined) applet.waiter.wake();
  };
  stack.pushObject(world.class(mode === 'http' ? APPLET_HTTP : APPLET_TCP), applet);
  const ended = (done: Task): Verdict => conclude(done, applet, conversation, transaction);
  if (task.run()) {
    const verdict = ended(task);
    return verdict === undefined ? conversation.verdict : Promise.resolve(verdict);
  }
  return new Promise((resolve) => {
    task.settled = (late) => {
      const verdict = ended(late);
      if (verdict !== undefined) resolve(verdict);
    };
    void conversation.verdict.then(resolve);
  });
}

/** What becomes of the exchange when the code has ended; a verdict where the answer has not begun. */
function conclude(task: Task, applet: Applet, conversation: Conversation, transaction: Transaction): Verdict {
  const { failed } = task;
  task.release();
  conversation.onChange = undefined;
  if (conversation.over) return undefined;
  if (transaction.request === undefined) {
    conversation.end();
    return undefined;
  }
  if (!applet.started) return transaction.error(500, 'local');
  if (failed) conversation.abort();
  else conversation.end();
  return undefined;
}
