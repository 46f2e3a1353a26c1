import { MemoryStream } from '../net/memory-stream.ts';
import type { DialedServer, DialTarget } from '../proxy/options.ts';
import { Origin } from './origin.ts';

/** What stands in for a server: an origin, or an address (`127.0.0.1:8080`, a path). */
export type StandIn = Origin | DialTarget | string;

/** One stand-in for all servers, or a table that is looked up by `backend/server`, then `backend`, then `*`. */
export type ServerReplacement = StandIn | Readonly<Record<string, StandIn>>;

/** Where connections to servers go. */
export class StandIns {
  /** Those made here, by `backend/server`. */
  readonly origins: Map<string, Origin> = new Map();
  readonly #replacement: ServerReplacement;
  readonly #complete: boolean;
  readonly #within: boolean;

  /** `complete`: servers that the replacement does not name get an origin each. `within`: origins are reached without sockets. */
  constructor(replacement: ServerReplacement, { complete, within }: { complete: boolean; within: boolean }) {
    this.#within = within;
    this.#replacement = replacement;
    this.#complete = complete;
  }

  /** Starts the origins that servers are to have of their own. */
  async open(servers: readonly { readonly backend: string; readonly server: string }[]): Promise<void> {
    if (!this.#complete) return;
    for (const { backend, server } of servers) {
      const path = `${backend}/${server}`;
      if (this.origins.has(path) || this.#given(backend, server) !== undefined) continue;
      const standIn = new Origin({ headers: { 'content-type': 'text/plain' }, body: path }, {});
      if (!this.#within) await standIn.listen();
      this.origins.set(path, standIn);
    }
  }

  #given(backend: string, server: string): StandIn | undefined {
    const replacement = this.#replacement;
    if (isStandIn(replacement)) return replacement;
    return replacement[`${backend}/${server}`] ?? replacement[backend] ?? replacement['*'];
  }

  dial({ backend, server }: DialedServer): DialTarget | undefined {
    const standIn = this.#given(backend, server) ?? this.origins.get(`${backend}/${server}`);
    if (!this.#within || !(standIn instanceof Origin)) return targetOf(standIn);
    const [own, other] = MemoryStream.pair();
    standIn.accept(other);
    return { stream: own };
  }

  async close(): Promise<void> {
    // One after the other: what a script threw is thrown here.
    for (const standIn of this.origins.values()) await standIn.stop();
  }
}

function isStandIn(replacement: ServerReplacement): replacement is StandIn {
  return (
    typeof replacement === 'string' ||
    replacement instanceof Origin ||
    typeof (replacement as { port?: unknown }).port === 'number' ||
    typeof (replacement as { path?: unknown }).path === 'string'
  );
}

function targetOf(standIn: StandIn | undefined): DialTarget | undefined {
  if (standIn === undefined) return undefined;
  const text = standIn instanceof Origin ? standIn.address : standIn;
  if (typeof text === 'object') return text;
  if (text.startsWith('/')) return { path: text };
  const [, host = '', port = ''] = /^(.*):(\d+)$/.exec(text) ?? [];
  if (port === '') throw new TypeError(`'${text}' is no address of a stand-in: it is 'host:port' or a path`);
  return { host: host.replace(/^\[(.*)\]$/, '$1'), port: Number(port) };
}
