import type {
  NamedConverter,
  NamedFetch,
  Place,
  ProxyConfig,
  Samples,
  Transaction,
  TypeName,
  Value,
} from '../api/index.ts';
import { type ArgumentContext, type ArgumentOwner, bindArguments } from './arguments.ts';
import { castBetween, canCast, typeOf } from './casts.ts';
import { ExpressionError } from './errors.ts';
import { findWord } from './find-word.ts';
import { type SampleTables, unknownConverter, unknownFetch } from './sample.ts';
import { isReadable } from './sources.ts';

/** Fetches and converters for who has their names and arguments only when traffic is there. */
export class NamedSamples implements Samples {
  readonly #tables: SampleTables;
  readonly #contextOf: (proxy: ProxyConfig | undefined) => ArgumentContext;

  constructor(tables: SampleTables, contextOf: (proxy: ProxyConfig | undefined) => ArgumentContext) {
    this.#tables = tables;
    this.#contextOf = contextOf;
  }

  get fetchNames(): readonly string[] {
    return closedWords(this.#tables.fetches);
  }

  get converterNames(): readonly string[] {
    return closedWords(this.#tables.converters);
  }

  fetch(name: string, args: readonly string[], proxy?: ProxyConfig): NamedFetch {
    const keyword = findWord(this.#tables.fetches, name)?.keyword;
    if (keyword === undefined) throw new ExpressionError(unknownFetch(name, this.#tables));
    const bound = this.#bind({ word: name, kind: 'fetch method' }, keyword.arguments ?? [], args, proxy);
    const fetch = keyword.compile(bound);
    return {
      type: keyword.type,
      evaluate: typeof fetch === 'function' ? fetch : fetch.evaluate,
      isReadable: (places: readonly Place[]) => isReadable(keyword.from, places),
    };
  }

  converter(name: string, args: readonly string[], proxy?: ProxyConfig): NamedConverter {
    const keyword = findWord(this.#tables.converters, name)?.keyword;
    if (keyword === undefined) throw new ExpressionError(unknownConverter(name, this.#tables));
    const owner: ArgumentOwner = { word: name, kind: 'converter' };
    const convert = keyword.compile(this.#bind(owner, keyword.arguments ?? [], args, proxy));
    const { input } = keyword;
    return {
      convert: (value: Value, transaction: Transaction) => {
        const type: TypeName = typeOf(value);
        if (!canCast(type, input)) return undefined;
        const cast = castBetween(type, input);
        const given = cast === undefined ? value : cast(value);
        return given === undefined ? undefined : convert(given, transaction);
      },
    };
  }

  #bind(
    owner: ArgumentOwner,
    specs: Parameters<typeof bindArguments>[1],
    args: readonly string[],
    proxy: ProxyConfig | undefined,
  ): ReturnType<typeof bindArguments> {
    if (args.length > specs.length) throw new ExpressionError(`expected ${specs.length} arguments, got ${args.length}`);
    return bindArguments({ texts: [...args], end: 0, open: false }, specs, owner, this.#contextOf(proxy));
  }
}

function closedWords(table: SampleTables['fetches'] | SampleTables['converters']): readonly string[] {
  return [...table.values()].filter(({ keyword }) => !keyword.prefix).map(({ word }) => word);
}
