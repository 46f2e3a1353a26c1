import { randomUUID } from 'node:crypto';
import type { Backend, PluginContext, Server, Timer } from 'sluice/plugin';
import type { HaproxyHelloOptions } from 'sluice/agent';
import type { Exchange } from './exchange.ts';
import { ENGINE_ID } from './engine-id.ts';
import { ServerPool } from './server-pool.ts';
import type { Agent } from './settings.ts';

/** What an engine and the servers of its backend agree on: HELLO, and the connections. */
export class AgentClient {
  readonly backend: Backend;
  readonly engineId: string = randomUUID();
  /** What transactions of leases have of it. */
  readonly identity: readonly [symbol, object] = [ENGINE_ID, { id: this.engineId }];
  readonly pipelining: boolean;
  readonly maxFrameSize: number;
  readonly hello: HaproxyHelloOptions;
  readonly #pools = new Map<Server, ServerPool>();
  readonly #context: PluginContext;

  /** `bodies`: some message carries one. */
  constructor({ pipelining, maxFrameSize }: Agent, bodies: boolean, backend: Backend, context: PluginContext) {
    this.backend = backend;
    this.pipelining = pipelining && backend.settings.reuse !== 'never';
    this.maxFrameSize = maxFrameSize;
    const capabilities = [...(pipelining ? ['pipelining'] : []), ...(bodies ? ['body-stream'] : [])];
    this.hello = { maxFrameSize, capabilities, engineId: this.engineId };
    this.#context = context;
  }

  timer(run: () => void): Timer {
    return this.#context.timer(run);
  }

  carry(exchange: Exchange, server: Server, payload: Uint8Array): void {
    let pool = this.#pools.get(server);
    if (pool === undefined) this.#pools.set(server, (pool = new ServerPool(this, server)));
    pool.carry(exchange, payload);
  }

  /** All connections of the engine, and those that have nothing to do. */
  get counts(): { readonly all: number; readonly idle: number } {
    let [all, idle] = [0, 0];
    for (const { counts } of this.#pools.values()) {
      all += counts.all;
      idle += counts.idle;
    }
    return { all, idle };
  }

  stop(): void {
    for (const pool of this.#pools.values()) pool.stop();
  }
}
