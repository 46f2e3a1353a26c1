import type { FilterFactory, FilterKeyword } from 'sluice/plugin';
import { FilterLineObject } from '../classes/filter.ts';
import { LuaError } from '../engine/engine.ts';
import { LUA } from '../host.ts';

/** `filter lua.<name> [ <argument> … ]`: the function of the script makes the filter while the line is read. */
export const filter: FilterKeyword = {
  usage: 'filter lua.<name> [ <argument> … ]',
  summary: 'A filter that a Lua script has registered.',
  prefix: true,
  parse(words, scope): FilterFactory {
    const name = /lua\.([^ ]*)$/s.exec(words.keyword)![1]!;
    const filters = scope.global.findExtension(LUA)?.registry.filters;
    const registered = filters?.get(name);
    if (registered === undefined)
      return words.unknown(
        'Lua filter',
        [...(filters?.keys() ?? [])].map((known) => `lua.${known}`),
      );
    try {
      const line = new FilterLineObject(registered, words.rest());
      return { attach: (transaction, side) => line.attach(transaction, side) };
    } catch (error) {
      if (!(error instanceof LuaError)) throw error;
      return words.fail(`Lua filter '${name}' : runtime error: ${error.text}`);
    }
  },
};
