import { type ProxyProgram, type RunningProxy, startProxy } from '../support/proxy.ts';
import { Slot } from './slot.ts';

/**
 * The configuration all cases run on: a frontend for each slot, leading to that slot's origin alone. `http-reuse never`
 * keeps a session's origin connection for this session, so that what arrives belongs to one case. All timeouts are longer than any
 * case, so that a connection that closes was closed for a reason.
 */
export function configuration(slots: readonly Slot[], ports: readonly number[]): string {
  const sections = slots.map(
    (slot, i) => `listen slot${i}\n  bind 127.0.0.1:${ports[i]}\n  server origin 127.0.0.1:${slot.origin.port}\n`,
  );
  return `defaults
  mode http
  http-reuse never
  timeout connect 5s
  timeout client 60s
  timeout server 60s
  timeout http-request 60s
  timeout http-keep-alive 60s
  timeout tunnel 60s

${sections.join('\n')}`;
}

/** A running proxy with slots to play cases on. */
export class Arena {
  readonly #slots: Slot[];
  readonly #proxy: RunningProxy;

  private constructor(slots: Slot[], proxy: RunningProxy) {
    this.#slots = slots;
    this.#proxy = proxy;
  }

  static async open(count: number, program?: ProxyProgram): Promise<Arena> {
    const slots = await Promise.all(Array.from({ length: count }, () => Slot.open()));
    const proxy = await startProxy(count, (ports) => configuration(slots, ports), program);
    slots.forEach((slot, i) => (slot.port = proxy.ports[i]!));
    return new Arena(slots, proxy);
  }

  /** Hands each item to a free slot; resolves when all have been played, in the order of `items`. */
  async playAll<T, R>(items: readonly T[], play: (slot: Slot, item: T) => Promise<R>): Promise<R[]> {
    const results: R[] = [];
    let next = 0;
    const work = async (slot: Slot): Promise<void> => {
      for (let i = next++; i < items.length; i = next++) results[i] = await play(slot, items[i]!);
    };
    await Promise.all(this.#slots.map(work));
    return results;
  }

  /** Stops everything; throws, with what the proxy wrote, when it had ended by itself. */
  async close(): Promise<void> {
    const { exit } = this.#proxy.process;
    await this.#proxy.stop();
    await Promise.all(this.#slots.map(({ origin }) => origin.stop()));
    if (exit !== undefined) throw new Error(`the proxy ended with ${exit}: ${this.#proxy.process.stderr.slice(-4000)}`);
  }
}
