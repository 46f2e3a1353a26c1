import type { Filter, FilterFlow, FilterSide, Transaction, Verdict } from '../api/index.ts';
import type { FilterChain } from './filter-chain.ts';

/** A filter as a stream has it: whose it is, and whether it is still in. */
export interface AttachedFilter {
  filter: Filter;
  readonly name: string;
  readonly plugin: string;
  readonly side: 'frontend' | 'backend';
  /** It threw, and that is to be ignored. */
  out: boolean;
}

/** Bytes that may be on their way to a filter or out of the last one before `write` says that it is enough. */
const ENOUGH = 65_536;

/** One filter's place in a chain: what has come to it and how far it is with that. */
export class FilterPlace implements FilterFlow {
  readonly owner: AttachedFilter;
  readonly side: FilterSide;
  readonly chain: FilterChain;
  next: FilterPlace | null = null;
  /** What it has not been given yet. */
  readonly input: Buffer[] = [];
  inputSize = 0;
  inputEnded = false;
  /** `end` has been called; it is settled. */
  ending = false;
  done = false;
  /** A promise of it is not settled. */
  busy = false;
  paused = false;
  left = false;
  held = false;
  resized = false;
  newLength: number | undefined = undefined;
  #waiters: ((ready: boolean) => void)[] | null = null;

  constructor(owner: AttachedFilter, side: FilterSide, chain: FilterChain) {
    this.owner = owner;
    this.side = side;
    this.chain = chain;
  }

  get transaction(): Transaction {
    return this.chain.stream;
  }

  get direction(): 'request' | 'response' {
    return this.chain.direction;
  }

  get length(): number | undefined {
    return this.chain.lengthBefore(this);
  }

  get bodiless(): boolean {
    return this.chain.bodiless;
  }

  get trailers(): [name: string, value: string][] {
    return this.chain.trailers;
  }

  get ended(): boolean {
    const { started, complete } = this.chain;
    return started ? this.inputEnded && this.input.length === 0 : complete;
  }

  /** The next one has dealt with what it was given, or the receiver with what was sent. */
  get writable(): boolean {
    return this.next === null ? this.chain.writable : this.next.inputSize < ENOUGH && !this.next.congested;
  }

  /** What it has been given lies before it. */
  get congested(): boolean {
    return this.input.length > 0 && (this.busy || this.paused || !this.writable);
  }

  get working(): boolean {
    return this.busy || this.paused || this.input.length > 0;
  }

  resize(length?: number): void {
    this.resized = true;
    this.newLength = length;
    this.chain.resized();
  }

  write(bytes: Uint8Array): boolean {
    if (this.chain.closed || this.done) return false;
    this.held = false;
    if (bytes.length > 0) {
      this.pass(bytes);
      this.chain.go();
    }
    return this.writable;
  }

  /** Gives bytes to whatever comes next. */
  pass(bytes: Uint8Array): void {
    const chunk = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    if (this.next === null) this.chain.emit(chunk);
    else this.next.take(chunk);
  }

  take(chunk: Buffer): void {
    this.input.push(chunk);
    this.inputSize += chunk.length;
  }

  async ready(): Promise<boolean> {
    if (this.chain.closed) return false;
    if (this.writable) return true;
    this.chain.stream.shared = true;
    return new Promise((resolve) => {
      (this.#waiters ??= []).push(resolve);
    });
  }

  /** Wakes those who wait for room, if there is; all of them when the stream is over. */
  wake(): void {
    const waiters = this.#waiters;
    if (waiters === null || (!this.chain.closed && !this.writable)) return;
    this.#waiters = null;
    for (const resolve of waiters) resolve(!this.chain.closed);
  }

  pause(): void {
    this.paused = true;
    this.chain.stream.shared = true;
  }

  resume(): void {
    if (!this.paused) return;
    this.paused = false;
    this.chain.go();
  }

  hold(): void {
    this.held = true;
  }

  leave(): void {
    if (this.left) return;
    this.left = true;
    this.held = false;
    this.paused = false;
    this.chain.go();
  }

  conclude(verdict: Verdict): void {
    this.chain.decide(verdict);
    this.chain.go();
  }

  async sleep(milliseconds: number): Promise<boolean> {
    if (this.chain.closed) return false;
    return this.chain.stream.sleep(milliseconds);
  }
}
