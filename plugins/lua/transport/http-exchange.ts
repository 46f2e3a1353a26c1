import { readFileSync } from 'node:fs';
import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { rootCertificates, type ConnectionOptions } from 'node:tls';
import { type HttpFailure, type HttpResponse, HttpResponseReader } from './http-response.ts';
import { type StreamOwner, StreamSocket, type StreamTarget } from './stream-socket.ts';

/** What `httpclient.*` in the global section says; configuration.txt 3.2. */
export interface HttpClientSettings {
  retries: number;
  /** Milliseconds. */
  connectTimeout: number;
  verify: boolean;
  /** The file of authorities; undefined: those of the system. */
  caFile: string | undefined;
  /** Which family a name is to have. */
  prefer: 4 | 6;
  /** Names are not looked up. */
  noNames: boolean;
}

export interface HttpRequest {
  readonly method: string;
  readonly url: HttpUrl;
  /** Names in lower case. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: string;
  /** Where to connect, instead of the URL's host. */
  readonly destination: StreamTarget | undefined;
  /** Milliseconds that the server may be silent. */
  readonly timeout: number;
}

export interface HttpUrl {
  readonly tls: boolean;
  readonly host: string;
  readonly port: number;
  /** As the Host field has it. */
  readonly authority: string;
  readonly path: string;
}

