import { asString, ExpressionError, hint, type ConverterKeyword } from 'sluice/plugin';
import { LUA } from '../host.ts';
import { ARGUMENTS, given, resultOf } from './fetch.ts';

/** `lua.<name>(<arguments>)` behind a sample. */
export const converter: ConverterKeyword = {
  usage: 'lua.<name>([<argument>[,…]])',
  summary: 'What a converter makes of the sample that a Lua script has registered.',
  prefix: true,
  input: 'str',
  output: 'any',
  nominal: 'str',
  arguments: ARGUMENTS,
  compile(args) {
    const converters = args.scope?.global.findExtension(LUA)?.registry.converters;
    const found = converters?.get(args.word.slice('lua.'.length));
    if (found === undefined) {
      const known = [...(converters?.keys() ?? [])].map((name) => `lua.${name}`);
      throw new ExpressionError(`unknown converter '${args.word}'${hint(args.word, known)}`);
    }
    const { world, run, role } = found;
    const texts = given(args.texts);
    return (value, transaction) => {
      const task = world.take();
      const stack = task.start(run, role, transaction);
      stack.pushString(asString(value));
      for (const text of texts) stack.pushString(text);
      task.run();
      return resultOf(task);
    };
  },
};
