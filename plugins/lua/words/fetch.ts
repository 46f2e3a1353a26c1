import { ExpressionError, hint, type ArgumentSpec, type FetchKeyword, type Place, type Value } from 'sluice/plugin';
import { Txn, TXN } from '../classes/txn.ts';
import { LUA } from '../host.ts';
import { pullSample } from '../samples.ts';
import type { Task } from '../task.ts';
import { isResponse, placesOf } from './places.ts';

/** Arguments of a fetch or converter at the most. */
export const ARGUMENTS: readonly ArgumentSpec[] = Array.from({ length: 12 }, () => ({
  type: 'string',
  optional: true,
}));

/** Those that were given: an empty one counts unless nothing follows. */
export function given(texts: readonly (string | undefined)[]): string[] {
  const last = texts.findLastIndex((text) => text !== undefined);
  return texts.slice(0, last + 1).map((text) => text ?? '');
}

/** The result of code that has ended: the last value that it returned, or nothing. */
export function resultOf(task: Task): Value | undefined {
  const { stack } = task;
  const value = task.failed || task.concluded || stack.count === 0 ? undefined : pullSample(stack, -1);
  task.release();
  return value;
}

/** Where its own fetches are read if the line does not say. */
const ANYWHERE: readonly Place[] = ['fe-http-request', 'be-http-request'];

/** `lua.<name>(<arguments>)` */
export const fetch: FetchKeyword = {
  usage: 'lua.<name>([<argument>[,…]])',
  summary: 'What a fetch gives that a Lua script has registered.',
  prefix: true,
  type: 'any',
  nominal: 'str',
  from: 'either-l6',
  arguments: ARGUMENTS,
  compile(args) {
    const fetches = args.scope?.global.findExtension(LUA)?.registry.fetches;
    const found = fetches?.get(args.word.slice('lua.'.length));
    if (found === undefined) {
      const known = [...(fetches?.keys() ?? [])].map((name) => `lua.${name}`);
      throw new ExpressionError(`unknown fetch method '${args.word}'${hint(args.word, known)}`);
    }
    const { world, run, role } = found;
    const type = world.class(TXN);
    const places = placesOf(args.scope, ANYWHERE);
    const response = isResponse(places);
    const texts = given(args.texts);
    return (transaction) => {
      const task = world.take();
      const stack = task.start(run, role, transaction);
      stack.pushObject(type, new Txn(transaction, places, response));
      for (const text of texts) stack.pushString(text);
      task.run();
      return resultOf(task);
    };
  },
};
