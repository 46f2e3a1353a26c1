import type { FilterAnswer, Eventually, Verdict } from '../api/index.ts';
import { BodyReader } from '../http/body-reader.ts';
import { BODY_TUNNEL } from '../http/messages.ts';
import { newEvent } from '../net/clock.ts';
import { BULK_SIZE, giveBuffer, takeBuffer } from './buffers.ts';
import { type AttachedFilter, FilterPlace } from './filter-place.ts';
import type { Stream } from './stream.ts';

/** What is sent away but not taken yet, or cannot be sent yet, before the filters have to wait (bytes). */
const ENOUGH = 65_536;

/** Where a chain ends: it sends what has come out, and carries out what a filter decided. */
export interface ChainEnd {
  /** All that was sent has been taken by the system. */
  readonly idle: boolean;
  /** Sends {@link FilterChain.out}, if it is time to; sets {@link FilterChain.blocked} when the receiver has to catch up. */
  flush(chain: FilterChain): void;
  /** Filters have done what they can for now: lets the sender go on, or stops it, and sets whose time runs. */
  balance(chain: FilterChain): void;
  /** A filter has answered in the middle. */
  concluded(chain: FilterChain, verdict: Exclude<Verdict, undefined | void>): void;
}

/**
 * The filters of one direction of a stream, first to last. Bytes are pushed in at one end and come out at the other; a filter
 * that is at work, that has paused, or that cannot pass on what it has, makes those before it wait, and at last the sender.
 * Everything is synchronous until a filter gives a promise.
 */
export class FilterChain {
  readonly stream: Stream;
  readonly direction: 'request' | 'response';
  readonly places: FilterPlace[] = [];
  /** What has come out and not been sent. */
  out: Buffer[] = [];
  outSize = 0;
  /** The last filter is through. */
  ended = false;
  /** The receiver has to catch up. */
  blocked = false;
  closed = false;
  /** An HTTP message, or bytes. */
  readonly raw: boolean;
  bodiless = false;
  /** All of it is there when the head is. */
  complete = false;
  /** The body's size as it came in. */
  length: number | undefined = undefined;
  trailers: [name: string, value: string][] = [];
  /** Heads have been looked at, and bytes may be worked on. */
  started = false;
  readonly #end: ChainEnd;
  readonly #reader: BodyReader;
  /** Buffers that chunks are lent in, and how many of them are in use. */
  readonly #buffers: Buffer[] = [];
  #lent = 0;
  #running = false;
  #verdict: Verdict = undefined;
  #inputEnded = false;

  constructor(
    stream: Stream,
    direction: 'request' | 'response',
    raw: boolean,
    filters: readonly AttachedFilter[],
    end: ChainEnd,
  ) {
    const { body } = direction === 'request' ? stream.requestView : stream.responseView;
    this.#reader = new BodyReader(raw ? BODY_TUNNEL : body.kind);
    this.stream = stream;
    this.direction = direction;
    this.raw = raw;
    this.#end = end;
    for (const filter of filters) {
      if (filter.out) continue;
      const side = filter.filter[direction];
      if (side === undefined) continue;
      if (raw && side.raw === undefined && side.rawEnd === undefined) continue;
      const place = new FilterPlace(filter, side, this);
      const last = this.places.at(-1);
      if (last !== undefined) last.next = place;
      this.places.push(place);
    }
  }

  /** Some filter still has something to do with the body or its end. */
  get active(): boolean {
    return this.places.some(({ left, side, resized }) => resized || (!left && (side.data ?? side.end) !== undefined));
  }

  /** Filters are at work, or wait for something of their own. */
  get working(): boolean {
    return this.places.some((place) => place.working);
  }

  get held(): boolean {
    return this.places.some(({ held }) => held);
  }

  get busy(): boolean {
    return this.places.some(({ busy }) => busy);
  }

  /** The sender should not send more now. */
  get backlogged(): boolean {
    return this.blocked || this.outSize >= ENOUGH || this.working;
  }

  get writable(): boolean {
    return !this.blocked && this.outSize < ENOUGH;
  }

