import type { Clock, PluginContext, Timer } from 'sluice/plugin';
import type { Exchange } from './exchange.ts';

/**
 * The exchanges of one engine that have not ended, and one timer for all: they have the same time, so that who came first is over
 * first. Joining and leaving cost a few stores.
 */
export class WaitingList {
  readonly #time: number;
  readonly #expire: (exchange: Exchange) => void;
  #clock: Clock | undefined = undefined;
  #timer: Timer | undefined = undefined;
  #armed = false;
  #first: Exchange | undefined = undefined;
  #last: Exchange | undefined = undefined;
  #onEmpty: (() => void) | undefined = undefined;

  /** `time` is `timeout processing` in milliseconds; 0: none. */
  constructor(time: number, expire: (exchange: Exchange) => void) {
    this.#time = time;
    this.#expire = expire;
  }

  start(context: PluginContext): void {
    this.#clock = context.clock;
    if (this.#time > 0) this.#timer = context.timer(() => this.#due());
  }

  stop(): void {
    this.#timer?.stop();
    while (this.#first !== undefined) this.#expire(this.#first);
  }

  /** Waits until all have left, for so many milliseconds at the most. */
  async emptied(milliseconds: number): Promise<void> {
    if (this.#first === undefined) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, milliseconds);
      this.#onEmpty = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  /** `at` is the time from which it waits. */
  add(exchange: Exchange, at: number = exchange.startedAt): void {
    exchange.deadline = at + this.#time;
    exchange.before = this.#last;
    if (this.#last === undefined) this.#first = exchange;
    else this.#last.after = exchange;
    this.#last = exchange;
    if (this.#armed || this.#timer === undefined) return;
    this.#armed = true;
    this.#timer.start(this.#time);
  }

  /** It has come a step further, and has all of the time again. */
  renew(exchange: Exchange): void {
    this.remove(exchange);
    this.add(exchange, this.#clock?.now());
  }

  remove(exchange: Exchange): void {
    const { before, after } = exchange;
    if (before === undefined && this.#first !== exchange) return;
    if (before === undefined) this.#first = after;
    else before.after = after;
    if (after === undefined) this.#last = before;
    else after.before = before;
    exchange.before = undefined;
    exchange.after = undefined;
    if (this.#first === undefined) this.#onEmpty?.();
  }

  #due(): void {
    this.#armed = false;
    const at = this.#clock!.now();
    for (let first = this.#first; first !== undefined && first.deadline <= at; first = this.#first) this.#expire(first);
    if (this.#first === undefined) return;
    this.#armed = true;
    this.#timer!.start(Math.max(1, this.#first.deadline - at));
  }
}
