import type {
  ActionKeyword,
  Expression,
  Filter,
  FilterFlow,
  FilterKeyword,
  FilterSide,
  Scope,
  Transaction,
  Words,
} from 'sluice/plugin';
import { toInteger } from '../http-rules/values.ts';
import { type Rate, RateMeter } from './rate.ts';

/** A `filter bwlim-…` line: what `set-bandwidth-limit` finds by its name. */
interface Limit {
  readonly name: string;
  readonly defaults: Readonly<Rate>;
  readonly minSize: number;
  /** Where a stream keeps what a rule said. */
  readonly key: symbol;
}
/** What the last rule said for a stream; nothing passes slower before one did. */
interface Chosen {
  rate: Rate | undefined;
}

const limits = {
  name: 'filters: bandwidth limits',
  create: (): { byName: Map<string, Limit> } => ({ byName: new Map() }),
};

const chosenFor = (transaction: Transaction, { key }: Limit): Chosen =>
  transaction.data<Chosen>(key, () => ({ rate: undefined }));

/** Passes bytes as fast as the limit allows, once there is one. */
class Slow implements FilterSide {
  readonly borrows = true;
  readonly #limit: Limit;
  #rate: Rate | undefined = undefined;
  #meter: RateMeter | undefined = undefined;

  constructor(limit: Limit) {
    this.#limit = limit;
  }

  head(flow: FilterFlow): void {
    // All rules that could choose a limit for a response have been run.
    if (flow.direction === 'response' && chosenFor(flow.transaction, this.#limit).rate === undefined) flow.leave();
  }

  data(chunk: Buffer, flow: FilterFlow): Buffer | Promise<Buffer | undefined> {
    const { rate } = chosenFor(flow.transaction, this.#limit);
    if (rate === undefined) return chunk;
    if (rate !== this.#rate) {
      this.#rate = rate;
      this.#meter = new RateMeter(rate, flow.transaction.process.clock.now());
    }
    const meter = this.#meter!;
    if (chunk.length > meter.allowance(flow.transaction.process.clock.now())) return this.#later(chunk, flow, meter);
    meter.passed(chunk.length);
    return chunk;
  }

  raw(chunk: Buffer, flow: FilterFlow): Buffer | Promise<Buffer | undefined> {
    return this.data(chunk, flow);
  }

  async #later(chunk: Buffer, flow: FilterFlow, meter: RateMeter): Promise<Buffer | undefined> {
    const portion = meter.portion(this.#limit.minSize);
    for (let at = 0; at < chunk.length;) {
      const now = flow.transaction.process.clock.now();
      const wanted = Math.min(portion, chunk.length - at);
      const allowed = meter.allowance(now);
      if (allowed < wanted) {
        if (!(await flow.sleep(meter.delay(wanted, now)))) return undefined;
        continue;
      }
      const size = Math.min(allowed, chunk.length - at);
      meter.passed(size);
      if (at + size === chunk.length) return chunk.subarray(at);
      flow.write(chunk.subarray(at, at + size));
      at += size;
      if (!flow.writable && !(await flow.ready())) return undefined;
    }
    return undefined;
  }
}

function bandwidth(word: string, direction: 'request' | 'response'): FilterKeyword {
  const what = direction === 'request' ? 'what clients send' : 'what servers send';
  return {
    usage: `filter ${word} <name> default-limit <size> default-period <time> [min-size <size>]`,
    summary: `Lets set-bandwidth-limit slow down ${what}.`,
    parse(words, scope) {
      const name = words.next('a name');
      const { byName } = scope.proxy.extension(limits);
      if (byName.has(name)) words.fail(`the bandwidth limit '${name}' is declared twice`);
      const limit = readLimit(words, name);
      byName.set(name, limit);
      const attach = (): Filter => ({ [direction]: new Slow(limit) });
      return { attach };
    },
  };
}

function readLimit(words: Words, name: string): Limit {
  let size: number | undefined;
  let period: number | undefined;
  let minSize = 0;
  while (words.remaining > 0) {
    const word = words.next('a keyword');
    switch (word) {
      case 'default-limit':
        size = words.size('a size', { min: 1 });
        break;
      case 'default-period':
        period = words.time('a time', 'ms', { min: 1 });
        break;
      case 'min-size':
        minSize = words.size('a size');
        break;
      case 'limit':
      case 'key':
      case 'table':
        return words.fail(`'${word}': limits that streams share need stick tables, which are not built yet`);
      default:
        return words.unknown('keyword', ['default-limit', 'default-period', 'min-size', 'limit', 'key', 'table']);
    }
  }
  if (size === undefined || period === undefined) {
    return words.fail(`a limit per stream needs 'default-limit' and 'default-period'`);
  }
  return { name, defaults: { limit: size, period }, minSize, key: Symbol(name) };
}

export const bandwidthFilters: Record<string, FilterKeyword> = {
  'bwlim-in': bandwidth('bwlim-in', 'request'),
  'bwlim-out': bandwidth('bwlim-out', 'response'),
};

/** A number written out, or an expression that gives one. */
type Amount = number | Expression | undefined;

function evaluate(amount: Amount, transaction: Transaction, otherwise: number): number {
  const value = typeof amount === 'object' ? toInteger(amount.evaluate(transaction)) : amount;
  return value !== undefined && value > 0 ? value : otherwise;
}

export const bandwidthActions: Record<string, ActionKeyword> = {
  'set-bandwidth-limit': {
    usage: 'set-bandwidth-limit <name> [limit { <size> | <expression> }] [period { <time> | <expression> }]',
    summary: "Slows this stream down by a bwlim filter of this proxy, at the filter's rate or another one.",
    in: ['tcp-request content', 'tcp-response content', 'http-request', 'http-response'],
    parse(words, scope) {
      if (scope.proxy.kind === 'defaults') words.fail('not allowed in a defaults section, which has no filters');
      const name = words.next('the name of a bandwidth limit');
      const { size, period } = readAmounts(words, scope);
      let limit: Limit | undefined;
      scope.later(() => {
        limit = scope.proxy.extension(limits).byName.get(name);
        if (limit !== undefined) return;
        words.fail(
          `there is no 'filter bwlim-in' or 'bwlim-out' of the name '${name}' in ${scope.kind} '${scope.name}'`,
        );
      });
      return {
        run(transaction) {
          const { defaults } = limit!;
          chosenFor(transaction, limit!).rate = {
            limit: evaluate(size, transaction, defaults.limit),
            period: evaluate(period, transaction, defaults.period),
          };
        },
      };
    },
  },
};

function readAmounts(words: Words, scope: Scope): { size: Amount; period: Amount } {
  let size: Amount;
  let period: Amount;
  for (;;) {
    const word = words.optional('limit', 'period');
    if (word === undefined) return { size, period };
    const fixed = /^\d/.test(words.peek() ?? '');
    if (word === 'limit') size = fixed ? words.size('a size', { min: 1 }) : scope.expression(words);
    else period = fixed ? words.time('a time', 'ms', { min: 1 }) : scope.expression(words);
  }
}
