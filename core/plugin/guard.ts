import type {
  Backend,
  BalanceFactory,
  Balancer,
  FetchFunction,
  MultiFetch,
  Plugin,
  Scope,
  Server,
  ServiceFunction,
  Transaction,
  Value,
  Words,
} from '../api/index.ts';
import { constantOf, isPure, isSteady, pure, steady } from '../expression/constants.ts';
import { failed } from './fault.ts';
import { speaking } from './speaker.ts';

/** The tables whose words are read by a `parse`. */
const READ = ['directives', 'bindWords', 'serverWords', 'actions', 'filters', 'checks'] as const;

type Convert = (value: Value, transaction: Transaction) => Value | undefined;

/**
 * The same plugin with its code wrapped so that what it throws goes up under its name ({@link PluginFault}), wherever in the middle of a
 * rule, a log-format or the choice of a server it ran. Only for plugins that do not come with the program: these pay for the wrapping,
 * and the stock ones pay nothing. Actions, hooks and filters are called where their owner is known, and are left as they are.
 */
export function guarded(plugin: Plugin): Plugin {
  const { name, fetches, converters, matches, balance, services } = plugin;
  const made: { -readonly [Key in keyof Plugin]: Plugin[Key] } = { ...plugin };
  // Of an instance of a class it is not among its own properties.
  if (plugin.setup) made.setup = (context) => plugin.setup!(context);
  for (const table of READ) {
    const entries: Readonly<Record<string, object>> | undefined = plugin[table];
    if (entries) Object.assign(made, { [table]: mapTable(entries, (keyword) => parsing(name, keyword)) });
  }
  if (fetches)
    made.fetches = mapTable(fetches, (keyword, word) => ({
      ...keyword,
      compile: (args) => guardFetch(name, `sample fetch '${word}'`, keyword.compile(args)),
    }));
  if (converters)
    made.converters = mapTable(converters, (keyword, word) => ({
      ...keyword,
      compile: (args) => guardConverter(name, `converter '${word}'`, keyword.compile(args)),
    }));
  if (matches)
    made.matches = mapTable(matches, (keyword, word) => ({
      ...keyword,
      compile(patterns, flags) {
        const test = keyword.compile(patterns, flags);
        return (value) => attempt(undefined, name, `match method '${word}'`, () => test(value)) ?? false;
      },
    }));
  if (balance)
    made.balance = mapTable(balance, (keyword, word) => ({
      ...keyword,
      parse: (words, scope) =>
        guardFactory(
          name,
          word,
          speaking(name, () => keyword.parse(words, scope)),
        ),
    }));
  if (services)
    made.services = mapTable(services, (keyword, word) => ({
      ...keyword,
      ...(keyword.serve && { serve: guardService(name, word, keyword.serve.bind(keyword)) }),
      ...(keyword.parse && {
        parse: (given: string, words: Words, scope: Scope) =>
          guardService(
            name,
            given,
            speaking(name, () => keyword.parse!(given, words, scope)),
          ),
      }),
    }));
  return made;
}

function guardService(name: string, word: string, serve: ServiceFunction): ServiceFunction {
  const where = `service '${word}'`;
  return (transaction) => {
    try {
      const served = serve(transaction);
      if (!(served instanceof Promise)) return served;
      return served.catch((error: unknown): never => rethrown(transaction, name, where, error));
    } catch (error) {
      return rethrown(transaction, name, where, error);
    }
  };
}

function mapTable<K>(table: Readonly<Record<string, K>>, change: (keyword: K, word: string) => K): Record<string, K> {
  return Object.fromEntries(Object.entries(table).map(([word, keyword]) => [word, change(keyword, word)]));
}

/** What the word's `parse` asks to be called for on its proxy is the plugin's, too. */
function parsing<K extends object>(plugin: string, keyword: K): K {
  const { parse } = keyword as { parse?: (...args: unknown[]) => unknown };
  if (parse === undefined) return keyword;
  return { ...keyword, parse: (...args: unknown[]) => speaking(plugin, () => parse.apply(keyword, args)) };
}

/** A service has nothing that could stand in its place. */
function rethrown(transaction: Transaction, plugin: string, where: string, error: unknown): never {
  failed(transaction.process, plugin, where, error);
  throw error;
}

function attempt<T>(desk: unknown, plugin: string, where: string, run: () => T): T | undefined {
  try {
    return run();
  } catch (error) {
    return failed(desk, plugin, where, error);
  }
}

function guardFetch(plugin: string, where: string, fetch: FetchFunction | MultiFetch): FetchFunction | MultiFetch {
  if (typeof fetch === 'function') return guardSingle(plugin, where, fetch);
  const { some } = fetch;
  return {
    ...fetch,
    evaluate: guardSingle(plugin, where, fetch.evaluate),
    some(transaction, visit) {
      try {
        return some(transaction, visit);
      } catch (error) {
        failed(transaction.process, plugin, where, error);
        return false;
      }
    },
  };
}

function guardSingle(plugin: string, where: string, fetch: FetchFunction): FetchFunction {
  if (constantOf(fetch) !== undefined) return fetch;
  const safe: FetchFunction = (transaction) => {
    try {
      return fetch(transaction);
    } catch (error) {
      return failed(transaction.process, plugin, where, error);
    }
  };
  return isSteady(fetch) ? steady(safe) : safe;
}

function guardConverter(plugin: string, where: string, convert: Convert): Convert {
  const safe: Convert = (value, transaction) => {
    try {
      return convert(value, transaction);
    } catch (error) {
      // Pure converters are asked when the configuration is read: there is no transaction then.
      return failed((transaction as Transaction | undefined)?.process, plugin, where, error);
    }
  };
  return isPure(convert) ? pure(safe as (value: Value) => Value | undefined) : safe;
}

function guardFactory(plugin: string, word: string, factory: BalanceFactory): BalanceFactory {
  return (backend) => new GuardedBalancer(plugin, `balance algorithm '${word}'`, backend, factory(backend));
}

/** Keeps to itself what an algorithm throws when it is told of something: the kernel's own counts have to go on. */
class GuardedBalancer implements Balancer {
  readonly fixed: boolean;
  readonly #plugin: string;
  readonly #where: string;
  readonly #desk: unknown;
  readonly #balancer: Balancer;

  constructor(plugin: string, where: string, backend: Backend, balancer: Balancer) {
    this.#plugin = plugin;
    this.#where = where;
    this.#balancer = balancer;
    this.fixed = balancer.fixed === true;
    this.#desk = (backend as { runtime?: { generation?: unknown } }).runtime?.generation;
  }

  pick(transaction: Transaction): Server | undefined {
    return attempt(this.#desk, this.#plugin, this.#where, () => this.#balancer.pick(transaction));
  }

  changed(server: Server): void {
    this.#tell(() => this.#balancer.changed?.(server));
  }

  removed(server: Server): void {
    this.#tell(() => this.#balancer.removed?.(server));
  }

  took(server: Server): void {
    this.#tell(() => this.#balancer.took?.(server));
  }

  dropped(server: Server): void {
    this.#tell(() => this.#balancer.dropped?.(server));
  }

  #tell(run: () => void): void {
    try {
      run();
    } catch (error) {
      try {
        failed(this.#desk, this.#plugin, this.#where, error);
      } catch {
        // It has been logged and counted, and nothing else can be done.
      }
    }
  }
}
