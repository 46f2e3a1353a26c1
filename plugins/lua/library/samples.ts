import type { NamedConverter, NamedFetch, Place, Transaction } from 'sluice/plugin';
import { classKey, type ClassKey } from '../class-key.ts';
import type { Txn } from '../classes/txn.ts';
import type { HostFunction, LuaCall } from '../engine/engine.ts';
import { pullSample, pushSample, pushSampleText } from '../samples.ts';
import type { World } from '../world.ts';

/** `txn.f`, `txn.sf`, `txn.c`, `txn.sc`, and the same of applets. */
export interface Sampler {
  readonly txn: Txn;
  /** Answers are strings, nothing being the empty one. */
  readonly text: boolean;
}

export const FETCHES: ClassKey<Sampler> = classKey('Fetches');
export const CONVERTERS: ClassKey<Sampler> = classKey('Converters');

/** Sets of arguments of one fetch or converter that are remembered: scripts may make them of what clients send. */
const REMEMBERED = 256;

/** Every fetch and every converter as a method, its dots, dashes and plus signs being underscores. */
export function samples(world: World): void {
  const { host } = world;
  const booleans = host.settings.booleans ?? false;
  const known = host.samples;

  const push = (call: LuaCall, text: boolean, value: ReturnType<NamedFetch['evaluate']>): number => {
    if (text) pushSampleText(call, value);
    else pushSample(call, value, booleans);
    return 1;
  };

  const fetchMethod = (name: string): HostFunction => {
    const compiled = new Compiled((args) => new PlacedFetch(known!.fetch(name, args)));
    return (call) => {
      const { txn, text } = call.object(1, fetches);
      const transaction = txn.transaction(call);
      const fetch = compiled.get(call, 2);
      return push(call, text, fetch.isReadable(txn.places) ? fetch.evaluate(transaction) : undefined);
    };
  };
  const converterMethod = (name: string): HostFunction => {
    const compiled = new Compiled<NamedConverter>((args) => known!.converter(name, args));
    return (call) => {
      const { txn, text } = call.object(1, converters);
      const transaction = txn.transaction(call);
      const { convert } = compiled.get(call, 3);
      return push(call, text, convert(pullSample(call, 2), transaction));
    };
  };
  const fetches = world.define(FETCHES, { methods: methods(known?.fetchNames ?? [], fetchMethod) });
  const converters = world.define(CONVERTERS, { methods: methods(known?.converterNames ?? [], converterMethod) });
}

function methods(names: readonly string[], make: (name: string) => HostFunction): Record<string, HostFunction> {
  return Object.fromEntries(names.map((name) => [name.replaceAll(/[.+-]/g, '_'), make(name)]));
}

/** What was compiled for arguments that came before. */
class Compiled<T> {
  readonly #compile: (args: readonly string[]) => T;
  readonly #byText = new Map<string, T>();
  #plain: T | undefined;

  constructor(compile: (args: readonly string[]) => T) {
    this.#compile = compile;
  }

  /** For the arguments from `first` on; raises what is wrong with them. */
  get(call: LuaCall, first: number): T {
    const { count } = call;
    if (count < first) return (this.#plain ??= this.#make(call, []));
    if (count === first && call.kind(first) === 'string') {
      const text = call.string(first);
      return this.#byText.get(text) ?? this.#add(text, this.#make(call, [text]));
    }
    const args: string[] = [];
    for (let index = first; index <= count; index++) args.push(call.optionalString(index, ''));
    const key = args.join('\0');
    return this.#byText.get(key) ?? this.#add(key, this.#make(call, args));
  }

  #add(key: string, made: T): T {
    if (this.#byText.size >= REMEMBERED) this.#byText.clear();
    this.#byText.set(key, made);
    return made;
  }

  #make(call: LuaCall, args: readonly string[]): T {
    try {
      return this.#compile(args);
    } catch (error) {
      return call.fail(error instanceof Error ? error.message : String(error));
    }
  }
}

/** A fetch that remembers whether it has something to read where it was asked last. */
class PlacedFetch {
  readonly #fetch: NamedFetch;
  #places: readonly Place[] | undefined;
  #readable = false;

  constructor(fetch: NamedFetch) {
    this.#fetch = fetch;
  }

  isReadable(places: readonly Place[]): boolean {
    if (places !== this.#places) {
      this.#places = places;
      this.#readable = this.#fetch.isReadable(places);
    }
    return this.#readable;
  }

  evaluate(transaction: Transaction): ReturnType<NamedFetch['evaluate']> {
    return this.#fetch.evaluate(transaction);
  }
}
