import type { Counters, Filter, FilterAnswer, FilterFlow, FilterSide, Proxy, Transaction } from 'sluice/plugin';
import { chooseAlgorithm, CODINGS } from './accept-encoding.ts';
import { compressWhole, SMALL, StreamCoder } from './codec.ts';
import { canDecompress, isEligible, isRequestEligible, weaken } from './eligible.ts';
import type { Algorithm, Compression, Direction, DirectionSettings, Means } from './settings.ts';

/** What was done with a response, for `res.comp`. */
export interface Done {
  algorithm: Algorithm | undefined;
}
export const DONE: unique symbol = Symbol('compression: of the response');

/** Compresses the bodies of one stream. The proxy is the one that has the lines, where the work is counted. */
export class CompressionFilter implements Filter {
  readonly stages: NonNullable<Filter['stages']>;
  readonly request: FilterSide;
  readonly response: FilterSide;
  readonly #settings: Compression;
  readonly #means: Means;
  readonly #counters: Counters;
  readonly #transaction: Transaction;
  /** What the client takes; decided when the request's rules have passed. */
  #wanted: Algorithm | undefined;
  readonly #bodies: Body[] = [];

  constructor(
    transaction: Transaction,
    proxy: Proxy,
    settings: Compression,
    means: Means,
    directions: ReadonlySet<Direction>,
  ) {
    this.#transaction = transaction;
    this.#settings = settings;
    this.#means = means;
    this.#counters = proxy.counters;
    const responses = directions.has('response') && settings.response.algorithms.length > 0;
    const requests = directions.has('request') && settings.request.algorithms.length > 0;
    this.request = requests
      ? { borrows: true, head: (flow) => this.#requestHead(flow, responses), data: this.#data, end: this.#end }
      : { head: (flow) => this.#askFor(flow, responses) };
    this.stages = responses ? { 'http-response': () => this.#look() } : {};
    this.response = responses
      ? { borrows: true, head: (flow) => this.#responseHead(flow), data: this.#data, end: this.#end }
      : {};
  }

  #askFor(flow: FilterFlow, responses: boolean): void {
    if (responses) this.#chooseForClient();
    flow.leave();
  }

  #chooseForClient(): void {
    const { response, preference, offload } = this.#settings;
    const { request } = this.#transaction;
    if (!canDecompress(request!)) return;
    this.#wanted = chooseAlgorithm(request!.headers, response.algorithms, preference);
    if (offload && this.#wanted !== undefined) request!.headers.delete('accept-encoding');
  }

  #requestHead(flow: FilterFlow, responses: boolean): void {
    if (responses) this.#chooseForClient();
    const { request: settings } = this.#settings;
    const { request } = this.#transaction;
    const eligible = !flow.bodiless && isRequestEligible(request!, settings) && !tooSmall(flow, settings);
    if (!eligible || this.#means.pace.exceeded) {
      flow.leave();
      return;
    }
    const [algorithm] = settings.algorithms;
    if (algorithm !== 'identity') request!.headers.add('content-encoding', CODINGS[algorithm!]);
    this.#begin(flow, algorithm!);
  }

  /** The response as it came from the server decides, whatever rules make of it. */
  #look(): undefined {
    const { response } = this.#transaction;
    if (this.#wanted !== undefined && !isEligible(response!, this.#settings.response)) this.#wanted = undefined;
    return undefined;
  }

  #responseHead(flow: FilterFlow): void {
    const done = this.#transaction.data<Done>(DONE, notDone);
    const algorithm = this.#wanted;
    const { response } = this.#transaction;
    if (
      algorithm === undefined ||
      done.algorithm !== undefined ||
      flow.bodiless ||
      tooSmall(flow, this.#settings.response)
    ) {
      flow.leave();
      return;
    }
    if (this.#means.pace.exceeded) {
      this.#counters.compressionBypassed += flow.length ?? 0;
      flow.leave();
      return;
    }
    done.algorithm = algorithm;
    this.#counters.compressedResponses++;
    this.#begin(flow, algorithm);
    const { headers } = response!;
    if (algorithm === 'identity') {
      headers.add('vary', 'Accept-Encoding');
      return;
    }
    for (let i = 0; i < headers.size; i++)
      if (headers.nameAt(i) === 'etag') headers.setAt(i, weaken(headers.valueAt(i)));
    headers.add('vary', 'Accept-Encoding');
    headers.add('content-encoding', CODINGS[algorithm]);
  }

  #begin(flow: FilterFlow, algorithm: Algorithm): void {
    flow.resize();
    this.#bodies.push(new Body(flow.direction, algorithm, this.#means, this.#counters));
  }

  readonly #data = (chunk: Buffer, flow: FilterFlow): FilterAnswer | Promise<FilterAnswer> =>
    this.#bodyOf(flow).data(chunk, flow);

  readonly #end = (flow: FilterFlow): FilterAnswer | Promise<FilterAnswer> => this.#bodyOf(flow).end();

  #bodyOf({ direction }: FilterFlow): Body {
    return this.#bodies.find((body) => body.direction === direction)!;
  }

  detach(): void {
    for (const body of this.#bodies) body.close();
  }
}

const notDone = (): Done => ({ algorithm: undefined });

function tooSmall({ length }: FilterFlow, { minSize }: DirectionSettings): boolean {
  return length !== undefined && length < minSize;
}

/** One body on its way through. */
class Body {
  readonly direction: Direction;
  readonly #algorithm: Algorithm;
  readonly #means: Means;
  readonly #counters: Counters;
  #coder: StreamCoder | undefined;
  #whole = false;

  constructor(direction: Direction, algorithm: Algorithm, means: Means, counters: Counters) {
    this.direction = direction;
    this.#algorithm = algorithm;
    this.#means = means;
    this.#counters = counters;
  }

  data(chunk: Buffer, flow: FilterFlow): Uint8Array | Promise<Uint8Array> {
    const { limits, pace } = this.#means;
    this.#counters.compressedIn += chunk.length;
    pace.took(chunk.length);
    const algorithm = this.#algorithm;
    if (algorithm === 'identity') return this.#count(chunk);
    if (this.#coder === undefined) {
      if (flow.ended && chunk.length <= SMALL) {
        this.#whole = true;
        return this.#count(compressWhole(algorithm, chunk, limits.level, limits));
      }
      this.#coder = new StreamCoder(algorithm, limits.level, limits);
    }
    return this.#add(this.#coder, chunk);
  }

  async #add(coder: StreamCoder, chunk: Buffer): Promise<Uint8Array> {
    const { limits, pace } = this.#means;
    await coder.setLevel(pace.exceeded ? Math.max(1, coder.level - 1) : Math.min(limits.level, coder.level + 1));
    return this.#count(await coder.add(chunk));
  }

  end(): Uint8Array | Promise<Uint8Array> | undefined {
    if (this.#whole || this.#algorithm === 'identity') return undefined;
    const { limits } = this.#means;
    // There was no body at all: an empty one has a form of its own.
    if (this.#coder === undefined)
      return this.#count(compressWhole(this.#algorithm, Buffer.alloc(0), limits.level, limits));
    return this.#coder.finish().then((bytes) => this.#count(bytes));
  }

  #count<T extends Uint8Array>(bytes: T): T {
    this.#counters.compressedOut += bytes.length;
    return bytes;
  }

  close(): void {
    this.#coder?.close();
  }
}
