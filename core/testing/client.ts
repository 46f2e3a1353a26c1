import { connect as connectSocket, type NetConnectOpts } from 'node:net';
import type { Duplex } from 'node:stream';
import { writeProxyV1, writeProxyV2 } from '../net/proxy-protocol-writer.ts';
import type { ProxyEnds } from '../net/proxy-protocol.ts';
import { WireConnection } from './connection.ts';
import { bytesOf, type Fields, type FieldsInput, listFields } from './fields.ts';
import { MessageParser, type WireMessage } from './message-parser.ts';

export interface RequestInput {
  /** GET if left out, POST with a body. */
  readonly method?: string;
  /** The request target; `/` if left out. */
  readonly url?: string;
  /** `1.1` if left out. */
  readonly version?: '1.0' | '1.1';
  /** `host` and the length of the body are added, unless they are there (a `host` of '' is left out). */
  readonly headers?: FieldsInput;
  /** A string is sent in UTF-8. A list is sent chunked. */
  readonly body?: string | Uint8Array | readonly (string | Uint8Array)[];
}

/** What a client says in front of all else by the PROXY protocol, for `bind … accept-proxy`. */
export interface ProxyHeaderInput {
  /** 2 if left out. */
  readonly version?: 1 | 2;
  readonly source?: Ends;
  readonly destination?: Ends;
  /** `local`: the connection speaks for itself. */
  readonly command?: 'proxy' | 'local';
  readonly tlvs?: readonly { readonly type: number; readonly value: Uint8Array }[];
}

interface Ends {
  readonly host: string;
  readonly port?: number;
}

export interface ConnectOptions {
  /** The own address, of those the machine has: 127.0.0.2 on Linux. */
  readonly from?: string;
  readonly proxyHeader?: ProxyHeaderInput;
}

/** An answer as a client saw it. */
export class ClientResponse {
  readonly status: number;
  readonly reason: string;
  /** `1.1` */
  readonly version: string;
  readonly headers: Fields;
  readonly trailers: Fields;
  readonly body: Buffer;
  /** The chunks it came in; undefined for a body that is not chunked. */
  readonly chunks: readonly Buffer[] | undefined;
  /** The head as it came; a byte string. */
  readonly rawHead: string;
  /** False where the connection ended in the middle of it. */
  readonly complete: boolean;
  /** Interim responses (1xx) in front of it. */
  readonly interim: readonly ClientResponse[];

  constructor(message: WireMessage, interim: readonly ClientResponse[]) {
    const { startLine } = message;
    const [, version = '', status = '', reason = ''] = /^HTTP\/(\S*) (\d+) ?(.*)$/.exec(startLine) ?? [];
    this.version = version;
    this.status = Number(status);
    this.reason = reason;
    this.headers = message.headers;
    this.trailers = message.trailers;
    this.body = message.body;
    this.chunks = message.chunks;
    this.rawHead = message.rawHead;
    this.complete = message.complete;
    this.interim = interim;
  }

  /** The body in UTF-8. */
  get text(): string {
    return this.body.toString('utf8');
  }

  json(): unknown {
    return JSON.parse(this.text);
  }
}

/** A client's connection to a proxy: bytes, or requests, or both. */
export class Client extends WireConnection {
  /** The own end of the connection. */
  readonly host: string | undefined;
  readonly port: number | undefined;
  /** Answers that have come, oldest first. */
  readonly responses: ClientResponse[] = [];
  readonly #parser: MessageParser;
  readonly #authority: string;
  #interim: ClientResponse[] = [];
  #asked = 0;
  #given = 0;

  constructor(stream: Duplex, authority: string, own?: { readonly host: string; readonly port: number }) {
    super(stream);
    this.#authority = authority;
    this.host = own?.host;
    this.port = own?.port;
    this.#parser = new MessageParser('response', (message) => this.#take(message));
  }

  protected override arrived(bytes: Buffer): void {
    this.#parser.push(bytes);
  }

  protected override ended(): void {
    this.#parser.end();
  }

  #take(message: WireMessage): void {
    const response = new ClientResponse(message, this.#interim);
    if (response.complete && response.status >= 100 && response.status < 200 && response.status !== 101) {
      this.#interim.push(response);
      return;
    }
    this.#interim = [];
    this.responses.push(response);
  }

