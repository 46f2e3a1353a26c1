import type { Verdict } from '../api/index.ts';
import type { ReadSocket } from '../net/fast-socket.ts';
import type { ChainEnd, FilterChain } from './filter-chain.ts';

/** What a connection does with bytes that are no message, once they have passed the filters. */
export interface RawEndActions {
  /** Where they go; null when there is nobody any more. */
  socket(): ReadSocket | null;
  wrote(size: number): void;
  /** The sender has ended and all of it has been passed. */
  ended(): void;
  balance(chain: FilterChain): void;
  concluded(verdict: Exclude<Verdict, undefined | void>): void;
}

/** The end of a chain of filters over bytes as they are: a tunnel's, or that of a connection in TCP mode. */
export class RawEnd implements ChainEnd {
  readonly #actions: RawEndActions;

  constructor(actions: RawEndActions) {
    this.#actions = actions;
  }

  get idle(): boolean {
    return (this.#actions.socket()?.writableLength ?? 0) === 0;
  }

  flush(chain: FilterChain): void {
    const socket = this.#actions.socket();
    const size = chain.outSize;
    if (size > 0) {
      let flowing = true;
      for (const part of chain.take()) if (socket !== null) flowing = socket.write(part);
      this.#actions.wrote(size);
      chain.blocked = !flowing && socket !== null && socket.writableLength > 0;
    }
    if (chain.ended) {
      chain.close();
      this.#actions.ended();
    }
  }

  balance(chain: FilterChain): void {
    this.#actions.balance(chain);
  }

  concluded(chain: FilterChain, verdict: Exclude<Verdict, undefined | void>): void {
    chain.close();
    this.#actions.concluded(verdict);
  }
}