  /** All that has come in has gone out. */
  get finished(): boolean {
    return this.ended && this.outSize === 0;
  }

  lengthBefore(place: FilterPlace | null): number | undefined {
    let { length } = this;
    for (const other of this.places) {
      if (other === place) break;
      if (other.resized) length = other.newLength;
    }
    return length;
  }

  /** Told by {@link FilterFlow.resize}; set by whoever writes the head. */
  resized: () => void = () => undefined;

  /** Shows the head to each filter in turn. */
  heads(from = 0): Eventually<Verdict> {
    for (let i = from; i < this.places.length; i++) {
      const place = this.places[i]!;
      if (place.owner.out || place.side.head === undefined) continue;
      try {
        const verdict = place.side.head(place);
        if (verdict instanceof Promise) {
          return verdict.then(
            (answer) => this.#headAnswered(place, answer, i),
            (error: unknown) => this.#headAnswered(place, this.#blame(place, error), i),
          );
        }
        if (verdict !== undefined && verdict !== 'stop') return verdict;
      } catch (error) {
        const verdict = this.#blame(place, error);
        if (verdict !== undefined) return verdict;
      }
    }
    return undefined;
  }

  #headAnswered(place: FilterPlace, verdict: Verdict, index: number): Eventually<Verdict> {
    if (this.closed) return undefined;
    if (place.owner.out) place.left = true;
    return verdict === undefined || verdict === 'stop' ? this.heads(index + 1) : verdict;
  }

  /** Bytes as they came: bytes[from, to), still framed. */
  feed(bytes: Buffer, from: number, to: number): void {
    if (to > from) this.push(this.#reader.payload(bytes, from, to, this.#space(to - from)));
  }

  /** Memory for a chunk: where no filter keeps any, what has been used and left is used again. */
  #space(size: number): Buffer {
    const lends = size <= BULK_SIZE && this.places.every(({ side, left }) => left || side.borrows === true);
    if (!lends) return Buffer.allocUnsafe(size);
    if (this.#quiet) this.#lent = 0;
    const buffer = this.#buffers[this.#lent] ?? takeBuffer();
    this.#buffers[this.#lent++] = buffer;
    return buffer;
  }

  /** Nothing that came in is still on its way. */
  get #quiet(): boolean {
    return this.outSize === 0 && this.#end.idle && this.places.every(({ input, busy }) => input.length === 0 && !busy);
  }

  /** Bytes that are the chain's to keep. */
  push(chunk: Buffer): void {
    if (chunk.length === 0) return;
    const first = this.places[0];
    if (first === undefined) this.emit(chunk);
    else first.take(chunk);
  }

  /** Nothing more comes. */
  end(): void {
    if (this.#inputEnded) return;
    this.#inputEnded = true;
    this.trailers = this.#reader.trailers;
    const first = this.places[0];
    if (first === undefined) this.ended = true;
    else first.inputEnded = true;
  }

  get inputEnded(): boolean {
    return this.#inputEnded;
  }

  emit(chunk: Buffer): void {
    this.out.push(chunk);
    this.outSize += chunk.length;
  }

  /** What has come out, to be sent now. */
  take(): Buffer[] {
    const { out } = this;
    this.out = [];
    this.outSize = 0;
    return out;
  }

  /** A verdict in the middle; carried out when the filter that gave it has returned. */
  decide(verdict: Verdict): void {
    if (this.#verdict === undefined && verdict !== 'stop') this.#verdict = verdict;
  }

  /** Something changed from outside of an event of the stream's connections. */
  go(): void {
    if (this.#running || this.closed || !this.started) return;
    const { session } = this.stream;
    newEvent();
    try {
      this.run();
      session.pump();
    } catch (error) {
      session.onFault(error);
    }
  }

  /** Lets every filter do what it can, then sends what came of it. The stream may be over afterwards: see `closed`. */
  run(): void {
    if (this.#running || this.closed || !this.started) return;
    this.#running = true;
    try {
      for (;;) {
        while (this.#step()) if (this.#verdict !== undefined) break;
        const verdict = this.#verdict;
        if (verdict !== undefined && verdict !== 'stop') {
          this.#end.concluded(this, verdict);
          return;
        }
        const before = this.outSize;
        this.#end.flush(this);
        if (this.closed) return;
        // What was full and is not any more lets the last filter go on.
        if (this.outSize === before || !this.#can()) break;
      }
    } finally {
      this.#running = false;
    }
    this.#end.balance(this);
    for (const place of this.places) place.wake();
  }

  #can(): boolean {
    return this.places.some((place) => this.#mayStep(place));
  }

  #mayStep(place: FilterPlace): boolean {
    if (place.busy || place.paused || place.done) return false;
    if (place.input.length > 0) return place.writable;
    return place.inputEnded && !place.ending;
  }

  /** One call of one filter, of the last that can; false when none can. */
  #step(): boolean {
    for (let i = this.places.length - 1; i >= 0; i--) {
      const place = this.places[i]!;
      if (this.closed || !this.#mayStep(place)) continue;
      const { side } = place;
      const chunk = place.input.shift();
      if (chunk !== undefined) {
        place.inputSize -= chunk.length;
        const work = this.raw ? side.raw : side.data;
        if (place.left || place.owner.out || work === undefined) place.pass(chunk);
        else this.#call(place, () => work.call(side, chunk, place), chunk);
      } else {
        place.ending = true;
        const work = this.raw ? side.rawEnd : side.end;
        if (place.left || place.owner.out || work === undefined) this.#ended(place);
        else this.#call(place, () => work.call(side, place), undefined);
      }
      return true;
    }
    return false;
  }

  #call(place: FilterPlace, work: () => Eventually<FilterAnswer>, chunk: Buffer | undefined): void {
    let answer: Eventually<FilterAnswer>;
    try {
      answer = work();
    } catch (error) {
      this.#failed(place, error, chunk);
      return;
    }
    if (!(answer instanceof Promise)) {
      this.#answered(place, answer);
      return;
    }
    place.busy = true;
    this.stream.shared = true;
    answer.then(
      (late) => {
        place.busy = false;
        if (this.closed) return;
        this.#answered(place, late);
        this.go();
      },
      (error: unknown) => {
        place.busy = false;
        if (this.closed) {
          // Nothing can be made of it any more, but it is to be known.
          const { plugin, name } = place.owner;
          this.stream.frontend.runtime.generation.pluginFailed(plugin, `filter ${name}`, error);
          return;
        }
        this.#failed(place, error, chunk);
        this.go();
      },
    );
  }

  #answered(place: FilterPlace, answer: FilterAnswer): void {
    if (answer instanceof Uint8Array) {
      place.held = false;
      if (answer.length > 0) place.pass(answer);
    } else this.decide(answer);
    if (place.ending) this.#ended(place);
  }

  /** A filter is through with its part. */
  #ended(place: FilterPlace): void {
    if (place.done) return;
    place.done = true;
    place.held = false;
    if (place.next === null) this.ended = true;
    else place.next.inputEnded = true;
  }

  #failed(place: FilterPlace, error: unknown, chunk: Buffer | undefined): void {
    this.decide(this.#blame(place, error));
    if (this.#verdict !== undefined) return;
    if (chunk !== undefined) place.pass(chunk);
    if (place.ending) this.#ended(place);
  }

  /** Counts what a filter threw; without a verdict the stream goes on without it. */
  #blame(place: FilterPlace, error: unknown): Verdict {
    const { plugin, name } = place.owner;
    const verdict = this.stream.blame(plugin, `filter ${name}`, error);
    if (verdict === undefined) {
      place.owner.out = true;
      place.left = true;
      place.held = false;
      place.paused = false;
    }
    return verdict;
  }

  /** The stream is over: filters that still hold on to it can do nothing any more. */
  close(): void {
    if (this.closed) return;
    if (this.#buffers.length > 0 && this.#quiet) this.#buffers.forEach(giveBuffer);
    this.closed = true;
    this.out = [];
    this.outSize = 0;
    for (const place of this.places) place.wake();
  }
}
