import type { Backend, Log, Server } from 'sluice/plugin';
import type { Instance } from './registry.ts';

/** Brings the servers of a backend in line with what a registry knows. Servers of the configuration are left alone. */
export class Fleet {
  readonly #backend: Backend;
  readonly #words: readonly string[];
  readonly #log: Log;
  /** By name. */
  readonly #own = new Map<string, { readonly server: Server; readonly instance: Instance }>();
  /** Those that are to go as soon as they serve nobody any more. */
  readonly #leaving = new Set<Server>();

  constructor(backend: Backend, words: readonly string[], log: Log) {
    this.#backend = backend;
    this.#words = words;
    this.#log = log;
  }

  update(instances: readonly Instance[]): void {
    const wanted = new Map(instances.map((instance) => [nameOf(instance), instance]));
    for (const [name, { server, instance }] of this.#own) {
      const next = wanted.get(name);
      if (next === undefined) this.#dismiss(name, server);
      else if (next.weight !== instance.weight) {
        server.state.setWeight(String(next.weight));
        this.#own.set(name, { server, instance: next });
      }
    }
    for (const [name, instance] of wanted) if (!this.#own.has(name)) this.#add(name, instance);
    this.sweep();
  }

  #add(name: string, instance: Instance): void {
    const { address, port, weight } = instance;
    const place = address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
    const server = this.#backend.addServer(name, place, ['weight', String(weight), ...this.#words]);
    // Its namesake may still be leaving: it comes with the next update then.
    if (typeof server === 'string') {
      this.#log.warn({ server: name, address: place }, `a server cannot be added: ${server}`);
      return;
    }
    server.state.set('ready');
    if (server.state.health.configured) server.state.enable('health', true);
    this.#own.set(name, { server, instance });
    this.#log.info({ server: name, address: place }, 'a server was added');
  }

  #dismiss(name: string, server: Server): void {
    server.state.set('maint');
    this.#own.delete(name);
    this.#leaving.add(server);
  }

  /** Removes those that have nothing left to do; says how many still have. */
  sweep(): number {
    for (const server of this.#leaving) {
      if (this.#backend.removeServer(server) !== undefined) continue;
      this.#leaving.delete(server);
      this.#log.info({ server: server.name }, 'a server was removed');
    }
    return this.#leaving.size;
  }
}

/** An id may have characters that no server's name has; the address makes the name another one when the instance moves. */
function nameOf({ id, address, port }: Instance): string {
  return `${id}-${address}-${port}`.replaceAll(/[^A-Za-z0-9._:-]/g, '_');
}
