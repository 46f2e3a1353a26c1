import type {
  Eventually,
  Filter,
  FilterFactory,
  FilterLine,
  FilterStage,
  ProxySettings,
  Verdict,
} from '../api/index.ts';
import { type ChainEnd, FilterChain } from './filter-chain.ts';
import type { AttachedFilter } from './filter-place.ts';
import type { Stream } from './stream.ts';

/** Stages at which filters come in the order of responses. */
const OF_RESPONSE: ReadonlySet<FilterStage> = new Set(['server', 'tcp-response', 'http-response']);

/** The `filter` lines of a proxy, and the order in which they work in either direction. */
export class ProxyFilters {
  readonly lines: readonly FilterLine[];
  readonly sequence: ProxySettings['filterSequence'];
  /** No stream has any of them from the beginning. */
  readonly lateOnly: boolean;

  constructor({ filters, filterSequence: sequence }: ProxySettings) {
    const { request, response } = sequence;
    // What neither direction runs needs not be attached.
    this.lines =
      request === undefined || response === undefined
        ? filters
        : filters.filter(({ name }) => request.includes(name) || response.includes(name));
    this.sequence = sequence;
    this.lateOnly = this.lines.every(({ factory }) => factory.late === true);
  }
}

/** What stands in the place of a filter that has not come. */
const NOTHING: Filter = {};

/** Fills the place of a late line, where a stream's proxies have it. */
export function attachLate(stream: Stream, factory: FilterFactory): void {
  const { frontend, backend } = stream;
  if (stream.filters === null) {
    // Nothing but late lines, or another would have been attached.
    const front = frontend.runtime.filters;
    const back = backend === undefined || backend.runtime === frontend.runtime ? null : backend.runtime.filters;
    stream.filters = new StreamFilters(stream);
    if (front !== null) stream.filters.attach(front, 'frontend');
    if (back !== null) stream.filters.attach(back, 'backend');
  }
  stream.filters.attachLate(factory);
}

/** The filters of one stream: the frontend's, then the backend's. */
export class StreamFilters {
  readonly #stream: Stream;
  readonly #all: AttachedFilter[] = [];
  readonly #order: { readonly request: AttachedFilter[]; readonly response: AttachedFilter[] } = {
    request: [],
    response: [],
  };
  /** Places that are kept for filters which may come. */
  readonly #late: { readonly factory: FilterFactory; readonly one: AttachedFilter }[] = [];
  /** The proxy answered in the server's place. */
  replied = false;
  /** They have seen the request's head. */
  requestShown = false;

  constructor(stream: Stream) {
    this.#stream = stream;
  }

  /** Asks each line of a proxy for a filter. */
  attach({ lines, sequence }: ProxyFilters, side: 'frontend' | 'backend'): Verdict {
    const attached: AttachedFilter[] = [];
    let verdict: Verdict;
    for (const { name, plugin, factory } of lines) {
      try {
        if (factory.late === true) {
          const one = { filter: NOTHING, name, plugin, side, out: false };
          attached.push(one);
          this.#late.push({ factory, one });
          continue;
        }
        const filter = factory.attach(this.#stream, side);
        if (filter !== undefined) attached.push({ filter, name, plugin, side, out: false });
      } catch (error) {
        verdict = this.#stream.blame(plugin, `filter ${name}`, error);
        if (verdict !== undefined) break;
      }
    }
    this.#all.push(...attached);
    for (const direction of ['request', 'response'] as const) {
      const names = sequence[direction];
      const ordered =
        names === undefined ? attached : names.flatMap((name) => attached.filter((one) => one.name === name));
      this.#order[direction].push(...ordered);
    }
    return verdict;
  }

  /** Fills the place of a late line. */
  attachLate(factory: FilterFactory): void {
    for (const { one } of this.#late.filter((late) => late.factory === factory)) {
      const filter = factory.attach(this.#stream, one.side);
      if (filter !== undefined) one.filter = filter;
    }
  }

  /** Lets filters look at a stage, in turn, until one answers. */
  stage(stage: FilterStage, from = 0): Eventually<Verdict> {
    const order = this.#order[OF_RESPONSE.has(stage) ? 'response' : 'request'];
    for (let i = from; i < order.length; i++) {
      const one = order[i]!;
      const stages = one.out ? undefined : one.filter.stages;
      if (stages?.[stage] === undefined) continue;
      try {
        const verdict = stages[stage](this.#stream);
        if (verdict instanceof Promise) {
          return verdict.then(
            (answer) => this.#go(answer, stage, i),
            (error: unknown) => this.#go(this.#blame(one, stage, error), stage, i),
          );
        }
        if (verdict !== undefined && verdict !== 'stop') return verdict;
      } catch (error) {
        const verdict = this.#blame(one, stage, error);
        if (verdict !== undefined) return verdict;
      }
    }
    return undefined;
  }

  #go(verdict: Verdict, stage: FilterStage, index: number): Eventually<Verdict> {
    if (this.#stream.filters !== this) return undefined;
    return verdict === undefined || verdict === 'stop' ? this.stage(stage, index + 1) : verdict;
  }

  #blame(one: AttachedFilter, stage: FilterStage, error: unknown): Verdict {
    const verdict = this.#stream.blame(one.plugin, `filter ${one.name}, ${stage}`, error);
    if (verdict === undefined) one.out = true;
    return verdict;
  }

  /** The chain of a direction; null when no filter has anything to do there. */
  chain(direction: 'request' | 'response', raw: boolean, end: ChainEnd): FilterChain | null {
    const chain = new FilterChain(this.#stream, direction, raw, this.#order[direction], end);
    return chain.places.length === 0 ? null : chain;
  }

  /** The stream is over. */
  close(cause: 'complete' | 'reply' | 'abort'): void {
    for (const { filter, name, plugin } of this.#all.toReversed()) {
      try {
        filter.detach?.(this.replied && cause === 'complete' ? 'reply' : cause);
      } catch (error) {
        this.#stream.blame(plugin, `filter ${name}`, error);
      }
    }
  }
}