/** A URL with a host; undefined if it is none. The fragment is passed on, as HAProxy passes it. */
export function parseHttpUrl(text: string): HttpUrl | undefined {
  const [, scheme, written, path] = /^([A-Za-z][A-Za-z0-9+.-]*):\/\/([^/?#]*)([\s\S]*)$/.exec(text) ?? [];
  if (scheme === undefined || /[\0-\x20\x7f]/.test(text)) return undefined;
  const authority = written!.slice(written!.lastIndexOf('@') + 1);
  const [, host, port] = /^(\[[0-9A-Fa-f:.]+\]|[^:[\]]+)(?::(\d{1,5}))?$/.exec(authority) ?? [];
  if (host === undefined) return undefined;
  const tls = scheme.toLowerCase() === 'https';
  if (!tls && scheme.toLowerCase() !== 'http') return undefined;
  return {
    tls,
    host: host.replace(/^\[|\]$/g, ''),
    port: port === undefined ? (tls ? 443 : 80) : Number(port) & 0xffff,
    authority,
    path: path!.startsWith('/') ? path! : `/${path!}`,
  };
}

/** What is said of an exchange that failed, as HAProxy answers for the server. */
const ERRORS = {
  502: ['Bad Gateway', 'The server returned an invalid or incomplete response.'],
  503: ['Service Unavailable', 'No server is available to handle this request.'],
  504: ['Gateway Time-out', "The server didn't respond in time."],
} as const;

/** Between two tries to connect; milliseconds. */
const TURN_AROUND = 1000;
/** A request that has been sent can be sent again while it fits in a buffer. */
const MAX_REPEATED = 16 * 1024;

/**
 * One request and its response, on a connection of its own. Connections that cannot be made, and requests that nothing answers, are tried
 * again as HAProxy's client tries them; what fails in the end gives the answer that a proxy would give. `life` ends it.
 */
export class HttpExchange {
  readonly #owner: StreamOwner;
  readonly #settings: HttpClientSettings;
  readonly #request: HttpRequest;
  readonly #life: AbortSignal;

  constructor(owner: StreamOwner, settings: HttpClientSettings, request: HttpRequest, life: AbortSignal) {
    this.#owner = owner;
    this.#settings = settings;
    this.#request = request;
    this.#life = life;
  }

  async run(): Promise<HttpResponse> {
    const target = await this.#target();
    if (target === undefined)
      return { ...errorResponse(503), headers: [['content-length', '0']], body: Buffer.alloc(0) };
    let tls: ConnectionOptions | undefined;
    try {
      tls = this.#tls();
    } catch {
      return errorResponse(503);
    }
    for (let left = this.#settings.retries; ; left--) {
      const result = await this.#attempt(target, tls);
      if (typeof result === 'object') return result;
      const last = left <= 0 || this.#life.aborted;
      if (result === 'unconnected') {
        if (last) return errorResponse(503);
        await this.#pause(Math.min(TURN_AROUND, this.#settings.connectTimeout));
      } else if (last || result === 'malformed' || this.#request.body.length > MAX_REPEATED) {
        return errorResponse(result === 'timeout' ? 504 : 502);
      }
    }
  }

  async #target(): Promise<StreamTarget | undefined> {
    const { destination, url } = this.#request;
    if (destination !== undefined) return destination;
    const family = isIP(url.host);
    if (family === 4 || family === 6) return { host: url.host, port: url.port, family };
    if (this.#settings.noNames) return undefined;
    try {
      const found = await lookup(url.host, { all: true });
      const chosen = found.find((one) => one.family === this.#settings.prefer) ?? found[0]!;
      return { host: chosen.address, port: url.port, family: chosen.family === 6 ? 6 : 4 };
    } catch {
      return undefined;
    }
  }

  #tls(): ConnectionOptions | undefined {
    const { url } = this.#request;
    if (!url.tls) return undefined;
    const name = isIP(url.host) === 0 ? { servername: url.host } : {};
    if (!this.#settings.verify) return { ...name, rejectUnauthorized: false };
    return { ...name, host: url.host, ca: [...authorities(this.#settings.caFile)] };
  }

  async #attempt(
    target: StreamTarget,
    tls: ConnectionOptions | undefined,
  ): Promise<HttpResponse | HttpFailure | 'unconnected'> {
    const stream = new StreamSocket(this.#owner);
    const cut = (): void => stream.destroy();
    this.#life.addEventListener('abort', cut);
    try {
      stream.timeout = this.#settings.connectTimeout;
      // Where the name of the certificate is another than that of the connection, the latter comes last.
      stream.connect(target, tls === undefined ? undefined : { ...tls, ...target });
      while (stream.state === 'connecting') await changeOf(stream);
      if (stream.state !== 'connected') return 'unconnected';
      stream.setTimeout(this.#request.timeout);
      stream.write(encode(this.#request));
      const reader = new HttpResponseReader(stream, this.#request.method === 'HEAD');
      for (;;) {
        const result = reader.read();
        if (result !== undefined) return result;
        await changeOf(stream);
      }
    } finally {
      this.#life.removeEventListener('abort', cut);
      stream.destroy();
    }
  }

  #pause(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.#owner.timer(done);
      const life = this.#life;
      function done(): void {
        timer.stop();
        life.removeEventListener('abort', done);
        resolve();
      }
      if (life.aborted) return resolve();
      life.addEventListener('abort', done);
      timer.start(milliseconds);
    });
  }
}

function changeOf(stream: StreamSocket): Promise<void> {
  return new Promise((resolve) => stream.onChange(resolve));
}

/** The request's bytes. A body whose length nobody gave goes in one chunk, as HAProxy's client sends it. */
function encode({ method, url, headers, body }: HttpRequest): string {
  const has = (name: string): boolean => headers.some(([known]) => known === name);
  const lines = headers.map(([name, value]) => `${name}: ${value}`);
  if (!has('host')) lines.push(`host: ${url.authority}`);
  if (!has('accept')) lines.push('accept: */*');
  if (!has('user-agent')) lines.push('user-agent: HAProxy');
  const chunked = body !== '' && !has('content-length');
  if (chunked && !has('transfer-encoding')) lines.push('transfer-encoding: chunked');
  const payload = chunked ? `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n` : body;
  return `${method} ${url.path} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n${payload}`;
}

function errorResponse(status: keyof typeof ERRORS): HttpResponse {
  const [reason, sentence] = ERRORS[status];
  const body = Buffer.from(`<html><body><h1>${status} ${reason}</h1>\n${sentence}\n</body></html>\n`, 'latin1');
  const headers = [
    ['content-length', String(body.length)],
    ['cache-control', 'no-cache'],
    ['content-type', 'text/html'],
  ] as const;
  return { status, reason, headers: [...headers], body };
}

const SYSTEM_FILES = ['/etc/ssl/certs/ca-certificates.crt', '/etc/pki/tls/certs/ca-bundle.crt', '/etc/ssl/cert.pem'];
const read = new Map<string, string[]>();

/** Certificates of a file, kept; of the system where none is named (`@system-ca`), else those that Node brings. */
export function authorities(file: string | undefined): readonly string[] {
  if (file !== undefined) return certificatesIn(file);
  for (const candidate of SYSTEM_FILES) {
    try {
      return certificatesIn(candidate);
    } catch {
      // Another system keeps them elsewhere.
    }
  }
  return rootCertificates;
}

function certificatesIn(file: string): string[] {
  let known = read.get(file);
  if (known === undefined) {
    known = readFileSync(file, 'latin1').match(/-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g) ?? [];
    read.set(file, known);
  }
  return known;
}