  /** Sends a request without waiting for its answer, which {@link response} gives. */
  write(input: RequestInput | string): void {
    const asked = typeof input === 'string' ? { url: input } : input;
    this.#asked++;
    this.#parser.expect(methodOf(asked));
    this.send(requestBytes(asked, this.#authority));
  }

  /** Sends a request and resolves with its answer. A string is a GET of that target. */
  async request(input: RequestInput | string): Promise<ClientResponse> {
    this.write(input);
    return this.response(this.#asked);
  }

  /** Sends requests in one piece, and resolves with all answers. */
  async pipeline(inputs: readonly (RequestInput | string)[]): Promise<ClientResponse[]> {
    const first = this.#asked;
    const requests = inputs.map((input) => (typeof input === 'string' ? { url: input } : input));
    for (const one of requests) this.#parser.expect(methodOf(one));
    this.#asked += inputs.length;
    this.send(Buffer.concat(requests.map((one) => requestBytes(one, this.#authority))));
    return Promise.all(inputs.map((_, i) => this.response(first + i + 1)));
  }

  /** Resolves with the nth answer on this connection, from 1; the one behind the last that was asked for if left out. */
  async response(n: number = this.#given + 1, milliseconds?: number): Promise<ClientResponse> {
    this.#given = n;
    return this.until(
      () => {
        const response = this.responses[n - 1];
        if (response === undefined && this.closed !== 'open')
          throw new Error(`the connection ended (${this.closed}) without answer ${n}; received: ${this.told()}`);
        return response;
      },
      () => `answer ${n}; received so far: ${this.told()}`,
      milliseconds,
    );
  }
}

function methodOf({ method, body }: RequestInput): string {
  return method ?? (body === undefined ? 'GET' : 'POST');
}

/** The bytes of a request. */
export function requestBytes(input: RequestInput, authority: string): Buffer {
  const { url = '/', version = '1.1', headers, body } = input;
  const given = listFields(headers);
  const named = (name: string): boolean => given.some(([one]) => one.toLowerCase() === name);
  const fields = given.filter(([name, value]) => name.toLowerCase() !== 'host' || value !== '');
  if (!named('host') && version !== '1.0') fields.unshift(['host', authority]);
  const pieces =
    body === undefined ? undefined : Array.isArray(body) ? (body as readonly (string | Uint8Array)[]) : undefined;
  const whole = body === undefined || pieces !== undefined ? undefined : bytesOf(body as string | Uint8Array);
  if (!named('content-length') && !named('transfer-encoding')) {
    if (pieces !== undefined) fields.push(['transfer-encoding', 'chunked']);
    else if (whole !== undefined) fields.push(['content-length', String(whole.length)]);
  }
  const lines = fields.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  const head = bytesOf(`${methodOf(input)} ${url} HTTP/${version}\r\n${lines}\r\n`);
  if (pieces === undefined) return whole === undefined ? head : Buffer.concat([head, whole]);
  const chunks = pieces
    .map(bytesOf)
    .filter(({ length }) => length > 0)
    .flatMap((bytes) => [bytesOf(`${bytes.length.toString(16)}\r\n`), bytes, bytesOf('\r\n')]);
  return Buffer.concat([head, ...chunks, bytesOf('0\r\n\r\n')]);
}

/** The bytes of a PROXY protocol header. */
export function proxyHeaderBytes(input: ProxyHeaderInput): Buffer {
  const { version = 2, source, destination = { host: '127.0.0.1', port: 80 }, command = 'proxy', tlvs = [] } = input;
  const ends: ProxyEnds | undefined =
    source === undefined
      ? undefined
      : {
          family: source.host.includes(':') ? 6 : 4,
          source: source.host,
          sourcePort: source.port ?? 40_000,
          destination: destination.host,
          destinationPort: destination.port ?? 80,
        };
  return version === 1 ? Buffer.from(writeProxyV1(ends), 'latin1') : writeProxyV2(ends, { command, tlvs });
}

/** Where to connect: a port of 127.0.0.1, `host:port`, a path, or what {@link ProxyHandle.address} gives. */
export type ClientTarget =
  | number
  | string
  | { readonly host?: string | undefined; readonly port?: number | undefined; readonly path?: string | undefined };

/** Connects to a proxy, ours or another one. Rejects with the system's error. */
export function connect(to: ClientTarget, options: ConnectOptions = {}): Promise<Client> {
  const target = targetOf(to);
  const local = options.from === undefined ? {} : { localAddress: options.from };
  return new Promise((resolve, reject) => {
    const socket = connectSocket({ ...target, ...local, allowHalfOpen: true, noDelay: true } as NetConnectOpts);
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.off('error', reject);
      const { localAddress, localPort } = socket;
      const own =
        localAddress === undefined || localPort === undefined ? undefined : { host: localAddress, port: localPort };
      const client = new Client(socket, authorityOf(target), own);
      if (options.proxyHeader !== undefined) client.send(proxyHeaderBytes(options.proxyHeader));
      resolve(client);
    });
  });
}

type Target = { readonly host: string; readonly port: number } | { readonly path: string };

function targetOf(to: ClientTarget): Target {
  if (typeof to === 'number') return { host: '127.0.0.1', port: to };
  if (typeof to === 'object') {
    const { host = '127.0.0.1', port, path } = to;
    if (path !== undefined) return { path: path.startsWith('abns@') ? `\0${path.slice(5)}` : path };
    if (port === undefined) throw new TypeError('connect needs a port or a path');
    return { host: reachable(host), port };
  }
  if (to.startsWith('/')) return { path: to };
  const [, host = '', port = ''] = /^(?:https?:\/\/)?(.*?):(\d+)\/?$/.exec(to) ?? [];
  if (port === '') throw new TypeError(`'${to}' is no address: connect wants 'host:port', a path or a port`);
  return { host: reachable(host.replace(/^\[(.*)\]$/, '$1') || '127.0.0.1'), port: Number(port) };
}

/** An address of this machine for one that stands for all of them. */
function reachable(host: string): string {
  return host === '0.0.0.0' || host === '*' ? '127.0.0.1' : host === '::' ? '::1' : host;
}

function authorityOf(target: Target): string {
  if ('path' in target) return 'localhost';
  return `${target.host.includes(':') ? `[${target.host}]` : target.host}:${target.port}`;
}

/** Sends one request on a connection of its own, and closes it. */
export async function request(
  to: ClientTarget,
  input: RequestInput | string,
  options: ConnectOptions = {},
): Promise<ClientResponse> {
  const client = await connect(to, options);
  try {
    return await client.request(input);
  } finally {
    client.close();
  }
}
