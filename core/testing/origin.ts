import { createServer, type AddressInfo, type Server } from 'node:net';
import type { Duplex } from 'node:stream';
import { OriginConnection } from './origin-connection.ts';
import type { OriginOptions, OriginReply, OriginScript } from './origin-script.ts';
import type { SeenRequest } from './seen-request.ts';
import { Changing } from './wait.ts';

/** A server that a test plays. It answers as its script says, and remembers what it saw. */
export class Origin extends Changing {
  /** Requests since the start or the last {@link forget}, oldest first. */
  requests: SeenRequest[] = [];
  /** Connections since then, those that are closed among them. */
  connections: OriginConnection[] = [];
  /** What scripts threw; {@link stop} throws the first of them, so that no failed expectation in a script is lost. */
  readonly errors: unknown[] = [];
  readonly #options: OriginOptions;
  readonly #server: Server;
  #script: OriginScript;
  readonly #once: OriginScript[] = [];
  #count = 0;
  #given = { request: 0, connection: 0 };
  #address: AddressInfo | string | null = null;

  constructor(script: OriginScript, options: OriginOptions) {
    super();
    this.#script = script;
    this.#options = options;
    this.#server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => this.accept(socket));
  }

  /** Lets in whoever comes; after {@link close} at the same port as before. */
  async listen(): Promise<void> {
    const { host = '127.0.0.1', port = this.port, path } = this.#options;
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(path === undefined ? { host, port } : { path }, resolve);
    });
    this.#address = this.#server.address();
  }

  get host(): string {
    return typeof this.#address === 'object' ? (this.#address?.address ?? '') : '';
  }

  get port(): number {
    return typeof this.#address === 'object' ? (this.#address?.port ?? 0) : 0;
  }

  /** For a `server` line: `127.0.0.1:40123`, or the path of the socket. */
  get address(): string {
    if (typeof this.#address === 'string') return this.#address;
    return this.host.includes(':') ? `[${this.host}]:${this.port}` : `${this.host}:${this.port}`;
  }

  get url(): string {
    return `http://${this.address}`;
  }

  /** Changes what it answers from now on. */
  answer(script: OriginScript): this {
    this.#script = script;
    return this;
  }

  /** Answers the next request so, and only that; several are used up in order. */
  once(...scripts: readonly OriginScript[]): this {
    this.#once.push(...scripts);
    return this;
  }

  /** The last request. Throws where there was none. */
  get last(): SeenRequest {
    const last = this.requests.at(-1);
    if (last === undefined) throw new Error(`the origin ${this.address} has seen no request`);
    return last;
  }

  /** Connections that are open at this moment. */
  get open(): number {
    return this.connections.filter(({ stream }) => !stream.destroyed).length;
  }

  /** Resolves with the nth request, from 1, once it has come; the one behind the last that was asked for if left out. */
  async request(n: number = this.#given.request + 1, milliseconds?: number): Promise<SeenRequest> {
    this.#given.request = n;
    return this.until(
      () => this.requests[n - 1],
      () => `request ${n} at the origin ${this.address}; it has seen ${this.requests.length}`,
      milliseconds,
    );
  }

  /** The same of connections. */
  async connection(n: number = this.#given.connection + 1, milliseconds?: number): Promise<OriginConnection> {
    this.#given.connection = n;
    return this.until(
      () => this.connections[n - 1],
      () => `connection ${n} at the origin ${this.address}; it has seen ${this.connections.length}`,
      milliseconds,
    );
  }

  /** Plays the server on a connection that needs no socket. */
  accept(stream: Duplex): OriginConnection {
    const connection = new OriginConnection(stream, ++this.#count, {
      options: this.#options,
      seen: (request, on) => this.#seen(request, on),
      failed: (error) => void this.errors.push(error),
    });
    this.connections.push(connection);
    const { onConnection } = this.#options;
    if (onConnection !== undefined) {
      void Promise.resolve()
        .then(() => onConnection(connection))
        .catch((error: unknown) => {
          this.errors.push(error);
          connection.reset();
        });
    }
    this.changed();
    return connection;
  }

  async #seen(request: SeenRequest, connection: OriginConnection): Promise<OriginReply | void> {
    this.requests.push(request);
    this.changed();
    if (!request.complete && this.#options.early !== true) return;
    const script = this.#once.shift() ?? this.#script;
    return typeof script === 'function' ? script(request, connection) : script;
  }

  /** Closes all connections and counts anew. */
  forget(): void {
    for (const connection of this.connections) connection.close();
    this.connections = [];
    this.requests = [];
    this.#given = { request: 0, connection: 0 };
    this.#count = 0;
  }

  /** Lets nobody in until {@link listen}: new connections are refused, those that are open are cut. */
  async close(): Promise<void> {
    for (const connection of this.connections) connection.reset();
    if (this.#server.listening) await new Promise((resolve) => this.#server.close(resolve));
  }

  /** Closes everything. Throws the first error of a script. */
  async stop(): Promise<void> {
    for (const connection of this.connections) connection.close();
    if (this.#server.listening) await new Promise((resolve) => this.#server.close(resolve));
    if (this.errors.length > 0) throw this.errors[0];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}

/**
 * Starts a server that answers as `script` says: an empty 200 if left out. It listens on a free port of 127.0.0.1, and speaks
 * HTTP/1 unless {@link OriginOptions.onConnection} plays the connections.
 */
export async function origin(script: OriginScript = {}, options: OriginOptions = {}): Promise<Origin> {
  const started = new Origin(script, options);
  await started.listen();
  return started;
}
